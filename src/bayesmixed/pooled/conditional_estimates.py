"""Conditional means of a mixed model at any variances, between complete pooling and none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.comparison.group_columns import rows_of_levels
from bayesmixed.covariances.covariance import lower_triangle
from bayesmixed.design.nesting import lineage
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.likelihood import Likelihood, likelihood_of
from bayesmixed.engines.reml.optimum import effect_scales, optimum_at
from bayesmixed.posterior.log_prior import centred_scales
from bayesmixed.verbs.summaries import draw_matrix

SINGULAR = 1e-4
"""Standard deviations below this share of the residual's count as zero."""


def estimate_at(
    likelihood: Likelihood, covariances: Sequence[FloatArray], sigma: float | None = None
) -> Estimate:
    """Coefficients and random effects given the variances.

    Shapes: `covariances` (k, k).

    The means solve Henderson's equations (Henderson 1975, Biometrics 31:423) with flat priors on the
    coefficients; they depend on the variances only through their ratios to the residual's.
    """
    likelihood = likelihood.free()
    entries = np.zeros(len(likelihood.is_deviation))
    roots = [
        _triangle(covariance / np.outer(scales, scales) * likelihood.units.scale**2)
        for covariance, scales in zip(covariances, effect_scales(likelihood), strict=True)
    ]
    for place in likelihood.places:
        rows, columns = lower_triangle(place.covariance.size)
        entries[place.entries] = roots[place.block][place.effects, place.effects][rows, columns]
    with single_threaded_blas():
        optimum = optimum_at(likelihood, entries)
    if sigma is not None:
        ratio = (sigma / optimum.sigma) ** 2
        optimum = replace(
            optimum,
            criterion=optimum.criterion + likelihood.degrees * (np.log(ratio) + 1.0 / ratio - 1.0),
            sigma=sigma,
            covariances=tuple(covariance * ratio for covariance in optimum.covariances),
        )
    return Estimate(likelihood=likelihood, optimum=optimum)


def estimate_of_draws(design: Design, draws: xr.DataTree) -> Estimate:
    """Conditional means at the middle of a posterior of the variances."""
    sigma = float(np.median(draw_matrix(draws, names.SIGMA)))
    covariances = [_middle_covariance(draws, block) / sigma**2 for block in design.blocks]
    return estimate_at(likelihood_of(design), covariances, sigma)


def _middle_covariance(draws: xr.DataTree, block: GroupBlock) -> FloatArray:
    """Covariance of a grouping factor's effects in the middle of a posterior, shape (k, k)."""
    sd, corr = centred_scales(draws["posterior"].to_dataset(), block)
    root = block.centring * np.median(sd, axis=(0, 1))
    return np.asarray(root @ corr.mean(axis=(0, 1)) @ root.T)


def pooled_by(estimate: Estimate, index: int, factor: float) -> Estimate:
    """The estimate with the standard deviations of one grouping factor multiplied by a number.

    A standard deviation of zero would stay there. Where a covariance matrix is singular, factors above 1 add
    independent variation of ``(factor - 1) sigma`` over the root mean square of each effect's column, so
    that the path still ends at no pooling.
    """
    optimum = estimate.optimum
    covariances = [covariance / optimum.sigma**2 for covariance in optimum.covariances]
    added = max(factor - 1.0, 0.0) ** 2 * _independent_variation(estimate, index)
    covariances[index] = factor**2 * covariances[index] + added
    return estimate_at(estimate.likelihood, covariances, optimum.sigma)


def unpooled_covariance(estimate: Estimate, index: int) -> FloatArray:
    """Covariance of a grouping factor's effects, to a factor, at the end of the path to no pooling.

    Returns shape (k, k).
    """
    relative = estimate.optimum.covariances[index] / estimate.optimum.sigma**2
    return np.asarray(relative + _independent_variation(estimate, index))


def _independent_variation(estimate: Estimate, index: int) -> FloatArray:
    """What a singular covariance matrix over the residual variance needs to grow in all directions."""
    block, optimum = estimate.design.blocks[index], estimate.optimum
    square = np.mean(block.columns**2, axis=0)
    standardized = optimum.covariances[index] / optimum.sigma**2 * np.sqrt(np.outer(square, square))
    is_singular = np.linalg.eigvalsh(standardized)[0] < SINGULAR**2
    return np.diag(1.0 / square) if is_singular else np.zeros((len(square), len(square)))


def coefficients_of(estimate: Estimate, index: int, wanted: Sequence[str]) -> FloatArray:
    """Coefficients of the line of every level at an estimate, fixed plus random.

    Returns shape (J, m).

    Effects of the factors in which the levels are nested are added, those of crossed factors are not.
    """
    kin = lineage(estimate.design, estimate.design.blocks[index])
    total = np.tile(population_of(estimate, wanted), (kin.blocks[0].n_levels, 1))
    for place, block, levels in zip(kin.places, kin.blocks, kin.levels, strict=True):
        for effect in set(block.effects) & set(wanted):
            ranef = estimate.optimum.ranef[place][levels, block.effects.index(effect)]
            total[:, list(wanted).index(effect)] += ranef
    return total


def population_of(estimate: Estimate, wanted: Sequence[str]) -> FloatArray:
    """Coefficients of the population at an estimate, 0 for effects that are only random, shape (m,)."""
    known = dict(zip(estimate.design.fixed.terms, estimate.optimum.coefficients, strict=True))
    return np.array([known.get(name, 0.0) for name in wanted], dtype=np.float64)


def reliabilities(estimate: Estimate, index: int) -> FloatArray:
    """Share of each effect's variance between groups that a group's own rows determine, between 0 and 1.

    Returns shape (J, k).

    1 - Var(u_je | y_j) / Var(u_je), coefficients and other grouping factors taken as known: the squared
    correlation of an effect with its conditional mean, which breeders call the reliability of a prediction.
    For a random intercept alone it is n_j tau^2 / (n_j tau^2 + sigma^2), and the group's coefficient is that
    weight times its own mean plus the rest times the population's (Gelman and Hill 2007, section 12.2). With
    several effects the weight is a matrix, W_j = S (S + V_j)^-1 with S the covariance of the effects and
    V_j = sigma^2 (Z_j'Z_j)^-1, and the conditional mean of one effect takes in the group's own values of the
    others: as a share of its own value it may be negative, or above 1.
    """
    block, optimum = estimate.design.blocks[index], estimate.optimum
    root = _triangle(optimum.covariances[index])
    columns = estimate.design.residual.weighted(block.columns @ root / optimum.sigma)
    variance = np.diag(optimum.covariances[index])
    known = np.where(variance > 0.0, variance, 1.0)
    out = np.zeros((block.n_levels, block.n_effects))
    for j, rows in enumerate(rows_of_levels(block)):
        values, vectors = np.linalg.eigh(columns[rows].T @ columns[rows])
        reliable = np.maximum(values, 0.0) / (1.0 + np.maximum(values, 0.0))
        out[j] = (root @ vectors) ** 2 @ reliable / known
    return out


def chosen_index(design: Design, block: GroupBlock) -> int:
    """Place of a block in its design."""
    return [other.group for other in design.blocks].index(block.group)


def _triangle(covariance: FloatArray) -> FloatArray:
    """Lower triangular root of a covariance matrix that may be singular, shape (k, k)."""
    values, vectors = np.linalg.eigh(covariance)
    root = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T, mode="r").T
    return np.asarray(root * np.where(np.diag(root) < 0.0, -1.0, 1.0))
