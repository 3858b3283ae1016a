"""Sampling a joint posterior: NUTS over theta, the family's parameters, coefficients and random effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bayesmixed import names
from bayesmixed.covariances.covariance import correlation_matrix
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.joint.density import density, expand
from bayesmixed.engines.joint.mode import JointMode, evaluate_joint, find_joint_mode
from bayesmixed.engines.joint.plan import is_well_known, make_joint_plan, plan_sentences
from bayesmixed.engines.joint.problem import JointProblem, make_joint_problem
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.nuts import NativeDensity, run_nuts
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.errors import SamplingError
from bayesmixed.model.spec import ModelSpec

ACCEPT, ACCEPT_NORMAL = 0.8, 0.65
"""Acceptance rate that the step size is tuned for, and that for posteriors that are nearly normal.

For the first see `collapsed.sample`; the second is the optimum of Hamiltonian Monte Carlo for a normal target
in many dimensions (Beskos, Pillai, Roberts, Sanz-Serna and Stuart 2013, Bernoulli 19). Where a variance is
poorly known its longer steps diverge.
"""

START_SPREAD = 1.0
"""Chains start from normal draws this many times as wide as the normal approximation at the mode."""

START_ATTEMPTS = 8
"""How often a starting point without a density is moved half way to the mode, which has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTarget:
    """A joint posterior, ready to be sampled as often as wanted.

    Attributes
    ----------
    design : Design
        What is fitted.
    problem : JointProblem
        Its arrays, in the order of elimination.
    mode : JointMode
        The packed problem in the coordinates that NUTS walks in.
    """

    design: Design
    problem: JointProblem
    mode: JointMode

    @property
    def plan(self) -> tuple[str, ...]:
        """What is sampled in which parametrization, in sentences."""
        return plan_sentences(self.design, self.problem.plan, self.mode.information)

    @property
    def is_nearly_normal(self) -> bool:
        """Whether the rows say much of every level, and the levels much of every variance."""
        return all(is_well_known(ratio) for ratio in self.mode.information)


def joint_target(spec: ModelSpec) -> JointTarget:
    """Posterior of a model with its normal approximation."""
    problem = make_joint_problem(spec, make_joint_plan(spec.design))
    with single_threaded_blas():
        mode = find_joint_mode(problem)
    value, _ = evaluate_joint(mode.packed, np.zeros(mode.packed.dimension))
    if not np.isfinite(value):
        raise SamplingError(
            f"Sampling cannot start: with the family {spec.family} the linear predictor leaves the range of "
            "the link. Use another link (link='log' keeps a mean positive), or give the model an intercept."
        )
    return JointTarget(design=spec.design, problem=problem, mode=mode)


def sample_joint(
    target: JointTarget, settings: SamplerSettings, *, thin: int = 1, callback: bool = False
) -> RawDraws:
    """Sample a joint posterior."""
    packed = target.mode.packed
    native = NativeDensity(dimension=packed.dimension, density=density, expand=expand, data=packed.block)
    drawn = run_nuts(
        native,
        settings.times(thin),
        start=_starts(target),
        target_accept=settings.target_accept or (ACCEPT_NORMAL if target.is_nearly_normal else ACCEPT),
        callback=callback,
    )
    points = np.ascontiguousarray(drawn.points[:, thin - 1 :: thin])
    stats = {name: values[:, thin - 1 :: thin] for name, values in drawn.sample_stats.items()}
    return replace(_in_units(target, points, stats), interrupted=drawn.interrupted)


def _starts(target: JointTarget) -> Callable[[int], FloatArray]:
    """Starting points around the mode, nearer to it where the density does not exist."""
    packed = target.mode.packed

    def start(seed: int) -> FloatArray:
        z = START_SPREAD * np.random.default_rng(seed).standard_normal(packed.dimension)
        for _ in range(START_ATTEMPTS):
            if np.isfinite(evaluate_joint(packed, z)[0]):
                return z
            z *= 0.5
        return np.zeros(packed.dimension)

    return start


def _in_units(target: JointTarget, points: FloatArray, stats: dict[str, np.ndarray]) -> RawDraws:
    """Draws in the units of the data, blocks in the order of the design."""
    problem, packed, units = target.problem, target.mode.packed, target.problem.units
    n_blocks = len(target.design.blocks)
    sd, ranef = [np.empty(0)] * n_blocks, [np.empty(0)] * n_blocks
    corr: list[FloatArray | None] = [None] * n_blocks
    effects = points[:, :, packed.n_low :]
    for f, i in enumerate(problem.plan.blocks):
        block, theta = target.design.blocks[i], points[:, :, packed.theta_of_factor[f]]
        cholesky = block.covariances.cholesky(theta[:, :, block.covariances.n_deviations :])
        unit_sd = block.covariances.spread(np.exp(theta[:, :, : block.covariances.n_deviations]))
        sd[i], moved = units.covariance(i, unit_sd, correlation_matrix(cholesky))
        corr[i] = moved if block.has_correlation else None
        own = effects[:, :, problem.first_effects[f] : problem.first_effects[f + 1]]
        ranef[i] = units.ranef(i, own.reshape(*own.shape[:2], block.n_levels, block.n_effects))
    logs = points[:, :, problem.n_theta : packed.n_low]
    parameters = {name: np.exp(logs[:, :, a]) for a, name in enumerate(problem.family.parameter_names)}
    if names.SIGMA in parameters:
        parameters[names.SIGMA] *= units.scale
    return RawDraws(
        beta=units.coefficients(effects[:, :, problem.first_effects[-1] :]),
        parameters=parameters,
        sd=tuple(sd),
        corr=tuple(corr),
        ranef=tuple(ranef),
        sample_stats=stats,
    )
