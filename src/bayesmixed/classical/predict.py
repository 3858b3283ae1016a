"""Predictions of a REML or ML estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.fitted import predicted_values
from bayesmixed.classical.normal import normal_summary
from bayesmixed.classical.row_variances import mean_variances
from bayesmixed.design.prediction_rows import PredictEffects, PredictionRows, prediction_rows
from bayesmixed.design.records import FloatArray
from bayesmixed.extract.predict import check_weights_given
from bayesmixed.extract.summaries import summary_columns
from bayesmixed.families.gaussian import residual_scale
from bayesmixed.options import NewLevels, PredictKind, one_of

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


def predict(
    estimate: Estimate,
    newdata: IntoFrame | None = None,
    *,
    effects: PredictEffects = "all",
    new_levels: NewLevels = "error",
    kind: PredictKind = "mean",
    prob: float = 0.95,
    weights: str | ArrayLike | None = None,
) -> pd.DataFrame:
    """Prediction of every row with the normal interval that lme4 does not give.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    newdata : pandas, polars or Arrow frame, optional
        Predictors, offsets and the grouping factors that take part; m rows, by default those of the fit.
    effects : {"all", "fixed"} or sequence of str
        Random effects that take part: all (lme4's ``re.form = NULL``), none (``re.form = NA``), or those of
        the grouping factors named.
    new_levels : {"error", "population", "sample"}
        What happens to levels that the model has not seen: they are refused; or they get the effect 0, which
        is lme4's ``allow.new.levels = TRUE``; ``"sample"`` adds the variance of their effects to the
        interval.
    kind : {"mean", "link", "response"}
        The mean of the row given the effects that take part, which is its linear predictor too, or a new
        response, whose interval holds a residual.
    prob : float
        Confidence level of the normal intervals.
    weights : str or array-like, optional
        For ``kind="response"`` and a model with weights, those of the rows of `newdata`: a column, one number
        for each row, or one for all.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` under the index of `newdata`.

    Raises
    ------
    DataError
        For a missing column or value, a column of another kind, an unseen category or level, and where
        weights are needed.
    BayesmixedError
        When `effects`, `new_levels`, `kind` or `prob` is not known.

    Notes
    -----
    The standard error is the root of the variance of x'b + z'u - z'u_true from Henderson's mixed-model
    equations, x'vcov(b)x where no random effect takes part; z'Sz is added for a new level, sigma^2 / w for
    a new response. The variances are taken as known, so that intervals are somewhat short with few groups.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> sleep = bm.load_dataset("sleepstudy")
    >>> fit = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, method="reml")
    >>> fit.predict(sleep.head(3), effects="fixed")["value"].round(1).tolist()
    [251.4, 261.9, 272.3]
    """
    one_of(kind, PredictKind, "kind")
    wanted = prediction_rows(
        estimate.design, newdata, effects=effects, new_levels=new_levels, weights=weights
    )
    check_weights_given(estimate.design, wanted, kind)
    variance = mean_variances(estimate, wanted)
    if new_levels == "sample":
        variance = variance + new_level_variances(estimate, wanted)
    if kind == "response":
        variance = variance + (estimate.optimum.sigma * residual_scale(wanted.weights)) ** 2
    value = predicted_values(estimate.design, estimate.optimum, wanted)
    summary = normal_summary(value, np.sqrt(variance), prob)
    return pd.DataFrame(summary_columns(summary, prob), index=wanted.data.frame.index)


def new_level_variances(estimate: Estimate, wanted: PredictionRows) -> FloatArray:
    """Variance that the effects of new levels add to every row, z'Sz.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    wanted : PredictionRows
        The m rows.

    Returns
    -------
    FloatArray
        Shape (m,), zero in the rows of known levels.
    """
    covariances = {
        block.group: covariance
        for block, covariance in zip(estimate.design.blocks, estimate.optimum.covariances, strict=True)
    }
    total = np.zeros(wanted.n_rows)
    data = wanted.data
    for block, columns, codes in zip(wanted.design.blocks, data.columns, data.codes, strict=True):
        added = np.einsum("nk,kl,nl->n", columns, covariances[block.group], columns)
        total += np.where(codes < 0, added, 0.0)
    return total
