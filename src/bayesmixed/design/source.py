"""Data that stay where they are: files and lazy frames, asked by queries."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmixed.design.categories import declared_in_files, sort_undeclared
from bayesmixed.errors import BayesmixedError, DataError

if TYPE_CHECKING:
    import narwhals as nw

PARQUET = (".parquet", ".pq", ".parq")


def lies_elsewhere(data: object) -> bool:
    """Whether data are a path or a lazy frame, which are asked by queries and not brought into memory.

    Parameters
    ----------
    data : object
        What the user gave.

    Returns
    -------
    bool
        False for pandas, polars and Arrow frames, and for what is no data at all.

    Examples
    --------
    >>> lies_elsewhere("rows/*.parquet"), lies_elsewhere(pd.DataFrame())
    (True, False)
    """
    if isinstance(data, pd.DataFrame):
        return False
    if isinstance(data, str | os.PathLike):
        return True
    import narwhals as nw

    return isinstance(nw.from_native(data, pass_through=True), nw.LazyFrame)


def open_source(data: Any) -> nw.LazyFrame[Any]:
    """Open a path or a lazy frame for queries.

    Parameters
    ----------
    data : str, path or lazy frame
        A Parquet file, a folder of such files or a pattern like ``"rows/*.parquet"``, which DuckDB reads; or
        a lazy frame of polars, DuckDB, Dask, PySpark or Ibis.

    Returns
    -------
    narwhals.LazyFrame
        Nothing is read yet.

    Raises
    ------
    DataError
        When there is no such file, or DuckDB is not installed.
    """
    import narwhals as nw

    frame: nw.LazyFrame[Any] = nw.from_native(_parquet(data) if isinstance(data, str | os.PathLike) else data)
    return frame


def _parquet(path: str | os.PathLike[str]) -> Any:
    """Relation of DuckDB over Parquet files."""
    pattern = os.fspath(path)
    if Path(pattern).is_dir():
        pattern = str(Path(pattern) / "**" / "*.parquet")
    elif not pattern.endswith(PARQUET):
        raise DataError(
            f"data is the path {pattern!r}, and only Parquet files are read where they lie (a file, a "
            "folder, or a pattern like 'rows/*.parquet'). Read other files first, e.g. by pandas.read_csv."
        )
    try:
        import duckdb
    except ImportError:
        raise DataError(
            "Parquet files are read by DuckDB, which is not installed: pip install 'bayesmixed[large]'. "
            "A polars frame, e.g. polars.scan_parquet(path), needs no DuckDB."
        ) from None
    try:
        connection = duckdb.connect()
        rows = connection.read_parquet(pattern)
        paths = [found for (found,) in connection.execute("SELECT file FROM glob(?)", [pattern]).fetchall()]
        return _with_declared_orders(rows, declared_in_files(paths))
    except duckdb.Error as error:
        raise DataError(f"data cannot be read: {_first_line(error)}") from None


def _with_declared_orders(rows: Any, orders: Mapping[str, Sequence[str]]) -> Any:
    """Relation of DuckDB in which text with a declared order is an enumeration: DuckDB reads it as text."""

    def quoted(text: str, mark: str) -> str:
        return mark + text.replace(mark, 2 * mark) + mark

    casts = []
    for name, levels in orders.items():
        column, listed = quoted(name, '"'), ", ".join(quoted(level, "'") for level in levels)
        casts.append(f"CAST({column} AS ENUM({listed})) AS {column}")
    return rows.project(f"* REPLACE ({', '.join(casts)})") if casts else rows


def ask(query: Callable[[], nw.LazyFrame[Any]]) -> pd.DataFrame:
    """Run a query where the data lie.

    Parameters
    ----------
    query : callable
        Gives the lazy frame to be computed; its answer must fit into memory.

    Returns
    -------
    pandas.DataFrame
        The answer.

    Raises
    ------
    DataError
        With the first line of what the data's own engine says.
    """
    try:
        asked = query()
        return sort_undeclared(asked.collect("pandas").to_pandas(), asked)
    except BayesmixedError:
        raise
    except Exception as error:
        raise refused(error) from error


def refused(error: Exception) -> DataError:
    """Error of an engine in one sentence.

    Parameters
    ----------
    error : Exception
        What the data's own engine says.

    Returns
    -------
    DataError
        With its first line.
    """
    return DataError(f"The engine that holds the data refuses: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """First line of a message."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
