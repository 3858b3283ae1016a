"""Terms of a formula that say how its residuals are correlated: ``ar(time, gr=g)``."""

from __future__ import annotations

from collections.abc import Sequence

from bayesmixed.covariances.registry import ABSENT_RESIDUALS, RESIDUALS
from bayesmixed.errors import near_names
from bayesmixed.formula.algebra import Term, algebra_from
from bayesmixed.formula.expression import expression_from, truth_from
from bayesmixed.formula.scan import Token, arguments, refusal, render
from bayesmixed.formula.terms import ResidualTerm

PLACES = ("time", "gr")
"""What arguments without a name are, in order."""
OPTIONS = ("p", "cov")
TERMS = frozenset([name for name, structure in RESIDUALS.items() if structure.usage] + [*ABSENT_RESIDUALS])
"""Functions that stand for residuals."""


def residual_term(chunk: Sequence[Token], text: str) -> ResidualTerm:
    """Residual term of a call in a formula."""
    name = chunk[0]
    if name.text in ABSENT_RESIDUALS:
        raise refusal(
            f"{name.text}() asks for {ABSENT_RESIDUALS[name.text]}, which are not available.",
            text,
            name.start,
            "Leave it out, or take ar(time, gr=g), of order 1, cosy(gr=g) or unstr(time, gr=g).",
        )
    given = _named(chunk, text)
    structure = RESIDUALS[name.text]
    for argument, (token, value) in given.items():
        if argument in OPTIONS:
            _check_option(name, token, value, text)
    if structure.needs_time is not None and structure.needs_time != ("time" in given):
        what = "needs the time of every row" if structure.needs_time else "does not look at times"
        raise refusal(f"{name.text}() {what}.", text, name.start, f"Write {structure.usage}.")
    return ResidualTerm(
        structure=name.text,
        time=expression_from(given["time"][1], text) if "time" in given else None,
        group=_series(given["gr"][1], text) if "gr" in given else None,
        source=render(chunk),
    )


def _named(chunk: Sequence[Token], text: str) -> dict[str, tuple[Token, Sequence[Token]]]:
    """Name and tokens of every argument, by its name in full."""
    name, usage = chunk[0], RESIDUALS[chunk[0].text].usage
    found: dict[str, tuple[Token, Sequence[Token]]] = {}
    places = iter(PLACES)
    for option, value in arguments(chunk[2:-1]):
        word = next(places, "") if option is None else option.text
        at = option or (value[0] if value else name)
        if not value or word in found or word not in (*PLACES, *OPTIONS):
            near = "" if option is None or word in found else f" {near_names(word, (*PLACES, 'p'))}"
            said = f"does not take {render([at])!r}" if value else "lacks an argument"
            raise refusal(f"{name.text}() {said} here.", text, at.start, f"Write {usage}.{near}")
        found[word] = (at, value)
    return found


def _check_option(name: Token, option: Token, value: Sequence[Token], text: str) -> None:
    """Refuse an option that asks for something else than what there is."""
    if name.text != "ar":
        raise refusal(f"{name.text}() has no argument {option.text!r}.", text, option.start)
    if option.text == "p" and render(value) != "1":
        raise refusal(
            f"ar() of order {render(value)} is not available.", text, option.start, "Leave p= out: it is 1."
        )
    if option.text == "cov" and not truth_from(value, option, text):
        raise refusal(
            "ar() is the correlation of residuals, from the first row of a series on.",
            text,
            option.start,
            "Leave cov= out: it is TRUE.",
        )


def _series(tokens: Sequence[Token], text: str) -> Term:
    """Grouping factor whose levels are the series."""
    terms = [term for term in algebra_from(tokens, text).terms if term.factors]
    if len(terms) != 1:
        raise refusal(
            f"gr={render(tokens)} is not one grouping factor.", text, tokens[0].start, "Write e.g. gr=a:b."
        )
    return terms[0]
