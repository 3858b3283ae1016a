"""Columns of cells as text, Markdown, LaTeX, HTML and great_tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed.errors import BayesmixedError
from bayesmixed.printing.table import Column, display_width, html_body, html_head, text_table

if TYPE_CHECKING:
    from great_tables import GT

Columns = Sequence[Column]
Parts = Sequence[tuple[str, int]]
Rows = list[tuple[str, ...]]

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


def markdown_escape(text: str) -> str:
    r"""Text with a backslash before every character that Markdown would read."""
    return MARKDOWN_SPECIAL.sub(r"\\\1", text)


def latex_escape(text: str) -> str:
    r"""Text in which LaTeX reads no command."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in text)


def text(columns: Columns, parts: Parts, caption: str, notes: Sequence[str]) -> str:
    """Table for a terminal, without a final line break."""
    head, *rows = text_table(columns).split("\n")
    lines = [caption] if caption else []
    lines.append(head)
    for title, slice_ in _slices(parts):
        lines += [title, *rows[slice_]] if title else rows[slice_]
    return "\n".join([*lines, *notes])


def markdown(columns: Columns, parts: Parts, caption: str, notes: Sequence[str]) -> str:
    """Pipe table."""
    escaped = [[markdown_escape(column.header), *map(markdown_escape, column.cells)] for column in columns]
    head, *body = zip(*escaped, strict=True)
    rows = [head]
    for title, slice_ in _slices(parts):
        rows += _headed(f"**{markdown_escape(title)}**" if title else "", body[slice_], len(columns))
    widths = [max(3, *map(display_width, cells)) for cells in zip(*rows, strict=True)]
    lines = [_pipe_row(row, columns, widths) for row in rows]
    lines.insert(1, _pipe_rule(columns, widths))
    above = [f"**{markdown_escape(caption)}**", ""] if caption else []
    below = [line for note in notes for line in ("", markdown_escape(note))]
    return "\n".join([*above, *lines, *below])


def latex(columns: Columns, parts: Parts, caption: str, notes: Sequence[str], label: str) -> str:
    r"""``tabular`` with the rules of booktabs, in a ``table`` when it has a caption."""
    n = len(columns)
    body = list(zip(*([_latex_cell(cell) for cell in column.cells] for column in columns), strict=True))
    lines = [rf"\begin{{tabular}}{{{''.join(column.align[0] for column in columns)}}}", r"\toprule"]
    lines += [_latex_row([latex_escape(column.header) for column in columns]), r"\midrule"]
    for i, (title, slice_) in enumerate(_slices(parts)):
        lines += [r"\addlinespace"] if i else []
        lines += [rf"\multicolumn{{{n}}}{{l}}{{\textit{{{latex_escape(title)}}}}} \\"] if title else []
        lines += [_latex_row(row) for row in body[slice_]]
    lines.append(r"\bottomrule")
    lines += [
        rf"\multicolumn{{{n}}}{{p{{0.9\linewidth}}}}{{\footnotesize {latex_escape(note)}}} \\"
        for note in notes
    ]
    lines.append(r"\end{tabular}")
    if not caption:
        return "\n".join(lines)
    named = [rf"\label{{{label}}}"] if label else []
    above = [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{latex_escape(caption)}}}", *named]
    return "\n".join([*above, *lines, r"\end{table}"])


def html_text(columns: Columns, parts: Parts, caption: str, notes: Sequence[str]) -> str:
    """HTML table whose headings span it."""
    bodies = []
    for title, slice_ in _slices(parts):
        heading = f'<tr><th colspan="{len(columns)}">{escape(title)}</th></tr>' if title else ""
        bodies.append(f"<tbody>{heading}{html_body(columns, slice_)}</tbody>")
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    below = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    return f"<table>{above}{html_head(columns)}{''.join(bodies)}</table>{below}"


def great_table(columns: Columns, parts: Parts, caption: str, notes: Sequence[str]) -> GT:
    """Object of great_tables with headings as row groups."""
    try:
        from great_tables import GT
    except ImportError as error:
        raise BayesmixedError(
            "great_tables is not installed; install it with `pip install 'bayesmixed[tables]'`,"
            " or use to_html()."
        ) from error
    ids = [f"column_{i}" for i in range(len(columns))]
    cells = pd.DataFrame({name: list(column.cells) for name, column in zip(ids, columns, strict=True)})
    titled = any(title for title, _ in parts)
    if titled:
        cells["part"] = _titles(parts)
    table = GT(cells, groupname_col="part" if titled else None)
    table = table.cols_label(cases={name: column.header for name, column in zip(ids, columns, strict=True)})
    for name, column in zip(ids, columns, strict=True):
        table = table.cols_align(column.align, columns=name)
    if caption:
        table = table.tab_header(caption)
    for note in notes:
        table = table.tab_source_note(note)
    return table


def frame(columns: Columns, parts: Parts) -> pd.DataFrame:
    """Data frame of the cells as they are printed."""
    headers = ["row" if not i else column.header for i, column in enumerate(columns)]
    if columns[0].header:
        headers[0] = columns[0].header
    table = pd.DataFrame({i: list(column.cells) for i, column in enumerate(columns)})
    table = table.set_axis(headers, axis=1)
    if any(title for title, _ in parts):
        table.insert(0, "part", _titles(parts), allow_duplicates=True)
    return table


def _titles(parts: Parts) -> list[str]:
    """Heading of every row."""
    return [title for title, n_rows in parts for _ in range(n_rows)]


def _slices(parts: Parts) -> Iterator[tuple[str, slice]]:
    """Headings with the rows under each."""
    start = 0
    for title, n_rows in parts:
        yield title, slice(start, start + n_rows)
        start += n_rows


def _headed(title: str, rows: Rows, n_columns: int) -> Rows:
    """Rows with a heading above them."""
    return [(title, *("" for _ in range(n_columns - 1))), *rows] if title else rows


def _pipe_row(row: Sequence[str], columns: Columns, widths: Sequence[int]) -> str:
    """One padded line of a pipe table."""
    cells = []
    for cell, column, width in zip(row, columns, widths, strict=True):
        fill = " " * (width - display_width(cell))
        cells.append(fill + cell if column.align == "right" else cell + fill)
    return f"| {' | '.join(cells)} |"


def _pipe_rule(columns: Columns, widths: Sequence[int]) -> str:
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
