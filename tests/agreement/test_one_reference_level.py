"""The level that others are compared with does not depend on where the rows lie, or on their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm

ORDER = ["lo", "mid", "hi"]
FORMULA = "y ~ dose * flag + factor(k) + (1 | dose:g) + (1 | g)"


def rows(first: str = "mid") -> pd.DataFrame:
    """The same rows, shuffled so that a level comes first; ``dose`` is text."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "dose": rng.choice(ORDER, 120),
            "flag": rng.random(120) > 0.5,
            "k": rng.integers(8, 12, 120),
            "g": [f"g{i}" for i in rng.integers(0, 12, 120)],
        }
    )
    group = dict(zip(sorted(frame["g"].unique()), rng.normal(0, 2, 12), strict=True))
    frame["y"] = (
        frame["dose"].map({"lo": 0, "mid": 1, "hi": 3}) + frame["g"].map(group) + rng.normal(0, 1, 120)
    )
    shuffled = frame.sample(frac=1, random_state=ORDER.index(first))
    return shuffled.sort_values("dose", key=lambda dose: dose != first, kind="stable", ignore_index=True)


def categorical(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return frame.assign(dose=pd.Categorical(frame["dose"], **options))


def polars_frame(frame: pd.DataFrame, kind: Callable[[Any], Any]) -> Any:
    pl = pytest.importorskip("polars")
    return pl.from_pandas(frame).with_columns(pl.col("dose").cast(kind(pl)))


def arrow_table(frame: pd.DataFrame, *, ordered: bool) -> Any:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({name: frame[name].to_numpy() for name in frame if name != "dose"})
    dose = pa.array(frame["dose"].tolist()).dictionary_encode()
    if ordered:
        codes = pa.array([ORDER.index(level) for level in frame["dose"]], pa.int8())
        dose = pa.DictionaryArray.from_arrays(codes, pa.array(ORDER), ordered=True)
    return table.append_column("dose", dose)


def parquet(write: Callable[[str], Any], folder: Path) -> str:
    pytest.importorskip("duckdb")
    path = str(folder / "rows.parquet")
    write(path)
    return path


def duckdb_table(frame: pd.DataFrame, type_: str) -> Any:
    connection = pytest.importorskip("duckdb").connect()
    connection.register("frame", frame)
    connection.execute(f"CREATE TABLE rows AS SELECT * REPLACE (CAST(dose AS {type_}) AS dose) FROM frame")
    return connection.table("rows")


def dask_frame(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=2)


Maker = Callable[[pd.DataFrame, Path], Any]
DECLARED: Mapping[str, Maker] = {
    "pandas ordered": lambda f, _: categorical(f, categories=ORDER, ordered=True),
    "pandas categories": lambda f, _: categorical(f, categories=ORDER),
    "pandas with arrow": lambda f, _: arrow_table(f, ordered=True).to_pandas(types_mapper=pd.ArrowDtype),
    "polars enum": lambda f, _: polars_frame(f, lambda pl: pl.Enum(ORDER)),
    "polars lazy enum": lambda f, _: polars_frame(f, lambda pl: pl.Enum(ORDER)).lazy(),
    "arrow ordered": lambda f, _: arrow_table(f, ordered=True),
    "arrow of pandas": lambda f, _: arrow_of_pandas(categorical(f, categories=ORDER)),
    "duckdb enum": lambda f, _: duckdb_table(f, "ENUM('lo', 'mid', 'hi')"),
    "dask": lambda f, _: dask_frame(categorical(f, categories=ORDER)),
    "dask ordered": lambda f, _: dask_frame(categorical(f, categories=ORDER, ordered=True)),
    "parquet of pandas": lambda f, p: parquet(categorical(f, categories=ORDER).to_parquet, p),
    "parquet of pandas ordered": lambda f, p: parquet(
        categorical(f, categories=ORDER, ordered=True).to_parquet, p
    ),
    "parquet of polars": lambda f, p: parquet(polars_frame(f, lambda pl: pl.Enum(ORDER)).write_parquet, p),
    "parquet of arrow": lambda f, p: parquet(lambda path: write_arrow(f, path, ordered=True), p),
}
SORTED: Mapping[str, Maker] = {
    "pandas": lambda f, _: f,
    "pandas objects": lambda f, _: f.astype({"dose": object}),
    "pandas category": lambda f, _: f.astype({"dose": "category"}),
    "pandas with arrow": lambda f, _: arrow_table(f, ordered=False).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda f, _: polars_frame(f, lambda pl: pl.String),
    "polars categorical": lambda f, _: polars_frame(f, lambda pl: pl.Categorical),
    "polars lazy": lambda f, _: polars_frame(f, lambda pl: pl.String).lazy(),
    "polars lazy categorical": lambda f, _: polars_frame(f, lambda pl: pl.Categorical).lazy(),
    "arrow": lambda f, _: arrow_of_pandas(f),
    "arrow dictionary": lambda f, _: arrow_table(f, ordered=False),
    "duckdb": lambda f, _: duckdb_table(f, "VARCHAR"),
    "dask": lambda f, _: dask_frame(f),
    "dask unknown": lambda f, _: dask_frame(f).assign(dose=lambda d: d["dose"].astype("category")),
    "parquet": lambda f, p: parquet(f.to_parquet, p),
    "parquet of polars": lambda f, p: parquet(polars_frame(f, lambda pl: pl.Categorical).write_parquet, p),
    "parquet of arrow": lambda f, p: parquet(lambda path: write_arrow(f, path, ordered=False), p),
    "parquet of duckdb": lambda f, p: parquet(duckdb_table(f, "ENUM('lo', 'mid', 'hi')").write_parquet, p),
}


def arrow_of_pandas(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def write_arrow(frame: pd.DataFrame, path: str, *, ordered: bool) -> None:
    pytest.importorskip("pyarrow.parquet").write_table(arrow_table(frame, ordered=ordered), path)


def answer(data: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], np.ndarray]:
    """Names of the coefficients, levels of the grouping factors, and all numbers of a fit."""
    fit = bm.lmer(FORMULA, data, method="reml")
    table, blocks = fit.fixef(), fit.spec.design.blocks
    numbers = [*table["value"], *table["se"], *fit.varcorr()["variance"], fit.log_likelihood()]
    return tuple(table["term"]), tuple(block.levels for block in blocks), np.array(numbers)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return {
        "hi": answer(rows("lo")),
        "lo": answer(categorical(rows("hi"), categories=ORDER, ordered=True)),
    }


CASES = [("lo", DECLARED, name) for name in DECLARED] + [("hi", SORTED, name) for name in SORTED]


@pytest.mark.filterwarnings("ignore:Dask support is moving out:FutureWarning")
@pytest.mark.parametrize(("reference", "makers", "name"), CASES, ids=[f"{r}-{name}" for r, _, name in CASES])
def test_one_answer(
    reference: str,
    makers: Mapping[str, Maker],
    name: str,
    expected: dict[str, Any],
    tmp_path: Path,
) -> None:
    terms, levels, numbers = answer(makers[name](rows(), tmp_path))
    assert f"dose[T.{reference}]" not in terms
    assert "dose[T.mid]:flag[T.True]" in terms
    assert "factor(k)[T.8]" not in terms
    assert (terms, levels) == expected[reference][:2]
    np.testing.assert_allclose(numbers, expected[reference][2], rtol=1e-6)
