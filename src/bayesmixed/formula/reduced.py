"""Formulas with one term less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayesmixed.formula.algebra import read_algebra
from bayesmixed.formula.parse import parse_formula
from bayesmixed.formula.scan import closing, is_call, render, scan
from bayesmixed.formula.terms import ParsedFormula, RandomTerm

INTERCEPT = ("1",)


def droppable_terms(side: str) -> tuple[str, ...]:
    """Terms of a sum that no other term of it contains, R's ``drop.scope``.

    Returns: as they are written, e.g. ``"x:z"``; never the intercept.

    Examples
    --------
    >>> droppable_terms("x*z + log(w)")
    ('log(w)', 'x:z')
    """
    terms = [term for term in read_algebra(side).terms if term != INTERCEPT]
    free = [term for term in terms if not any(set(term) < set(other) for other in terms)]
    spellings = _spellings(side)
    return tuple(":".join(spellings[name] for name in term) for term in free)


def without_fixed_term(parsed: ParsedFormula, term: str) -> ParsedFormula:
    """Formula without a term of its fixed side.

    Examples
    --------
    >>> without_fixed_term(parse_formula("y ~ x*z + (1 | g)"), "x:z").fixed
    'x * z - x:z'
    """
    return parse_formula(f"{parsed.text} - {term}")


def bar_text(term: RandomTerm) -> str:
    """One bar as it stands after nested groups are expanded, e.g. ``"(1 | batch:cask)"``."""
    return term.structure.written(term.effects, term.group_name)


def without_random_effect(parsed: ParsedFormula) -> Iterator[tuple[str, tuple[ParsedFormula, ...]]]:
    """Formulas with one random-effect term less, for every term in turn.

    The rules of lmerTest's ``ranova``: no term is dropped that another one of the bar contains, and the
    intercept only as the last, or when it is independent of the others.

    Examples
    --------
    >>> [label for label, _ in without_random_effect(parse_formula("y ~ 1 + (x | g) + (1 | h)"))]
    ['x in (x | g)', '(1 | h)']
    """
    for i, term in enumerate(parsed.random):
        others = (*parsed.random[:i], *parsed.random[i + 1 :])
        for label, sides in _reductions(term, others):
            kept = [() if side is None else (replace(term, effects=side),) for side in sides]
            bars = [(*parsed.random[:i], *bar, *parsed.random[i + 1 :]) for bar in kept]
            yield label, tuple(_with_bars(parsed, random) for random in bars)


def _reductions(
    term: RandomTerm, others: Sequence[RandomTerm]
) -> Iterator[tuple[str, tuple[str | None, ...]]]:
    """Label of every way to make a bar smaller by one term, with what may be left of it; None is nothing."""
    terms, bar = read_algebra(term.effects).terms, bar_text(term)
    if terms == (INTERCEPT,):
        yield bar, (None,)
        return
    if INTERCEPT in terms and term.structure.splits:
        yield f"Intercept in {bar}", (f"{term.effects} - 1",)
    for name in droppable_terms(term.effects):
        if len(terms) > 1:
            yield f"{name} in {bar}", (f"{term.effects} - {name}",)
        else:
            alone = not any(_has_intercept(other, term) for other in others)
            yield f"{name} in {bar}", ("1", None) if alone else (None,)


def _has_intercept(other: RandomTerm, term: RandomTerm) -> bool:
    """Whether another bar has an intercept that varies over the same factor."""
    return other.group_key == term.group_key and INTERCEPT in read_algebra(other.effects).terms


def _with_bars(parsed: ParsedFormula, random: tuple[RandomTerm, ...]) -> ParsedFormula:
    """The formula with other bars."""
    offsets = [f"offset({offset})" for offset in parsed.offsets]
    right = " + ".join([parsed.fixed, *offsets, *(bar_text(term) for term in random)])
    return replace(parsed, text=f"{parsed.response} ~ {right}", random=random)


def _spellings(side: str) -> dict[str, str]:
    """Name of every factor of a side, with its spelling there, in backticks where it is not a word."""
    tokens, found = scan(side), {}
    for i, token in enumerate(tokens):
        end = closing(tokens, i + (token.text != "{")) if is_call(tokens, i) else i
        factor = tokens[i : end + 1]
        found[render(factor, quoted=False)] = render(factor)
    return found
