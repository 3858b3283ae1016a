"""The linear map from the coordinates that NUTS walks in to the point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """The coordinates z that NUTS walks in: point = center + scale (I + sum_d amount_d e_d e_d') z.

    Notes
    -----
    `density.stretch` lengthens a vector along one direction after the other, and `standardize_gradient` uses
    it as its own transpose. Both are exact for orthogonal directions only. Those of kinds of effects (all
    intercepts of a factor, all its slopes on one column) are orthogonal, since no two kinds share an effect.
    """

    center: FloatArray  # shape (dimension,)
    theta_scale: FloatArray  # of theta, lower triangular, shape (n_theta, n_theta)
    sampled_scale: FloatArray  # of the sampled effects, elementwise, shape (s,)
    directions: FloatArray  # unit vectors e_d among the sampled effects in which they are wider, shape (m, s)
    amounts: FloatArray  # by how much more than 1, shape (m,)


WIDEST = 2.0
"""Largest standard deviation given to a direction in which the density is flat or curved upwards."""


def inverse_root(hessian: FloatArray) -> FloatArray:
    """Lower triangular factor of the inverse of minus a Hessian. Shapes: `hessian` (d, d); returns (d, d)."""
    finite = np.where(np.isfinite(hessian), hessian, 0.0)
    values, vectors = np.linalg.eigh(-0.5 * (finite + finite.T))
    variances = 1.0 / np.maximum(values, WIDEST**-2)
    return np.linalg.cholesky((vectors * variances) @ vectors.T)
