"""The normal response: its log density and its draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray

LOG_TWO_PI = float(np.log(2 * np.pi))


def residual_scale(weights: FloatArray | None) -> FloatArray | float:
    """Factor of every row's residual standard deviation, 1 / sqrt(weight).

    Shapes: `weights` (n,); returns (n,).
    """
    return 1.0 if weights is None else 1 / np.sqrt(weights)


def log_density(
    y: NDArray[np.float64], mean: NDArray[np.float64], sd: NDArray[np.float64] | float
) -> FloatArray:
    """Log density of a normal response."""
    return np.asarray(-0.5 * ((y - mean) / sd) ** 2 - np.log(sd) - 0.5 * LOG_TWO_PI)
