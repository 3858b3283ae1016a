"""Residuals of the rows that the model was fitted to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.families.gaussian import residual_scale
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ResidualKind, one_of
from bayesmixed.posterior.new_levels import covariance_roots
from bayesmixed.verbs.family_residuals import family_residuals, pearson_at_mean
from bayesmixed.verbs.fitted import Effects, mean_draws, n_draws, posterior_mean_fitted
from bayesmixed.verbs.summaries import (
    block_slices,
    check_prob,
    draw_matrix,
    summarize_blocks,
    summary_columns,
)


def resid(
    draws: xr.DataTree,
    spec: ModelSpec,
    *,
    kind: ResidualKind = "response",
    effects: Effects = "all",
    prob: float = 0.95,
) -> pd.DataFrame:
    """Residual of every row with its interval, what the model leaves unexplained.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    kind : {"response", "pearson", "standardized", "quantile"}
        ``"response"``: y minus the fitted value, in the units of y. ``"pearson"``: that times the square
        root of the row's weight. ``"standardized"``: the first divided by its standard deviation in the
        model, near a standard normal. ``"quantile"``: the normal score of the probability, over all
        draws, of a response below the observed one.
    effects : {"all", "fixed"}
        Around the fitted value with the row's random effects, or around the population's value: then what
        the random effects explain is part of the residual and of its standard deviation.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's index.
        Quantile residuals average over the draws, so that they have ``value`` alone.

    Raises
    ------
    BayesmixedError
        When `kind`, `effects` or `prob` is not known.
    FamilyError
        For a kind that a family other than gaussian does not have.

    Notes
    -----
    Of another family than gaussian, y is the proportion of successes where there are trials, the Pearson and
    the standardized residual are both divided by the standard deviation that the family gives the row, and
    quantile residuals of counts are randomized; those of a family that is Bambi's alone stand among responses
    drawn from the model; see :mod:`bayesmixed.verbs.family_residuals`.

    The standard deviation of row i is sigma / sqrt(w_i), and with ``effects="fixed"`` the root of
    sigma^2 / w_i + sum_k z_ik' S_k z_ik (marginal residuals: Santos Nobre and Singer 2007, Biometrical
    Journal 49:863). A quantile residual is Phi^-1(F_i(y_i)) with F_i the posterior predictive distribution
    function, the mean of Phi over the draws (Dunn and Smyth 1996, JCGS 5:236): a standard normal under the
    model, whatever the response's distribution. The row itself was among the data, so that those of
    ``effects="all"`` vary somewhat less than a standard normal where groups are small.
    """
    one_of(kind, ResidualKind, "kind")
    one_of(effects, Effects, "effects")
    if not spec.family.is_gaussian:
        check_prob(prob)
        return family_residuals(draws, spec, kind=kind, effects=effects, prob=prob)
    n, total = spec.design.n_held, n_draws(draws)
    index = spec.design.frame.index
    if kind == "quantile":
        check_prob(prob)
        parts = [
            normal_scores(_residual_draws(draws, spec, "standardized", effects, rows))
            for rows in block_slices(n, total)
        ]
        return pd.DataFrame({"value": np.concatenate(parts)}, index=index)
    summary = summarize_blocks(lambda rows: _residual_draws(draws, spec, kind, effects, rows), n, total, prob)
    return pd.DataFrame(summary_columns(summary, prob), index=index)


def normal_scores(standardized: FloatArray) -> FloatArray:
    """Normal scores of a mixture of normal distribution functions.

    Shapes: `standardized` (draws, rows); returns (rows,).
    """
    from scipy.special import log_ndtr, logsumexp, ndtri_exp

    side = np.where(standardized.mean(axis=0) > 0, -1.0, 1.0)
    log_tail = logsumexp(log_ndtr(side * standardized), axis=0) - np.log(len(standardized))
    return np.asarray(side * ndtri_exp(log_tail))


def scaled_residuals(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Residuals in units of sigma, one number a row, as the printed summary describes them.

    Returns shape (n,).
    """
    design = spec.design
    if not spec.family.is_gaussian:
        return pearson_at_mean(draws, spec)
    raw = design.response.values - posterior_mean_fitted(draws, spec)
    scaled: FloatArray = raw * root_weights(design) / np.median(draw_matrix(draws, names.SIGMA))
    return scaled


def _residual_draws(
    draws: xr.DataTree, spec: ModelSpec, kind: ResidualKind, effects: Effects, rows: slice
) -> FloatArray:
    """Draws of the residuals of a slice of the rows, shape (chains * draws, rows)."""
    values: FloatArray = spec.design.response.values[rows] - mean_draws(draws, spec, effects, rows)
    if kind == "pearson":
        values *= root_weights(spec.design)[rows]
    if kind == "standardized":
        values /= np.sqrt(_variance_draws(draws, spec.design, effects, rows))
    return values


def _variance_draws(draws: xr.DataTree, design: Design, effects: Effects, rows: slice) -> FloatArray:
    """Draws of the variance of the rows' responses around their means, shape (chains * draws, rows)."""
    scale = np.broadcast_to(residual_scale(design.weights), (design.n_held,))[rows]
    variance: FloatArray = (draw_matrix(draws, names.SIGMA)[:, None] * scale) ** 2
    if effects == "fixed":
        for block in design.blocks:
            roots = covariance_roots(draws["posterior"].to_dataset(), block)
            for column in np.moveaxis(roots.reshape(-1, *roots.shape[2:]), -1, 0):
                variance += (column @ block.columns[rows].T) ** 2
    return variance


def root_weights(design: Design) -> FloatArray:
    """Square roots of the weights, ones without weights, shape (n,)."""
    return np.ones(design.n_held) if design.weights is None else np.sqrt(design.weights)
