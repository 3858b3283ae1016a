"""The bars of a formula: ``(effects | group)``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bayesmixed.covariances.registry import ABSENT, STRUCTURES
from bayesmixed.errors import near_names
from bayesmixed.formula.algebra import ColumnKey, algebra_from, check_joins
from bayesmixed.formula.grouping import (
    CALLS,
    Grouping,
    grouping_arguments,
    is_grouping_call,
    related,
    several,
)
from bayesmixed.formula.scan import Token, closing, is_call, outside, refusal, render
from bayesmixed.formula.terms import RandomTerm

JOINS = ("/", ":", "*")


def has_bar(tokens: Iterable[Token]) -> bool:
    """Whether a bar stands anywhere among tokens."""
    return any(token.is_bar for token in tokens)


def random_terms(chunk: Sequence[Token], text: str) -> tuple[RandomTerm, ...]:
    """Random terms that one bar stands for: several when its groups are nested or crossed.

    Returns: ``(x | a/b)`` gives one for ``a`` and one for ``a:b``.
    """
    covariance, inner = _unwrap(chunk, text)
    index, bar = _only_bar(inner, text)
    effects, group = inner[:index], inner[index + 1 :]
    for side, place in ((effects, "left"), (group, "right")):
        if not side:
            raise refusal(
                f"There is nothing {place} of {bar.text!r}.",
                text,
                bar.start,
                "Write (effects | group), e.g. (1 | g).",
            )
    if bar.text == "||":
        if covariance not in (None, "diag"):
            raise refusal(
                f"'||' and {covariance}() contradict each other.",
                text,
                bar.start,
                f"Write {covariance}(x | g) or (x || g).",
            )
        covariance = "diag"
    algebra = algebra_from(effects, text)
    if not algebra.terms:
        raise refusal(
            "This bar has no effects.", text, effects[0].start, "Write (1 | g) for random intercepts."
        )
    written = text[chunk[0].start : chunk[-1].end]
    return tuple(
        RandomTerm(effects=algebra, group=factor, covariance=covariance or "us", text=written)
        for factor in expand_group(group, text)
    )


def expand_group(tokens: Sequence[Token], text: str) -> list[Grouping]:
    """Grouping factors that the right side of a bar stands for.

    ``a/b`` is ``a`` and ``a:b``; ``a*b`` is ``a``, ``b`` and ``a:b``. ``gr()`` and ``mm()`` stand alone.
    """
    if is_grouping_call(tokens):
        plain, named = grouping_arguments(tokens, text)
        if tokens[0].text == "mm":
            return [several(plain, named, tokens[0], text)]
        groups = expand_group(plain[0], text) if len(plain) == 1 else []
        if len(groups) != 1 or groups[0].is_several or groups[0].cov:
            raise refusal(
                "gr() takes one grouping factor.", text, tokens[0].start, "Write (1 | gr(g, cov=A))."
            )
        return [related(groups[0].term, named, tokens[0], text)]
    for _, token in outside(tokens):
        if token.kind in ("number", "string") or (token.kind == "operator" and token.text not in JOINS):
            raise refusal(
                f"{token.text!r} cannot stand right of a bar.",
                text,
                token.start,
                "Write a column, a/b (a and b within a), a:b (combinations) or a*b (all three).",
            )
    call = next((token for i, token in enumerate(tokens) if token.text in CALLS and is_call(tokens, i)), None)
    if call is not None:
        raise refusal(
            f"{call.text}() stands alone right of a bar.",
            text,
            call.start,
            "Give every factor a bar of its own.",
        )
    return [Grouping(term=term) for term in algebra_from(tokens, text).terms if term.factors]


def check_distinct(terms: Sequence[RandomTerm], text: str) -> None:
    """Refuse an effect that varies twice over one grouping factor."""
    seen: dict[tuple[ColumnKey, ColumnKey], RandomTerm] = {}
    for term in terms:
        for effect in term.effects.terms:
            first = seen.setdefault((term.group.key, effect.key), term)
            if first is not term:
                raise refusal(
                    f"{effect.name!r} varies twice over {term.group.name!r}: in {first.text} and in "
                    f"{term.text}.",
                    text,
                    text.rfind(term.text),
                    "Give every effect one bar: (0 + x | g) has no intercept, (x || g) splits both.",
                )


def _unwrap(chunk: Sequence[Token], text: str) -> tuple[str | None, Sequence[Token]]:
    first = next(token for token in chunk if token.is_bar)
    if any(token.is_bar for _, token in outside(chunk)):
        whole = not chunk[0].is_bar and not chunk[-1].is_bar
        advice = f"Write ({render(chunk)})." if whole else "Write (effects | group), e.g. (1 | g)."
        raise refusal("A bar needs parentheses around it.", text, first.start, advice)
    covariance: str | None = None
    while not any(token.is_bar for _, token in outside(chunk)):
        if chunk[0].text == "(" and closing(chunk, 0) == len(chunk) - 1:
            chunk = chunk[1:-1]
        elif len(chunk) > 1 and chunk[0].kind == "name" and closing_of_call(chunk) == len(chunk) - 1:
            covariance = _covariance(chunk, text)
            chunk = chunk[2:-1]
        else:
            check_joins(chunk, text)
            raise refusal(
                "This bar is not a summand of its own.",
                text,
                first.start,
                "Join it with '+': y ~ x + (1 | g).",
            )
    return covariance, chunk


def closing_of_call(chunk: Sequence[Token]) -> int:
    """Index of the token that closes the call a chunk begins with, -1 when it begins with none."""
    return closing(chunk, 1) if chunk[1].text == "(" else -1


def _covariance(chunk: Sequence[Token], text: str) -> str:
    """Name of the structure that a call around a bar asks for."""
    name = chunk[0]
    if name.text in STRUCTURES:
        return name.text
    if name.text in ABSENT:
        raise refusal(
            f"{name.text}() asks for {ABSENT[name.text]}, which is not available.",
            text,
            name.start,
            f"Use (x | g) for an unstructured covariance, (x || g) for independent effects, or one of "
            f"{', '.join(f'{known}()' for known in STRUCTURES)}.",
        )
    raise refusal(
        f"A '+' is missing between {name.text!r} and the bar.",
        text,
        chunk[1].start,
        f"Write {name.text} + {render(chunk[1:])}; around a bar only covariance structures are known. "
        f"{near_names(name.text, STRUCTURES)}",
    )


def _only_bar(inner: Sequence[Token], text: str) -> tuple[int, Token]:
    bars = [(index, token) for index, token in enumerate(inner) if token.is_bar]
    if len(bars) > 1:
        raise refusal(
            "One pair of parentheses holds two bars.",
            text,
            bars[1][1].start,
            "Write one pair for each: (1 | a) + (1 | b).",
        )
    return bars[0]
