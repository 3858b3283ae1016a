"""Columns of X that depend on others are left out, and rows that need them are known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesmixed.design import build_design
from bayesmixed.design.encode import encode
from bayesmixed.design.prediction_rows import compared_rows, prediction_rows
from bayesmixed.design.rank import (
    aliased_columns,
    find_aliases,
    standardized,
    told,
    warn_of_left_out,
)
from bayesmixed.design.records import Design
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.errors import DesignWarning
from bayesmixed.formula import parse_formula
from lazy_rows import SOURCES

N = 24


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


def columns_of(seed: int, fresh: list[bool]) -> np.ndarray:
    """An intercept and columns far from zero, new ones or combinations of those before."""
    rng = np.random.default_rng(seed)
    columns = [np.ones(N)]
    for new in fresh:
        mixed = sum((rng.normal() * column for column in columns), np.zeros(N))
        columns.append(rng.normal(rng.normal(0, 50), 1.0, N) if new else mixed)
    return np.column_stack(columns)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=1, max_size=8), st.booleans())
def test_told_are_the_combinations_of_rows(seed: int, fresh: list[bool], has_intercept: bool) -> None:
    matrix, rng = columns_of(seed, fresh), np.random.default_rng(seed + 1)
    found = find_aliases(standardized(matrix, has_intercept=has_intercept))
    assert found.left_out.tolist() == [index + 1 for index, new in enumerate(fresh) if not new]
    weights = rng.dirichlet(np.ones(N), 10)
    assert told(found.beyond(weights @ matrix)).all()
    moved = weights @ matrix
    moved[:, -1] += rng.uniform(0.1, 1.0, 10)
    assert fresh[-1] or not told(found.beyond(moved)).any()


def grid(empty: tuple[tuple[str, str], ...] = (("c", "y"),)) -> pd.DataFrame:
    """Rows of f and h without some cells."""
    rows = [
        (f, h, g) for f in "abc" for h in "xyz" for g in range(4) for _ in range(2) if (f, h) not in empty
    ]
    frame = pd.DataFrame(rows, columns=["f", "h", "g"]).astype({"g": "str"})
    rng = np.random.default_rng(1)
    return frame.assign(x=rng.normal(size=len(frame)), y=rng.normal(size=len(frame)))


CASES = {
    "nothing": ("y ~ f + x", {}, []),
    "empty cell": ("y ~ f*h", {}, ["f[T.c]:h[T.y]"]),
    "a multiple": ("y ~ x + z + v", {"z": lambda d: 2 * d.x, "v": np.sqrt}, ["z"]),
    "combinations": ("y ~ x + z + v", {"z": lambda d: 2 * d.x, "v": lambda d: 1 - d.x}, ["z", "v"]),
    "a constant": ("y ~ x + z", {"z": 3.1}, ["z"]),
    "a constant but for rounding": ("y ~ x + z", {"z": lambda d: 3.1 + 1e-14 * d.x}, ["z"]),
    "constants without intercept": ("y ~ 0 + z + v + x", {"z": 3.1, "v": 2}, ["v"]),
    "zeros": ("y ~ x + z", {"z": 0}, ["z"]),
    "zeros without intercept": ("y ~ 0 + z", {"z": 0}, ["z"]),
    "a dummy of its factor": ("y ~ f + z", {"z": lambda d: (d.f == "b") * 1.0}, ["z"]),
    "far from zero": ("y ~ x + z", {"z": lambda d: 1e7 + d.x.rank()}, []),
    "far from zero, twice": ("y ~ z + v", {"z": lambda d: 2e3 + d.x, "v": lambda d: 5e3 - 2 * d.x}, ["v"]),
}


@pytest.mark.parametrize("case", CASES)
def test_left_out_columns_are_named_in_one_warning(case: str) -> None:
    formula, changes, left_out = CASES[case]
    frame = grid().assign(k=np.arange(64.0))
    changes = {name: frame.k.map(change) if change is np.sqrt else change for name, change in changes.items()}
    design = build_design(parse_formula(formula), frame.assign(**changes))
    assert list(design.fixed.left_out) == left_out
    assert set(design.fixed.terms).isdisjoint(left_out)
    assert np.linalg.matrix_rank(design.fixed.matrix) == len(design.fixed.terms)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        warn_of_left_out(design)
    assert len(said) == bool(left_out)
    assert all(repr(name) in str(said[0].message) for name in left_out)


def cells_told(design: Design) -> dict[str, bool]:
    """Whether the data tell the mean of every cell."""
    cells = pd.DataFrame([(f, h) for f in "abc" for h in "xyz"], columns=["f", "h"]).assign(x=0.5, g="0")
    known = told(encode(design, cells).beyond)
    return {f + h: bool(is_told) for f, h, is_told in zip(cells.f, cells.h, known, strict=True)}


@pytest.mark.parametrize("formula", ["y ~ f*h + (1 | g)", "y ~ 0 + f*h + x + (1 | g)", "y ~ f:h + (1 | g)"])
@pytest.mark.parametrize("empty", [(("c", "y"),), (("a", "x"),), (("a", "x"), ("b", "x"), ("c", "z"))])
def test_empty_cells_alone_are_not_told(formula: str, empty: tuple[tuple[str, str], ...]) -> None:
    design = build_design(parse_formula(formula), grid(empty))
    assert {cell for cell, is_told in cells_told(design).items() if not is_told} == {f + h for f, h in empty}


def test_an_additive_model_tells_an_empty_cell() -> None:
    assert all(cells_told(build_design(parse_formula("y ~ f + h + (1 | g)"), grid())).values())


def test_a_difference_may_be_told_where_its_ends_are_not() -> None:
    design = build_design(parse_formula("y ~ f*h + x + (1 | g)"), grid())
    cell = pd.DataFrame({"f": ["c", "c"], "h": ["y", "x"], "x": [0.0, 0.0], "g": ["0", "0"]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = compared_rows(design, cell.assign(x=1.0), cell, linear=True)
    assert [each.told.tolist() for each in rows] == [[True, True]] * 2
    with pytest.warns(DesignWarning, match=r"predictions of 1 of 2 rows.*'f\[T.c\]:h\[T.y\]'"):
        rows = compared_rows(design, cell.assign(x=1.0), cell, linear=False)
    assert [each.told.tolist() for each in rows] == [[False, True]] * 2


def test_the_rows_of_a_fit_are_always_told() -> None:
    design = build_design(parse_formula("y ~ f*h*x + (1 | g)"), grid((("c", "y"), ("a", "x"))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prediction_rows(design).told.all()
        assert prediction_rows(design, design.frame).told.all()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "formula", ["y ~ f*h*x + z + (1 | g)", "y ~ 0 + z + f*h + I(2 * x) + x + (1 | g)", "y ~ k + x + (x | g)"]
)
def test_data_elsewhere_leave_out_the_same(source: str, formula: str, tmp_path: Path) -> None:
    frame = grid((("c", "y"), ("a", "x"))).assign(z=lambda d: 5.0 - 3.0 * d.x, k=7.0)
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    ours = aggregate_design(parse_formula(formula), SOURCES[source](tmp_path))
    theirs = build_design(parse_formula(formula), frame)
    assert ours.fixed.terms == theirs.fixed.terms
    assert ours.fixed.left_out == theirs.fixed.left_out != ()
    np.testing.assert_allclose(ours.fixed.centring, theirs.fixed.centring, rtol=1e-10, atol=1e-12)
    new = frame.assign(f=frame["f"].to_numpy()[::-1], x=1.0)
    assert told(encode(ours, new).beyond).tolist() == told(encode(theirs, new).beyond).tolist()
