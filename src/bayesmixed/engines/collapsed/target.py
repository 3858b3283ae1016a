"""A collapsed posterior made ready for sampling, with the way from its points to the units of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from bayesmixed import names
from bayesmixed.covariances.covariance import correlation_matrix
from bayesmixed.design.centring import moved_covariance
from bayesmixed.design.records import Design, FloatArray, IntArray
from bayesmixed.engines.collapsed.problem import Problem, draw_integrated
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.packing import Packed
from bayesmixed.engines.kernel.plan import Plan
from bayesmixed.engines.records import RawPredictor


@dataclass(frozen=True, slots=True, kw_only=True)
class CollapsedTarget:
    """A collapsed posterior, ready to be sampled as often as wanted.

    Attributes
    ----------
    design : Design
        What is fitted.
    plan : Plan
        What is integrated.
    problem : Problem
        Units, cross-products, priors.
    packed : Packed
        In the coordinates that NUTS walks in.
    """

    design: Design
    plan: Plan
    problem: Problem
    packed: Packed


def unit_factor(target: CollapsedTarget, f: int, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit-free standard deviations of a factor's effects, with the Cholesky factor of their correlations.

    Shapes: `points` (..., dimension).

    Returns: shapes (..., k) and (..., k, k).
    """
    covariances = target.design.blocks[target.plan.factors[f].block].covariances
    theta = points[..., target.packed.theta_of_factor[f]]
    cholesky = covariances.cholesky(theta[..., covariances.n_deviations :])
    return covariances.spread(np.exp(theta[..., : covariances.n_deviations])), cholesky


def scales_of(
    target: CollapsedTarget, points: FloatArray
) -> tuple[tuple[FloatArray, ...], tuple[FloatArray | None, ...]]:
    """Standard deviations and correlation matrices in the units of the data, blocks in the design's order.

    Shapes: `points` (..., dimension).

    Returns: for each block, shapes (..., k) and (..., k, k), the latter None where no effects are correlated.
    """
    sd: dict[int, FloatArray] = {}
    corr: dict[int, FloatArray | None] = {}
    for f, i in enumerate(target.plan.blocks):
        unit_sd, cholesky = unit_factor(target, f, points)
        sd[i], moved = target.problem.units.covariance(i, unit_sd, correlation_matrix(cholesky))
        corr[i] = moved if target.design.blocks[i].has_correlation else None
    order = range(len(target.design.blocks))
    return tuple(sd[i] for i in order), tuple(corr[i] for i in order)


def residual_parameters(target: CollapsedTarget, points: FloatArray) -> dict[str, FloatArray]:
    """Sigma, where it is a number, and the residuals' correlations, shape (..., dimension) to (...)."""
    block, out = target.packed.block, {}
    sigma = max(int(block[at.SIGMA]), int(block[at.CLASS_SIGMA]))
    if sigma >= 0:
        out[names.SIGMA] = target.problem.units.scale * np.exp(points[..., sigma])
    serial, first = target.design.residual.correlation, int(block[at.SERIAL_THETA])
    if serial.n_coordinates:
        out[serial.label] = serial.values(points[..., first : first + serial.n_coordinates])
    return out


def residual_predictor(target: CollapsedTarget, points: FloatArray) -> dict[str, RawPredictor]:
    """Draws of sigma's predictor, if it has one, for effects at zero, shape of points (..., dimension)."""
    packed, out = target.packed, {}
    for predictor in target.design.others:
        coefficients = points[..., packed.scale_places] / predictor.fixed.scales
        sds, corrs, effects = [], [], []
        for i, block in enumerate(predictor.blocks):
            sd, cholesky, unit_free = _residual_effects(target, i, points)
            effects.append((unit_free / block.scales) @ block.centring.T)
            moved_sd, moved = moved_covariance(
                sd / block.scales, correlation_matrix(cholesky), block.centring
            )
            sds.append(moved_sd)
            corrs.append(moved if block.has_correlation else None)
        out[predictor.parameter] = RawPredictor(
            beta=coefficients @ predictor.fixed.centring.T,
            sd=tuple(sds),
            corr=tuple(corrs),
            ranef=tuple(effects),
        )
    return out


