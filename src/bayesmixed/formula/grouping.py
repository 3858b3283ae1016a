"""The right side of a bar: which combinations of columns are the levels."""

from __future__ import annotations

from collections.abc import Sequence

from bayesmixed.formula.algebra import algebra_from
from bayesmixed.formula.expression import Expression
from bayesmixed.formula.scan import Token, outside, refusal

JOINS = ("/", ":", "*")


def expand_group(tokens: Sequence[Token], text: str) -> tuple[tuple[Expression, ...], ...]:
    """Expand the right side of a bar to the grouping factors that it stands for.

    Returns: each factor as the expressions whose observed combinations are its levels: ``a/b`` is ``a`` and
    ``a:b``; ``a*b`` is ``a``, ``b`` and ``a:b``.

    Examples
    --------
    >>> from bayesmixed.formula.scan import scan
    >>> [[part.text for part in parts] for parts in expand_group(scan("a/b"), "a/b")]
    [['a'], ['a', 'b']]
    """
    for _, token in outside(tokens):
        if token.kind in ("number", "string") or (token.kind == "operator" and token.text not in JOINS):
            raise refusal(
                f"{token.text!r} cannot stand right of a bar.",
                text,
                token.start,
                "Write a column, a/b (a and b within a), a:b (combinations) or a*b (all three).",
            )
    algebra = algebra_from(tokens, text)
    return tuple(
        tuple(algebra.expressions[name] for name in term) for term in algebra.terms if term != ("1",)
    )
