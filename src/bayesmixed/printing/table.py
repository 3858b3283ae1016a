"""Aligned text tables and HTML tables of the same cells."""

from __future__ import annotations

import html
import math
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from bayesmixed.names import LEGEND

STYLE = (
    ".bayesmixed table{border-collapse:collapse;margin:.4em 0 .8em;color:inherit;background:transparent}"
    ".bayesmixed caption{text-align:left;font-weight:600;padding:.2em 0;color:inherit}"
    ".bayesmixed th,.bayesmixed td{padding:.15em .7em;border:0;text-align:left;color:inherit;"
    "background:transparent;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".bayesmixed th{border-bottom:1px solid rgba(128,128,128,.6);font-weight:600}"
    ".bayesmixed tr+tr td{border-top:1px solid rgba(128,128,128,.2)}"
    ".bayesmixed .number{text-align:right}"
    ".bayesmixed p{margin:.2em 0}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a printed table."""

    header: str  # its name
    cells: tuple[str, ...]  # its cells, formatted
    align: Literal["left", "right"] = "right"  # numbers stand right


def frame_columns(frame: pd.DataFrame, digits: int = 4) -> tuple[Column, ...]:
    """Format every column of a data frame.

    Returns: numbers right, all else left.
    """
    return tuple(_series_column(str(name), frame[name], digits) for name in frame.columns)


def text_table(columns: Sequence[Column], indent: str = "") -> str:
    """Lay out columns as aligned text.

    Examples
    --------
    >>> print(text_table([Column(header="term", cells=("a", "bc"), align="left"),
    ...                   Column(header="value", cells=("1.5", "-2.0"))]))
    term value
    a      1.5
    bc    -2.0
    """
    padded = [_padded(column) for column in columns]
    return "\n".join((indent + " ".join(row)).rstrip() for row in zip(*padded, strict=True))


def html_table(columns: Sequence[Column], caption: str = "") -> str:
    """Lay out columns as an HTML table, every text escaped.

    Examples
    --------
    >>> html_table([Column(header="a<b", cells=("1",))])[:53]
    '<table><thead><tr><th class="number">a&lt;b</th></tr>'
    """
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{title}{html_head(columns)}<tbody>{html_body(columns)}</tbody></table>"


def html_head(columns: Sequence[Column]) -> str:
    """Lay out the headers of columns as HTML."""
    return f"<thead><tr>{''.join(_html_cell('th', column, column.header) for column in columns)}</tr></thead>"


def html_body(columns: Sequence[Column], rows: slice = slice(None)) -> str:
    """Lay out some rows of columns as HTML."""
    cells = (
        "".join(_html_cell("td", column, cell) for column, cell in zip(columns, row, strict=True))
        for row in zip(*(column.cells[rows] for column in columns), strict=True)
    )
    return "".join(f"<tr>{row}</tr>" for row in cells)


def html_fragment(parts: Iterable[str]) -> str:
    """Wrap pieces of HTML with a small style of their own, legible on light and dark pages."""
    return f'<div class="bayesmixed"><style>{STYLE}</style>{"".join(parts)}</div>'


def frame_text(frame: pd.DataFrame, digits: int = 4) -> str:
    """Print a data frame as aligned text with R's rounding."""
    table = text_table(frame_columns(frame, digits))
    return f"{table}\n{textwrap.fill(frame.attrs[LEGEND], 80)}" if LEGEND in frame.attrs else table


def frame_html(frame: pd.DataFrame, *, caption: str = "", digits: int = 4) -> str:
    """Print a data frame as a styled piece of HTML with R's rounding."""
    legend = [f"<p>{html.escape(frame.attrs[LEGEND])}</p>"] if LEGEND in frame.attrs else []
    return html_fragment([html_table(frame_columns(frame, digits), caption), *legend])


def display_width(text: str) -> int:
    """Count the terminal columns that a text takes.

    Examples
    --------
    >>> display_width("Days"), display_width("東京"), display_width("é")
    (4, 4, 1)
    """
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    """Columns of one character."""
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _series_column(name: str, series: pd.Series, digits: int) -> Column:
    """Format one column of a data frame."""
    if pd.api.types.is_float_dtype(series):
        return Column(header=clean(name), cells=format_numbers(series, digits))
    align: Literal["left", "right"] = "right" if pd.api.types.is_integer_dtype(series) else "left"
    return Column(header=clean(name), cells=tuple(clean(str(value)) for value in series), align=align)


def clean(text: str) -> str:
    r"""Show control characters of a name as escapes, so that a name keeps to its line.

    Examples
    --------
    >>> clean("a\tb")
    'a\\tb'
    """
    return "".join(
        c.encode("unicode_escape").decode() if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c
        for c in text
    )


def _padded(column: Column) -> list[str]:
    """Pad header and cells of one column to its width."""
    texts = [column.header, *column.cells]
    width = max(display_width(text) for text in texts)
    fills = [" " * (width - display_width(text)) for text in texts]
    pairs = zip(texts, fills, strict=True)
    return [fill + text if column.align == "right" else text + fill for text, fill in pairs]


def _html_cell(tag: str, column: Column, text: str) -> str:
    """Write one cell."""
    mark = ' class="number"' if column.align == "right" else ""
    return f"<{tag}{mark}>{html.escape(text)}</{tag}>"


def format_numbers(values: Iterable[float], digits: int = 4, least: int | None = None) -> tuple[str, ...]:
    """Format numbers for one column as R prints a vector.

    Returns: all with the same number of decimals: as many as some number needs to show `digits` significant
    digits, trailing zeros not counted. Scientific where that is narrower for the column.

    The rule is ``formatReal`` of R.

    Examples
    --------
    >>> format_numbers([612.1002, 35.0717, 654.94])
    ('612.10', '35.07', '654.94')
    >>> format_numbers([1.5e-9, 2.0])
    ('1.5e-09', '2.0e+00')
    >>> format_numbers([251.40510, 0.0655514], 5), format_numbers([251.40510, 0.0655514], 5, least=3)
    (('251.405100', '0.065551'), ('251.4051', '0.0656'))
    """
    numbers = [float(value) for value in values]
    parts = [_significant(number, digits) for number in numbers if math.isfinite(number)]
    if not parts:
        return tuple(_special(number) for number in numbers)
    if least is not None:
        top = max(exponent for _, exponent in parts)
        shown = [digits if exponent == top else least for _, exponent in parts]
        known = [number for number in numbers if math.isfinite(number)]
        parts = [_significant(number, own) for number, own in zip(known, shown, strict=True)]
    decimals = max(max(0, length - 1 - exponent) for length, exponent in parts)
    mantissa = max(length for length, _ in parts) - 1
    left = max(1, 1 + max(exponent for _, exponent in parts))
    fixed_width = left + decimals + (decimals > 0)
    scientific_width = 1 + mantissa + (mantissa > 0) + 4
    style = f".{decimals}f" if fixed_width <= scientific_width else f".{mantissa}e"
    return tuple(
        _no_negative_zero(format(number, style)) if math.isfinite(number) else _special(number)
        for number in numbers
    )


def format_fixed(values: Iterable[float], decimals: int) -> tuple[str, ...]:
    """Format numbers with a given number of decimals.

    Returns: one text each.

    Examples
    --------
    >>> format_fixed([1.0004, -0.0001], 3)
    ('1.000', '0.000')
    """
    return tuple(
        _no_negative_zero(f"{value:.{decimals}f}") if math.isfinite(value) else _special(value)
        for value in values
    )


def _significant(number: float, digits: int) -> tuple[int, int]:
    """Count the significant digits that a number needs, up to `digits`, with its decimal exponent."""
    mantissa, exponent = f"{abs(number):.{digits - 1}e}".split("e")
    return max(1, len(mantissa.replace(".", "").rstrip("0"))), int(exponent)


def _special(number: float) -> str:
    """Spell a missing or infinite number as R does."""
    if math.isnan(number):
        return "NA"
    return "Inf" if number > 0 else "-Inf"


def _no_negative_zero(text: str) -> str:
    """Take the sign from a number that was rounded to zero."""
    return text.removeprefix("-") if not text.strip("-0.") else text
