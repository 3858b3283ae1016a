"""Numbers of trials of rows that are predicted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bayesmixed.design.evaluate import evaluate_numbers
from bayesmixed.design.frame import missing_counts, pick, tidy_all
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import DataError
from bayesmixed.formula.expression import Expression


def counts_successes(design: Design) -> bool:
    """Whether a formula counts successes, in ``prop()`` or ``cbind()``, and does not state a proportion."""
    return design.response.trials is not None and design.formula.response.kind != "value"


def trials_of_rows(wanted: PredictionRows) -> FloatArray | None:
    """Numbers of trials of rows whose new successes are drawn.

    Returns shape (m,).
    """
    response, frame = wanted.design.response, wanted.data.frame
    if response.trials is None or frame is wanted.design.frame:
        return response.trials
    trials = _trials_of_new_rows(wanted)
    bad = np.flatnonzero((trials < 1) | (trials != np.round(trials)))
    if bad.size:
        raise DataError(
            f"New successes need whole numbers of trials, 1 or more: {bad.size} of the {len(trials)} rows of "
            f"newdata have another, the first row {bad[0]} (counted from 0) with {trials[bad[0]]:g}."
        )
    return trials


def _trials_of_new_rows(wanted: PredictionRows) -> FloatArray:
    """Trials from the weights of new rows or from the columns of the formula."""
    if wanted.weights is not None:
        return wanted.weights
    expression = wanted.design.formula.response
    if expression.kind == "value":
        raise DataError("New successes need numbers of trials: give weights=, a column or numbers.")
    successes, second = expression.parts
    if expression.kind == "trials":
        return _numbers(second, wanted)
    if successes.is_column:
        first, other = (_total(successes, second, wanted, supposed) for supposed in (1.0, 2.0))
        if np.array_equal(first, other):
            return first
    return _numbers(successes, wanted) + _numbers(second, wanted)


def _total(
    successes: Expression, failures: Expression, wanted: PredictionRows, supposed: float
) -> FloatArray:
    """Successes and failures, supposing a number of successes: ``cbind(k, n - k)`` has n whatever k is."""
    return supposed + _numbers(failures, wanted, {successes.columns[0]: np.full(wanted.n_rows, supposed)})


def _numbers(
    expression: Expression, wanted: PredictionRows, supposed: Mapping[str, FloatArray] | None = None
) -> FloatArray:
    """Value of an expression in every row, some columns supposed."""
    known = dict(supposed or {})
    raw = pick(wanted.data.frame, [name for name in expression.columns if name not in known], "newdata")
    if missing_counts(raw):
        raise DataError(f"newdata has missing values in {', '.join(map(repr, missing_counts(raw)))}.")
    return evaluate_numbers(expression, tidy_all(raw) | known, wanted.n_rows, {})
