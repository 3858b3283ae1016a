"""Weights and names that a model cannot use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.design.checks import check_weights
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula


@pytest.mark.parametrize("weights", [[1, 2], (0.5, 3.0), np.array([1.0, 2.0], dtype=np.float32)])
def test_good_weights_become_floats(weights: object) -> None:
    checked = check_weights(weights, 2)  # type: ignore[arg-type]
    assert checked.dtype == np.float64
    np.testing.assert_allclose(checked, np.asarray(weights, dtype=float))


@pytest.mark.parametrize("name", ["sigma", "term", "row", "y", "beta", "chain", "draw"])
def test_reserved_group_names_are_refused(name: str) -> None:
    frame = pd.DataFrame({"r": [1.0, 2.0, 4.0, 3.0], name: ["a", "a", "b", "b"]})
    with pytest.raises(DataError, match=f"'{name}' is a name that every posterior uses itself"):
        build_design(parse_formula(f"r ~ 1 + (1 | {name})"), frame)
