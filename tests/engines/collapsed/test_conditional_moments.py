"""Posterior moments of random effects against dense conditional normals, in the units of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.engines.collapsed import conditional_moments, target
from bayesmixed.engines.collapsed.conditional_moments import posterior_moments
from bayesmixed.engines.collapsed.problem import (
    conditional_values,
    draw_integrated,
    make_problem,
    pack_problem,
)
from bayesmixed.engines.collapsed.target import CollapsedTarget, coefficients_of
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.moments import MixtureSums
from bayesmixed.model.spec import ModelSpec

POINTS = (2, 3)
"""Chains and draws of each."""


def target_of(case: Any) -> CollapsedTarget:
    return CollapsedTarget(design=case.design, plan=case.plan, problem=case.problem, packed=case.packed)


def packed_case(spec: ModelSpec) -> CollapsedTarget:
    plan, problem = make_plan(spec.design), make_problem(spec)
    packed = pack_problem(problem, plan)
    return CollapsedTarget(design=spec.design, plan=plan, problem=problem, packed=packed)


def some_parameters(case: Any) -> list[Any]:
    return [case.parameters(seed) for seed in range(int(np.prod(POINTS)))]


def points_of(case: Any, parameters: list[Any]) -> np.ndarray:
    return np.stack([case.point(p) for p in parameters]).reshape(*POINTS, -1)


def seeds() -> list[np.random.SeedSequence]:
    return np.random.SeedSequence(3).spawn(POINTS[0])


def at_zero(case: Any, p: int) -> np.ndarray:
    """Matrix that turns coefficients of centred columns into those of the columns as they are."""
    assert p == len(case.design.fixed.terms)
    return case.design.fixed.centring


def dense_components(case: Any, parameters: Any, i: int) -> tuple[np.ndarray, ...]:
    """Mean and covariance of block i's effects, then of its coefficients, flat over (level, effect)."""
    mean, precision = case.conditional(parameters)
    covariance = np.linalg.inv(precision)
    own, first = None, 0
    for j in case.plan.blocks:
        size = case.design.blocks[j].n_levels * case.design.blocks[j].n_effects
        if j == i:
            own = slice(first, first + size)
        first += 0 if case.is_sampled[j] else size
    p = len(case.design.fixed.terms)
    shift = at_zero(case, p)
    beta, pick = shift @ parameters.coefficients, np.zeros((0, len(mean)))
    if not case.plan.coefficients_sampled and p:
        beta, pick = shift @ mean[-p:], shift @ np.eye(len(mean))[-p:]
    block, terms = case.design.blocks[i], list(case.design.fixed.terms)
    select = np.kron(np.eye(block.n_levels), block.centring) @ np.eye(len(mean))[own]
    fixed = np.zeros(len(select))
    both = select.copy()
    for row in range(len(select)):
        effect = block.effects[row % block.n_effects]
        if effect in terms:
            fixed[row] = beta[terms.index(effect)]
            both[row] += pick[terms.index(effect)] if len(pick) else 0
    effects = select @ mean
    return effects, select @ covariance @ select.T, effects + fixed, both @ covariance @ both.T


