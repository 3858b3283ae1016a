"""Formulas mean what they mean in R, with every kind of column."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.design import build_design
from bayesmixed.formula import parse_formula
from r_formulas import LINEAR, factors, r_frame


@pytest.mark.parametrize("formula", LINEAR)
def test_the_columns_are_those_of_r(formula: str) -> None:
    expected, frame = LINEAR[formula], r_frame()
    fixed = build_design(parse_formula(f"y ~ {formula}"), frame).fixed
    y = frame["y"].to_numpy()
    solution, _, rank, _ = np.linalg.lstsq(fixed.matrix, y)
    assert rank == len(fixed.terms) == expected["rank"]
    assert np.sum((y - fixed.matrix @ solution) ** 2) == pytest.approx(expected["rss"], rel=1e-9)
    if "coefficients" in expected:
        found = dict(zip(map(factors, fixed.terms), solution, strict=True))
        assert found == pytest.approx({factors(k): v for k, v in expected["coefficients"].items()}, rel=1e-7)
