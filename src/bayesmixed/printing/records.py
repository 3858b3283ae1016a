"""How records show themselves: a few lines, whatever they hold."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.printing.table import clean, format_numbers

LINE = 80
FEW = 3
"""Members of a collection that are shown."""


class Text(str):
    """Text that shows itself as it prints, line by line, not as Python spells it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def short_repr(record: Any) -> str:
    """Text of a data class: its name, and each field in one line of at most 80 characters.

    Examples
    --------
    >>> from dataclasses import make_dataclass
    >>> print(short_repr(make_dataclass("Fit", ["formula", "values"])("y ~ x", np.ones((180, 2)))))
    Fit
      formula: y ~ x
      values: array (180, 2)
    """
    lines = [type(record).__name__]
    for field in dataclasses.fields(record):
        text = f"  {field.name}: {_short(getattr(record, field.name))}"
        lines.append(text if len(text) <= LINE else f"{text[: LINE - 3]}...")
    return "\n".join(lines)


def wrapped(*sentences: str) -> str:
    """Sentences, each on lines of at most 80 characters."""
    fill = textwrap.TextWrapper(LINE, break_long_words=False, break_on_hyphens=False).fill
    return "\n".join(map(fill, sentences))


def _short(value: Any) -> str:
    """One line for a value."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return f"{type(value).__name__} {value.shape}"
    if isinstance(value, float):
        return format_numbers([value])[0]
    if hasattr(value, "shape"):
        return _array(value)
    if dataclasses.is_dataclass(value):
        text = str(value)
        return type(value).__name__ if "\n" in text or len(text) > LINE // 2 else text
    if isinstance(value, Mapping):
        return f"{{{_members(clean(str(key)) for key in value)}{_more(value)}}}"
    if isinstance(value, Collection):
        return f"({_members(_short(member) for member in value)}{_more(value)})"
    return clean(str(value))


def _array(value: Any) -> str:
    """Numbers of a short array, else its shape."""
    if not isinstance(value, np.ndarray):
        return f"{type(value).__name__} {value.shape}"
    if value.ndim == 1 and 0 < value.size <= 2 * FEW and value.dtype.kind == "f":
        return f"[{', '.join(format_numbers(value))}]"
    return f"array {value.shape}"


def _members(texts: Iterable[str]) -> str:
    """The first members."""
    return ", ".join(islice(texts, FEW))


def _more(value: Collection[object]) -> str:
    """How many members there are, where not all are shown."""
    return f", ... {len(value)} in all" if len(value) > FEW else ""
