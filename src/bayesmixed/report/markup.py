"""Sections of a page, every string of the user's escaped."""

from __future__ import annotations

import os
from dataclasses import replace
from html import escape

import pandas as pd

from bayesmixed.posterior.archive import write_whole
from bayesmixed.tables.printed import PrintedTable, frame_table


def table_html(table: pd.DataFrame | PrintedTable, caption: str, *, note: str = "") -> str:
    """Table as HTML in a frame that scrolls on a narrow screen."""
    printed = frame_table(table) if isinstance(table, pd.DataFrame) else table
    cells = replace(printed, notes=()).to_html()
    notes = (note,) if note else printed.notes
    below = "".join(f'<p class="note">{escape(sentence)}</p>' for sentence in notes)
    return f'<section><h2>{escape(caption)}</h2>\n<div class="scroll">{cells}</div>{below}</section>'


def list_html(items: dict[str, str], caption: str) -> str:
    """Named facts as HTML."""
    entries = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in items.items())
    return f"<section><h2>{escape(caption)}</h2>\n<dl>\n{entries}\n</dl></section>"


def figure_html(svg: str, caption: str, *, wide: bool = True) -> str:
    """Figure with its caption as HTML."""
    kind = "scroll wide" if wide else "scroll"
    picture = f'<div class="{kind}">{svg}</div>'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def write_page(path: str | os.PathLike[str], page: str) -> str:
    """Write a page to a file, whole or not at all; the path, or FileError."""
    write_whole(path, lambda file: file.write(page.encode()))
    return os.fspath(path)
