"""Sections of a page, every string of the user's escaped."""

from __future__ import annotations

from html import escape

import pandas as pd

from bayesmixed.extract.variances import LEGEND
from bayesmixed.tables.table import frame_columns, html_table


def table_html(table: pd.DataFrame, caption: str, *, note: str = "") -> str:
    """Table as HTML in a frame that scrolls on a narrow screen.

    Parameters
    ----------
    table : pandas.DataFrame
        What to show; the index is left out.
    caption : str
        Heading of the table.
    note : str, optional
        Text under it; unless given, the legend that the table has among its attributes.

    Returns
    -------
    str
        A ``<section>``.

    Examples
    --------
    >>> "<td>a &amp; b</td>" in table_html(pd.DataFrame({"level": ["a & b"]}), "Levels")
    True
    """
    cells = html_table(frame_columns(table))
    note = note or table.attrs.get(LEGEND, "")
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    return f'<section><h2>{escape(caption)}</h2>\n<div class="scroll">{cells}</div>{below}</section>'


def list_html(items: dict[str, str], caption: str) -> str:
    """Named facts as HTML.

    Parameters
    ----------
    items : dict[str, str]
        Name to fact, both plain text.
    caption : str
        Heading.

    Returns
    -------
    str
        A ``<section>`` with a definition list.
    """
    entries = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in items.items())
    return f"<section><h2>{escape(caption)}</h2>\n<dl>\n{entries}\n</dl></section>"


def figure_html(svg: str, caption: str) -> str:
    """Figure with its caption as HTML.

    Parameters
    ----------
    svg : str
        The picture, an ``<svg>`` element.
    caption : str
        Plain text.

    Returns
    -------
    str
        A ``<figure>``.
    """
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
