"""Sampling a collapsed posterior: NUTS over theta, then exact draws of everything that was integrated."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.collapsed import layout as at
from bayesmixed.engines.collapsed.coordinates import pack_for_nuts
from bayesmixed.engines.collapsed.correlations import correlation_cholesky, correlation_matrix
from bayesmixed.engines.collapsed.density import density, expand
from bayesmixed.engines.collapsed.packing import Packed
from bayesmixed.engines.collapsed.plan import Plan
from bayesmixed.engines.collapsed.problem import Problem, draw_integrated, make_problem
from bayesmixed.engines.nuts import NativeDensity, run_nuts
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.engines.threads import single_threaded_blas
from bayesmixed.model.spec import ModelSpec

START_SPREAD = 1.5
"""Chains start from normal draws this many times wider than the posterior at its mode."""

ACCEPT, ACCEPT_EFFECTS = 0.8, 0.9
"""Acceptance rate that the step size is tuned for; higher where many effects are sampled.

Near independent normals of one width, longer steps turn round together: draws come out on the other side of
the mode, worth twice their number in a mean and half of it in a tail.
"""


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


def collapsed_target(spec: ModelSpec, plan: Plan) -> CollapsedTarget:
    """Form cross-products, find the mode, and choose the coordinates of NUTS.

    Parameters
    ----------
    spec : ModelSpec
        A gaussian model whose priors the engine knows.
    plan : Plan
        What is integrated.

    Returns
    -------
    CollapsedTarget
        For `sample_collapsed`.
    """
    problem = make_problem(spec)
    with single_threaded_blas():
        packed = pack_for_nuts(spec.design, plan, problem)
    return CollapsedTarget(design=spec.design, plan=plan, problem=problem, packed=packed)


def sample_collapsed(
    target: CollapsedTarget, settings: SamplerSettings, *, thin: int = 1, callback: bool = False
) -> RawDraws:
    """Sample a collapsed posterior.

    Parameters
    ----------
    target : CollapsedTarget
        The posterior.
    settings : SamplerSettings
        ``settings.draws`` are kept of each chain, ``settings.draws * thin`` are made.
    thin : int
        Every how many-th draw is kept.
    callback : bool
        Whether nutpie calls back through Python instead of the C function pointer.

    Returns
    -------
    RawDraws
        In the units of the data.
    """
    packed = target.packed
    block = packed.without_constant().block
    usual = ACCEPT_EFFECTS if target.plan.samples_effects else ACCEPT
    native = NativeDensity(dimension=packed.dimension, density=density, expand=expand, data=block)
    drawn = run_nuts(
        native,
        settings.times(thin),
        start=_starts(packed.dimension),
        target_accept=settings.target_accept or usual,
        callback=callback,
    )
    points = np.ascontiguousarray(drawn.points[:, thin - 1 :: thin])
    seeds = np.random.SeedSequence(settings.seed).spawn(len(points))
    with single_threaded_blas(), ThreadPoolExecutor(settings.cores) as pool:
        effects = list(
            pool.map(lambda p, s: draw_integrated(packed, p, np.random.default_rng(s)), points, seeds)
        )
    stats = {name: values[:, thin - 1 :: thin] for name, values in drawn.sample_stats.items()}
    stats |= {"lp": stats["lp"] + packed.constant, "energy": stats["energy"] - packed.constant}
    return _in_units(target, points, effects, stats)


def _starts(dimension: int) -> Callable[[int], FloatArray]:
    """Starting points around the mode."""

    def start(seed: int) -> FloatArray:
        return START_SPREAD * np.random.default_rng(seed).standard_normal(dimension)

    return start


def _in_units(
    target: CollapsedTarget, points: FloatArray, effects: list[FloatArray], stats: dict[str, np.ndarray]
) -> RawDraws:
    """Draws in the units of the data, blocks in the order of the design."""
    packed, units = target.packed, target.problem.units
    n_blocks = len(target.design.blocks)
    sd, ranef = [np.empty(0)] * n_blocks, [np.empty(0)] * n_blocks
    corr: list[FloatArray | None] = [None] * n_blocks
    sampled = iter(packed.sampled)
    for f, factor in enumerate(target.plan.factors):
        i = factor.block
        block = target.design.blocks[i]
        theta = points[:, :, packed.theta_of_factor[f]]
        unit_sd = np.exp(theta[:, :, : block.n_effects])
        cholesky = correlation_cholesky(theta[:, :, block.n_effects :], block.correlated)
        sd[i] = units.ranef(i, unit_sd)
        if block.has_correlation:
            corr[i] = correlation_matrix(cholesky)
        if factor.role == at.SAMPLED:
            columns = next(sampled)
            values = points[:, :, packed.n_theta + columns.start : packed.n_theta + columns.stop]
            values = values.reshape(*values.shape[:2], -1, block.n_effects)
            if not packed.is_centred(f):
                values = values @ np.swapaxes(unit_sd[..., None] * cholesky, -1, -2)
        else:
            columns = packed.columns[f]
            values = np.stack(
                [chain[:, columns].reshape(len(chain), -1, block.n_effects) for chain in effects]
            )
        ranef[i] = units.ranef(i, values)
    return RawDraws(
        beta=units.coefficients(_coefficients(target, points, effects)),
        sigma=units.scale * np.exp(points[:, :, packed.n_theta - 1]),
        sd=tuple(sd),
        corr=tuple(corr),
        ranef=tuple(ranef),
        sample_stats=stats,
    )


def _coefficients(target: CollapsedTarget, points: FloatArray, effects: list[FloatArray]) -> FloatArray:
    """Unit-free coefficients, shape (chain, draw, p)."""
    packed = target.packed
    if target.plan.coefficients_sampled:
        return points[:, :, packed.n_theta : packed.n_theta + packed.n_coefficients_sampled].copy()
    drawn = np.stack([chain[:, packed.columns[-1]] for chain in effects])
    return drawn + target.problem.priors.mean
