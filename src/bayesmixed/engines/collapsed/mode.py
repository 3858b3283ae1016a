"""The mode of theta's collapsed posterior and its curvature: where NUTS starts, in what units it walks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.problem import evaluate
from bayesmixed.engines.kernel.curvature import inverse_root
from bayesmixed.engines.kernel.packing import Packed

LOWEST_LOG_SD, HIGHEST_LOG_SD = -12.0, 8.0
"""Box, in units of the response's standard deviation, in which the mode is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """Mode of theta and the scale around it.

    Attributes
    ----------
    theta : FloatArray
        Shape (n_theta,).
    scale : FloatArray
        Lower triangular factor of the covariance that the curvature implies, shape (n_theta, n_theta).
    """

    theta: FloatArray
    scale: FloatArray


def find_mode(packed: Packed, *, tolerance: float = 1e-6) -> Mode:
    """Find the mode of theta with everything else integrated out."""
    unit_free = packed.without_constant()

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = evaluate(unit_free, theta)
        return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros_like(theta))

    start = np.zeros(packed.n_theta)
    start[-1] = np.log(0.7)
    box = [(LOWEST_LOG_SD, HIGHEST_LOG_SD)] * packed.n_theta
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
