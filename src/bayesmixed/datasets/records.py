"""What the registry says of a bundled data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bayesmixed.printing.records import wrapped

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
