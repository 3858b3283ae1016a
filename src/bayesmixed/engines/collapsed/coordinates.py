"""The coordinates that NUTS walks in: centred at the mode, scaled by the curvature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.collapsed import layout as at
from bayesmixed.engines.collapsed.mode import Mode, find_mode
from bayesmixed.engines.collapsed.packing import Packed
from bayesmixed.engines.collapsed.plan import OPTIMUM_LIMIT, Plan, make_plan
from bayesmixed.engines.collapsed.problem import Problem, draw_integrated, pack_problem

MODE_DRAWS = 24
"""Conditional draws at the mode from which sampled effects take their centre."""


def pack_for_nuts(design: Design, plan: Plan, problem: Problem) -> Packed:
    """Pack a problem in coordinates in which its posterior is near a standard normal.

    Parameters
    ----------
    design : Design
        What is fitted.
    plan : Plan
        What is integrated.
    problem : Problem
        Units, cross-products, priors.

    Returns
    -------
    Packed
        Theta is ``mode + scale z`` with the curvature's triangular factor. Effects that are sampled have a centre and
        a scale each, from the model in which they are integrated too, when that is affordable.
    """
    packed = pack_problem(problem, plan)
    if packed.dimension == packed.n_theta:
        mode = find_mode(packed)
        return packed.with_standardization(mode.theta, mode.scale, np.empty(0))
    whole_plan = make_plan(design, dense_limit=OPTIMUM_LIMIT)
    if whole_plan.samples_effects:
        return _without_mode(plan, problem)
    whole = pack_problem(problem, whole_plan)
    mode = find_mode(whole, tolerance=1e-2)
    order = _theta_order(plan, whole_plan, packed, whole)
    return _with_mode(
        plan,
        problem,
        Mode(theta=mode.theta[order], scale=_reordered(mode.scale, order)),
        whole_plan,
        whole,
        mode,
    )


def _theta_order(plan: Plan, whole_plan: Plan, packed: Packed, whole: Packed) -> list[int]:
    """For each entry of a plan's theta its place in the theta of the plan that integrates everything."""
    places = dict(zip(whole_plan.blocks, whole.theta_of_factor, strict=True))
    order = [i for block in plan.blocks for i in range(places[block].start, places[block].stop)]
    return [*order, packed.n_theta - 1]


def _reordered(scale: FloatArray, order: list[int]) -> FloatArray:
    """Triangular factor of the covariance of permuted parameters."""
    covariance = scale @ scale.T
    return np.linalg.cholesky(covariance[np.ix_(order, order)])


def _with_mode(
    plan: Plan, problem: Problem, mode: Mode, whole_plan: Plan, whole: Packed, whole_mode: Mode
) -> Packed:
    """Coordinates for sampled effects from conditional draws at the mode."""
    points = np.repeat(whole_mode.theta[None, :], MODE_DRAWS, axis=0)
    drawn = draw_integrated(whole, points, np.random.default_rng(0))
    by_block = dict(zip(whole_plan.blocks, whole.columns, strict=False))
    centred = _centred_rule(plan, problem, mode.theta)
    packed = pack_problem(problem, plan, centred=centred)
    centers, scales = [], []
    if plan.coefficients_sampled:
        coefficients = drawn[:, whole.columns[-1]] + problem.priors.mean
        centers.append(coefficients.mean(axis=0))
        scales.append(coefficients.std(axis=0, ddof=1))
    for f, factor in enumerate(plan.factors):
        if factor.role != at.SAMPLED:
            continue
        if centred(factor.block):
            effects = drawn[:, by_block[factor.block]]
            centers.append(effects.mean(axis=0))
            k = problem.products.n_effects[factor.block]
            precision = np.exp(-2.0 * mode.theta[packed.theta_of_factor[f]][:k])
            information = problem.products.gram[factor.block, factor.block].diagonal()
            sigma = np.exp(mode.theta[-1])
            scales.append((information / sigma**2 + np.tile(precision, len(information) // k)) ** -0.5)
        else:
            centers.append(np.zeros(by_block[factor.block].stop - by_block[factor.block].start))
            scales.append(np.ones_like(centers[-1]))
    return packed.with_standardization(
        np.concatenate([mode.theta, *centers]), mode.scale, np.concatenate(scales)
    )


def _centred_rule(plan: Plan, problem: Problem, theta: FloatArray) -> Callable[[int], bool]:
    """Whether a sampled factor's data say more of its effects than their distribution does."""
    packed = pack_problem(problem, plan)
    places = dict(zip(plan.blocks, packed.theta_of_factor, strict=True))

    def centred(block: int) -> bool:
        k = problem.products.n_effects[block]
        information = problem.products.gram[block, block].diagonal().reshape(-1, k)
        ratio = information * np.exp(2.0 * (theta[places[block]][:k] - theta[-1]))
        return bool(np.median(ratio) > 1.0)

    return centred


def _without_mode(plan: Plan, problem: Problem) -> Packed:
    """Coordinates where integrating everything even once is too dear: standard deviations of the response's size."""
    packed = pack_problem(problem, plan)
    n_effects = packed.dimension - packed.n_theta
    center = np.zeros(packed.dimension)
    center[: packed.n_theta] = np.log(0.5)
    for part, factor in zip(packed.theta_of_factor, plan.factors, strict=True):
        center[part][problem.products.n_effects[factor.block] :] = 0.0
    return packed.with_standardization(center, 0.5 * np.eye(packed.n_theta), np.full(n_effects, 0.3))