def _residual_effects(
    target: CollapsedTarget, i: int, points: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Unit-free sds, Cholesky factors of correlations, and effects of a block of sigma's predictor.

    Shapes: `points` (..., dimension).
    """
    packed, block = target.packed, target.problem.residual.blocks[i]
    theta = points[..., packed.theta_of_factor[len(target.plan.factors) + i]]
    n = block.covariances.n_deviations
    sd = block.covariances.spread(np.exp(theta[..., :n]))
    cholesky = block.covariances.cholesky(theta[..., n:])
    columns = packed.sampled[target.plan.n_sampled + i]
    deviates = points[..., packed.n_theta + columns.start : packed.n_theta + columns.stop]
    deviates = deviates.reshape(*points.shape[:-1], block.n_levels, block.n_effects)
    return sd, cholesky, deviates @ np.swapaxes(sd[..., None] * cholesky, -1, -2)


def term_factors(target: CollapsedTarget, points: FloatArray) -> FloatArray:
    """Factors of the terms of the cross-products, shape (S, dimension) to (S, M); none without terms."""
    terms, first = target.problem.residual.terms, int(target.packed.block[at.SERIAL_THETA])
    if terms is None:
        return np.empty((len(points), 0))
    parameters, random = points[:, first : first + terms.n_parameters], np.zeros((len(points), 1))
    if terms.classes is not None:
        blocks = range(len(target.problem.residual.blocks))
        effects = [_residual_effects(target, i, points)[2].reshape(len(points), -1) for i in blocks]
        random = (terms.classes.effects @ np.concatenate([random[:, :0], *effects], axis=1).T).T
    return terms.factors(parameters, random=random)[0]


def effects_of(target: CollapsedTarget, f: int, points: FloatArray, integrated: FloatArray) -> FloatArray:
    """Random effects of one factor of the plan in the units of the data.

    Shapes: `points` (S, dimension), `integrated` (S, N); returns (S, J, k).
    """
    packed, factor = target.packed, target.plan.factors[f]
    k = target.design.blocks[factor.block].n_effects
    if factor.role != at.SAMPLED:
        values = integrated[:, packed.columns[f]].reshape(len(integrated), -1, k)
        return target.problem.units.ranef(factor.block, values)
    first = len(target.plan.factors) - len(packed.sampled)
    columns = packed.sampled[f - first]
    values = points[:, packed.n_theta + columns.start : packed.n_theta + columns.stop]
    values = values.reshape(len(points), -1, k)
    if not packed.is_centred(f):
        unit_sd, cholesky = unit_factor(target, f, points)
        values = values @ np.swapaxes(unit_sd[..., None] * cholesky, -1, -2)
    return target.problem.units.ranef(factor.block, values)


def coefficients_of(target: CollapsedTarget, points: FloatArray, integrated: FloatArray) -> FloatArray:
    """Coefficients in the units of the data.

    Shapes: `points` (S, dimension), `integrated` (S, N); returns (S, p).
    """
    packed, units = target.packed, target.problem.units
    if target.plan.coefficients_sampled:
        sampled = points[:, packed.n_theta : packed.n_theta + packed.n_coefficients_sampled]
        return units.coefficients(sampled.copy())
    return units.coefficients(integrated[:, packed.columns[-1]] + target.problem.priors.mean)


CHUNK_VALUES = 2_000_000
"""Numbers that the draws of everything integrated may take at a time."""


def draw_slices(target: CollapsedTarget, n_draws: int) -> Iterator[slice]:
    """Slices of the draws of a chain whose integrated values take 16 MB at most."""
    width = max(1, CHUNK_VALUES // max(1, int(target.packed.block[at.N_INTEGRATED])))
    for start in range(0, n_draws, width):
        yield slice(start, min(start + width, n_draws))


def draw_effects(
    target: CollapsedTarget,
    points: FloatArray,
    seeds: Sequence[np.random.SeedSequence],
    cores: int,
    *,
    levels: Mapping[int, IntArray] | None = None,
) -> tuple[FloatArray, dict[int, FloatArray]]:
    """Draws of the coefficients and, by block of the design, of random effects.

    Shapes: `points` (chain, draw, dimension); returns (chain, draw, p).
    """
    shape, blocks = points.shape[:2], target.design.blocks
    wanted = {i: np.arange(blocks[i].n_levels) for i in target.plan.blocks} if levels is None else levels
    beta = np.empty((*shape, len(target.problem.units.scales)))
    ranef = {i: np.empty((*shape, len(own), blocks[i].n_effects)) for i, own in wanted.items()}

    def draw(chain: int) -> None:
        rng = np.random.default_rng(seeds[chain])
        for part in draw_slices(target, shape[1]):
            here = points[chain, part]
            integrated = draw_integrated(target.packed, here, rng)
            beta[chain, part] = coefficients_of(target, here, integrated)
            for f, i in enumerate(target.plan.blocks):
                effects = effects_of(target, f, here, integrated)
                ranef[i][chain, part] = effects if levels is None else effects[:, wanted[i]]

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(draw, range(len(points))))
    return beta, ranef
