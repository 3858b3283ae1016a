"""Numbers of trials of rows that are predicted."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.evaluate import evaluate_numbers
from bayesmixed.design.frame import missing_counts, pick, tidy_all
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import DataError
from bayesmixed.formula.response import read_response


def trials_of_rows(wanted: PredictionRows) -> FloatArray | None:
    """Numbers of trials of rows whose new successes are drawn.

    Parameters
    ----------
    wanted : PredictionRows
        The rows.

    Returns
    -------
    FloatArray or None
        Shape (m,): of the rows of the fit its own, of new ones from the columns of the formula or from their
        weights. None for a response without trials.

    Raises
    ------
    DataError
        When new rows do not say how many trials they have.
    """
    response, frame = wanted.design.response, wanted.data.frame
    if response.trials is None or frame is wanted.design.frame:
        return response.trials
    if wanted.weights is not None:
        return wanted.weights
    expression = read_response(wanted.design.formula.response)
    if expression.kind == "value":
        raise DataError("New successes need numbers of trials: give weights=, a column or numbers.")
    parts = expression.parts if expression.kind == "failures" else expression.parts[-1:]
    raw = pick(frame, list(dict.fromkeys(name for part in parts for name in part.columns)), "newdata")
    if missing_counts(raw):
        raise DataError(f"newdata has missing values in {', '.join(map(repr, missing_counts(raw)))}.")
    columns = tidy_all(raw)
    total: FloatArray = np.sum([evaluate_numbers(part, columns, wanted.n_rows, {}) for part in parts], axis=0)
    return total
