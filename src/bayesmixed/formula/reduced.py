"""Formulas with one term less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayesmixed.formula.algebra import INTERCEPT_ALONE, ONE, Algebra, Term
from bayesmixed.formula.terms import ParsedFormula, RandomTerm


def droppable_terms(side: Algebra) -> list[Term]:
    """Terms of a sum that no other term of it contains, R's ``drop.scope``; never the intercept.

    Examples
    --------
    >>> from bayesmixed.formula.algebra import read_algebra
    >>> [term.name for term in droppable_terms(read_algebra("x*z + log(w)"))]
    ['log(w)', 'x:z']
    """
    terms = [term for term in side.terms if term.factors]
    return [term for term in terms if not any(term.key < other.key for other in terms)]


def without_fixed_term(parsed: ParsedFormula, term: Term) -> ParsedFormula:
    """Formula without a term of its fixed side."""
    text = f"{parsed.texts[0]} - {term.source}"
    return replace(parsed, texts=(text, *parsed.texts[1:]), fixed=parsed.fixed.without(term))


def without_random_effect(parsed: ParsedFormula) -> Iterator[tuple[str, tuple[ParsedFormula, ...]]]:
    """Formulas with one random-effect term less, for every term in turn.

    The rules of lmerTest's ``ranova``: no term is dropped that another one of the bar contains, and the
    intercept only as the last, or when it is independent of the others.

    Examples
    --------
    >>> from bayesmixed.formula.parse import parse_formula
    >>> [label for label, _ in without_random_effect(parse_formula("y ~ 1 + (x | g) + (1 | h)"))]
    ['x in (x | g)', '(1 | h)']
    """
    for i, bar in enumerate(parsed.random):
        before, after = parsed.random[:i], parsed.random[i + 1 :]
        for label, sides in _reductions(bar, (*before, *after)):
            kept = [() if side is None else (replace(bar, effects=side),) for side in sides]
            yield label, tuple(_with_bars(parsed, (*before, *left, *after)) for left in kept)


def _reductions(
    bar: RandomTerm, others: Sequence[RandomTerm]
) -> Iterator[tuple[str, tuple[Algebra | None, ...]]]:
    """Label of every way to make a bar smaller by one term, with what may be left of it; None is nothing."""
    effects = bar.effects
    if effects.terms == (ONE,):
        yield bar.source, (None,)
        return
    if effects.has_intercept and bar.structure.splits:
        yield f"Intercept in {bar.source}", (effects.without(ONE),)
    for term in droppable_terms(effects):
        if len(effects.terms) > 1:
            yield f"{term.source} in {bar.source}", (effects.without(term),)
        else:
            alone = not any(
                other.group.key == bar.group.key and other.effects.has_intercept for other in others
            )
            yield f"{term.source} in {bar.source}", (INTERCEPT_ALONE, None) if alone else (None,)


def _with_bars(parsed: ParsedFormula, random: tuple[RandomTerm, ...]) -> ParsedFormula:
    """The formula with other bars."""
    offsets = [f"offset({offset.source})" for offset in parsed.offsets]
    residual = [] if parsed.residual is None else [parsed.residual.source]
    smooths = [smooth.source for smooth in parsed.smooths]
    right = " + ".join([parsed.fixed.source, *offsets, *smooths, *(bar.source for bar in random), *residual])
    text = f"{parsed.response.source} ~ {right}"
    return replace(parsed, texts=(text, *parsed.texts[1:]), random=random)
