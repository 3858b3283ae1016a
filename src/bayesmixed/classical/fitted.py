"""Fitted values of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.normal import normal_summary
from bayesmixed.classical.row_variances import row_variances
from bayesmixed.design.prediction_rows import PredictionRows, prediction_rows
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.extract.fitted import Effects
from bayesmixed.extract.summaries import summary_columns
from bayesmixed.options import one_of


def fitted_values(design: Design, optimum: Optimum, effects: Effects = "all") -> FloatArray:
    """Mean of every row of the fit, X b + Z u + offset.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    optimum : Optimum
        Its estimate.
    effects : {"all", "fixed"}
        With the random effects or without them.

    Returns
    -------
    FloatArray
        Shape (n,).
    """
    return predicted_values(design, optimum, prediction_rows(design, effects=effects))


def predicted_values(design: Design, optimum: Optimum, wanted: PredictionRows) -> FloatArray:
    """Mean of any rows, X b + Z u + offset.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    optimum : Optimum
        Its estimate.
    wanted : PredictionRows
        The m rows, with the grouping factors that take part; effects of new levels are zero.

    Returns
    -------
    FloatArray
        Shape (m,).
    """
    data = wanted.data
    ranefs = {block.group: ranef for block, ranef in zip(design.blocks, optimum.ranef, strict=True)}
    total = data.fixed @ optimum.coefficients + data.offset
    for block, columns, codes in zip(wanted.design.blocks, data.columns, data.codes, strict=True):
        effects = np.where(codes[:, None] >= 0, ranefs[block.group][np.maximum(codes, 0)], 0.0)
        total = total + np.einsum("nk,nk->n", columns, effects)
    return np.asarray(total)


def fitted(estimate: Estimate, *, effects: Effects = "all", prob: float = 0.95) -> pd.DataFrame:
    """Fitted value of every row with its interval.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    effects : {"all", "fixed"}
        With the row's random effects, or the population's value without them.
    prob : float
        Confidence level of the normal intervals.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's index.

    Raises
    ------
    BayesmixedError
        When `effects` or `prob` is not known.

    Notes
    -----
    Standard errors are those of Henderson's mixed-model equations, exact given the variances.
    """
    one_of(effects, Effects, "effects")
    value = fitted_values(estimate.design, estimate.optimum, effects)
    se = np.sqrt(row_variances(estimate, effects))
    summary = normal_summary(value, se, prob)
    return pd.DataFrame(summary_columns(summary, prob), index=estimate.design.frame.index)
