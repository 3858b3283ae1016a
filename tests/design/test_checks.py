"""Aliased columns are those that depend on earlier ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesmixed.design import build_design
from bayesmixed.design.checks import aliased_columns, check_weights
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=1, max_size=8), st.integers(-30, 30))
def test_dependent_columns_are_found_and_no_others(seed: int, fresh: list[bool], power: int) -> None:
    rng = np.random.default_rng(seed)
    columns: list[np.ndarray] = []
    for new in fresh:
        mixed = sum((rng.normal() * column for column in columns), np.zeros(30))
        columns.append(rng.normal(size=30) if new else mixed)
    matrix = np.column_stack(columns) * 2.0**power
    assert aliased_columns(matrix) == [index for index, new in enumerate(fresh) if not new]


def test_columns_with_a_large_mean_are_not_aliased() -> None:
    years = 2000.0 + np.arange(20)
    assert aliased_columns(np.column_stack([np.ones(20), years, years**2])) == []


def test_more_columns_than_rows() -> None:
    matrix = np.random.default_rng(0).normal(size=(3, 5))
    assert aliased_columns(matrix) == [3, 4]


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
