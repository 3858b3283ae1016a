"""Predictions of a REML or ML estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayesmixed.design.prediction_rows import PredictEffects, PredictionRows, prediction_rows
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.families.gaussian import residual_scale
from bayesmixed.options import NewLevels, PredictKind, one_of
from bayesmixed.verbs.estimate.combinations import combinations_of, uncertainty
from bayesmixed.verbs.estimate.satterthwaite import (
    Spread,
    interval_summary,
    new_level_spread,
    residual_spread,
)
from bayesmixed.verbs.predict import check_weights_given
from bayesmixed.verbs.summaries import summary_columns

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
    """Prediction of every row with the interval that lme4 does not give.

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
        Confidence level of the intervals.
    weights : str or array-like, optional
        For ``kind="response"`` and a model with weights, those of the rows of `newdata`: a column, one number
        for each row (a Series by its index, all else by position), or one for all.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, ``df`` under the index of `newdata`.

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
    a new response. A row in which no random effect of a known level takes part has the interval of Student's
    t, as in `fixef` and emmeans: ``df`` is Satterthwaite's for the row's whole variance. Any other row has
    the normal interval, which takes the variances as known: somewhat short where groups are few. Its ``df``
    is infinite.

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
    asked = combinations_of(estimate, wanted)
    se, df = uncertainty(estimate, asked, _drawn_anew(estimate, wanted, new_levels, kind))
    columns = summary_columns(interval_summary(asked.values, se, prob, df), prob)
    return pd.DataFrame({**columns, "df": df}, index=wanted.data.frame.index)


def _drawn_anew(
    estimate: Estimate, wanted: PredictionRows, new_levels: NewLevels, kind: PredictKind
) -> Spread | None:
    """Spread of what a prediction adds to the mean of every row: effects of new levels, and a residual."""
    added = []
    if new_levels == "sample":
        added.append(new_level_spread(estimate, wanted))
    if kind == "response":
        scale = np.broadcast_to(residual_scale(wanted.weights), (wanted.n_rows,))
        added.append(residual_spread(estimate, scale))
    return sum(added[1:], added[0]) if added else None
