"""What plain names of columns mean, for designs that tests make by hand."""

from __future__ import annotations

from collections.abc import Iterable

from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.formula.named import read_name


def key_of(name: str) -> ColumnKey:
    """Meaning of a column, an interaction or a grouping factor; the intercept has no factors."""
    return frozenset() if name == "Intercept" else read_name(name) or frozenset()


def keys_of(names: Iterable[str]) -> tuple[ColumnKey, ...]:
    """Meanings of several columns."""
    return tuple(map(key_of, names))
