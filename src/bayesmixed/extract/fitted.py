"""Fitted values of the rows that the model was fitted to."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.extract.summaries import summarize_blocks, summary_columns
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import one_of
from bayesmixed.posterior.linear_predictor import linear_predictor

Effects = Literal["all", "fixed"]


def fitted(
    draws: xr.DataTree, spec: ModelSpec, *, effects: Effects = "all", prob: float = 0.95
) -> pd.DataFrame:
    """Fitted value of every row with its interval, the mean that the model gives the row.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    effects : {"all", "fixed"}
        With the row's random effects, or the population's value without them.
    prob : float
        Probability inside the equal-tailed intervals.

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
    The intervals are of the mean X beta + Z u + offset, without the residual. Rows are computed a block at a
    time, so that memory does not grow with them.
    """
    one_of(effects, Effects, "effects")
    summary = summarize_blocks(
        lambda rows: mean_draws(draws, spec, effects, rows),
        spec.design.n_rows,
        n_draws(draws),
        prob,
    )
    return pd.DataFrame(summary_columns(summary, prob), index=spec.design.frame.index)


def mean_draws(draws: xr.DataTree, spec: ModelSpec, effects: Effects, rows: slice) -> FloatArray:
    """Draws of the linear predictor for a slice of the rows.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    effects : {"all", "fixed"}
        With or without the random effects.
    rows : slice
        Which rows.

    Returns
    -------
    FloatArray
        Shape (chains * draws, rows).
    """
    predictor = linear_predictor(draws["posterior"].to_dataset(), spec.design, effects=effects, rows=rows)
    values = predictor.transpose(names.CHAIN, names.DRAW, names.ROW).values
    return np.asarray(values).reshape(-1, values.shape[-1])


def n_draws(draws: xr.DataTree) -> int:
    """Count the draws of all chains together.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws.

    Returns
    -------
    int
        Chains times draws.
    """
    sizes = draws["posterior"].sizes
    return int(sizes[names.CHAIN] * sizes[names.DRAW])


def posterior_mean_fitted(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Posterior mean of every row's fitted value, at a cost that the number of draws does not multiply.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.

    Returns
    -------
    FloatArray
        Shape (n,).

    Notes
    -----
    The linear predictor is linear in coefficients and random effects, so their means give its mean exactly.
    """
    posterior = draws["posterior"].to_dataset()
    parts = [names.BETA, *(names.ranef(block.group) for block in spec.design.blocks)]
    means = posterior[parts].mean([names.CHAIN, names.DRAW]).expand_dims([names.CHAIN, names.DRAW])
    values: FloatArray = linear_predictor(means, spec.design).values[0, 0]
    return values
