"""Correlated and unequal residuals in the kernel: density, gradient and means, against dense ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bayesmixed.engines.collapsed.conditional_moments import _Covariances
from bayesmixed.engines.collapsed.integrated import integrate_all, residual_points
from bayesmixed.engines.collapsed.leave_group_out import packed_without, rows_kept
from bayesmixed.engines.collapsed.problem import conditional_values, evaluate
from bayesmixed.engines.collapsed.target import CollapsedTarget, residual_parameters, residual_predictor
from bayesmixed.errors import EngineError

from .residuals import BARS, CHANGES, residual_case

CASES = [(bars, change) for bars in BARS for change in CHANGES]


@pytest.mark.parametrize(("bars", "change"), CASES)
def test_density_gradient_and_conditional_mean(bars: str, change: str) -> None:
    case = residual_case(bars, change)
    parameters = case.parameters(3)
    point = case.point(parameters)
    value, gradient = evaluate(case.packed, point)
    assert value == pytest.approx(case.log_density(parameters), rel=1e-8, abs=1e-8)
    for j, move in enumerate(1e-5 * np.eye(len(point))):
        slope = (evaluate(case.packed, point + move)[0] - evaluate(case.packed, point - move)[0]) / 2e-5
        assert gradient[j] == pytest.approx(slope, rel=1e-5, abs=1e-6)
    n = sum(each.stop - each.start for each in case.packed.columns)
    means = conditional_values(case.packed, point[None], np.zeros((1, n)))[0]
    expected, _ = case.conditional(parameters)
    np.testing.assert_allclose(in_data(case, means), expected, rtol=1e-6, atol=1e-7)


def in_data(case: object, means: np.ndarray) -> np.ndarray:
    """Integrated values of centred columns in the units of the data."""
    units, out = case.problem.units, []
    for f, i in enumerate(case.plan.blocks):
        k = case.design.blocks[i].n_effects
        out.append((means[case.packed.columns[f]].reshape(-1, k) * units.scale / units.effects[i]).ravel())
    beta = (means[case.packed.columns[-1]] + case.problem.priors.mean) * units.scale / units.scales
    if units.has_intercept:
        beta[0] += units.center
    return np.concatenate([*out, beta])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("bars", ["slopes", "nested", "crossed"])
def test_conditional_covariances_of_every_level(bars: str, change: str) -> None:
    case = residual_case(bars, change)
    parameters = case.parameters(5)
    target = CollapsedTarget(design=case.design, plan=case.plan, problem=case.problem, packed=case.packed)
    (found,) = _Covariances(target).at(case.point(parameters)[None])
    _, precision = case.conditional(parameters)
    covariance, first = np.linalg.inv(precision), 0
    for own, i in zip(found.effects, case.plan.blocks, strict=True):
        block = case.design.blocks[i]
        size, k = block.n_levels * block.n_effects, block.n_effects
        part = covariance[first : first + size, first : first + size].reshape(block.n_levels, k, -1, k)
        at_zero = block.centring @ np.einsum("jajb->jab", part) @ block.centring.T
        np.testing.assert_allclose(own, at_zero, rtol=1e-6)
        first += size
    centring = case.design.fixed.centring
    np.testing.assert_allclose(
        found.coefficients, centring @ covariance[first:, first:] @ centring.T, rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize("change", [each for each in CHANGES if " in sigma" not in each])
def test_draws_lead_back_to_their_points(change: str) -> None:
    case = residual_case("slopes", change)
    model = integrate_all(case.spec)
    target = CollapsedTarget(design=case.design, plan=case.plan, problem=case.problem, packed=case.packed)
    points = np.array([case.point(case.parameters(seed)) for seed in range(3)])
    values = residual_parameters(target, points)
    values |= {name: each.beta for name, each in residual_predictor(target, points).items()}
    first = sum(block.covariances.n_parameters for block in case.design.blocks)
    expected = points[:, first:] if case.packed.n_theta > first else np.empty((0, 0))
    np.testing.assert_allclose(residual_points(model, values), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("change", CHANGES)
def test_rows_that_are_left_out(change: str) -> None:
    case = residual_case("one factor", change)
    if " in sigma" in change:
        with pytest.raises(EngineError, match="in the formula of sigma"):
            integrate_all(case.spec)
        return
    keep = case.design.blocks[0].codes != 3
    packed = packed_without(integrate_all(case.spec), keep)
    parameters = case.parameters(6)
    smaller = rows_kept(case.design, keep)
    without = dataclasses.replace(case, spec=dataclasses.replace(case.spec, design=smaller))
    object.__setattr__(without, "__dict__", {**without.__dict__, "scale": case.scale, "center": case.center})
    value = evaluate(packed, case.point(parameters))[0]
    assert value == pytest.approx(without.log_density(parameters), rel=1e-8, abs=1e-8)
