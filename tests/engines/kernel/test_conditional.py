"""Exact draws of what is integrated against the dense conditional normal, in the units of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesmixed.engines.collapsed.problem import draw_integrated

DRAWS = 4000


class Deviates:
    """In the place of a random generator: deviates that are known."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        assert shape == self.values.shape
        return self.values.copy()


def in_units(case: Any, effects: np.ndarray) -> np.ndarray:
    """Kernel's draws of what is integrated in the units of the data, the intercept at the means."""
    blocks = case.design.blocks
    units = [
        np.tile(case.scale / blocks[i].scales, blocks[i].n_levels)
        for i in case.plan.blocks
        if not case.is_sampled[i]
    ]
    shift = np.zeros(effects.shape[1])
    if not case.plan.coefficients_sampled and case.design.fixed.terms:
        p = len(case.design.fixed.terms)
        units.append(case.scale / case.design.fixed.scales)
        shift[-p:] = case.problem.priors.mean * units[-1]
        shift[-p] += case.center
    return effects * np.concatenate([*units, np.empty(0)]) + shift


def drawn(case: Any, parameters: Any, deviates: np.ndarray) -> np.ndarray:
    """Draws at one point, from given deviates."""
    points = np.repeat(case.point(parameters)[None], len(deviates), axis=0)
    return in_units(case, draw_integrated(case.packed, points, Deviates(deviates)))


def test_draws_are_an_affine_map_with_the_conditional_mean_and_covariance(case: Any) -> None:
    parameters = case.parameters(5)
    mean, precision = case.conditional(parameters)
    n = len(mean)
    rows = drawn(case, parameters, np.vstack([np.zeros(n), np.eye(n)]))
    root = (rows[1:] - rows[0]).T
    size = np.sqrt(np.linalg.inv(precision).diagonal())
    np.testing.assert_allclose((rows[0] - mean) / size, 0, atol=1e-8)
    np.testing.assert_allclose(root.T @ precision @ root, np.eye(n), atol=1e-8)


@pytest.mark.parametrize(
    "name",
    ["two correlated", "nested 3 slopes", "nested crossed", "sampled, not centred", "student", "flat priors"],
)
def test_draws_have_the_conditional_moments(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    parameters = case.parameters(6)
    mean, precision = case.conditional(parameters)
    points = np.repeat(case.point(parameters)[None], DRAWS, axis=0)
    effects = in_units(case, draw_integrated(case.packed, points, np.random.default_rng(7)))
    white = (effects - mean) @ np.linalg.cholesky(precision)
    n = len(mean)
    distance = stats.chi2(n).cdf(DRAWS * np.sum(white.mean(axis=0) ** 2))
    spread = stats.chi2(n * DRAWS).cdf(np.sum(white**2))
    assert 1e-4 < distance < 1 - 1e-4
    assert 1e-4 < spread < 1 - 1e-4
    products = (white.T @ white)[np.triu_indices(n, 1)] / np.sqrt(DRAWS)
    assert np.abs(products).max() < stats.norm.isf(1e-4 / len(products))


def test_a_point_without_a_covariance_is_refused(case_of: Callable[[str], Any]) -> None:
    case = case_of("two correlated")
    points = np.full((3, case.packed.dimension), np.nan)
    with pytest.raises(FloatingPointError, match="3 draws"):
        draw_integrated(case.packed, points, np.random.default_rng(0))


def test_the_same_seed_gives_the_same_draws(case_of: Callable[[str], Any]) -> None:
    case = case_of("crossed slopes")
    points = case.point(case.parameters(8))[None]
    first, again, other = (
        draw_integrated(case.packed, points, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)
