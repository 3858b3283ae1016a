"""Sampling a collapsed posterior: NUTS over theta, then exact draws of everything that was integrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.conditional_moments import posterior_moments
from bayesmixed.engines.collapsed.coordinates import pack_for_nuts
from bayesmixed.engines.collapsed.line import line_draws
from bayesmixed.engines.collapsed.problem import evaluate, make_problem
from bayesmixed.engines.collapsed.target import (
    CollapsedTarget,
    draw_effects,
    effects_of,
    residual_parameters,
    residual_predictor,
    scales_of,
)
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.density import density, expand
from bayesmixed.engines.kernel.plan import Plan
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.nuts import NativeDensity, NutsDraws, quiet_statistics, run_nuts
from bayesmixed.engines.records import LevelMoments, RawDraws, SamplerSettings
from bayesmixed.model.spec import ModelSpec

START_SPREAD = 1.5
"""Chains start from normal draws this many times wider than the posterior at its mode."""

ACCEPT, ACCEPT_EFFECTS = 0.8, 0.9
"""Acceptance rate that the step size is tuned for; higher where many effects are sampled.

Near independent normals of one width, longer steps turn round together: draws come out on the other side of
the mode, worth twice their number in a mean and half of it in a tail.
"""


def collapsed_target(spec: ModelSpec, plan: Plan) -> CollapsedTarget:
    """Form cross-products, find the mode, and choose the coordinates of NUTS."""
    problem = make_problem(spec)
    with single_threaded_blas():
        packed = pack_for_nuts(spec.design, plan, problem)
    return CollapsedTarget(design=spec.design, plan=plan, problem=problem, packed=packed)


def sample_collapsed(
    target: CollapsedTarget, settings: SamplerSettings, *, thin: int = 1, callback: bool = False
) -> RawDraws:
    """Sample a collapsed posterior."""
    packed = target.packed
    block = packed.without_constant().block
    if packed.dimension == 1:
        return _finished(target, settings, _line(target, settings))
    usual = ACCEPT_EFFECTS if packed.n_effects_sampled else ACCEPT
    native = NativeDensity(dimension=packed.dimension, density=density, expand=expand, data=block)
    drawn = run_nuts(
        native,
        settings.times(thin),
        start=_starts(packed.dimension),
        target_accept=settings.target_accept or usual,
        callback=callback,
    )
    return _finished(target, settings, drawn, thin)


def _line(target: CollapsedTarget, settings: SamplerSettings) -> NutsDraws:
    """Independent draws where one number is left to be sampled."""
    packed = target.packed.without_constant()
    z, logs = line_draws(partial(evaluate, packed), (settings.chains, settings.draws), settings.seed)
    coordinates = target.packed.floats
    center, scale = (coordinates[target.packed.block[place]] for place in (at.CENTER, at.SCALE))
    return NutsDraws(
        points=(center + scale * z)[..., None],
        sample_stats=quiet_statistics(settings) | {"lp": logs, "energy": -logs},
        interrupted=False,
    )


def _finished(
    target: CollapsedTarget, settings: SamplerSettings, drawn: NutsDraws, thin: int = 1
) -> RawDraws:
    """Draws of everything from those of theta."""
    packed = target.packed
    points = np.ascontiguousarray(drawn.points[:, thin - 1 :: thin])
    seeds = np.random.SeedSequence(settings.seed).spawn(len(points))
    stats = {name: values[:, thin - 1 :: thin] for name, values in drawn.sample_stats.items()}
    stats |= {"lp": stats["lp"] + packed.constant, "energy": stats["energy"] - packed.constant}
    with single_threaded_blas():
        if settings.keep_ranef == "moments":
            beta, moments = posterior_moments(target, points, seeds, settings.cores)
            raw = _raw_draws(target, points, beta, _sampled_effects(target, points), stats, moments)
        else:
            beta, ranef = draw_effects(target, points, seeds, settings.cores)
            raw = _raw_draws(target, points, beta, ranef, stats)
    return replace(raw, interrupted=drawn.interrupted)


def _starts(dimension: int) -> Callable[[int], FloatArray]:
    """Starting points around the mode."""

    def start(seed: int) -> FloatArray:
        return START_SPREAD * np.random.default_rng(seed).standard_normal(dimension)

    return start


def _sampled_effects(target: CollapsedTarget, points: FloatArray) -> dict[int, FloatArray]:
    """Draws of the random effects that NUTS walked over, by block."""
    nothing = np.empty((points.shape[1], 0))
    return {
        factor.block: np.stack([effects_of(target, f, chain, nothing) for chain in points])
        for f, factor in enumerate(target.plan.factors)
        if factor.role == at.SAMPLED
    }


def _raw_draws(
    target: CollapsedTarget,
    points: FloatArray,
    beta: FloatArray,
    ranef: dict[int, FloatArray],
    stats: dict[str, np.ndarray],
    moments: tuple[LevelMoments | None, ...] = (),
) -> RawDraws:
    """Draws in the units of the data, blocks in the order of the design."""
    sd, corr = scales_of(target, points)
    return RawDraws(
        beta=beta,
        parameters=residual_parameters(target, points),
        others=residual_predictor(target, points),
        sd=sd,
        corr=corr,
        ranef=tuple(ranef.get(i) for i in range(len(target.design.blocks))),
        sample_stats=stats,
        moments=moments,
    )
