"""Residuals of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.fitted import fitted_values
from bayesmixed.classical.normal import normal_summary
from bayesmixed.classical.row_variances import row_variances
from bayesmixed.extract.resid import ResidualKind, root_weights
from bayesmixed.extract.summaries import summary_columns
from bayesmixed.options import one_of


def resid(estimate: Estimate, *, kind: ResidualKind = "response", prob: float = 0.95) -> pd.DataFrame:
    """Residual of every row with the interval that the fitted value's uncertainty leaves it.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    kind : {"response", "pearson", "standardized"}
        ``"response"``: y minus the fitted value. ``"pearson"``: that times the square root of the weight.
        ``"standardized"``: Pearson's divided by sigma, as in lme4's ``resid(scaled = TRUE)``.
    prob : float
        Confidence level of the normal intervals.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's index.

    Raises
    ------
    BayesmixedError
        When `kind` or `prob` is not known.
    """
    one_of(kind, ResidualKind, "kind")
    scale = residual_scale(estimate, kind)
    value = scale * (estimate.design.response.values - fitted_values(estimate.design, estimate.optimum))
    summary = normal_summary(value, scale * np.sqrt(row_variances(estimate, "all")), prob)
    return pd.DataFrame(summary_columns(summary, prob), index=estimate.design.frame.index)


def residual_scale(estimate: Estimate, kind: ResidualKind) -> np.ndarray:
    """What a row's raw residual is multiplied by, shape (n,)."""
    scale = np.ones(estimate.design.n_rows) if kind == "response" else root_weights(estimate.design)
    return scale / estimate.optimum.sigma if kind == "standardized" else scale
