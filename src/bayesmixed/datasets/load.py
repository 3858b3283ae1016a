"""The bundled data sets, by name."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from bayesmixed.errors import DataError, DesignWarning, near_names, warn
from bayesmixed.printing.records import wrapped
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


ColumnType = Literal["float", "int", "label", "factor", "ordered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnInfo:
    """One column of a bundled data set."""

    name: str  # name of the column
    type: ColumnType  # `label` is text; `factor` and `ordered` are categoricals with `levels`
    text: str  # what was measured
    unit: str = ""  # unit of the numbers, empty where there is none
    levels: tuple[str, ...] = ()  # categories in R's order, empty for other types


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """A bundled data set as its registry describes it; :func:`bayesmixed.describe_dataset` gives it.

    Attributes
    ----------
    name, title, description : str
        Name as R spells it, a title, and a sentence or two.
    file, sha256 : str
        File under ``data/``, and its checksum as bundled.
    rows : int
        Number of rows.
    groups : tuple of str
        Columns that serve as grouping factors.
    columns : tuple of ColumnInfo
        The columns in order: name, type, what was measured, unit, levels.
    source, licence, citation : str
        Where the file was taken from, on what terms, and whom to cite.
    example : str
        A formula to begin with.
    aliases : tuple of str
        Other names by which it is found.
    """

    name: str
    title: str
    description: str
    file: str
    sha256: str
    rows: int
    groups: tuple[str, ...]
    columns: tuple[ColumnInfo, ...]
    source: str
    licence: str
    citation: str
    example: str
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Title, description, columns, source, licence and citation as text."""
        width = max(len(column.name) for column in self.columns)
        lines = [f"{self.name}: {self.title}", "", wrapped(self.description), "", f"{self.rows} rows"]
        lines += [f"  {column.name:{width}}  {_column_text(column)}" for column in self.columns]
        lines += ["", f"Example: {self.example}", f"Source: {self.source}", f"Licence: {self.licence}"]
        return "\n".join([*lines, wrapped(f"Citation: {self.citation}")])

    __repr__ = __str__


def _column_text(column: ColumnInfo) -> str:
    """Meaning of a column, with its unit."""
    return f"{column.text} [{column.unit}]" if column.unit else column.text


COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def read_data(source: str) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file, or else a bundled data set of that name.

    A file wins, also one with an ending after the name, such as ``cake.csv``; a warning says so.
    """
    path = Path(source)
    if path.is_file():
        return _read_file(path)
    if path.is_dir():
        raise DataError(f"{source!r} is a folder; name a CSV, TSV or Parquet file in it.")
    alike = _files_called(source)
    if alike:
        return _read_instead(source, alike)
    if path.suffix or path.parent != Path():
        raise DataError(f"There is no file {source!r}. {_near_files(path)}")
    try:
        return load_dataset(source)
    except DataError as error:
        known = [*datasets()["name"], *_files_in(path.parent)]
        raise DataError(
            f"{source!r} is neither a file nor a bundled data set. {near_names(source, known)}"
        ) from error


def _files_called(source: str) -> list[str]:
    """Files of the working folder that are called like a bundled data set, with an ending of data."""
    try:
        describe_dataset(source)
    except DataError:
        return []
    return [name for name in _files_in(Path()) if _stem(name) == source.casefold()]


def _stem(name: str) -> str:
    """Name of a file of data without its endings, in lower case; empty for other files."""
    path = Path(name.casefold())
    if path.suffix in COMPRESSED:
        path = path.with_suffix("")
    return path.stem if path.suffix in READERS else ""


def _read_instead(source: str, alike: list[str]) -> pd.DataFrame:
    """Read the file that is called like a bundled data set, and say so."""
    if len(alike) > 1:
        listed = " or ".join(map(repr, alike))
        raise DataError(
            f"{source!r} is a bundled data set, and files here are called so too: write {listed}."
        )
    frame = _read_file(Path(alike[0]))
    warn(
        f"{source!r} is read from the file {alike[0]!r}, not from the bundled data set of that name; "
        f"write {alike[0]!r}, or rename the file to have the bundled one.",
        DesignWarning,
    )
    return frame


def _read_file(path: Path) -> pd.DataFrame:
    """Read a file by what its name ends in."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in COMPRESSED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in READERS:
        raise DataError(
            f"The name of {str(path)!r} does not say its format; it should end in {', '.join(READERS)}."
        )
    try:
        return READERS[suffix](path)
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DataError(f"{str(path)!r} cannot be read as {suffix[1:].upper()}: {reason}.") from error


def _read_tabs(path: Path) -> pd.DataFrame:
    """Read a text file with tabs between the columns."""
    return pd.read_csv(path, sep="\t")


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": pd.read_csv,
    ".tsv": _read_tabs,
    ".tab": _read_tabs,
    ".parquet": pd.read_parquet,
    ".pq": pd.read_parquet,
}
"""How a file is read, by the end of its name."""


def _near_files(path: Path) -> str:
    """Files of the same folder with names like that of a missing one."""
    if not path.parent.is_dir():
        return f"There is no folder {str(path.parent)!r} either."
    near = near_names(path.name, _files_in(path.parent))
    return near if near.startswith("Did you mean") else "bayesmixed datasets lists the bundled data sets."


def _files_in(folder: Path) -> list[str]:
    """Names of the files of a folder, without the hidden ones."""
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith(".")
    )
