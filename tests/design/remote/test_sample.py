"""A random sample of rows that lie elsewhere is uniform, repeatable, and coded as the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.design.remote.sample import sample_design
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula import parse_formula
from lazy_rows import FORMULAS, SOURCES

USED = "y ~ x + (x | g)"


@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_those_of_their_numbers(
    source: str, parquet_folder: Path, rows_in_memory: pd.DataFrame
) -> None:
    whole = aggregate_design(parse_formula(USED), SOURCES[source](parquet_folder))
    used = rows_in_memory.dropna(subset=["y", "x", "g"]).reset_index(drop=True)
    found = sample_design(whole, 40, seed=1).frame
    assert len(found) == found.index.nunique() == 40
    assert found.index.is_monotonic_increasing
    assert found.index.equals(sample_design(whole, 40, seed=1).frame.index)
    assert not found.index.equals(sample_design(whole, 40, seed=2).frame.index)
    for name in used.columns:
        assert found[name].tolist() == used.loc[found.index, name].tolist()


@pytest.mark.parametrize("formula", FORMULAS)
def test_arrays_are_those_of_the_rows(
    formula: str, parquet_folder: Path, rows_in_memory: pd.DataFrame
) -> None:
    parsed = parse_formula(formula)
    ours = sample_design(aggregate_design(parsed, SOURCES["polars"](parquet_folder), weights="w"), 50, seed=3)
    theirs = build_design(parsed, rows_in_memory, weights="w")
    rows = ours.frame.index.to_numpy()
    assert (ours.n_held, ours.n_rows) == (50, theirs.n_rows)
    assert ours.weights is not None
    assert theirs.weights is not None
    np.testing.assert_array_equal(ours.weights, theirs.weights[rows])
    np.testing.assert_array_equal(ours.response.values, theirs.response.values[rows])
    np.testing.assert_array_equal(ours.offset, theirs.offset[rows])
    np.testing.assert_allclose(ours.fixed.matrix, theirs.fixed.matrix[rows], rtol=1e-11, atol=1e-11)
    for mine, block in zip(ours.blocks, theirs.blocks, strict=True):
        np.testing.assert_array_equal(mine.codes, block.codes[rows])
        np.testing.assert_allclose(mine.columns, block.columns[rows], rtol=1e-11, atol=1e-11)


def test_every_row_is_equally_likely(parquet_folder: Path) -> None:
    whole = aggregate_design(parse_formula("y ~ x + (1 | g)"), SOURCES["duckdb"](parquet_folder))
    draws = [sample_design(whole, 100, seed=seed).frame.index for seed in range(40)]
    counts = np.bincount(np.concatenate(draws), minlength=whole.n_rows)
    assert len(counts) == whole.n_rows
    expected = 40 * 100 / whole.n_rows
    # 5 standard errors of a binomial count would be exceeded by a row in 2,000 runs.
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected))


def test_more_rows_than_there_are(parquet_folder: Path) -> None:
    whole = aggregate_design(parse_formula(USED), SOURCES["polars"](parquet_folder))
    assert sample_design(whole, 10**6, seed=1).n_held == whole.n_rows


@pytest.mark.parametrize(("n", "seed", "message"), [(0, 1, "n=0"), (2.5, 1, "n=2.5"), (5, -1, "seed=-1")])
def test_bad_arguments(n: int, seed: int, message: str, parquet_folder: Path) -> None:
    whole = aggregate_design(parse_formula(USED), SOURCES["polars"](parquet_folder))
    with pytest.raises(BayesmixedError, match=message):
        sample_design(whole, n, seed)


def test_rows_in_memory_need_no_sample(rows_in_memory: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"in memory: ask for fit\.resid"):
        sample_design(build_design(parse_formula(USED), rows_in_memory), 10, seed=1)


@pytest.mark.parametrize("source", ["parquet"])
def test_data_that_have_changed(source: str, rows_in_memory: pd.DataFrame, tmp_path: Path) -> None:
    rows_in_memory.to_parquet(tmp_path / "rows.parquet")
    whole = aggregate_design(parse_formula(USED), SOURCES[source](tmp_path))
    rows_in_memory.head(50).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="fewer complete rows than when the model was fitted"):
        sample_design(whole, 10, seed=1)