def mixture(means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Mean, sd and quantiles of equal mixtures of normals, components first."""
    mean = means.mean(axis=0)
    sums = MixtureSums(mean, np.sqrt(((means - mean) ** 2 + variances).mean(axis=0)))
    for component in zip(means, variances, strict=True):
        sums.add(*component)
        sums.place(*component)
    return np.stack([mean, sums.scale, *sums.moments()[2:]])


def test_moments_are_those_of_the_dense_mixture(case: Any) -> None:
    parameters = some_parameters(case)
    _, moments = posterior_moments(target_of(case), points_of(case, parameters), seeds(), cores=2)
    for i, block in enumerate(case.design.blocks):
        if case.is_sampled[i]:
            assert moments[i] is None
            continue
        if block.root is not None:  # refused before: the kernel gives the moments of independent effects
            continue
        parts = [dense_components(case, p, i) for p in parameters]
        shape = (block.n_levels, block.n_effects)
        mean, covariance, coef, coef_covariance = (np.stack(part) for part in zip(*parts, strict=True))
        for found, m, c in (
            (moments[i].ranef, mean, covariance),
            (moments[i].coef, coef, coef_covariance),
        ):
            expected = mixture(m, np.einsum("sjj->sj", c)).reshape(-1, *shape)
            off = (found - expected) / expected[1]
            np.testing.assert_allclose(off[:2], 0, atol=1e-8)
            np.testing.assert_allclose(off[2:], 0, atol=1e-5)
        whole = covariance.mean(axis=0) + np.cov(mean.T, ddof=0)
        for level in range(block.n_levels):
            part = slice(level * block.n_effects, (level + 1) * block.n_effects)
            size = np.sqrt(np.diag(whole)[part])
            difference = (moments[i].covariance[level] - whole[part, part]) / np.outer(size, size)
            np.testing.assert_allclose(difference, 0, atol=1e-8)


@pytest.mark.parametrize("name", ["three correlated", "nested crossed", "student", "no coefficients"])
def test_coefficients_are_those_of_the_draws_of_everything(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    target, points = target_of(case), points_of(case, some_parameters(case))
    beta, _ = posterior_moments(target, points, seeds(), cores=1)
    for chain, seed, found in zip(points, seeds(), beta, strict=True):
        drawn = draw_integrated(case.packed, chain, np.random.default_rng(seed))
        np.testing.assert_array_equal(found, coefficients_of(target, chain, drawn))


def test_chains_and_their_order_do_not_matter(case_of: Callable[[str], Any]) -> None:
    case = case_of("two correlated")
    points = points_of(case, some_parameters(case))
    first, other = (
        posterior_moments(target_of(case), order, seeds(), cores=2)[1][0] for order in (points, points[::-1])
    )
    np.testing.assert_allclose(first.ranef, other.ranef, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(first.coef, other.coef, rtol=1e-10, atol=1e-10)


def test_permuted_levels_have_permuted_moments(
    frame: pd.DataFrame, spec_of: Callable[..., ModelSpec]
) -> None:
    new = {f"g{i}": f"g{(3 * i + 4) % 10}" for i in range(10)}
    first, other = (
        packed_case(spec_of(rows, "y ~ x + (x | g) + (1 | h)"))
        for rows in (frame, frame.assign(g=frame["g"].map(new)))
    )
    points = np.random.default_rng(2).normal(0, 0.5, (1, 4, first.packed.dimension))
    here, there = (posterior_moments(target, points, seeds()[:1], cores=1)[1] for target in (first, other))
    order = [other.design.blocks[0].levels.index(new[level]) for level in first.design.blocks[0].levels]
    assert order != sorted(order)
    np.testing.assert_allclose(there[0].ranef[:, order], here[0].ranef, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(there[0].coef[:, order], here[0].coef, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(there[0].covariance[order], here[0].covariance, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(there[1].coef, here[1].coef, rtol=1e-9, atol=1e-9)


def test_a_point_without_a_covariance_is_refused(case_of: Callable[[str], Any]) -> None:
    case = case_of("two correlated")
    points = points_of(case, some_parameters(case))
    points[0, 1] = np.nan
    with pytest.raises(FloatingPointError, match="not positive definite"):
        posterior_moments(target_of(case), points, seeds(), cores=1)


def test_an_interrupt_ends_all_chains(case_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("two correlated")
    points = np.tile(points_of(case, some_parameters(case)), (1, 1000, 1))
    calls = []

    def interrupted(*arguments: Any) -> np.ndarray:
        calls.append(len(calls))
        if len(calls) == 5:
            raise KeyboardInterrupt
        return conditional_values(*arguments)

    monkeypatch.setattr(target, "CHUNK_VALUES", 1)
    monkeypatch.setattr(conditional_moments, "conditional_values", interrupted)
    with pytest.raises(KeyboardInterrupt):
        posterior_moments(target_of(case), points, seeds(), cores=1)
    assert len(calls) < 3000
