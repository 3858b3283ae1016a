"""Data that stay where they are: files and lazy frames, asked by queries."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from glob import escape
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmixed.design.frame import columns_in_file, declared_in_files, sort_undeclared
from bayesmixed.errors import BayesmixedError, DataError

if TYPE_CHECKING:
    import narwhals as nw

PARQUET = (".parquet", ".pq", ".parq")


def lies_elsewhere(data: object) -> bool:
    """Whether data are a path or a lazy frame, which are asked by queries and not brought into memory."""
    if isinstance(data, pd.DataFrame):
        return False
    if isinstance(data, str | os.PathLike):
        return True
    import narwhals as nw

    return isinstance(nw.from_native(data, pass_through=True), nw.LazyFrame)


def open_source(data: Any) -> nw.LazyFrame[Any]:
    """Open a path or a lazy frame for queries."""
    import narwhals as nw

    frame: nw.LazyFrame[Any] = nw.from_native(_parquet(data) if isinstance(data, str | os.PathLike) else data)
    return frame


def _parquet(path: str | os.PathLike[str]) -> Any:
    """Relation of DuckDB over Parquet files."""
    pattern = _pattern(os.fspath(path))
    try:
        import duckdb
    except ImportError:
        raise DataError(
            "Parquet files are read by DuckDB, which is not installed: pip install 'bayesmixed[large]'. "
            "A polars frame, e.g. polars.scan_parquet(path), does not need DuckDB."
        ) from None
    try:
        connection = duckdb.connect()
        paths = [found for (found,) in connection.execute("SELECT file FROM glob(?)", [pattern]).fetchall()]
        columns = columns_in_file(paths[0]) if paths else []
        _refuse_same_letters(columns)
        rows = connection.read_parquet(pattern, hive_partitioning=_in_names(paths, pattern, columns))
        return _with_declared_orders(rows, declared_in_files(paths))
    except duckdb.Error as error:
        raise DataError(f"data cannot be read: {_first_line(error)}") from None


def _pattern(path: str) -> str:
    """Pattern of DuckDB's for a file, a folder or a pattern; what is there is taken by its letters."""
    if not path.strip():
        raise DataError("data is an empty path; name a Parquet file, a folder or a pattern.")
    if Path(path).is_dir():
        return str(Path(escape(path)) / "**" / "*.parquet")
    if path.endswith(PARQUET):
        return escape(path) if Path(path).is_file() else path
    raise DataError(
        f"data is the path {path!r}, but only Parquet files can be given by path (a file, a folder, or a "
        "pattern like 'rows/*.parquet'). Read other files first, e.g. by pandas.read_csv."
    )


def _refuse_same_letters(columns: Sequence[str]) -> None:
    """Refuse columns such as x and X, of which DuckDB renames one."""
    first: dict[str, str] = {}
    for name in columns:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            raise DataError(
                f"data has the columns {other!r} and {name!r}, which DuckDB cannot tell apart. "
                "Rename one, or give polars.scan_parquet(path)."
            )


def _in_names(paths: Sequence[str], pattern: str, columns: Sequence[str]) -> bool:
    """Whether folders that a pattern finds, such as ``g=1``, name columns that the files do not have."""
    depth = len([*takewhile(lambda part: not set(part) & set("*?["), Path(pattern).parts)])
    folders = {part for path in paths for part in Path(path).parts[depth:-1]}
    keys = {folder.partition("=")[0] for folder in folders if "=" in folder}
    return bool(keys) and not keys & set(columns)


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
    """Run a query where the data lie."""
    try:
        asked = query()
        return sort_undeclared(asked.collect("pandas").to_pandas(), asked)
    except BayesmixedError:
        raise
    except Exception as error:
        raise refused(error) from error


def refused(error: Exception) -> DataError:
    """Error of an engine in one sentence."""
    return DataError(f"The engine that holds the data refuses: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """First line of a message."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
