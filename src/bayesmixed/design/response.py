"""The left side of a formula, computed: numbers, two levels as 0 and 1, successes of trials."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayesmixed.design.checks import check_weights
from bayesmixed.design.evaluate import evaluate, evaluate_numbers
from bayesmixed.design.frame import Column, pick
from bayesmixed.design.records import FloatArray, Response
from bayesmixed.errors import DataError
from bayesmixed.formula.expression import Expression
from bayesmixed.formula.response import ResponseExpression

WHOLE = 1e-6
"""How far a proportion times its trials may be from a whole number, relative to the trials."""


def build_response(
    expression: ResponseExpression,
    columns: Mapping[str, Column],
    n: int,
    *,
    successes: bool = False,
    weights: FloatArray | None = None,
) -> Response:
    """Response of the rows used. Shapes: `columns` (n,), `weights` (n,)."""
    if expression.kind == "value":
        return _one_value(expression.parts[0], columns, n, successes, weights)
    if not successes:
        raise DataError(
            f"{expression.text!r} counts successes, which is for the binomial family: use glmer(..., "
            "family='binomial'), or a response of one column."
        )
    if weights is not None:
        raise DataError(f"{expression.text!r} states its trials itself; leave weights= out.")
    first, second = (evaluate_numbers(part, columns, n, {}) for part in expression.parts)
    trials = first + second if expression.kind == "failures" else second
    return Response(name=expression.text, values=first, trials=trials)


def _one_value(
    expression: Expression,
    columns: Mapping[str, Column],
    n: int,
    successes: bool,
    weights: FloatArray | None,
) -> Response:
    """Response that is one expression."""
    levels = None
    if successes and expression.is_column:
        levels = _two_levels(expression, columns)
    if levels is not None:
        value = np.asarray(evaluate(expression, columns, {})).astype(str) == levels[1]
        values: FloatArray = value.astype(np.float64)
    else:
        values = evaluate_numbers(expression, columns, n, {})
    if not successes or weights is None:
        return Response(name=expression.text, values=values, levels=levels)
    return Response(
        name=expression.text, values=_counts(expression, values, weights), trials=weights, levels=levels
    )


def _two_levels(expression: Expression, columns: Mapping[str, Column]) -> tuple[str, str] | None:
    """Levels of a response that is text or true and false, None when it holds numbers."""
    column = columns[expression.columns[0]]
    if isinstance(column, pd.Categorical):
        found = [str(level) for level in column.categories]
    elif column.dtype.kind == "b":
        found = ["False", "True"]
    else:
        return None
    if len(found) != 2:
        listed = ", ".join(repr(level) for level in found[:6])
        raise DataError(
            f"The response {expression.text!r} has {len(found)} level{'' if len(found) == 1 else 's'}, "
            f"{listed}, and two are needed. Say which one is modelled, e.g. "
            f"{expression.text} == {found[-1]!r}."
        )
    return found[0], found[1]


def _counts(expression: Expression, proportions: FloatArray, trials: FloatArray) -> FloatArray:
    """Numbers of successes from proportions."""
    counts = proportions * trials
    whole = np.round(counts)
    wrong = np.abs(counts - whole) > WHOLE * np.maximum(trials, 1)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"The proportion {expression.text!r} times its weight is not a whole number of successes in "
            f"{int(wrong.sum())} rows, the first row {first} (counted from 0): {proportions[first]:g} of "
            f"{trials[first]:g}. weights= of a binomial family are the numbers of trials."
        )
    return whole


BESIDE = "weights="
"""What messages call weights that are not a column."""


def weights_of_rows(weights: str | ArrayLike, frame: pd.DataFrame) -> pd.Series:
    """Weights of all rows of a frame, missing ones among them."""
    if isinstance(weights, str):
        return pick(frame, [weights])[weights]
    if isinstance(weights, pd.Series):
        return _in_order(weights, frame.index).rename(BESIDE)
    values = np.asarray(weights)
    if values.shape != (len(frame),):
        raise DataError(f"weights has shape {values.shape}; the data have {len(frame)} rows.")
    return pd.Series(values, index=frame.index, name=BESIDE)


def _in_order(weights: pd.Series, index: pd.Index) -> pd.Series:
    """Series in the order of an index that has the same labels."""
    if weights.index.equals(index):
        return weights
    if len(weights) == len(index) and index.is_unique and not len(index.difference(weights.index)):
        return weights.reindex(index)
    raise DataError(
        f"weights is a Series of {len(weights)} values whose index is not that of the {len(index)} rows, so "
        "it is not clear which weight belongs to which row. Make it a column of the data and give its name, "
        "or give weights.to_numpy() if both are in the same order."
    )


def usable_weights(weights: pd.Series) -> FloatArray:
    """Weights as numbers, shape (n,)."""
    is_number = pd.api.types.is_numeric_dtype(weights.dtype) and not pd.api.types.is_bool_dtype(weights.dtype)
    values = weights.to_numpy(dtype=np.float64, na_value=np.nan) if is_number else weights.to_numpy()
    return check_weights(values, len(weights))
