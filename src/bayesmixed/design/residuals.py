"""What the data say of the residuals: weights, known standard errors, series of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayesmixed.covariances.registry import RESIDUALS
from bayesmixed.covariances.residual import Residual
from bayesmixed.covariances.serial import INDEPENDENT, Serial
from bayesmixed.design.checks import check_weights
from bayesmixed.design.evaluate import evaluate, evaluate_numbers
from bayesmixed.design.frame import Column
from bayesmixed.design.levels import level_codes
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.errors import DataError
from bayesmixed.formula.additions import Additions
from bayesmixed.formula.expression import Expression
from bayesmixed.formula.terms import ParsedFormula, ResidualTerm


def build_residual(
    parsed: ParsedFormula, columns: Mapping[str, Column], n: int, weights: FloatArray | None
) -> Residual:
    """Residuals of the rows used. Shapes: `columns`, `weights` (n,)."""
    additions = parsed.response.additions
    if weights is not None and not additions.has_sigma:
        raise DataError(
            "weights= divide the variance sigma^2, and se() leaves no sigma. Leave the weights out, or write "
            "se(s, sigma=TRUE)."
        )
    return Residual(
        weights=weights,
        errors=known_errors(additions, columns, n),
        has_sigma=additions.has_sigma,
        correlation=_correlation(parsed.residual, columns, n),
    )


def stated_weights(additions: Additions, columns: Mapping[str, Column], n: int) -> FloatArray | None:
    """Weights that a formula states, shape (n,), None where it states none."""
    if additions.weights is None:
        return None
    return check_weights(evaluate_numbers(additions.weights, columns, n, {}), n)


def known_errors(additions: Additions, columns: Mapping[str, Column], n: int) -> FloatArray | None:
    """Standard errors that a formula states, shape (n,), None where it states none."""
    if additions.errors is None:
        return None
    errors = evaluate_numbers(additions.errors, columns, n, {})
    wrong = np.flatnonzero(errors <= 0)
    if wrong.size:
        raise DataError(
            f"A standard error is positive: {additions.errors.text!r} is zero or negative in {wrong.size} "
            f"row{'s' if wrong.size > 1 else ''}, the first row {wrong[0]} (counted from 0) with "
            f"{errors[wrong[0]]:g}."
        )
    return errors


def _correlation(term: ResidualTerm | None, columns: Mapping[str, Column], n: int) -> Serial:
    """Correlations of the residuals that a formula asks for."""
    if term is None:
        return INDEPENDENT
    factors = () if term.group is None else term.group.factors
    codes, labels = level_codes(factors, columns, n) if factors else (np.zeros(n, dtype=np.int64), ("",))
    if np.bincount(codes).max() < 2:
        raise DataError(f"{term.source} has one row in every series, so nothing is correlated. Leave it out.")
    times, occasions = (None, ()) if term.time is None else _times(term.time, columns, n)
    if times is not None:
        _check_distinct(term, codes, times, labels, occasions)
    return RESIDUALS[term.structure].build(codes, times).labelled(occasions)


def _times(time: Expression, columns: Mapping[str, Column], n: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Time of every row, shape (n,); of text the place of its level, with the labels of all levels."""
    value = evaluate(time, columns, {})
    value = getattr(value, "__wrapped__", value)
    if isinstance(value, pd.Series) and isinstance(value.dtype, pd.CategoricalDtype):
        value = value.array
    if isinstance(value, pd.Categorical):
        return value.codes.astype(np.float64), tuple(map(str, value.categories))
    return evaluate_numbers(time, columns, n, {}), ()


def _check_distinct(
    term: ResidualTerm,
    codes: IntArray,
    times: FloatArray,
    labels: tuple[str, ...],
    occasions: tuple[str, ...],
) -> None:
    """Refuse two rows of one series at one time."""
    twice = pd.DataFrame({"series": codes, "time": times}).duplicated()
    if twice.any():
        first = int(np.flatnonzero(twice)[0])
        when = occasions[int(times[first])] if occasions else f"{times[first]:g}"
        whose = f" of {labels[codes[first]]!r}" if term.group is not None else ""
        raise DataError(
            f"{term.source} needs one row a time in every series, and {int(twice.sum())} rows have the time "
            f"of an earlier one, the first row {first} (counted from 0) with {when}{whose}. Name the series "
            "with gr=, or count the times apart."
        )
