"""The coordinates that NUTS walks in: centred at the mode, scaled by the curvature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.linalg import block_diag

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.collapsed.problem import Problem, draw_integrated, evaluate, pack_problem
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.cross_products import check_residual
from bayesmixed.engines.kernel.packing import Packed
from bayesmixed.engines.kernel.plan import OPTIMUM_LIMIT, Plan, make_plan
from bayesmixed.engines.kernel.standardization import Coordinates, inverse_root

MODE_DRAWS = 24
"""Conditional draws at the mode from which sampled effects take their centre."""


def pack_for_nuts(design: Design, plan: Plan, problem: Problem) -> Packed:
    """Pack a problem in coordinates in which its posterior is near a standard normal."""
    packed = pack_problem(problem, plan)
    if packed.dimension == 0:
        return packed
    if packed.dimension == packed.n_theta:
        mode = find_mode(packed)
        _check_sigma(packed, mode)
        return packed.with_coordinates(_theta_coordinates(mode))
    if problem.residual.blocks:
        return packed.with_coordinates(_whole_coordinates(packed))
    whole_plan = make_plan(design, dense_limit=OPTIMUM_LIMIT)
    if whole_plan.samples_effects:
        return _without_mode(plan, problem)
    return _with_mode(plan, problem, whole_plan)


def _check_sigma(packed: Packed, mode: Mode) -> None:
    """Refuse a fit that explains the response completely."""
    check_residual(float(np.exp(packed.log_sigma(mode.theta))))


def _whole_coordinates(packed: Packed) -> Coordinates:
    """Coordinates around the mode of theta and of the standard deviates of effects in sigma's predictor."""
    mode, n = find_mode(packed, dimension=packed.dimension), packed.n_theta
    covariance = mode.scale @ mode.scale.T
    return Coordinates(
        center=mode.theta,
        theta_scale=np.linalg.cholesky(covariance[:n, :n]),
        sampled_scale=np.sqrt(np.diag(covariance)[n:]),
        directions=np.empty(0),
        amounts=np.empty(0),
    )


def _theta_coordinates(mode: Mode) -> Coordinates:
    """Coordinates when only theta is sampled."""
    nothing = np.empty(0)
    return Coordinates(
        center=mode.theta,
        theta_scale=mode.scale,
        sampled_scale=nothing,
        directions=nothing,
        amounts=nothing,
    )


def _with_mode(plan: Plan, problem: Problem, whole_plan: Plan) -> Packed:
    """Coordinates of sampled effects from conditional draws at the mode of the wholly integrated model."""
    whole = pack_problem(problem, whole_plan)
    whole_mode = find_mode(whole, tolerance=1e-2)
    _check_sigma(whole, whole_mode)
    points = np.repeat(whole_mode.theta[None, :], MODE_DRAWS, axis=0)
    drawn = draw_integrated(whole, points, np.random.default_rng(0))
    mode = _reordered(whole_mode, _theta_order(plan, whole_plan, whole))
    packed = pack_problem(problem, plan, centred=_centred_rule(plan, problem, mode))
    places = dict(zip(whole_plan.blocks, whole.columns, strict=False))
    parts = []
    if plan.coefficients_sampled:
        coefficients = drawn[:, whole.columns[-1]] + problem.priors.mean
        scale = coefficients.std(axis=0, ddof=1)
        parts.append(
            _Part(
                center=coefficients.mean(axis=0),
                scale=scale,
                directions=np.empty((0, len(scale))),
                amounts=np.empty(0),
            )
        )
    for f, factor in enumerate(plan.factors):
        if factor.role == at.SAMPLED:
            effects = drawn[:, places[factor.block]]
            log_sd = problem.covariances[factor.block].log_deviations(mode.theta[packed.theta_of_factor[f]])
            log_sigma = float(packed.log_sigma(mode.theta))
            parts.append(
                _effects_part(
                    problem,
                    factor.block,
                    effects,
                    log_sd,
                    log_sigma,
                    packed.is_centred(f),
                )
            )
    return packed.with_coordinates(_joined(mode, parts))


def _theta_order(plan: Plan, whole_plan: Plan, whole: Packed) -> list[int]:
    """For each entry of a plan's theta its place in the theta of the plan that integrates everything."""
    places = dict(zip(whole_plan.blocks, whole.theta_of_factor, strict=True))
    order = [i for block in plan.blocks for i in range(places[block].start, places[block].stop)]
    return [*order, *range(len(order), whole.n_theta)]


