"""The spread that a log density's curvature at its mode implies."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import FloatArray

WIDEST = 2.0
"""Largest standard deviation given to a direction in which the density is flat or curved upwards."""


def inverse_root(hessian: FloatArray) -> FloatArray:
    """Lower triangular factor of the inverse of minus a Hessian.

    Shapes: `hessian` (d, d); returns (d, d).
    """
    finite = np.where(np.isfinite(hessian), hessian, 0.0)
    values, vectors = np.linalg.eigh(-0.5 * (finite + finite.T))
    variances = 1.0 / np.maximum(values, WIDEST**-2)
    return np.linalg.cholesky((vectors * variances) @ vectors.T)
