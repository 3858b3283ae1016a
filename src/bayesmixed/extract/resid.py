"""Residuals of the rows that the model was fitted to."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.extract.fitted import mean_draws, n_draws, posterior_mean_fitted
from bayesmixed.extract.summaries import draw_matrix, summarize_blocks, summary_columns
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import one_of

ResidualKind = Literal["response", "pearson", "standardized"]


def resid(
    draws: xr.DataTree, spec: ModelSpec, *, kind: ResidualKind = "response", prob: float = 0.95
) -> pd.DataFrame:
    """Residual of every row with its interval, what the model leaves unexplained.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    kind : {"response", "pearson", "standardized"}
        ``"response"``: y minus the fitted value, in the units of y. ``"pearson"``: that times the square
        root of the row's weight. ``"standardized"``: Pearson's divided by sigma, near a standard normal.
    prob : float
        Probability inside the equal-tailed intervals.

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
    summary = summarize_blocks(
        lambda rows: _residual_draws(draws, spec, kind, rows), spec.design.n_rows, n_draws(draws), prob
    )
    return pd.DataFrame(summary_columns(summary, prob), index=spec.design.frame.index)


def scaled_residuals(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Residuals in units of sigma, one number a row, as the printed summary describes them.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.

    Returns
    -------
    FloatArray
        Shape (n,): y minus the posterior mean of the fitted value, times the square root of the weight,
        over the posterior median of sigma.
    """
    design = spec.design
    raw = design.response.values - posterior_mean_fitted(draws, spec)
    scaled: FloatArray = raw * root_weights(design) / np.median(draw_matrix(draws, names.SIGMA))
    return scaled


def _residual_draws(draws: xr.DataTree, spec: ModelSpec, kind: ResidualKind, rows: slice) -> FloatArray:
    """Draws of the residuals of a slice of the rows, shape (chains * draws, rows)."""
    values: FloatArray = spec.design.response.values[rows] - mean_draws(draws, spec, "all", rows)
    if kind != "response":
        values *= root_weights(spec.design)[rows]
    if kind == "standardized":
        values /= draw_matrix(draws, names.SIGMA)[:, None]
    return values


def root_weights(design: Design) -> FloatArray:
    """Square roots of the weights, ones without weights, shape (n,)."""
    return np.ones(design.n_rows) if design.weights is None else np.sqrt(design.weights)