def _reordered(mode: Mode, order: list[int]) -> Mode:
    """Mode of permuted parameters."""
    covariance = (mode.scale @ mode.scale.T)[np.ix_(order, order)]
    return Mode(theta=mode.theta[order], scale=np.linalg.cholesky(covariance))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Coordinates of a part of what is sampled: centre and scale of shape (s,), directions (m, s)."""

    center: FloatArray
    scale: FloatArray
    directions: FloatArray
    amounts: FloatArray


def _effects_part(
    problem: Problem, block: int, drawn: FloatArray, log_sd: FloatArray, log_sigma: float, centred: bool
) -> _Part:
    """Coordinates of one sampled factor's effects.

    Where their level is confounded with a coefficient that is integrated, all effects of a kind move together
    more than one by one: that direction's width is read off the conditional draws.
    """
    k = problem.products.n_effects[block]
    n = drawn.shape[1]
    kinds = np.arange(n) % k == np.arange(k)[:, None]
    if not centred:
        return _Part(center=np.zeros(n), scale=np.ones(n), directions=np.zeros((k, n)), amounts=np.zeros(k))
    information = problem.products.gram[block, block].diagonal()
    precision = information * np.exp(-2.0 * log_sigma) + np.tile(np.exp(-2.0 * log_sd), n // k)
    scale = precision**-0.5
    center = drawn.mean(axis=0)
    directions = kinds / scale
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    width = (((drawn - center) / scale) @ directions.T).std(axis=0, ddof=1)
    return _Part(center=center, scale=scale, directions=directions, amounts=np.maximum(width, 1.0) - 1.0)


def _joined(mode: Mode, parts: list[_Part]) -> Coordinates:
    """Coordinates of theta and of everything sampled."""
    return Coordinates(
        center=np.concatenate([mode.theta, *(part.center for part in parts)]),
        theta_scale=mode.scale,
        sampled_scale=np.concatenate([part.scale for part in parts]),
        directions=block_diag(*(part.directions for part in parts)),
        amounts=np.concatenate([part.amounts for part in parts]),
    )


def _centred_rule(plan: Plan, problem: Problem, mode: Mode) -> Callable[[int], bool]:
    """Whether data say more of a factor's effects than their distribution does, even at its smallest sds."""
    packed = pack_problem(problem, plan)
    places = dict(zip(plan.blocks, packed.theta_of_factor, strict=True))
    lowest = mode.theta - 2.0 * np.linalg.norm(mode.scale, axis=1)

    def centred(block: int) -> bool:
        k = problem.products.n_effects[block]
        information = problem.products.gram[block, block].diagonal().reshape(-1, k)
        log_sd = problem.covariances[block].log_deviations(lowest[places[block]])
        ratio = information * np.exp(2.0 * (log_sd - packed.log_sigma(mode.theta)))
        return bool(np.median(ratio) > 1.0)

    return centred


def _without_mode(plan: Plan, problem: Problem) -> Packed:
    """Coordinates where integrating everything even once is too dear: sds of the response's size."""
    packed = pack_problem(problem, plan)
    n_sampled = packed.dimension - packed.n_theta
    center = np.zeros(packed.dimension)
    center[: packed.n_theta] = np.log(0.5)
    for part, factor in zip(packed.theta_of_factor, plan.factors, strict=True):
        center[part][problem.covariances[factor.block].n_deviations :] = 0.0
    coordinates = Coordinates(
        center=center,
        theta_scale=0.5 * np.eye(packed.n_theta),
        sampled_scale=np.full(n_sampled, 0.3),
        directions=np.empty(0),
        amounts=np.empty(0),
    )
    return packed.with_coordinates(coordinates)


LOWEST_LOG_SD, HIGHEST_LOG_SD = -12.0, 8.0
"""Box, in units of the response's standard deviation, in which the mode is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """Mode of theta and the scale around it."""

    theta: FloatArray  # shape (n_theta,)
    # lower triangular factor of the covariance that the curvature implies, shape (n_theta, n_theta)
    scale: FloatArray


def find_mode(packed: Packed, *, tolerance: float = 1e-6, dimension: int | None = None) -> Mode:
    """Find the mode of theta with everything else integrated out, or of the first entries of a point."""
    unit_free = packed.without_constant()

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = evaluate(unit_free, theta)
        return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros_like(theta))

    start = np.zeros(dimension or packed.n_theta)
    start[: packed.n_theta] = packed.start
    box = [(LOWEST_LOG_SD, HIGHEST_LOG_SD)] * len(start)
    for place in packed.scale_places:
        box[place] = (-np.inf, np.inf)
    found = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=box,
        options={"maxiter": 200, "ftol": 1e-12, "gtol": tolerance},
    )
    return Mode(theta=found.x, scale=curvature_scale(packed, found.x))


def curvature_scale(packed: Packed, theta: FloatArray, *, step: float = 1e-4) -> FloatArray:
    """Lower triangular factor of the inverse of minus the Hessian.

    Shapes: `theta` (n_theta,); returns (n_theta, n_theta).
    """
    moves = step * np.eye(len(theta))
    columns = [evaluate(packed, theta + move)[1] - evaluate(packed, theta - move)[1] for move in moves]
    hessian = np.array(columns) / (2.0 * step)
    return inverse_root(hessian)
