"""The collapsed density against the same model as a dense multivariate normal, in the units of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayesmixed.engines.collapsed.problem import evaluate


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_density_is_that_of_a_multivariate_normal(case: Any, seed: int) -> None:
    parameters = case.parameters(seed)
    value, _ = evaluate(case.packed, case.point(parameters))
    assert value == pytest.approx(case.log_density(parameters), rel=0, abs=1e-8)


def test_the_gradient_is_that_of_the_density(case: Any) -> None:
    point = case.point(case.parameters(4))
    _, gradient = evaluate(case.packed, point)
    np.testing.assert_allclose(gradient, differences(case.packed, point), rtol=1e-6, atol=1e-6)


def differences(packed: Any, point: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Gradient by central differences of fourth order."""

    def value(moved: np.ndarray) -> float:
        return evaluate(packed, moved)[0]

    moves = step * np.eye(len(point))
    near = np.array([value(point + m) - value(point - m) for m in moves])
    far = np.array([value(point + 2 * m) - value(point - 2 * m) for m in moves])
    return (8 * near - far) / (12 * step)
