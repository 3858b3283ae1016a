"""A model with all its random effects integrated out: its density at draws, and the integral of that."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.problem import DOUBLES, Problem, make_problem, pack_problem
from bayesmixed.engines.kernel.density import density
from bayesmixed.engines.kernel.packing import Packed, address
from bayesmixed.engines.kernel.plan import Plan, make_plan
from bayesmixed.engines.kernel.sources import require_run
from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable, unsupported_priors
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.errors import EngineError
from bayesmixed.model.spec import ModelSpec

INTEGRATION_LIMIT = 600
"""Crossed random effects up to which a density is integrated thousands of times within seconds or minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratedModel:
    """A gaussian model of whose parameters only theta is left, and coefficients whose priors are not normal.

    Attributes
    ----------
    spec : ModelSpec
        The model.
    plan : Plan
        Says that every random effect is integrated out.
    problem : Problem
        Units, cross-products, priors.
    packed : Packed
        In standard coordinates: a point is theta in the plan's order, then unit-free coefficients if any.
    """

    spec: ModelSpec
    plan: Plan
    problem: Problem
    packed: Packed

    @property
    def log_unit(self) -> float:
        """What turns the density in the coefficients' own units into that of a point, 0 without them."""
        units = self.problem.units
        return float(np.sum(np.log(units.scale / units.scales))) if self.plan.coefficients_sampled else 0.0


def integrate_all(spec: ModelSpec) -> IntegratedModel:
    """Integrate all random effects of a model out."""
    wrong = unsupported_priors(spec)
    if any(predictor.blocks for predictor in spec.design.others):
        raise EngineError(
            "This needs random effects that are integrated out exactly, which those in the formula of sigma "
            "cannot be. Compare such models by fit.loo() instead."
        )
    if wrong:
        raise EngineError(
            "This needs random effects that are integrated out exactly, which the collapsed engine cannot do "
            f"under the prior {wrong[0]}. Fit the model with another prior."
        )
    plan = make_plan(
        spec.design,
        coefficients_sampled=not coefficients_are_integrable(spec),
        dense_limit=INTEGRATION_LIMIT,
    )
    if plan.samples_effects:
        raise EngineError(
            f"The crossed grouping factors have more than {INTEGRATION_LIMIT} random effects beside those of "
            "the largest; this needs all of them integrated out, which would take too long. "
            "Compare such models by fit.loo() instead."
        )
    problem = make_problem(spec)
    return IntegratedModel(spec=spec, plan=plan, problem=problem, packed=pack_problem(problem, plan))


def log_densities(packed: Packed, points: FloatArray) -> FloatArray:
    """Log density at many points.

    Shapes: `points` (S, dimension); returns (S,).
    """
    z, gradient, value = (np.zeros(n) for n in (packed.dimension, packed.dimension, 1))
    arguments = [array.ctypes.data_as(DOUBLES) for array in (z, gradient, value)]
    block = ctypes.c_void_p(address(packed))
    out = np.empty(len(points))
    with single_threaded_blas():
        for s, point in enumerate(points):
            z[:] = point
            status = require_run(density.ctypes(packed.dimension, *arguments, block))
            out[s] = value[0] if status == 0 else -np.inf
    return out


def residual_points(model: IntegratedModel, values: Mapping[str, FloatArray]) -> FloatArray:
    """The part of a point that concerns the residuals, by the names of the parameters.

    Shapes: `values` (S, ...), of sigma's predictor the coefficients (S, p); returns (S, m).
    """
    design, parts = model.spec.design, []
    serial = design.residual.correlation
    if serial.n_coordinates:
        parts.append(serial.coordinates(values[serial.label]))
    for predictor in design.others:
        centred = np.linalg.solve(predictor.fixed.centring, values[predictor.parameter].T).T
        parts.append(centred * predictor.fixed.scales)
    if model.problem.residual.has_sigma:
        parts.append(np.log(values[names.SIGMA] / model.problem.units.scale)[:, None])
    return np.concatenate(parts, axis=1) if parts else np.empty((0, 0))


def points_of_draws(
    model: IntegratedModel,
    *,
    sd: tuple[FloatArray, ...],
    corr: tuple[FloatArray | None, ...],
    residual: FloatArray,
    coefficients: FloatArray,
) -> FloatArray:
    """Points of named draws, the way back from the units of the data; all are those of centred columns.

    Shapes: `sd` (S, k), `corr` (S, k, k), `residual` (S, m) as `residual_points` gives it, `coefficients`
    (S, p); returns (S, dimension).
    """
    units, blocks = model.problem.units, model.spec.design.blocks
    parts = []
    for i in model.plan.blocks:
        logs = np.log(sd[i] * units.effects[i] / units.scale)
        parts.append(np.take(logs, blocks[i].covariances.leaders, axis=1))
        matrix = corr[i]
        if matrix is not None:
            parts.append(blocks[i].covariances.coordinates(matrix))
    if residual.size:
        parts.append(residual)
    if model.plan.coefficients_sampled:
        centred = coefficients.copy()
        if units.has_intercept:
            centred[:, 0] -= units.center
        parts.append(centred * units.scales / units.scale)
    return np.concatenate(parts, axis=1)


DEGREES_OF_FREEDOM = 3
BATCH, MAX_BATCHES = 4000, 10
TARGET_SE = 0.005
"""Points are drawn a batch at a time until the standard error is this small, or the batches are used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A log integral with its Monte Carlo error."""

    # value, se: logarithm of the integral, and its standard error
    value: float
    se: float
    n_points: int  # points at which the density was evaluated
    pareto_k: float  # tail index of the weights; over 0.7 the error cannot be trusted


def log_integral(
    log_density: Callable[[FloatArray], FloatArray],
    center: FloatArray,
    covariance: FloatArray,
    rng: np.random.Generator,
) -> Evidence:
    """Integral of a density that is not normalized.

    Shapes: `log_density` (S, d).
    """
    logs: list[FloatArray] = []
    for _ in range(MAX_BATCHES):
        points, proposal = student_batch(center, covariance, rng)
        logs.append(log_density(points) - proposal)
        found = _summary(np.concatenate(logs))
        if found.se <= TARGET_SE:
            break
    return found


def student_batch(
    center: FloatArray, covariance: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Points of the proposal, with its log density at them.

    The proposal is a multivariate t distribution. Its tails are polynomial in theta (logarithms of standard
    deviations, logits of correlations), those of the density exponential: the weights are bounded, and their
    variance is finite.

    Returns shape (BATCH, d).
    """
    from scipy import stats

    proposal = stats.multivariate_t(center, covariance, df=DEGREES_OF_FREEDOM)
    points = np.reshape(proposal.rvs(size=BATCH, random_state=rng), (BATCH, len(center)))
    return points, np.reshape(proposal.logpdf(points), BATCH)


def pareto_k(log_weights: FloatArray) -> float:
    """Tail index of importance weights (Vehtari et al. 2024, J. Mach. Learn. Res. 25(72)).

    Shapes: `log_weights` (S,).
    """
    from arviz_stats.base.array import array_stats

    _, k = array_stats.psislw(-log_weights)
    return float(k)


def _summary(log_weights: FloatArray) -> Evidence:
    """Evidence of all weights so far."""
    highest = float(np.max(log_weights))
    weights = np.exp(log_weights - highest)
    mean, n = float(weights.mean()), len(weights)
    return Evidence(
        value=highest + float(np.log(mean)),
        se=float(weights.std(ddof=1)) / (mean * n**0.5),
        n_points=n,
        pareto_k=pareto_k(log_weights),
    )
