"""Weights belong to rows: by name, by index, or by position, and missing ones leave their row out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.design.prediction_rows import prediction_rows
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.design.remote.sample import sample_design
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula
from lazy_rows import SOURCES

PARSED = parse_formula("y ~ x + (1 | g)")
INDEXES: dict[str, Any] = {
    "numbers": range(12),
    "gaps": [3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93],
    "text": list("abcdefghijkl"),
    "dates": pd.date_range("2020-01-01", periods=12),
    "two levels": pd.MultiIndex.from_product([range(4), range(3)]),
}


def frame(index: Any = None) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"y": rng.normal(size=12), "x": rng.normal(size=12), "g": list("abcd") * 3})
    return data.assign(w=np.arange(1.0, 13.0)).set_axis(pd.RangeIndex(12) if index is None else index)


@pytest.mark.parametrize("index", INDEXES)
def test_a_series_goes_by_its_index(index: str) -> None:
    data = frame(INDEXES[index])
    shuffled = data["w"].sample(frac=1, random_state=1)
    assert not shuffled.index.equals(data.index)
    design = build_design(PARSED, data, weights=shuffled)
    np.testing.assert_array_equal(design.weights, data["w"])  # type: ignore[arg-type]
    wanted = prediction_rows(design, data.iloc[:5], weights=shuffled[shuffled.index.isin(data.index[:5])])
    np.testing.assert_array_equal(wanted.weights, data["w"].iloc[:5])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind", [list, np.asarray, tuple, pd.array, lambda w: pytest.importorskip("polars").Series(w)]
)
def test_what_has_no_index_goes_by_position(kind: Any) -> None:
    data = frame(INDEXES["gaps"])
    design = build_design(PARSED, data, weights=kind(data["w"].tolist()))
    np.testing.assert_array_equal(design.weights, data["w"])  # type: ignore[arg-type]


def test_the_same_label_twice_is_no_order() -> None:
    data = frame([0] * 12)
    np.testing.assert_array_equal(build_design(PARSED, data, weights=data["w"]).weights, data["w"])  # type: ignore[arg-type]
    with pytest.raises(DataError, match="not clear which weight belongs to which row"):
        prediction_rows(build_design(PARSED, data), data.iloc[:5], weights=data["w"])


@pytest.mark.parametrize("kind", ["column", "nullable", "series", "array", "objects"])
def test_missing_weights_are_missing_values(kind: str) -> None:
    data = frame(INDEXES["gaps"])
    data.loc[[3, 9], "w"], data.loc[[9, 2], "x"] = np.nan, np.nan
    weights = {
        "column": "w",
        "nullable": data["w"].astype("Float64"),
        "series": data["w"].sample(frac=1, random_state=1),
        "array": data["w"].to_numpy(),
        "objects": [None if np.isnan(w) else w for w in data["w"]],
    }[kind]
    design = build_design(PARSED, data, weights=weights)
    assert (design.n_rows, design.n_dropped) == (9, 3)
    assert design.frame.index.tolist() == [1, 4, 15, 6, 5, 35, 8, 97, 93]
    np.testing.assert_array_equal(design.weights, [2, 3, 4, 7, 8, 9, 10, 11, 12])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"'x' \(2\), 'w(eights=)?' \(2\)"):
        build_design(PARSED, data, weights=weights, missing="raise")


def test_a_predictor_called_weights_keeps_its_own_missing_values() -> None:
    data = frame().rename(columns={"x": "weights"})
    data.loc[4, "weights"] = np.nan
    design = build_design(parse_formula("y ~ weights + (1 | g)"), data, weights=data["w"].to_numpy())
    assert (design.n_rows, design.n_dropped) == (11, 1)


@pytest.mark.parametrize("source", SOURCES)
def test_missing_weights_where_the_rows_lie(source: str, tmp_path: Path) -> None:
    data = pd.concat([frame()] * 3, ignore_index=True)
    data.loc[[3, 9], "w"], data.loc[[9, 2], "x"] = np.nan, np.nan
    data.to_parquet(tmp_path / "rows.parquet")
    lazy, held = (
        aggregate_design(PARSED, SOURCES[source](tmp_path), weights="w"),
        build_design(PARSED, data, weights="w"),
    )
    assert (lazy.n_rows, lazy.n_dropped) == (held.n_rows, held.n_dropped) == (33, 3)
    assert lazy.residual.log_determinant == pytest.approx(held.residual.log_determinant, rel=1e-12)
    np.testing.assert_array_equal(np.sort(sample_design(lazy, 100, 0).weights), np.sort(held.weights))  # type: ignore[arg-type]
