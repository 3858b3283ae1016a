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
    """A bundled data set as its registry describes it."""

    # name, title, description: name as R spells it, a title, and a sentence or two
    name: str
    title: str
    description: str
    file: str  # file under `data/`
    sha256: str  # checksum of the file as bundled
    rows: int  # number of rows
    groups: tuple[str, ...]  # columns that serve as grouping factors
    columns: tuple[ColumnInfo, ...]  # the columns in order
    # source, licence, citation: where the file was taken from, on what terms, and whom to cite
    source: str
    licence: str
    citation: str
    example: str  # a formula to begin with
    aliases: tuple[str, ...] = ()  # other names by which it is found

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
