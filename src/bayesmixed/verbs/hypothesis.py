"""Statements about parameters, with their posterior probability."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesmixed.design.evaluate import evaluate
from bayesmixed.design.parameters import Parameter, parameter_named, parameters_of
from bayesmixed.design.rank import absence
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.formula.expression import CONSTANTS, ELEMENTWISE, Expression, expression_from
from bayesmixed.formula.named import name_ends
from bayesmixed.formula.scan import Token, check_pairs, refusal, token_at
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.quantities import quantities
from bayesmixed.verbs.summaries import check_prob, summarize

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORDERS: dict[str, Callable[[FloatArray], NDArray[np.bool_]]] = {
    ">": lambda difference: difference > 0,
    ">=": lambda difference: difference >= 0,
    "<": lambda difference: difference < 0,
    "<=": lambda difference: difference <= 0,
}
EQUALITIES = ("=", "==", "!=")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hypothesis:
    """A statement about parameters and how probable the posterior holds it.

    Attributes
    ----------
    expression : str
        As written, e.g. ``"Days > 8"``.
    probability : float
        Share of the posterior draws in which it holds.
    odds : float
        probability / (1 - probability); infinite when it holds in every draw.
    n_draws : int
        Number of draws, all chains together.
    estimate, se : float
        Posterior median and standard deviation of the left side minus the right side.
    lower, upper : float
        Equal-tailed interval of the same.
    prob : float
        Probability inside that interval.
    """

    expression: str
    probability: float
    odds: float
    n_draws: int
    estimate: float
    se: float
    lower: float
    upper: float
    prob: float

    def __str__(self) -> str:
        return (
            f"{self.expression}: probability {self.probability:.4g}, odds {self._odds()}\n"
            f"left minus right {self.estimate:.4g}, {100 * self.prob:g} % interval "
            f"{self.lower:.4g} to {self.upper:.4g}"
        )

    __repr__ = __str__

    def _odds(self) -> str:
        """Odds as people say them."""
        if self.probability in (0.0, 1.0):
            side = "over" if self.probability else "under 1 to"
            return f"{side} {self.n_draws}" + (" to 1" if self.probability else "")
        return f"{self.odds:.3g} to 1" if self.odds >= 1 else f"1 to {1 / self.odds:.3g}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rope:
    """Shares of the posterior inside and outside a region of practical equivalence.

    Attributes
    ----------
    expression : str
        As written.
    low, high : float
        The region.
    inside, below, above : float
        Posterior probabilities; they sum to 1.
    """

    expression: str
    low: float
    high: float
    inside: float
    below: float
    above: float

    def __str__(self) -> str:
        return (
            f"{self.expression} between {self.low:g} and {self.high:g}: probability {self.inside:.4g} "
            f"(below {self.below:.4g}, above {self.above:.4g})"
        )

    __repr__ = __str__


def hypothesis(draws: xr.DataTree, spec: ModelSpec, expression: str, *, prob: float = 0.95) -> Hypothesis:
    """Posterior probability of a statement about parameters."""
    check_prob(prob)
    left, order, right = _sides(expression, spec)
    values = quantities(draws, spec.design)
    difference = _value(left, values) - _value(right, values)
    holds = float(np.mean(ORDERS[order](difference)))
    summary = summarize(difference.reshape(-1, 1), prob)
    return Hypothesis(
        expression=expression,
        probability=holds,
        odds=holds / (1 - holds) if holds < 1 else math.inf,
        n_draws=difference.size,
        estimate=summary.value.item(),
        se=summary.se.item(),
        lower=summary.lower.item(),
        upper=summary.upper.item(),
        prob=prob,
    )


def rope(draws: xr.DataTree, spec: ModelSpec, expression: str, region: tuple[float, float]) -> Rope:
    """Share of the posterior inside a region of practical equivalence."""
    low, high = _region(region)
    values = expression_draws(draws, spec, expression)
    below, above = float(np.mean(values < low)), float(np.mean(values > high))
    inside = float(np.mean((values >= low) & (values <= high)))
    return Rope(expression=expression, low=low, high=high, inside=inside, below=below, above=above)


def p_direction(draws: xr.DataTree, spec: ModelSpec, expression: str) -> float:
    """Probability that an expression has the sign it most probably has."""
    values = expression_draws(draws, spec, expression)
    return float(max(np.mean(values > 0), np.mean(values < 0)))


def expression_draws(draws: xr.DataTree, spec: ModelSpec, expression: str) -> FloatArray:
    """Posterior draws of arithmetic with parameters.

    Returns shape (chain, draw).
    """
    tokens = _scanned(expression, spec)
    if any(token.text in (*ORDERS, *EQUALITIES) for token in tokens):
        raise BayesmixedError(
            f"{expression!r} compares; give one expression, e.g. 'Days', or use hypothesis()."
        )
    return _value(_parsed(tokens, expression, spec), quantities(draws, spec.design))


def _region(region: tuple[float, float]) -> tuple[float, float]:
    """Ends of a region, checked."""
    try:
        low, high = (float(end) for end in region)
    except (TypeError, ValueError):
        raise BayesmixedError(f"The region {region!r} is not a pair of numbers, e.g. (-1, 1).") from None
    if not low < high:
        raise BayesmixedError(f"The region {region!r} needs a lower end below its upper end, e.g. (-1, 1).")
    return low, high


def _sides(expression: str, spec: ModelSpec) -> tuple[Expression, str, Expression]:
    """Left side, comparison and right side of a statement."""
    tokens = _scanned(expression, spec)
    if any(token.text in EQUALITIES for token in tokens):
        raise BayesmixedError(
            f"{expression!r} is about a point, and a point has probability 0. Ask for a region around it, "
            "e.g. rope('Days', (-1, 1)), or compare the models by bayes_factor()."
        )
    places = [i for i, token in enumerate(tokens) if token.text in ORDERS]
    if len(places) != 1:
        raise BayesmixedError(
            f"{expression!r} has {len(places)} comparisons; write one, e.g. 'Days > 8' or 'abs(Days) < 1'."
        )
    at = places[0]
    left, right = tokens[:at], tokens[at + 1 :]
    if not left or not right:
        raise refusal("One side of the comparison is empty.", expression, tokens[at].start)
    return _parsed(left, expression, spec), tokens[at].text, _parsed(right, expression, spec)


def _scanned(expression: str, spec: ModelSpec) -> tuple[Token, ...]:
    """Tokens of a text, every name of a parameter one token that holds its label."""
    if not isinstance(expression, str) or not expression.strip():
        raise BayesmixedError(f"{expression!r} is not an expression; write e.g. 'Days > 8'.")
    known = parameters_of(spec.design, spec.priors.parameters)
    spelled = _spelled(known)
    tokens: list[Token] = []
    at = 0
    while at < len(expression):
        end, found = _parameter_at(expression, at, spec.design, known, spelled)
        if found is not None:
            tokens.append(Token("quoted", f"`{found.label}`", at))
        else:
            end = _skipped(expression, at, tokens)
        at = end
    check_pairs(tokens, expression)
    return tuple(tokens)


def _spelled(known: Sequence[Parameter]) -> re.Pattern[str]:
    """Regular expression of all names as they stand in tables, each ending where a name ends."""
    texts = {text for parameter in known for text in parameter.spellings}
    ends = ((text, r"(?![\w.\[(])" if text[-1].isalnum() else "") for text in sorted(texts, key=len)[::-1])
    return re.compile("|".join(re.escape(text) + end for text, end in ends))


def _parameter_at(
    expression: str, at: int, design: Design, known: Sequence[Parameter], spelled: re.Pattern[str]
) -> tuple[int, Parameter | None]:
    """The longest name of a parameter that begins at a place of a text, and where it ends."""
    as_it_stands = spelled.match(expression, at)
    ends = [*name_ends(expression, at), *([as_it_stands.end()] if as_it_stands else [])]
    for end in sorted(set(ends), reverse=True):
        text = expression[at:end]
        found = parameter_named(known, text)
        if found is not None:
            return end, found
        if why := absence(design, text):
            raise BayesmixedError(_unknown(text, why))
    return at, None


def _skipped(expression: str, at: int, tokens: list[Token]) -> int:
    """Read a token that is not the name of a parameter, and say where it ends."""
    token = token_at(expression, at)
    if token is None:
        raise refusal(f"{expression[at]!r} has no meaning here.", expression, at)
    if token.kind != "space":
        tokens.append(token)
    return token.end


def _parsed(tokens: Sequence[Token], text: str, spec: ModelSpec) -> Expression:
    """One side as an expression, names and functions checked."""
    known = [parameter.label for parameter in parameters_of(spec.design, spec.priors.parameters)]
    for i, token in enumerate(tokens):
        bracket = tokens[i + 1].text if i + 1 < len(tokens) else ""
        is_name = token.kind in ("name", "quoted") and token.text not in CONSTANTS
        if is_name and bracket != "(" and token.name not in known:
            end = name_ends(text, token.start)
            name = text[token.start : end[0]] if end else token.name
            raise BayesmixedError(_unknown(name, near_names(name, known)))
    expression = expression_from(tokens, text)
    for node in ast.walk(expression.tree):
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else "abs"
        if called not in ELEMENTWISE:
            raise BayesmixedError(
                f"The function {called!r} cannot be applied to draws. Use arithmetic, abs, exp, log, sqrt "
                "and similar functions."
            )
    return expression


def _unknown(name: str, advice: str) -> str:
    """Message for a name that the model does not have."""
    return f"The model has no parameter {name!r}. {advice}"


def _value(expression: Expression, values: dict[str, FloatArray]) -> FloatArray:
    """Draws of an expression, shape (chain, draw)."""
    shape = next(iter(values.values())).shape
    columns = {name: values[name].ravel() for name in expression.columns}
    result = np.asarray(evaluate(expression, columns, {}), dtype=np.float64)
    if not np.all(np.isfinite(result)):
        raise BayesmixedError(f"{expression.text!r} is not a finite number in every draw.")
    return np.broadcast_to(result.ravel() if result.ndim else result, (int(np.prod(shape)),)).reshape(shape)
