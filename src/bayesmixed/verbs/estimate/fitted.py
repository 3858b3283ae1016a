"""Fitted values of a REML or ML estimate."""

from __future__ import annotations

import pandas as pd

from bayesmixed.design.prediction_rows import prediction_rows
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.options import one_of
from bayesmixed.verbs.estimate.combinations import combinations_of, predicted_values, uncertainty
from bayesmixed.verbs.estimate.satterthwaite import interval_summary
from bayesmixed.verbs.fitted import Effects
from bayesmixed.verbs.summaries import summary_columns


def fitted_values(design: Design, optimum: Optimum, effects: Effects = "all") -> FloatArray:
    """Mean of every row of the fit, X b + Z u + offset.

    Returns shape (n,).
    """
    return predicted_values(design, optimum, prediction_rows(design, effects=effects))


def fitted(estimate: Estimate, *, effects: Effects = "all", prob: float = 0.95) -> pd.DataFrame:
    """Fitted value of every row with its interval.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    effects : {"all", "fixed"}
        With the row's random effects, or the population's value without them.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, ``df``, one row for every row used, under the data's
        index.

    Raises
    ------
    BayesmixedError
        When `effects` or `prob` is not known.

    Notes
    -----
    Intervals and ``df`` are those of :func:`bayesmixed.verbs.estimate.predict.predict`: by Student's t with
    Satterthwaite's degrees of freedom for the population's value, normal where random effects take part.
    """
    one_of(effects, Effects, "effects")
    asked = combinations_of(estimate, prediction_rows(estimate.design, effects=effects))
    se, df = uncertainty(estimate, asked)
    columns = summary_columns(interval_summary(asked.values, se, prob, df), prob)
    return pd.DataFrame({**columns, "df": df}, index=estimate.design.frame.index)
