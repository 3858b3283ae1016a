"""The marginal likelihood of a model without some of its random effects.

A standard deviation of zero is the limit of the collapsed likelihood: its logarithm is held far below all
others, and the prior of what is held is taken from the density. What is left is integrated as ever.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import log

import numpy as np

from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.engines.collapsed.coordinates import find_mode
from bayesmixed.engines.collapsed.integrated import (
    Evidence,
    IntegratedModel,
    integrate_all,
    log_densities,
    log_integral,
)
from bayesmixed.engines.kernel.packing import Packed
from bayesmixed.engines.kernel.standardization import Coordinates
from bayesmixed.engines.kernel.unit_priors import coordinate_rows
from bayesmixed.errors import EngineError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.prior import Prior

LOG_ZERO = -40.0
"""Log standard deviation, in units of the response's, that stands for zero."""

WIDENING = 2.0
"""The proposal's covariance over that of the curvature at the mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NullDensity:
    """Collapsed density with some effects held at zero.

    Attributes
    ----------
    packed : Packed
        In coordinates in which what is held does not move.
    free : ndarray
        Which entries of theta move, booleans of shape (n_theta,).
    held : float
        Log prior density of what is held, to be taken from the log density.
    """

    packed: Packed
    free: np.ndarray[tuple[int], np.dtype[np.bool_]]
    held: float


def evidence_without(
    spec: ModelSpec, block: int, effects: tuple[int, ...], rng: np.random.Generator
) -> Evidence:
    """Marginal likelihood of a model without some effects of a grouping factor, all other priors kept."""
    null = null_density(spec, block, effects)
    mode = find_mode(null.packed)
    within = np.ix_(null.free, null.free)

    def log_density(points: FloatArray) -> FloatArray:
        z = np.zeros((len(points), len(null.free)))
        z[:, null.free] = points
        return log_densities(null.packed, z) - null.held

    if not np.any(null.free):
        return Evidence(value=float(log_density(np.zeros((1, 0)))[0]), se=0.0, n_points=1, pareto_k=0.0)
    covariance = (mode.scale @ mode.scale.T)[within]
    return log_integral(log_density, mode.theta[null.free], WIDENING * covariance, rng)


def null_density(spec: ModelSpec, block: int, effects: tuple[int, ...]) -> NullDensity:
    """Collapsed density of a model with some effects of a grouping factor held at zero."""
    deviations, coordinates = _held(spec.design.blocks[block], effects)
    model = integrate_all(_with_flat_sds(spec, block, deviations))
    if model.plan.coefficients_sampled:
        raise EngineError(
            "A variance component can be tested when all coefficients have normal priors; here one does not."
        )
    first = model.packed.theta_of_factor[model.plan.blocks.index(block)].start
    held_sds = [first + place for place in deviations]
    first += spec.design.blocks[block].covariances.n_deviations
    free = np.ones(model.packed.n_theta, dtype=bool)
    free[[*held_sds, *(first + place for place in coordinates)]] = False
    center = np.zeros(model.packed.n_theta)
    center[held_sds] = LOG_ZERO
    return NullDensity(
        packed=model.packed.with_coordinates(_holding(center, free)),
        free=free,
        held=_density_of_sds(model, block, deviations) + _density_of_coordinates(spec, block, coordinates),
    )


def _with_flat_sds(spec: ModelSpec, block: int, deviations: list[int]) -> ModelSpec:
    """The model with flat priors of some standard deviations, whose density at zero is known exactly."""
    sds = [list(priors) for priors in spec.priors.sd]
    for place in deviations:
        sds[block][place] = Prior("HalfFlat")
    return dataclasses.replace(
        spec, priors=dataclasses.replace(spec.priors, sd=tuple(tuple(priors) for priors in sds))
    )


def _holding(center: FloatArray, free: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Coordinates:
    """Coordinates that are theta's own where it is free, and move nothing elsewhere."""
    nothing = np.empty(0)
    return Coordinates(
        center=center,
        theta_scale=np.diag(free.astype(np.float64)),
        sampled_scale=nothing,
        directions=nothing,
        amounts=nothing,
    )


def _held(block: GroupBlock, effects: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Places of the standard deviations of effects, and of the coordinates that mean nothing without them."""
    deviations: set[int] = set()
    coordinates: list[int] = []
    for part in block.covariances.parts:
        held, size = {*effects} & {*part.places}, part.covariance.size
        if held and len(held) < size and (size > 2 or part.covariance.is_tied):
            raise EngineError(
                f"{size} effects of {block.group!r} share one covariance matrix: without one of them the "
                "others have another prior. Fit the model without it, and use bayes_factor(with, without)."
            )
        if held:
            deviations |= {int(block.covariances.of_effect[effect]) for effect in held}
            coordinates += range(part.coordinates.start, part.coordinates.stop)
    return sorted(deviations), coordinates


def _density_of_sds(model: IntegratedModel, block: int, deviations: list[int]) -> float:
    """Log density that flat priors of standard deviations have in their logarithms, at `LOG_ZERO`."""
    units = model.problem.units
    own = model.spec.design.blocks[block].covariances.leaders[deviations]
    scales = units.scale / units.effects[block][own]
    return float(np.sum(LOG_ZERO + np.log(scales)))


def _density_of_coordinates(spec: ModelSpec, block: int, places: list[int]) -> float:
    """Log density of coordinates of correlations at 0, see `theta.log_prior_of_logit`."""
    total = 0.0
    for place in places:
        (shape, *normal), constant = coordinate_rows(
            spec.design.blocks[block], spec.priors.correlation[block]
        )[place]
        total += constant - 2 * shape * log(2.0)
        if normal:
            precision, mean, low, width = normal
            total -= 0.5 * precision * (low + 0.5 * width - mean) ** 2
    return total
