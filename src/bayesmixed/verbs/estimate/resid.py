"""Residuals of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.design.prediction_rows import prediction_rows
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.families.gaussian import residual_scale
from bayesmixed.options import ResidualKind, one_of
from bayesmixed.verbs.estimate.combinations import combinations_of, uncertainty
from bayesmixed.verbs.estimate.satterthwaite import interval_summary
from bayesmixed.verbs.fitted import Effects
from bayesmixed.verbs.resid import root_weights
from bayesmixed.verbs.summaries import summary_columns


def resid(
    estimate: Estimate, *, kind: ResidualKind = "response", effects: Effects = "all", prob: float = 0.95
) -> pd.DataFrame:
    """Residual of every row with the interval that the fitted value's uncertainty leaves it.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    kind : {"response", "pearson", "standardized", "quantile"}
        ``"response"``: y minus the fitted value. ``"pearson"``: that times the square root of the weight.
        ``"standardized"``: the first divided by its standard deviation in the model, as in lme4's
        ``resid(type = "pearson", scaled = TRUE)``. ``"quantile"``: the normal score of the estimated
        distribution function, which for a normal response is the standardized residual.
    effects : {"all", "fixed"}
        Around the fitted value, or around the population's value, with the random effects' variance.
    prob : float
        Confidence level of the intervals, those of the fitted values.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's index;
        ``value`` alone for quantile residuals.

    Raises
    ------
    BayesmixedError
        When `kind`, `effects` or `prob` is not known.

    Notes
    -----
    See :func:`bayesmixed.verbs.resid.resid` for the formulas.
    """
    one_of(kind, ResidualKind, "kind")
    one_of(effects, Effects, "effects")
    factor = _factor(estimate, kind, effects)
    fitted = combinations_of(estimate, prediction_rows(estimate.design, effects=effects))
    se, df = uncertainty(estimate, fitted)
    value = factor * (estimate.design.response.values - fitted.values)
    summary = interval_summary(value, factor * se, prob, df)
    columns = summary_columns(summary, prob)
    columns = {"value": summary.value} if kind == "quantile" else columns
    return pd.DataFrame(columns, index=estimate.design.frame.index)


def _factor(estimate: Estimate, kind: ResidualKind, effects: Effects) -> FloatArray:
    """What a row's raw residual is multiplied by, shape (n,)."""
    if kind in ("response", "pearson"):
        return np.ones(estimate.design.n_held) if kind == "response" else root_weights(estimate.design)
    design, optimum = estimate.design, estimate.optimum
    scale = np.broadcast_to(residual_scale(design.weights), (design.n_held,))
    variance = (optimum.sigma * scale) ** 2
    if effects == "fixed":
        for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
            variance += np.einsum("nk,kl,nl->n", block.columns, covariance, block.columns)
    return np.asarray(1.0 / np.sqrt(variance))
