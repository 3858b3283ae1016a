"""Residuals of families other than gaussian."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ResidualKind
from bayesmixed.verbs.drawn import Effects, mean_draws, n_draws, posterior_mean_fitted
from bayesmixed.verbs.summaries import block_slices, draw_matrix

QUANTILE_SEED = 20261122
"""Seed of the random numbers of quantile residuals: the same in every call, and hardly that of the data."""

SMALLEST = 1e-300


def quantile_residuals(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Randomized quantile residuals of all rows, shape (n,)."""
    blocks = block_slices(spec.design.n_held, n_draws(draws))
    return np.concatenate([quantile_scores(draws, spec, rows) for rows in blocks])


def check_residual_kind(spec: ModelSpec, kind: ResidualKind, effects: Effects) -> None:
    """Refuse residuals that a family does not have."""
    if kind == "response" or spec.family.is_gaussian:
        return
    if effects == "fixed":
        raise FamilyError(
            f"Residuals of kind {kind!r} around the population's value are for gaussian models; for "
            f"{spec.family} use effects='all', or kind='response'."
        )


def pearson_at_mean(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Pearson residuals at the posterior mean of the linear predictor, one number a row.

    Returns shape (n,).
    """
    location = spec.family.location_of(posterior_mean_fitted(draws, spec, scale="link"))
    parameters = {name: np.median(draw_matrix(draws, name)) for name in spec.family.parameter_names}
    medians = {name: np.asarray(value) for name, value in parameters.items()}
    variance = spec.family.variance(location, medians, spec.design.response.trials)
    residual: FloatArray = spec.design.response.observed - posterior_mean_fitted(draws, spec)
    return residual / np.sqrt(variance)


def row_variances(draws: xr.DataTree, spec: ModelSpec, rows: slice) -> FloatArray:
    """Draws of the variance of the response of a slice of the rows.

    Returns shape (chains * draws, rows).
    """
    location, parameters, trials = _locations(draws, spec, rows)
    return spec.family.variance(location, parameters, trials)


def _locations(
    draws: xr.DataTree, spec: ModelSpec, rows: slice
) -> tuple[FloatArray, dict[str, FloatArray], FloatArray | None]:
    """Locations (draws, rows), parameters (draws, 1) and trials (rows,) of a slice of the rows."""
    location = spec.family.location_of(mean_draws(draws, spec, "all", rows, "link"))
    parameters = {name: draw_matrix(draws, name)[:, None] for name in spec.family.parameter_names}
    trials = spec.design.response.trials
    return location, parameters, None if trials is None else trials[rows]


def quantile_scores(draws: xr.DataTree, spec: ModelSpec, rows: slice) -> FloatArray:
    """Randomized quantile residuals of a slice of the rows.

    Returns shape (rows,).

    Phi^-1(F(y-) + u (F(y) - F(y-))) with F the posterior predictive distribution function, F(y-) the
    probability of less than y, and u uniform; of a continuous response F(y-) = F(y) (Dunn and Smyth 1996,
    JCGS 5:236). Where a family's distribution function is not written here, the place of y among S responses
    drawn from the model stands for it: (#{drawn < y} + u (#{drawn = y} + 1)) / (S + 1).
    """
    from scipy.special import ndtri

    family, (location, parameters, trials) = spec.family, _locations(draws, spec, rows)
    y = spec.design.response.values[rows]
    uniform = np.random.default_rng(QUANTILE_SEED).random(spec.design.n_held)[rows]
    if not family.is_native:
        rng = np.random.default_rng([QUANTILE_SEED, rows.start])
        drawn = family.draws(location, parameters, trials, rng)
        lower, same = (drawn < y).sum(axis=0), (drawn == y).sum(axis=0)
        place = (lower + uniform * (same + 1)) / (len(drawn) + 1)
    else:
        place = family.distribution_function(y, location, parameters, trials).mean(axis=0)
        if family.is_discrete:
            below = family.distribution_function(y - 1, location, parameters, trials).mean(axis=0)
            place = below + uniform * (place - below)
    return np.asarray(ndtri(np.clip(place, SMALLEST, 1 - 2.0**-53)))
