"""The same rows in every place that data may lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest


def polars_frame(frame: pd.DataFrame, _: Path) -> Any:
    """Frame of polars."""
    return pytest.importorskip("polars").from_pandas(frame)


def polars_lazy(frame: pd.DataFrame, folder: Path) -> Any:
    """Lazy frame of polars."""
    return polars_frame(frame, folder).lazy()


def arrow_table(frame: pd.DataFrame, _: Path) -> Any:
    """Table of Arrow."""
    return pytest.importorskip("pyarrow").Table.from_pandas(frame, preserve_index=False)


def parquet_path(frame: pd.DataFrame, folder: Path) -> str:
    """Path of a Parquet file, which DuckDB reads."""
    pytest.importorskip("duckdb")
    path = folder / "rows.parquet"
    frame.to_parquet(path, index=False)
    return str(path)


def duckdb_relation(frame: pd.DataFrame, _: Path) -> Any:
    """Relation of DuckDB."""
    connection = pytest.importorskip("duckdb").connect()
    connection.register("rows", frame)
    return connection.table("rows")


def dask_frame(frame: pd.DataFrame, _: Path) -> Any:
    """Frame of Dask, in three partitions."""
    return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=3)


STORES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "pandas": lambda frame, _: frame,
    "polars": polars_frame,
    "polars lazy": polars_lazy,
    "arrow": arrow_table,
    "parquet": parquet_path,
    "duckdb": duckdb_relation,
    "dask": dask_frame,
}
EVERYWHERE = [
    pytest.param(name, marks=pytest.mark.filterwarnings("ignore:Dask support is moving out:FutureWarning"))
    for name in STORES
]
"""Names of all stores, for tests in which every warning is an error."""
