"""The functions that a formula may name are those that are computed."""

from __future__ import annotations

from bayesmixed.design.evaluate import functions
from bayesmixed.formula.expression import FUNCTIONS


def test_every_known_function_is_computed_and_no_other() -> None:
    assert set(functions()) == set(FUNCTIONS)
