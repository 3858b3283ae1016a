"""The bundled data sets, by name."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import pandas as pd

from bayesmixed.datasets.records import ColumnInfo, DatasetInfo
from bayesmixed.errors import DataError, near_names
from bayesmixed.surface import public

_HERE = files("bayesmixed.datasets")


def load_dataset(name: str) -> pd.DataFrame:
    """Load a bundled data set as a data frame.

    Grouping factors are text or categoricals, and categoricals keep the order of their levels in R.

    Parameters
    ----------
    name : str
        One of ``datasets()["name"]``, in any mixture of upper and lower case.

    Returns
    -------
    pandas.DataFrame
        A fresh copy with a default index.

    Raises
    ------
    DataError
        When there is no data set of that name; near names are listed.

    See Also
    --------
    datasets : The table of all of them.
    describe_dataset : Columns, units, source and citation of one.

    Examples
    --------
    >>> bm.load_dataset("sleepstudy").head(2)
       Reaction  Days Subject
    0  249.5600     0     308
    1  258.7047     1     308
    """
    info = describe_dataset(name)
    with as_file(_HERE / "data" / info.file) as path:
        frame = pd.read_csv(
            path, dtype={column.name: _read_type(column) for column in info.columns}, keep_default_na=False
        )
    categories = {column.name: _category_type(column) for column in info.columns if column.levels}
    return frame.astype(categories)


@public
def datasets() -> pd.DataFrame:
    """List the bundled data sets, one row each.

    Returns
    -------
    pandas.DataFrame
        Columns name, title, rows, columns (their number), grouping_factors, source, licence, citation.

    Examples
    --------
    >>> bm.datasets()[["name", "rows", "grouping_factors"]].head(2)
    name       rows grouping_factors
    sleepstudy  180 Subject
    Penicillin  144 plate, sample
    """
    return pd.DataFrame([_summary_row(info) for info in _registry().values()])


@public
def describe_dataset(name: str) -> DatasetInfo:
    """Describe a bundled data set: its columns with units, source, licence and citation; print the answer.

    Parameters
    ----------
    name : str
        One of ``datasets()["name"]``, in any mixture of upper and lower case.

    Returns
    -------
    DatasetInfo
        What the registry says.

    Raises
    ------
    DataError
        When there is no data set of that name; near names are listed.

    Examples
    --------
    >>> bm.describe_dataset("penicillin").groups
    ('plate', 'sample')
    """
    registry = _registry()
    folded = {alias.casefold(): info for info in registry.values() for alias in (info.name, *info.aliases)}
    found = folded.get(str(name).casefold())
    if found is None:
        raise DataError(f"There is no bundled data set {name!r}. {near_names(str(name), registry)}")
    return found


@cache
def _registry() -> dict[str, DatasetInfo]:
    """All records, in the order of the registry."""
    tables = tomllib.loads((_HERE / "registry.toml").read_text(encoding="utf-8"))
    return {name: _record(name, table) for name, table in tables.items()}


def _record(name: str, table: dict[str, Any]) -> DatasetInfo:
    """Record of one table of the registry."""
    table = dict(table)
    columns = table.pop("columns")
    return DatasetInfo(
        name=name,
        columns=tuple(_column(column, entry) for column, entry in columns.items()),
        groups=tuple(table.pop("groups")),
        aliases=tuple(table.pop("aliases", ())),
        **table,
    )


def _column(name: str, entry: dict[str, Any]) -> ColumnInfo:
    """Record of one column."""
    return ColumnInfo(name=name, **{**entry, "levels": tuple(entry.get("levels", ()))})


def _summary_row(info: DatasetInfo) -> dict[str, object]:
    """Row of the table of data sets."""
    return {
        "name": info.name,
        "title": info.title,
        "rows": info.rows,
        "columns": len(info.columns),
        "grouping_factors": ", ".join(info.groups),
        "source": info.source,
        "licence": info.licence,
        "citation": info.citation,
    }


def _read_type(column: ColumnInfo) -> str:
    """Type under which the column is read from its file."""
    return {"float": "float64", "int": "int64"}.get(column.type, "str")


def _category_type(column: ColumnInfo) -> pd.CategoricalDtype:
    """Categories of a factor, in R's order."""
    return pd.CategoricalDtype(list(column.levels), ordered=column.type == "ordered")
