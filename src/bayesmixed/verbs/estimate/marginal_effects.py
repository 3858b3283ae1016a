"""Adjusted predictions, comparisons and slopes of a REML or ML estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from bayesmixed.design.prediction_rows import (
    PredictEffects,
    compared_rows,
    prediction_rows,
    with_effects,
)
from bayesmixed.design.predictors import predictor
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.verbs.contrasts import Contrast, ContrastChoice, contrasts_of, slope_of
from bayesmixed.verbs.estimate.combinations import Combinations, combinations_of, uncertainty
from bayesmixed.verbs.estimate.satterthwaite import interval_summary, t_test_columns
from bayesmixed.verbs.grid import set_column
from bayesmixed.verbs.places import Places, labelled, places_at, renamed, without
from bayesmixed.verbs.summaries import summary_columns


def predictions_at(
    estimate: Estimate,
    at: Mapping[str, Any],
    *,
    average: bool = False,
    effects: PredictEffects = "fixed",
    prob: float = 0.95,
) -> pd.DataFrame:
    """Adjusted predictions: the mean at every combination of some values.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    at, average, effects
        As in :func:`bayesmixed.verbs.marginal_effects.predictions_at`.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of the grid, ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, ``df``. A column of the
        data that has one of these names stands as ``at_value``.

    Raises
    ------
    DataError
        When a name is not a predictor or has no values, or the model has not seen a level.
    BayesmixedError
        When `effects` or `prob` is not known.

    Notes
    -----
    Means of the population, averages over the rows too, have the interval of Student's t with Satterthwaite's
    degrees of freedom, as in emmeans. Those that random effects take part in have the normal interval, and
    ``df`` is infinite.
    """
    places = places_at(with_effects(estimate.design, effects), at, average)
    found = combinations_of(estimate, prediction_rows(estimate.design, places.rows, effects=effects))
    return _answers(estimate, places, [(places.labels, found)], prob, tested=False)


def comparisons(
    estimate: Estimate,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    contrast: ContrastChoice = None,
    average: bool = True,
    effects: PredictEffects = "fixed",
    prob: float = 0.95,
) -> pd.DataFrame:
    """Difference that a change of one predictor makes to the mean, all else being equal.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    variable, at, contrast, average, effects
        As in :func:`bayesmixed.verbs.marginal_effects.comparisons`.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``term``, ``contrast``, the columns of `at` or of the rows, ``value``, ``se``, ``lower_2.5``,
        ``upper_97.5``, ``t``, ``df``, ``p_value`` (two-sided, not adjusted for several contrasts). A column
        of the data that has one of these names stands as ``at_term``, ``at_value``.

    Raises
    ------
    DataError
        When `variable` or a name of `at` is not a predictor, or `contrast` does not suit it.
    BayesmixedError
        When `effects` or `prob` is not known.

    Notes
    -----
    A comparison is linear in coefficients and random effects, so that its standard error follows from their
    joint covariance without a delta method, averages over the rows too. Intervals and tests of the population
    are by Student's t with Satterthwaite's degrees of freedom, as in emmeans; where random effects take part
    they are normal, and ``df`` is infinite.
    """
    design = with_effects(estimate.design, effects)
    places = places_at(design, without(at, variable), average)
    column = predictor(design, variable)
    contrasts = contrasts_of(column, places.rows[column.name], contrast)
    return _compared(estimate, places, variable, contrasts, effects, prob)


def slopes(
    estimate: Estimate,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    average: bool = True,
    effects: PredictEffects = "fixed",
    prob: float = 0.95,
) -> pd.DataFrame:
    """Slope of the mean in one numeric predictor, all else being equal.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    variable, at, average, effects
        As in :func:`bayesmixed.verbs.marginal_effects.slopes`.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`comparisons`.

    Raises
    ------
    DataError
        When `variable` or a name of `at` is not a predictor.
    BayesmixedError
        When `variable` is categorical; when `effects` or `prob` is not known.

    Notes
    -----
    As in :func:`comparisons`. A slope is that of the response as the formula transforms it.
    """
    design = with_effects(estimate.design, effects)
    places = places_at(design, at, average)
    column = predictor(design, variable)
    one = slope_of(column, places.rows[column.name])
    return _compared(estimate, places, variable, [one], effects, prob)


def _compared(
    estimate: Estimate,
    places: Places,
    variable: str,
    contrasts: Sequence[Contrast],
    effects: PredictEffects,
    prob: float,
) -> pd.DataFrame:
    """Table of some contrasts of one predictor."""
    column = predictor(with_effects(estimate.design, effects), variable)
    parts = []
    for one in contrasts:
        frames = (set_column(places.rows, column, value) for value in (one.high, one.low))
        rows = compared_rows(estimate.design, *frames, linear=True, effects=effects)
        high, low = (combinations_of(estimate, wanted) for wanted in rows)
        scale = 1.0 / np.broadcast_to(one.divisor, (len(places.rows),))
        difference = (high - low).mixed(sparse.diags_array(scale))
        parts.append((labelled(places.labels, variable, one), difference))
    return _answers(estimate, places, parts, prob, tested=True)


def _answers(
    estimate: Estimate,
    places: Places,
    parts: Sequence[tuple[pd.DataFrame, Combinations]],
    prob: float,
    *,
    tested: bool,
) -> pd.DataFrame:
    """Tables of all parts under each other, every answer the mean of its rows."""
    mean = sparse.kron(sparse.eye_array(len(places.labels)), np.full((1, places.each), 1.0 / places.each))
    tables = []
    for labels, found in parts:
        asked = found.mixed(mean)
        se, df = uncertainty(estimate, asked)
        columns = summary_columns(interval_summary(asked.values, se, prob, df), prob)
        columns |= t_test_columns(asked.values, se, df) if tested else {"df": df}
        own = pd.DataFrame(columns, index=labels.index)
        tables.append(pd.concat([renamed(labels, own.columns), own], axis=1))
    return pd.concat(tables, ignore_index=places.each > 1)
