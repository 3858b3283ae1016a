"""What stands behind the bar of a left side, in brms' words: ``y | se(s) + weights(w)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bayesmixed.errors import near_names
from bayesmixed.formula.expression import STATEFUL, Expression, expression_from, truth_from
from bayesmixed.formula.scan import Token, arguments, closing, is_call, outside, refusal, render
from bayesmixed.habits import RESPONSE_ADDITIONS

NAMES = ("se", "weights", "trials")
OPTIONS = {"se": ("sigma",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What a left side says of the rows beside their response.

    Attributes
    ----------
    errors : Expression or None
        Known standard errors, in ``se()``.
    has_sigma : bool
        Whether the rows scatter by a sigma beside them, ``se(s, sigma=TRUE)``.
    weights : Expression or None
        In ``weights()``: the residual variance of a row is sigma^2 / weight.
    trials : Expression or None
        In ``trials()``: numbers of trials, of which the response counts the successes.
    """

    errors: Expression | None = None
    has_sigma: bool = True
    weights: Expression | None = None
    trials: Expression | None = None

    @property
    def beside(self) -> tuple[Expression, ...]:
        """What they compute beside the response, of which trials are a part."""
        return tuple(each for each in (self.errors, self.weights) if each is not None)


NOTHING = Additions()


def additions_from(tokens: Sequence[Token], response: str, text: str) -> Additions:
    """Additions of the tokens behind a bar, joined by ``+``.

    Examples
    --------
    >>> from bayesmixed.formula.scan import scan
    >>> additions_from(scan("se(s, sigma=TRUE) + weights(w)"), "y", "").has_sigma
    True
    """
    if not tokens:
        raise refusal("There is nothing right of '|'.", text, None, "Write e.g. 'y | se(s) ~ 1 + (1 | g)'.")
    found: dict[str, Expression] = {}
    has_sigma = True
    for chunk in _chunks(tokens, text):
        name, value, options = _call(chunk, response, text)
        if name.text in found:
            raise refusal(f"{name.text}() stands there twice.", text, name.start)
        found[name.text] = _read(name, value, text)
        if name.text == "se":
            has_sigma = any(truth_from(chosen, option, text) for option, chosen in options)
    if not has_sigma and "weights" in found:
        raise refusal(
            "weights() divide the variance sigma^2, and se() leaves no sigma.",
            text,
            tokens[0].start,
            "Write se(s, sigma=TRUE) + weights(w), or leave the weights out.",
        )
    return Additions(
        errors=found.get("se"),
        has_sigma=has_sigma or "se" not in found,
        weights=found.get("weights"),
        trials=found.get("trials"),
    )


def _read(name: Token, value: Sequence[Token], text: str) -> Expression:
    """What an addition computes: of every row by itself."""
    expression = expression_from(value, text)
    if any(token.text in STATEFUL for token in value if token.kind == "name"):
        raise refusal(
            f"{name.text}() takes a column, or arithmetic of columns.",
            text,
            value[0].start,
            "Compute it first.",
        )
    return expression


def _chunks(tokens: Sequence[Token], text: str) -> list[Sequence[Token]]:
    """What ``+`` joins."""
    breaks = [index for index, token in outside(tokens) if token.text == "+"]
    chunks = [tokens[i + 1 : j] for i, j in zip((-1, *breaks), (*breaks, len(tokens)), strict=True)]
    for chunk, place in zip(chunks, (0, *breaks), strict=True):
        if not chunk:
            raise refusal(f"Something is missing beside {tokens[place].text!r}.", text, tokens[place].start)
    return chunks


def _call(
    chunk: Sequence[Token], response: str, text: str
) -> tuple[Token, Sequence[Token], list[tuple[Token, Sequence[Token]]]]:
    """Name, column and options of one addition."""
    name = chunk[0]
    whole = is_call(chunk, 0) and name.kind == "name" and closing(chunk, 1) == len(chunk) - 1
    if not whole or name.text not in NAMES:
        raise _unknown(chunk, response, text, whole=whole)
    given = arguments(chunk[2:-1])
    known = OPTIONS.get(name.text, ())
    options = [(option, value) for option, value in given if option is not None]
    for option, _ in options:
        if option.text not in known:
            raise refusal(f"{name.text}() has no argument {option.text!r}.", text, option.start)
    values = [value for option, value in given if option is None]
    if len(values) != 1 or not values[0] or len(options) > 1:
        usage = "se(s) or se(s, sigma=TRUE)" if name.text == "se" else f"{name.text}(column)"
        raise refusal(f"{name.text}() takes one column.", text, name.start, f"Write {usage}.")
    return name, values[0], options


def _unknown(chunk: Sequence[Token], response: str, text: str, *, whole: bool) -> Exception:
    """Error for something else behind the bar, with what to write in its place."""
    name, inside = chunk[0], render(chunk[2:-1], quoted=False)
    advice = RESPONSE_ADDITIONS.get(name.text) if whole else None
    if advice is None:
        known = near_names(name.text, NAMES)
        advice = f"Behind the bar stand se(), weights() or trials(), joined by '+'. {known}"
    return refusal(
        f"{name.text + '()' if whole else repr(name.text)} cannot stand behind the bar left of '~'.",
        text,
        name.start,
        advice.format(response=response, inside=inside),
    )
