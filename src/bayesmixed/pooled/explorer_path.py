"""Estimates of every group on the way from complete to no pooling, exactly computed on a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.pooled.conditional_estimates import (
    coefficients_of,
    pooled_by,
    reliabilities,
    unpooled_covariance,
)
from bayesmixed.pooled.group_regressions import regress
from bayesmixed.pooled.records import PooledGroups
from bayesmixed.verbs.summaries import draw_matrix

STEPS = 100
"""Intervals of the slider; its middle is the estimate."""
LIMIT = 1e4
"""Multiple of the standard deviations that stands for no pooling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolingPath:
    """Conditional means along the slider.

    Attributes
    ----------
    position : FloatArray
        Place on the slider t, from 0 to 1, shape (T,); standard deviations are those of the estimate times
        t / (1 - t).
    sd : FloatArray
        Standard deviations of the k varying effects, shape (T, k); infinite at the end.
    coefficients : FloatArray
        Of every group, shape (T, J, m).
    own : FloatArray
        At the end of the path, NaN where a group's rows do not tell it, shape (J, m).
    reliability : FloatArray
        Of the varying effects, shape (T, J, k).
    density : FloatArray
        For each effect how plausible a place is given the data, at most 1, shape (T, k) for a posterior and
        (T, 1) for an estimate's likelihood at its residual standard deviation.
    """

    position: FloatArray
    sd: FloatArray
    coefficients: FloatArray
    own: FloatArray
    reliability: FloatArray
    density: FloatArray


def pooling_path(groups: PooledGroups, draws: xr.DataTree | None = None) -> PoolingPath:
    """Follow the groups from complete to no pooling.

    All standard deviations of the grouping factor move in proportion, correlations, the residual's and other
    factors' standing still; every point solves Henderson's equations anew. With one grouping factor the ends
    are the two regressions themselves wherever a group has one.
    """
    position = np.arange(STEPS + 1) / STEPS
    factors = np.append(position[:-1] / (1.0 - position[:-1]), LIMIT)
    estimates = [pooled_by(groups.estimate, groups.index, factor) for factor in factors]
    wanted = groups.columns.names
    coefficients = np.array([coefficients_of(e, groups.index, wanted) for e in estimates])
    told = np.isfinite(groups.none.coefficients)
    if len(groups.design.blocks) == 1:
        spread = unpooled_covariance(groups.estimate, groups.index)
        end = regress(groups.design, groups.block, groups.varying, spread).coefficients
        coefficients[-1] = np.where(np.isfinite(end), end, coefficients[-1])
        told = np.isfinite(end)
    sd = np.array([np.sqrt(np.diag(e.optimum.covariances[groups.index])) for e in estimates])
    sd[-1] = np.inf
    return PoolingPath(
        position=position,
        sd=sd,
        coefficients=coefficients,
        own=np.where(told, coefficients[-1], np.nan),
        reliability=np.array([reliabilities(e, groups.index) for e in estimates]),
        density=_likelihood(groups.estimate, estimates)
        if draws is None
        else _posterior(groups, draws, position),
    )


def _likelihood(estimate: Estimate, path: list[Estimate]) -> FloatArray:
    """Restricted likelihood along the path, sigma held, relative to its largest value, shape (T, 1)."""
    criterion = np.array([e.optimum.criterion for e in path])
    return np.asarray(np.exp(-0.5 * (criterion - min(criterion.min(), estimate.optimum.criterion))))[:, None]


def _posterior(groups: PooledGroups, draws: xr.DataTree, position: FloatArray) -> FloatArray:
    """Posterior density of each standard deviation's place on the slider, at most 1, shape (T, k).

    A kernel estimate, reflected at both ends of the slider.
    """
    from scipy.stats import gaussian_kde

    middle = np.sqrt(np.diag(groups.estimate.optimum.covariances[groups.index]))
    sd = draw_matrix(draws, names.sd(groups.block.group))
    columns = []
    for column in (sd / (sd + middle)).T:
        kernel = gaussian_kde(column)
        density = kernel(position) + kernel(-position) + kernel(2.0 - position)
        columns.append(density / density.max())
    return np.column_stack(columns)
