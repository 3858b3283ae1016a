"""A table for people that writes itself as text, Markdown, LaTeX, HTML or a great_tables object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed.errors import BayesmixedError
from bayesmixed.names import LEGEND
from bayesmixed.options import checked_count
from bayesmixed.printing.table import (
    Column,
    clean,
    format_fixed,
    format_numbers,
    frame_columns,
    html_fragment,
)
from bayesmixed.tables import render
from bayesmixed.tables.reml_summary import p_text
from bayesmixed.tables.summary_columns import bounds, decimals_for

if TYPE_CHECKING:
    from great_tables import GT


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTable:
    """A table whose cells are rounded and ready for print.

    Print it on a terminal, let a notebook show it, or ask for the text of a paper. :func:`bayesmixed.table`
    and :func:`bayesmixed.models_table` make one.

    Attributes
    ----------
    columns : tuple[Column, ...]
        Equally long; the first names the rows.
    parts : tuple[tuple[str, int], ...]
        Headings inside the table, each with the number of rows under it, all rows together; an empty heading
        is not printed.
    caption : str
        Printed above.
    notes : tuple[str, ...]
        Sentences printed below.
    """

    columns: tuple[Column, ...]
    parts: tuple[tuple[str, int], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return render.text(self.columns, self.parts, self.caption, self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Table as a notebook shows it."""
        return html_fragment([self.to_html()])

    def to_markdown(self) -> str:
        """Table as Markdown.

        Returns
        -------
        str
            A pipe table.

        Examples
        --------
        >>> print(bm.table(fit.fixef()[["term", "value", "se"]]).to_markdown())
        | term      |   value |    se |
        |:----------|--------:|------:|
        | Intercept | 251.607 | 8.073 |
        | Days      |  10.444 | 1.647 |
        """
        return render.markdown(self.columns, self.parts, self.caption, self.notes)

    def to_latex(self, *, label: str = "") -> str:
        """Table as LaTeX, with the rules of the package booktabs.

        Parameters
        ----------
        label : str, default ""
            Label of the table, which then needs a caption.

        Returns
        -------
        str
            A ``tabular``, in a ``table`` where there is a caption.

        Raises
        ------
        BayesmixedError
            When there is a label without a caption.

        Examples
        --------
        >>> "toprule" in bm.table(fit.fixef(), caption="Sleep").to_latex(label="tab:sleep")
        True
        """
        if label and not self.caption:
            raise BayesmixedError("label= needs a table with a caption; give caption= to the table too.")
        return render.latex(self.columns, self.parts, self.caption, self.notes, label)

    def to_html(self) -> str:
        """Table as HTML.

        Returns
        -------
        str
            A table without a style of its own, every text escaped.

        Examples
        --------
        >>> bm.table(fit.fixef()).to_html().startswith("<table")
        True
        """
        return render.html_text(self.columns, self.parts, self.caption, self.notes)

    def to_great_tables(self) -> GT:
        """Table as an object of great_tables, to style it further.

        Returns
        -------
        great_tables.GT
            With the cells as they are printed.

        Raises
        ------
        BayesmixedError
            When great_tables is not installed: ``pip install 'bayesmixed[tables]'``.

        Examples
        --------
        >>> type(bm.table(fit.fixef()).to_great_tables()).__name__
        'GT'
        """
        return render.great_table(self.columns, self.parts, self.caption, self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Table as a data frame of texts.

        Returns
        -------
        pandas.DataFrame
            The cells as they are printed.

        Examples
        --------
        >>> bm.table(fit.fixef()).to_frame()["term"].tolist()
        ['Intercept', 'Days']
        """
        return render.frame(self.columns, self.parts)


# Names of the ends of intervals: lower_2.5, sd_97.5, fitted_lower_2.5.
END = re.compile(r"(?P<stem>.*)_(?P<percent>\d+(\.\d+)?)")
ERRORS = ("se", "std_error")
BROOM_ENDS = ("conf_low", "conf_high")
WITH_ERRORS = ("value", "estimate", *ERRORS)
P_VALUES = ("p_value", "p_mixture", "p_boot")
NOT_MIDDLES = (*ERRORS, "t", "statistic", "df", *P_VALUES)


def frame_table(frame: pd.DataFrame, *, digits: int = 4, caption: str = "") -> PrintedTable:
    """Data frame of results as a table for people, with R's rounding."""
    if not len(frame.columns) or not frame.columns.is_unique:
        wrong = "has two columns of one name" if len(frame.columns) else "has no columns"
        raise BayesmixedError(f"This frame {wrong}, so there is no table to print.")
    checked_count(digits, "digits")
    shown = _with_index(frame)
    shown = shown.drop(columns=[name for name in shown if len(shown) and shown[name].isna().all()])
    columns: list[Column] = []
    middle: tuple[str, ...] = ()
    names = [str(name) for name in shown.columns]
    shown = shown.set_axis(names, axis=1)
    decimals = _decimals(shown, digits)
    for i, name in enumerate(names):
        before, after = names[i - 1] if i else "", names[i + 1] if i + 1 < len(names) else ""
        if interval_name(before, name) is not None:
            continue
        header = interval_name(name, after)
        if header is None:
            column = _column(shown[[name]], digits, decimals if name in WITH_ERRORS else None)
            if pd.api.types.is_float_dtype(shown[name]) and name not in NOT_MIDDLES:
                middle = column.cells
        else:
            column = _interval(header, shown[name], shown[after], middle)
        columns.append(column)
    notes = (str(frame.attrs[LEGEND]),) if LEGEND in frame.attrs else ()
    return PrintedTable(columns=tuple(columns), parts=(("", len(frame)),), caption=caption, notes=notes)


def interval_name(first: str, second: str) -> str | None:
    """Header for two columns in one when they are the ends of an interval."""
    if (first, second) == BROOM_ENDS:
        return "interval"
    low, high = END.fullmatch(first), END.fullmatch(second)
    if low is None or high is None:
        return None
    below, above = float(low["percent"]), float(high["percent"])
    if below >= above or abs(below + above - 100) > 1e-6:
        return None
    stem = low["stem"].removesuffix("lower").strip("_")
    return f"{stem} {above - below:.6g}% interval".strip()


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame whose index, when it says something, is a column."""
    if frame.index.names == [None] and pd.api.types.is_integer_dtype(frame.index):
        return frame
    unnamed = [""] if frame.index.nlevels == 1 else [f"level_{i}" for i in range(frame.index.nlevels)]
    named = [one if name is None else name for name, one in zip(frame.index.names, unnamed, strict=True)]
    return frame.reset_index(names=[f"index {name}" if name in frame else name for name in named])


def _decimals(frame: pd.DataFrame, digits: int) -> int | None:
    """Decimals with which the smallest standard error shows its digits; None without standard errors."""
    errors = next((frame[name] for name in ERRORS if name in frame), None)
    return None if errors is None else decimals_for(errors.to_numpy(dtype=float), digits)


def _column(series: pd.DataFrame, digits: int, decimals: int | None) -> Column:
    """One column that is not an interval."""
    name = str(series.columns[0])
    values = series[name]
    if name in P_VALUES:
        return Column(header=clean(name), cells=tuple(p_text(p) for p in values))
    if not pd.api.types.is_float_dtype(values):
        return frame_columns(series, digits)[0]
    texts = format_numbers(values, digits) if decimals is None else format_fixed(values, decimals)
    cells = ("" if gone else text for gone, text in zip(values.isna(), texts, strict=True))
    return Column(header=clean(name), cells=tuple(cells))


def _interval(header: str, low: pd.Series, high: pd.Series, middle: tuple[str, ...]) -> Column:
    """Both ends of the intervals in one column, with the decimals of their middles."""
    like = middle or format_numbers([*low, *high])
    ends = zip(bounds(low, like), bounds(high, like), low.isna() | high.isna(), strict=True)
    return Column(header=header, cells=tuple("" if gone else f"[{a}, {b}]" for a, b, gone in ends))
