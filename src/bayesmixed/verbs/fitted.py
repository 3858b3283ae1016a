"""Fitted values of the rows that the model was fitted to."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import one_of
from bayesmixed.posterior.kept import posterior_means
from bayesmixed.posterior.linear_predictor import linear_predictor
from bayesmixed.posterior.response import mean_of
from bayesmixed.verbs.summaries import summarize_blocks, summary_columns

Effects = Literal["all", "fixed"]
Scale = Literal["response", "link"]


def fitted(
    draws: xr.DataTree,
    spec: ModelSpec,
    *,
    effects: Effects = "all",
    scale: Scale = "response",
    prob: float = 0.95,
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
    scale : {"response", "link"}
        The mean (of successes out of trials the mean proportion), or the linear predictor.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's index.

    Raises
    ------
    BayesmixedError
        When `effects`, `scale` or `prob` is not known.
    FamilyError
        For the mean of a family that does not have one.

    Notes
    -----
    The intervals are of the mean without the residual: the inverse link of X beta + Z u + offset or, of a
    family whose location is not its mean, the mean there. Rows are computed a block at a time, so that memory
    does not grow with them.

    ============================================  ==================================================
    family                                        mean, of the location m
    ============================================  ==================================================
    lognormal                                     exp(m + sigma^2 / 2)
    zero-inflated; hurdle gamma                   psi m
    hurdle_lognormal                              psi exp(m + sigma^2 / 2)
    hurdle_poisson                                psi m / (1 - exp(-m))
    hurdle_negativebinomial                       psi m / (1 - (alpha / (alpha + m))^alpha)
    exgaussian                                    m + nu
    asymmetriclaplace                             m + (1 / kappa - kappa) / b
    all others but vonmises (no mean)             m
    ============================================  ==================================================
    """
    one_of(effects, Effects, "effects")
    one_of(scale, Scale, "scale")
    summary = summarize_blocks(
        lambda rows: mean_draws(draws, spec, effects, rows, scale),
        spec.design.n_held,
        n_draws(draws),
        prob,
    )
    return pd.DataFrame(summary_columns(summary, prob), index=spec.design.frame.index)


def mean_draws(
    draws: xr.DataTree, spec: ModelSpec, effects: Effects, rows: slice, scale: Scale = "response"
) -> FloatArray:
    """Draws of the mean, or of the linear predictor, for a slice of the rows.

    Returns shape (chains * draws, rows).
    """
    posterior = draws["posterior"].to_dataset()
    predictor = linear_predictor(posterior, spec.design, effects=effects, rows=rows)
    return row_matrix(predictor if scale == "link" else mean_of(predictor, posterior, spec.family))


def row_matrix(values: xr.DataArray) -> FloatArray:
    """Join the chains of draws of rows.

    Returns shape (chains * draws, rows).
    """
    array = np.asarray(values.transpose(names.CHAIN, names.DRAW, names.ROW).values)
    return array.reshape(-1, array.shape[-1])


def n_draws(draws: xr.DataTree) -> int:
    """Count the draws of all chains together."""
    sizes = draws["posterior"].sizes
    return int(sizes[names.CHAIN] * sizes[names.DRAW])


def posterior_mean_fitted(draws: xr.DataTree, spec: ModelSpec, scale: Scale = "response") -> FloatArray:
    """Fitted value of every row at the posterior mean, at a cost that the number of draws does not multiply.

    Returns shape (n,).

    The linear predictor is linear in coefficients and random effects, so their means give its mean exactly;
    the mean of the response is its inverse link there, which is the posterior mean for the identity alone.
    """
    groups = [block.group for block in spec.design.blocks]
    means = posterior_means(draws, groups, [names.BETA, *spec.family.parameter_names])
    predictor = linear_predictor(means, spec.design)
    wanted = predictor if scale == "link" else mean_of(predictor, means, spec.family)
    values: FloatArray = wanted.values[0, 0]
    return values
