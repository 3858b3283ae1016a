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

    covariance = (mode.scale @ mode.scale.T)[within]
    return log_integral(log_density, mode.theta[null.free], WIDENING * covariance, rng)


def null_density(spec: ModelSpec, block: int, effects: tuple[int, ...]) -> NullDensity:
    """Collapsed density of a model with some effects of a grouping factor held at zero."""
    logits = _held_logits(spec.design.blocks[block], effects)
    model = integrate_all(_with_flat_sds(spec, block, effects))
    if model.plan.coefficients_sampled:
        raise EngineError(
            "A variance component can be tested when all coefficients have normal priors; here one does not."
        )
    first = model.packed.theta_of_factor[model.plan.blocks.index(block)].start
    held_sds = [first + effect for effect in effects]
    free = np.ones(model.packed.n_theta, dtype=bool)
    free[held_sds] = False
    free[[first + spec.design.blocks[block].n_effects + place for place in logits]] = False
    center = np.zeros(model.packed.n_theta)
    center[held_sds] = LOG_ZERO
    return NullDensity(
        packed=model.packed.with_coordinates(_holding(center, free)),
        free=free,
        held=_log_density_of_sds(model, block, effects) + _log_density_of_logits(spec, block, logits),
    )


def _with_flat_sds(spec: ModelSpec, block: int, effects: tuple[int, ...]) -> ModelSpec:
    """The model with flat priors of some standard deviations, whose density at zero is known exactly."""
    sds = [list(priors) for priors in spec.priors.sd]
    for effect in effects:
        sds[block][effect] = Prior("HalfFlat")
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


def _held_logits(block: GroupBlock, effects: tuple[int, ...]) -> list[int]:
    """Places, among a block's logits, of the correlations that mean nothing without the effects."""
    places: list[int] = []
    for part in block.covariances.parts:
        n_held, size = len({*effects} & {*part.places}), part.covariance.size
        if n_held and n_held < size and size > 2:
            raise EngineError(
                f"{size} effects of {block.group!r} share one correlation matrix: without one of them the "
                "others have another prior. Fit the model without it, and use bayes_factor(with, without)."
            )
        if n_held:
            places += range(part.coordinates.start, part.coordinates.stop)
    return places


def _log_density_of_sds(model: IntegratedModel, block: int, effects: tuple[int, ...]) -> float:
    """Log density that flat priors of standard deviations have in their logarithms, at `LOG_ZERO`."""
    units = model.problem.units
    scales = units.scale / units.effects[block][list(effects)]
    return float(np.sum(LOG_ZERO + np.log(scales)))


def _log_density_of_logits(spec: ModelSpec, block: int, places: list[int]) -> float:
    """Log density of logits of partial correlations at 0: (p + 1) / 2 is Beta(a, a), p = tanh(x / 2)."""
    rows = [coordinate_rows(spec, block)[place] for place in places]
    return float(sum(constant - 2 * shape * log(2.0) for (shape, *_), constant in rows))
