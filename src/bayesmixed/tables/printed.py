"""A table for people that writes itself as text, Markdown, LaTeX, HTML or a great_tables object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed.errors import BayesmixedError
from bayesmixed.names import LEGEND
from bayesmixed.options import checked_count
from bayesmixed.printing.table import (
    Column,
    clean,
    display_width,
    format_fixed,
    format_numbers,
    frame_columns,
    html_body,
    html_fragment,
    html_head,
    text_table,
)
from bayesmixed.tables.reml_summary import p_text
from bayesmixed.tables.summary_columns import bounds, decimals_for

if TYPE_CHECKING:
    from great_tables import GT

MARKDOWN_SPECIAL = re.compile(r"([\\`*_|<$~])")
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
MINUS = re.compile(r"(?<![\w.)-])-(?=[\d.])")


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
        head, *rows = text_table(self.columns).split("\n")
        lines = [self.caption] if self.caption else []
        lines.append(head)
        for title, slice_ in self._slices():
            lines += [title, *rows[slice_]] if title else rows[slice_]
        return "\n".join([*lines, *self.notes])

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
        escaped = [
            [markdown_escape(column.header), *map(markdown_escape, column.cells)] for column in self.columns
        ]
        head, *body = zip(*escaped, strict=True)
        rows = [head]
        for title, slice_ in self._slices():
            rows += _headed(f"**{markdown_escape(title)}**" if title else "", body[slice_], len(self.columns))
        widths = [max(3, *map(display_width, cells)) for cells in zip(*rows, strict=True)]
        lines = [_pipe_row(row, self.columns, widths) for row in rows]
        lines.insert(1, _pipe_rule(self.columns, widths))
        above = [f"**{markdown_escape(self.caption)}**", ""] if self.caption else []
        below = [line for note in self.notes for line in ("", markdown_escape(note))]
        return "\n".join([*above, *lines, *below])

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
        n = len(self.columns)
        body = list(
            zip(*([_latex_cell(cell) for cell in column.cells] for column in self.columns), strict=True)
        )
        lines = [rf"\begin{{tabular}}{{{''.join(column.align[0] for column in self.columns)}}}", r"\toprule"]
        lines += [_latex_row([latex_escape(column.header) for column in self.columns]), r"\midrule"]
        for i, (title, slice_) in enumerate(self._slices()):
            lines += [r"\addlinespace"] if i else []
            lines += [rf"\multicolumn{{{n}}}{{l}}{{\textit{{{latex_escape(title)}}}}} \\"] if title else []
            lines += [_latex_row(row) for row in body[slice_]]
        lines.append(r"\bottomrule")
        lines += [
            rf"\multicolumn{{{n}}}{{p{{0.9\linewidth}}}}{{\footnotesize {latex_escape(note)}}} \\"
            for note in self.notes
        ]
        lines.append(r"\end{tabular}")
        if not self.caption:
            return "\n".join(lines)
        named = [rf"\label{{{label}}}"] if label else []
        above = [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{latex_escape(self.caption)}}}", *named]
        return "\n".join([*above, *lines, r"\end{table}"])

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
        bodies = []
        for title, slice_ in self._slices():
            heading = f'<tr><th colspan="{len(self.columns)}">{escape(title)}</th></tr>' if title else ""
            bodies.append(f"<tbody>{heading}{html_body(self.columns, slice_)}</tbody>")
        above = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        below = "".join(f'<p class="note">{escape(note)}</p>' for note in self.notes)
        return f"<table>{above}{html_head(self.columns)}{''.join(bodies)}</table>{below}"

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
        try:
            from great_tables import GT
        except ImportError as error:
            raise BayesmixedError(
                "great_tables is not installed; install it with `pip install 'bayesmixed[tables]'`,"
                " or use to_html()."
            ) from error
        ids = [f"column_{i}" for i in range(len(self.columns))]
        cells = pd.DataFrame(
            {name: list(column.cells) for name, column in zip(ids, self.columns, strict=True)}
        )
        if self._titles:
            cells["part"] = self._titles
        table = GT(cells, groupname_col="part" if self._titles else None)
        table = table.cols_label(
            cases={name: column.header for name, column in zip(ids, self.columns, strict=True)}
        )
        for name, column in zip(ids, self.columns, strict=True):
            table = table.cols_align(column.align, columns=name)
        if self.caption:
            table = table.tab_header(self.caption)
        for note in self.notes:
            table = table.tab_source_note(note)
        return table

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
        headers = ["row" if not i else column.header for i, column in enumerate(self.columns)]
        if self.columns[0].header:
            headers[0] = self.columns[0].header
        table = pd.DataFrame({i: list(column.cells) for i, column in enumerate(self.columns)})
        table = table.set_axis(headers, axis=1)
        if self._titles:
            table.insert(0, "part", self._titles, allow_duplicates=True)
        return table

    @property
    def _titles(self) -> list[str]:
        """Heading of every row, none where no part has one."""
        found = [title for title, n_rows in self.parts for _ in range(n_rows)]
        return found if any(found) else []

    def _slices(self) -> Iterator[tuple[str, slice]]:
        """Headings with the rows under each."""
        start = 0
        for title, n_rows in self.parts:
            yield title, slice(start, start + n_rows)
            start += n_rows


def markdown_escape(text: str) -> str:
    r"""Text with a backslash before every character that Markdown would read."""
    return MARKDOWN_SPECIAL.sub(r"\\\1", text)


def latex_escape(text: str) -> str:
    r"""Text in which LaTeX reads no command."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in text)


def _headed(title: str, rows: list[tuple[str, ...]], n_columns: int) -> list[tuple[str, ...]]:
    """Rows with a heading above them."""
    return [(title, *("" for _ in range(n_columns - 1))), *rows] if title else rows


def _pipe_row(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    """One padded line of a pipe table."""
    cells = []
    for cell, column, width in zip(row, columns, widths, strict=True):
        fill = " " * (width - display_width(cell))
        cells.append(fill + cell if column.align == "right" else cell + fill)
    return f"| {' | '.join(cells)} |"


def _pipe_rule(columns: Sequence[Column], widths: Sequence[int]) -> str:
    """Line under the headers, which says how columns are aligned."""
    rules = []
    for column, width in zip(columns, widths, strict=True):
        dashes = "-" * (width + 1)
        rules.append(f"{dashes}:" if column.align == "right" else f":{dashes}")
    return f"|{'|'.join(rules)}|"


def _latex_cell(cell: str) -> str:
    """Cell with the minus signs of mathematics."""
    return MINUS.sub("$-$", latex_escape(cell))


def _latex_row(cells: Sequence[str]) -> str:
    """One line of a ``tabular``, whose first cell is never taken for an argument of the line before."""
    guard = "{}" if cells[0].startswith(("[", "*")) else ""
    return guard + " & ".join(cells) + r" \\"


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
