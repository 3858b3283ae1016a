"""Correlated and unequal residuals in the kernel: density, gradient and means, against dense ones."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.engines.collapsed.problem import conditional_values, evaluate

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
