"""Designs by formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design
from bayesmixed.formula.parse import parse_formula


@pytest.fixture
def design_of() -> Callable[..., Design]:
    """Make the design of a formula and a frame."""

    def make(formula: str, frame: pd.DataFrame, **options: Any) -> Design:
        return build_design(parse_formula(formula), frame, **options)

    return make
