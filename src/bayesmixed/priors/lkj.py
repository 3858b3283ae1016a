"""The LKJ prior of a correlation matrix, by canonical partial correlations."""

from __future__ import annotations

from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def partial_shapes(eta: float, size: int) -> FloatArray:
    """Shape parameters of the Beta priors behind LKJ(eta).

    Under LKJ(eta) the canonical partial correlations p of a C-vine are independent: (p + 1) / 2 ~ Beta(a, a).

    Returns shape (k (k - 1).

    Lewandowski, Kurowicka and Joe (2009), Journal of Multivariate Analysis 100, 1989-2001; Stan's
    parametrization of a Cholesky factor of a correlation matrix is the same.
    """
    return np.array([eta + (size - 2 - m) / 2 for i in range(1, size) for m in range(i)], dtype=np.float64)


def cholesky_from_partials(partials: NDArray[np.float64], size: int) -> FloatArray:
    """Cholesky factors of correlation matrices from their canonical partial correlations.

    Shapes: `partials` (..., k (k - 1); returns (..., k, k).

    L[i, m] = p[i, m] sqrt(1 - sum_{l < m} L[i, l]^2) and L[i, i] = sqrt(1 - sum_{l < i} L[i, l]^2).
    """
    factor = np.zeros((*partials.shape[:-1], size, size))
    factor[..., 0, 0] = 1.0
    position = 0
    for i in range(1, size):
        left = np.ones(partials.shape[:-1])
        for m in range(i):
            factor[..., i, m] = partials[..., position] * np.sqrt(left)
            left = left * (1 - partials[..., position] ** 2)
            position += 1
        factor[..., i, i] = np.sqrt(left)
    return factor


def lkj_cholesky_draws(eta: float, size: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Cholesky factors of correlation matrices drawn from LKJ(eta).

    Returns shape (draws, k, k).
    """
    shapes = partial_shapes(eta, size)
    partials = 2 * rng.beta(shapes, shapes, size=(draws, len(shapes))) - 1
    return cholesky_from_partials(partials, size)


def lkj_log_density(correlation: NDArray[np.float64], eta: float) -> FloatArray:
    """Log density of LKJ(eta) at correlation matrices.

    Shapes: `correlation` (..., k, k); returns (...).

    (eta - 1) log |C| - log c(eta, k), the constant as in Lewandowski, Kurowicka and Joe (2009):
    log c = sum_{m=1}^{k-1} (k - m) {(2 eta - 2 + k - m) log 2 + log B(eta + (k - m - 1) / 2, same)}.
    """
    size = correlation.shape[-1]
    constant = 0.0
    for rest in range(1, size):
        a = eta + (rest - 1) / 2
        constant += rest * ((2 * eta - 2 + rest) * log(2) + 2 * lgamma(a) - lgamma(2 * a))
    _, log_determinant = np.linalg.slogdet(correlation)
    return np.asarray((eta - 1) * log_determinant - constant, dtype=np.float64)
