"""Columns of every type as plain arrays."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bayesmixed.design.frame import complete_rows, kind_of, missing_counts, tidy, to_pandas
from bayesmixed.errors import DataError
from sources import dask_frame, duckdb_relation, polars_lazy

NUMBERS = {
    "int8": pd.Series([1, 2, 3], dtype="int8"),
    "uint64": pd.Series([1, 2, 3], dtype="uint64"),
    "float32": pd.Series([1, 2, 3], dtype="float32"),
    "nullable integers": pd.Series([1, 2, 3], dtype="Int32"),
    "nullable floats": pd.Series([1, 2, 3], dtype="Float64"),
    "objects": pd.Series([1, 2.0, 3], dtype=object),
    "decimals": pd.Series([Decimal(1), Decimal(2), Decimal(3)]),
    "arrow integers": pd.Series([1, 2, 3], dtype=pd.ArrowDtype(pa.int16())),
    "arrow decimals": pd.Series([1, 2, 3], dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
}
BOOLEANS = {
    "numpy": pd.Series([True, False]),
    "nullable": pd.Series([True, False], dtype="boolean"),
    "objects": pd.Series([True, False], dtype=object),
    "arrow": pd.Series([True, False], dtype=pd.ArrowDtype(pa.bool_())),
}
TEXT = {
    "strings": pd.Series(["b", "a", "b"]),
    "objects": pd.Series(["b", "a", "b"], dtype=object),
    "nullable": pd.Series(["b", "a", "b"], dtype="string"),
    "arrow": pd.Series(["b", "a", "b"], dtype=pd.ArrowDtype(pa.string())),
    "large arrow": pd.Series(["b", "a", "b"], dtype=pd.ArrowDtype(pa.large_string())),
    "categorical": pd.Series(["b", "a", "b"], dtype=pd.CategoricalDtype(["a", "b", "c"])),
}
DATES = {
    "numpy": pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])),
    "zone": pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"], utc=True)),
    "python": pd.Series([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], dtype=object),
    "differences": pd.Series(pd.to_timedelta([1, 2], unit="D")),
    "arrow": pd.Series(["2020-01-01", "2020-01-02"], dtype=pd.ArrowDtype(pa.timestamp("ns"))),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers(case: str) -> None:
    column = tidy("x", NUMBERS[case])
    assert isinstance(column, np.ndarray)
    assert column.dtype.kind in "iuf"
    assert column.tolist() == [1, 2, 3]
    assert kind_of(column) == "numbers"


@pytest.mark.parametrize("case", BOOLEANS)
def test_booleans(case: str) -> None:
    column = tidy("x", BOOLEANS[case])
    assert isinstance(column, np.ndarray)
    assert column.dtype == bool
    assert column.tolist() == [True, False]


@pytest.mark.parametrize("case", TEXT)
def test_text(case: str) -> None:
    column = tidy("x", TEXT[case])
    assert isinstance(column, pd.Categorical)
    assert column.categories.tolist() == ["a", "b"]
    assert column.codes.tolist() == [1, 0, 1]
    assert kind_of(column) == "text"


@pytest.mark.parametrize("case", DATES)
def test_dates(case: str) -> None:
    column = tidy("x", DATES[case])
    assert len(column) == 2
    assert kind_of(column) == "dates"


def test_missing_values_of_every_kind_are_counted() -> None:
    columns = {
        "a": pd.Series([1.0, np.nan, 2.0]),
        "b": pd.Series([None, "x", "y"], dtype=object),
        "c": pd.Series([1, 2, pd.NA], dtype="Int64"),
        "d": pd.Series(["x", "y", "z"]),
    }
    assert missing_counts(columns) == {"a": 1, "b": 1, "c": 1}
    assert complete_rows(columns, 3).tolist() == [False, False, False]
    assert complete_rows({"a": columns["a"]}, 3).tolist() == [True, False, True]


def spark_frame(_: pd.DataFrame, __: Path) -> Any:
    """Object of a class that is called as PySpark's."""
    return type("DataFrame", (), {"__module__": "pyspark.sql.classic.dataframe"})()


@pytest.mark.filterwarnings("ignore:Dask support is moving out:FutureWarning")
@pytest.mark.parametrize(
    ("make", "kind", "call"),
    [
        (polars_lazy, "polars.LazyFrame", "collect()"),
        (duckdb_relation, "duckdb.DuckDBPyRelation", "df()"),
        (dask_frame, "dask.DataFrame", "compute()"),
        (spark_frame, "pyspark.DataFrame", "toPandas()"),
    ],
)
def test_rows_that_lie_elsewhere_are_named_with_what_brings_them(
    make: Callable[[pd.DataFrame, Path], Any], kind: str, call: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        to_pandas(make(pd.DataFrame({"x": [1]}), tmp_path), "newdata")
    said = f"newdata is not a data frame in memory, but of the type {kind}. Write newdata.{call}."
    assert str(caught.value) == said
