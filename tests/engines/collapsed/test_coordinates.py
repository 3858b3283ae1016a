"""The mode, its curvature, and the coordinates that NUTS walks in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.engines.collapsed import coordinates
from bayesmixed.engines.collapsed.coordinates import find_mode, pack_for_nuts
from bayesmixed.engines.collapsed.problem import evaluate, pack_problem
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.standardization import WIDEST, Coordinates

INTEGRATED = ["intercept", "three correlated", "two bars", "nested 3 slopes", "crossed slopes", "weights"]


def test_other_coordinates_are_another_way_to_the_same_density(case: Any) -> None:
    packed, rng = case.packed, np.random.default_rng(9)
    center = case.point(case.parameters(10))
    scale = np.tril(rng.normal(0, 0.1, (packed.n_theta,) * 2)) + 0.4 * np.eye(packed.n_theta)
    n_sampled, n_stretch = packed.dimension - packed.n_theta, packed.block[at.N_STRETCH]
    moved = packed.with_coordinates(
        Coordinates(
            center=center,
            theta_scale=scale,
            sampled_scale=rng.uniform(0.2, 0.6, n_sampled),
            directions=np.linalg.qr(rng.normal(size=(n_sampled, n_stretch)))[0].T,
            amounts=rng.uniform(0.5, 2.0, n_stretch),
        )
    )
    _, jacobian = coordinates_of(moved)
    z = rng.normal(0, 0.7, packed.dimension)
    value, gradient = evaluate(moved, z)
    expected, slope = evaluate(packed, center + jacobian @ z)
    assert value == pytest.approx(expected, rel=0, abs=1e-9)
    np.testing.assert_allclose(gradient, slope @ jacobian, rtol=1e-9, atol=1e-9)


def test_the_constant_is_all_that_is_left_out(case: Any) -> None:
    point = case.point(case.parameters(11))
    whole, bare = evaluate(case.packed, point), evaluate(case.packed.without_constant(), point)
    assert whole[0] - bare[0] == pytest.approx(case.packed.constant, abs=1e-9)
    np.testing.assert_array_equal(whole[1], bare[1])
    assert case.packed.without_constant().constant == 0.0


@pytest.mark.parametrize("name", INTEGRATED)
def test_the_mode_is_a_maximum_and_the_scale_its_curvature(case_of: Callable[[str], Any], name: str) -> None:
    packed = case_of(name).packed
    mode = find_mode(packed)
    highest, gradient = evaluate(packed, mode.theta)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)
    steps = np.random.default_rng(12).normal(0, 0.1, (20, packed.n_theta))
    assert all(evaluate(packed, mode.theta + step)[0] < highest for step in steps)
    assert np.all(np.triu(mode.scale, 1) == 0)
    assert np.all(np.linalg.svd(mode.scale, compute_uv=False) <= WIDEST * (1 + 1e-9))
    standard = packed.with_coordinates(
        Coordinates(
            center=mode.theta,
            theta_scale=mode.scale,
            sampled_scale=np.empty(0),
            directions=np.empty(0),
            amounts=np.empty(0),
        )
    )
    for z in np.eye(packed.n_theta):
        drop = highest - 0.5 * (evaluate(standard, 1e-2 * z)[0] + evaluate(standard, -1e-2 * z)[0])
        assert drop == pytest.approx(0.5e-4, rel=0.02)


@pytest.mark.parametrize(
    "name", ["crossed slopes", "sampled slopes", "two sampled", "student", "student, sampled"]
)
def test_nuts_walks_over_the_same_density(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    packed = pack_for_nuts(case.design, case.plan, case.problem)
    assert packed.dimension == case.packed.dimension
    plain = pack_problem(case.problem, case.plan, centred=centred_rule(packed, case.plan))
    center, jacobian = coordinates_of(packed)
    z = np.random.default_rng(13).normal(0, 0.5, packed.dimension)
    value, _ = evaluate(packed, z)
    assert value == pytest.approx(evaluate(plain, center + jacobian @ z)[0], rel=0, abs=1e-8)


@pytest.mark.parametrize("name", ["sampled slopes", "two sampled", "student, sampled"])
def test_too_many_effects_for_an_optimum_start_from_plain_coordinates(
    case_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = case_of(name)
    monkeypatch.setattr(coordinates, "OPTIMUM_LIMIT", 0)
    packed = pack_for_nuts(case.design, case.plan, case.problem)
    value, gradient = evaluate(packed, np.zeros(packed.dimension))
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    assert coordinates_of(packed)[0][packed.n_theta - 1] == pytest.approx(np.log(0.5))


def coordinates_of(packed: Any) -> tuple[np.ndarray, np.ndarray]:
    """Centre and Jacobian of the coordinates, read off the block."""

    def section(place: int, size: int) -> np.ndarray:
        return packed.floats[packed.block[place] : packed.block[place] + size]

    n, dimension = packed.n_theta, packed.dimension
    jacobian = np.zeros((dimension, dimension))
    jacobian[:n, :n] = section(at.SCALE, n * n).reshape(n, n)
    n_stretch = packed.block[at.N_STRETCH]
    directions = section(at.STRETCH, n_stretch * (dimension - n)).reshape(n_stretch, dimension - n)
    wider = (directions.T * section(at.STRETCH_AMOUNT, n_stretch)) @ directions
    spread = section(at.SAMPLED_SCALE, dimension - n)[:, None]
    jacobian[n:, n:] = spread * (np.eye(dimension - n) + wider)
    return section(at.CENTER, dimension), jacobian


def centred_rule(packed: Any, plan: Any) -> Callable[[int], bool]:
    """Which blocks a packed problem centres."""
    return lambda block: packed.is_centred(plan.blocks.index(block))
