"""The order of a factor's levels: as declared where the storage declares one, else sorted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

MOST_DECLARED = 1_000
"""Levels of a column of Parquet files up to which their declared order is read."""


def sort_undeclared(frame: pd.DataFrame, origin: Any) -> pd.DataFrame:
    """Sort the categories of a frame that are in the order in which some engine came across them."""
    changed = {}
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype) and not dtype.ordered and not _declares(origin, str(name)):
            changed[str(name)] = frame[name].cat.reorder_categories(sorted(dtype.categories))
    return frame.assign(**changed) if changed else frame


def _declares(origin: Any, name: str) -> bool:
    """Whether an unordered category of an engine has an order that somebody chose."""
    engine = origin.implementation
    if engine.is_pyarrow():
        return name in categories_of_pandas(origin.to_native().schema.metadata)
    if engine.is_dask():
        return bool(origin.to_native()[name].cat.known)
    return bool(engine.is_pandas_like())


def categories_of_pandas(metadata: dict[bytes, bytes] | None) -> set[str]:
    """Names of the columns that pandas says were categories of its own when it wrote an Arrow schema."""
    columns = json.loads((metadata or {}).get(b"pandas", b"{}")).get("columns", [])
    return {column["name"] for column in columns if column["pandas_type"] == "categorical"}


def columns_in_file(path: str) -> list[str]:
    """Names of the columns of a Parquet file; none where it cannot be read from here."""
    import pyarrow
    from pyarrow import parquet

    try:
        return list(parquet.read_schema(path).names)
    except (OSError, pyarrow.ArrowException):
        return []


def declared_in_files(paths: Sequence[str]) -> dict[str, list[str]]:
    """Orders of levels that Parquet files declare."""
    declared = _declared_in_file(paths[0]) if paths else {}
    for path in paths[1:]:
        if not declared:
            break
        found = _declared_in_file(path)
        declared = {name: levels for name, levels in declared.items() if found.get(name) == levels}
    return declared


def _declared_in_file(path: str) -> dict[str, list[str]]:
    """Orders of levels that one Parquet file declares, in the dictionaries of its first rows."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            of_pandas = categories_of_pandas(schema.metadata)
            dictionaries = [field for field in schema if pyarrow.types.is_dictionary(field.type)]
            names = [field.name for field in dictionaries if field.type.ordered or field.name in of_pandas]
            if not names or not file.num_row_groups:
                return {}
            first = file.read_row_group(0, columns=names)
    except (OSError, pyarrow.ArrowException):
        return {}
    levels = {name: first[name].chunk(0).dictionary.to_pylist() for name in names if len(first)}
    return {name: found for name, found in levels.items() if _is_short_text(found)}


def _is_short_text(levels: Sequence[object]) -> bool:
    """Whether levels are text, and so few that they may be those of a predictor."""
    return len(levels) <= MOST_DECLARED and all(isinstance(level, str) for level in levels)
