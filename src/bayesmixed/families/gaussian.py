"""The normal response: its log density and its draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray

LOG_TWO_PI = float(np.log(2 * np.pi))


def residual_scale(weights: FloatArray | None) -> FloatArray | float:
    """Factor of every row's residual standard deviation, 1 / sqrt(weight).

    Parameters
    ----------
    weights : FloatArray or None
        Prior weights, shape (n,).

    Returns
    -------
    FloatArray or float
        Shape (n,), or 1 without weights.

    Examples
    --------
    >>> residual_scale(np.array([1.0, 4.0]))
    array([1. , 0.5])
    """
    return 1.0 if weights is None else 1 / np.sqrt(weights)


def log_density(
    y: NDArray[np.float64], mean: NDArray[np.float64], sd: NDArray[np.float64] | float
) -> FloatArray:
    """Log density of a normal response.

    Parameters
    ----------
    y, mean, sd : NDArray
        Response, its mean and its standard deviation, in the units of the response; shapes broadcast.

    Returns
    -------
    FloatArray
        ``-log(sd) - log(2 pi) / 2 - ((y - mean) / sd)^2 / 2``, of the broadcast shape.

    Examples
    --------
    >>> log_density(np.array([1.0]), np.array([1.0]), 1.0).round(4)
    array([-0.9189])
    """
    return np.asarray(-0.5 * ((y - mean) / sd) ** 2 - np.log(sd) - 0.5 * LOG_TWO_PI)
