"""The data frame that verbs return: pandas in everything, and printed whole at 80 columns."""

from __future__ import annotations

import html
import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import pandas as pd

from bayesmixed.names import LEGEND
from bayesmixed.printing.table import (
    Column,
    clean,
    display_width,
    format_numbers,
    html_fragment,
    html_table,
    text_table,
)

DIGITS, LEAST = 5, 3
"""Significant digits of the largest number of a column, and of the smallest."""
PRECISION = 6
"""Of pandas, unless a user sets it."""
SCREEN, NOTES = 60, 9
"""Lines of a table and of what stands below; what is longer is printed as pandas does it."""


class ResultTable(pd.DataFrame):
    """A pandas data frame that prints all of its columns, rounded, with names on the left.

    It is a ``pandas.DataFrame`` in everything else, and what pandas makes of it is one too. Its numbers have
    all their digits; ``pd.DataFrame(table)`` prints as pandas does, :func:`bayesmixed.table` for a paper.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    >>> fit.varcorr()[["group", "effect", "sd"]]
    group    effect        sd
    Subject  Intercept 37.124
    Residual           30.991
    >>> fit.fixef().set_index("term").loc["Days", "value"].round(3).item()
    10.467
    """

    _metadata: ClassVar = ["_explained"]
    _explained: tuple[object, ...] = ()
    """Columns that the legend is about; pandas hands it on."""

    @property
    def _constructor(self) -> Callable[..., ResultTable]:
        return ResultTable

    def __getitem__(self, key: Any) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            by = _column_of_rows(self, key)
            if by is None:
                raise
            raise KeyError(
                f"{key!r} is a row, not a column. Write table.set_index({by!r}).loc[{str(key)!r}], "
                f"or table[table[{by!r}] == {str(key)!r}]."
            ) from None

    def __repr__(self) -> str:
        most, least = pd.get_option("display.max_rows") or len(self), pd.get_option("display.min_rows") or 10
        for rows in (most, min(most, least)):
            text = self._text(rows)
            if text is not None and text.count("\n") <= max(SCREEN, most) + NOTES:
                return text
        return super().__repr__()

    def _text(self, most: int) -> str | None:
        """Table in blocks as wide as a line, with so many rows; None where pandas prints it."""
        cells, width = _cells(self, most), _line_width()
        if cells is None:
            return None
        blocks = "\n\n".join(map(text_table, cells.blocks(width)))
        return "\n".join([blocks, *cells.size, *textwrap.wrap(self._legend, width)])

    def _repr_html_(self) -> str:
        """Table as a notebook shows it."""
        cells = _cells(self, pd.get_option("display.max_rows") or len(self))
        if cells is None:
            return pd.DataFrame(self).to_html(max_rows=pd.get_option("display.max_rows"), notebook=True)
        below = (f"<p>{html.escape(line)}</p>" for line in (*cells.size, self._legend) if line)
        return html_fragment([html_table(cells.all), *below])

    @property
    def _legend(self) -> str:
        """What the numbers are, as long as all columns are there."""
        return str(self.attrs.get(LEGEND, "")) if tuple(self.columns) == self._explained else ""


def as_result(value: object) -> object:
    """A data frame as a :class:`ResultTable`, without a copy; anything else as it is."""
    if type(value) is not pd.DataFrame:
        return value
    table = ResultTable(value)
    table.attrs, table._explained = value.attrs, tuple(value.columns)
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """What is printed of a frame: names of rows, whether these only count, columns, size if rows are cut."""

    rows: tuple[Column, ...]
    counted: bool
    columns: tuple[Column, ...]
    size: tuple[str, ...]

    @property
    def all(self) -> tuple[Column, ...]:
        """Columns side by side, without names of rows that only count."""
        return self.columns if self.counted else (*self.rows, *self.columns)

    def blocks(self, width: int) -> list[tuple[Column, ...]]:
        """Columns in blocks no wider than a line where they can be, each with the names of the rows."""
        if _width(self.all) <= width:
            return [self.all]
        keys, columns = self._keys(width)
        blocks = [keys]
        for column in columns:
            fitting = _cut(column, width - _width(keys) - 1)
            if blocks[-1] == keys or _width((*blocks[-1], fitting)) <= width:
                blocks[-1] = (*blocks[-1], fitting)
            else:
                blocks.append((*keys, fitting))
        return blocks

    def _keys(self, width: int) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
        """What names the rows in every block, the first column where it tells them apart, and all others."""
        first = self.columns[0]
        if not self.counted or first.align != "left" or 2 * _width([first]) > width:
            return self.rows, self.columns
        telling = len(set(first.cells)) == len(first.cells)
        return ((first,), self.columns[1:]) if telling else (self.rows, self.columns)


def _cells(frame: pd.DataFrame, most: int) -> _Cells | None:
    """Cells of so many rows; None where columns have levels or a name, or a user sets how pandas prints."""
    labels = frame.columns
    own = pd.get_option("display.float_format") is not None or pd.get_option("display.precision") != PRECISION
    if own or not len(labels) or labels.nlevels > 1 or labels.name is not None or not labels.is_unique:
        return None
    ends = min(pd.get_option("display.min_rows") or most, most) // 2 if len(frame) > most else 0
    shown = pd.DataFrame(frame)
    shown = pd.concat([shown.head(ends), shown.tail(ends)]) if ends else shown
    rows = shown.index.to_frame(index=False)
    names = ["" if name is None else str(name) for name in shown.index.names]
    return _Cells(
        rows=tuple(_column(name, rows.iloc[:, i], ends) for i, name in enumerate(names)),
        counted=not ends and names == [""] and frame.index.equals(pd.RangeIndex(len(frame))),
        columns=tuple(_column(str(label), shown[label], ends) for label in labels),
        size=(f"[{len(frame)} rows x {len(labels)} columns]",) if ends else (),
    )


def _column(header: str, values: pd.Series, ends: int) -> Column:
    """One column, numbers right and all else left, with dots after so many rows unless that is 0."""
    align: Literal["left", "right"] = "right" if pd.api.types.is_numeric_dtype(values) else "left"
    if pd.api.types.is_float_dtype(values):
        cells = format_numbers(values.to_numpy(dtype=float, na_value=float("nan")), DIGITS, LEAST)
    else:
        cells = tuple(clean(str(value)) for value in values.astype("str"))
    known = [text if there else "NaN" for text, there in zip(cells, values.notna(), strict=True)]
    column = Column(header=clean(header), cells=tuple(known), align=align)
    return replace(column, cells=(*known[:ends], "...", *known[ends:])) if ends else column


def _cut(column: Column, room: int) -> Column:
    """The same column with long cells cut to what a line has room for, and no shorter than its header."""
    room = max(room, len(column.header), 4)
    cells = (text if display_width(text) <= room else f"{text[: room - 3]}..." for text in column.cells)
    return replace(column, cells=tuple(cells))


def _width(columns: Sequence[Column]) -> int:
    """Characters of a line of columns."""
    widths = (max(map(display_width, (column.header, *column.cells))) for column in columns)
    return sum(widths) + len(columns) - 1


def _line_width() -> int:
    """Characters of a line, as pandas is told or as the terminal is."""
    return pd.get_option("display.width") or shutil.get_terminal_size().columns


def _column_of_rows(frame: pd.DataFrame, key: object) -> str | None:
    """Name of the first column of texts in which a row is called so."""
    if not isinstance(key, str | int) or not frame.columns.is_unique:
        return None
    texts: pd.DataFrame = pd.DataFrame(frame).select_dtypes("str")
    return next((str(name) for name in texts if (texts[name] == str(key)).any()), None)
