"""The left side of a formula: a value, or successes of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bayesmixed.formula.additions import NOTHING, Additions, additions_from
from bayesmixed.formula.algebra import columns_of
from bayesmixed.formula.expression import Expression, expression_from
from bayesmixed.formula.scan import Token, is_call, outside, refusal, render

ResponseKind = Literal["value", "trials", "failures"]

CALLS: dict[str, ResponseKind] = {
    "prop": "trials",
    "proportion": "trials",
    "p": "trials",
    "cbind": "failures",
}
"""Spellings of successes: of Bambi, with the number of trials, and of R, with the number of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseExpression:
    """What stands left of the tilde.

    Attributes
    ----------
    text : str
        Its name in tables.
    source : str
        How a formula writes it, with its additions.
    kind : {"value", "trials", "failures"}
        One value, successes with the number of trials, or successes with the number of failures.
    parts : tuple[Expression, ...]
        One expression, or two.
    additions : Additions
        What stands behind a bar.
    """

    text: str
    source: str
    kind: ResponseKind
    parts: tuple[Expression, ...]
    additions: Additions = NOTHING

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What it computes: the response, then its additions."""
        return (*self.parts, *self.additions.beside)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that the response itself needs, in order of appearance."""
        return columns_of(self.parts)


def response_from(tokens: Sequence[Token], text: str) -> ResponseExpression:
    """Response of tokens that were scanned from a formula.

    Examples
    --------
    >>> from bayesmixed.formula.scan import scan
    >>> response_from(scan("cbind(k, n - k)"), "cbind(k, n - k)").columns
    ('k', 'n')
    """
    bar = next((index for index, token in outside(tokens) if token.text == "|"), None)
    if bar is None:
        return _response(tokens, text)
    response = _response(tokens[:bar], text)
    additions = additions_from(tokens[bar + 1 :], response.text, text)
    return _with_additions(response, additions, tokens, bar, text)


def _response(tokens: Sequence[Token], text: str) -> ResponseExpression:
    """Response alone."""
    name = tokens[0].text if tokens else ""
    if not (name in CALLS and is_call(tokens, 0) and tokens[-1].text == ")"):
        one = expression_from(tokens, text)
        return ResponseExpression(text=one.text, source=one.source, kind="value", parts=(one,))
    inner = tokens[2:-1]
    commas = [index for index, token in outside(inner) if token.text == ","]
    second = "failures" if CALLS[name] == "failures" else "trials"
    if len(commas) != 1 or commas[0] in (0, len(inner) - 1):
        raise refusal(
            f"{name}() takes two columns, successes and {second}; a model has one response.",
            text,
            tokens[0].start,
            f"Write {name}(successes, {second}), and fit one model for each response.",
        )
    parts = (expression_from(inner[: commas[0]], text), expression_from(inner[commas[0] + 1 :], text))
    return ResponseExpression(
        text=render(tokens, quoted=False), source=render(tokens), kind=CALLS[name], parts=parts
    )


def _with_additions(
    response: ResponseExpression, additions: Additions, tokens: Sequence[Token], bar: int, text: str
) -> ResponseExpression:
    """Response with what its additions say; with trials it counts successes."""
    full = replace(response, source=render(tokens), additions=additions)
    if additions.trials is None:
        return full
    if response.kind != "value":
        raise refusal(f"{response.text!r} states its trials itself.", text, tokens[bar].start)
    name = f"{response.text} | trials({additions.trials.text})"
    return replace(full, text=name, kind="trials", parts=(*response.parts, additions.trials))
