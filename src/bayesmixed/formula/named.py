"""Names of columns, terms and grouping factors in a text of a user's, and what they mean."""

from __future__ import annotations

import re
from functools import lru_cache

from bayesmixed.errors import FormulaError
from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.formula.expression import Expression, column_expression, expression_from
from bayesmixed.formula.scan import PATTERN, scan

SPACE = re.compile(r"\s*")
PREFIXES = ("b_", "sd_", "corr_")
"""What stands before a name that may be in backticks: ``sd_`the group`[Intercept]``."""
CLOSES = {"(": ")", "{": "}", "[": "]"}


@lru_cache(maxsize=4096)
def read_name(text: str) -> ColumnKey | None:
    """What the name of a column or a term means, whatever its order, its blanks and its quotes.

    Examples
    --------
    >>> read_name("a : log(x+1)") == read_name("log( x + 1 ):`a`")
    True
    """
    parts, at = [], _skip(text, 0)
    while True:
        factor, end = _factor_end(text, at), _unit_end(text, at)
        expression = None if factor is None else _expression(text[at:factor])
        if expression is None or end is None:
            return None
        parts.append((expression.key, text[factor:end].strip()))
        at = _skip(text, end)
        if at == len(text):
            return frozenset(parts)
        if text[at] != ":":
            return None
        at = _skip(text, at + 1)


def is_quoted(text: str) -> bool:
    """Whether a text stands between backticks."""
    return len(text) > 2 and text[0] == text[-1] == "`"


def name_ends(text: str, start: int) -> list[int]:
    """Where the names that begin at a place of a text may end, the longest first.

    Examples
    --------
    >>> ["a:f[T.b] > 1"[:end] for end in name_ends("a:f[T.b] > 1", 0)]
    ['a:f[T.b]', 'a']
    """
    ends: list[int] = []
    at: int = start
    while (end := _unit_end(text, at)) is not None:
        ends.append(end)
        at = _skip(text, end)
        if text[at : at + 1] != ":":
            break
        at = _skip(text, at + 1)
    return ends[::-1]


def _expression(text: str) -> Expression | None:
    """A column or a call, read."""
    try:
        tokens = scan(text)
        if len(tokens) == 1:
            return column_expression(tokens[0].name)
        return expression_from(tokens, text)
    except FormulaError:
        return None


def _factor_end(text: str, start: int) -> int | None:
    """End of a column's name, or of a call, that begins at a place."""
    found = PATTERN.match(text, start)
    if found is None or not (found.lastgroup in ("name", "quoted") or found.group() == "{"):
        return None
    quoted = PATTERN.match(text, found.end()) if found.group() in PREFIXES else None
    if quoted is not None and quoted.lastgroup == "quoted":
        found = quoted
    opening = start if found.group() == "{" else _skip(text, found.end())
    if found.lastgroup == "quoted" or text[opening : opening + 1] not in ("(", "{"):
        return found.end()
    return _closed(text, opening)


def _unit_end(text: str, start: int) -> int | None:
    """End of a factor that begins at a place, with the part of it in brackets."""
    end = _factor_end(text, start)
    if end is None or text[_skip(text, end) :][:1] != "[":
        return end
    depth = 0
    for found in re.finditer(r"[\[\]]", text[end:]):
        depth += 1 if found.group() == "[" else -1
        if depth == 0:
            return end + found.end()
    return end


def _closed(text: str, opening: int) -> int | None:
    """End of what a parenthesis holds, None where it is never closed."""
    wanted, at = [CLOSES[text[opening]]], opening + 1
    while wanted:
        found = PATTERN.match(text, at)
        if found is None:
            return None
        if found.lastgroup == "open":
            wanted.append(CLOSES[found.group()])
        elif found.lastgroup == "close" and found.group() != wanted.pop():
            return None
        at = found.end()
    return at


def _skip(text: str, start: int) -> int:
    """Index of the next character that is not blank."""
    found = SPACE.match(text, start)
    return start if found is None else found.end()
