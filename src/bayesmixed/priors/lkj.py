"""The LKJ prior of a correlation matrix, by canonical partial correlations."""

from __future__ import annotations

from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray


def partial_shapes(eta: float, size: int) -> FloatArray:
    """Shape parameters of the Beta priors behind LKJ(eta).

    Under LKJ(eta) the canonical partial correlations p of a C-vine are independent: (p + 1) / 2 ~ Beta(a, a).

    Parameters
    ----------
    eta : float
        LKJ's parameter; 1 is uniform over correlation matrices.
    size : int
        Number of effects, k.

    Returns
    -------
    FloatArray
        Shape (k (k - 1) / 2,), by rows of the lower triangle: a = eta + (k - 2 - m) / 2 in column m.

    Notes
    -----
    Lewandowski, Kurowicka and Joe (2009), Journal of Multivariate Analysis 100, 1989-2001; Stan's
    parametrization of a Cholesky factor of a correlation matrix is the same.

    Examples
    --------
    >>> partial_shapes(2.0, 3)
    array([2.5, 2.5, 2. ])
    """
    return np.array([eta + (size - 2 - m) / 2 for i in range(1, size) for m in range(i)], dtype=np.float64)


def cholesky_from_partials(partials: NDArray[np.float64], size: int) -> FloatArray:
    """Cholesky factors of correlation matrices from their canonical partial correlations.

    Parameters
    ----------
    partials : NDArray
        Shape (..., k (k - 1) / 2), in (-1, 1), by rows of the lower triangle.
    size : int
        Number of effects, k.

    Returns
    -------
    FloatArray
        Lower triangular factors, shape (..., k, k).

    Notes
    -----
    L[i, m] = p[i, m] sqrt(1 - sum_{l < m} L[i, l]^2) and L[i, i] = sqrt(1 - sum_{l < i} L[i, l]^2).

    Examples
    --------
    >>> cholesky_from_partials(np.array([0.6]), 2)
    array([[1. , 0. ],
           [0.6, 0.8]])
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

    Parameters
    ----------
    eta : float
        LKJ's parameter.
    size : int
        Number of effects, k.
    draws : int
        Number of matrices.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    FloatArray
        Shape (draws, k, k).
    """
    shapes = partial_shapes(eta, size)
    partials = 2 * rng.beta(shapes, shapes, size=(draws, len(shapes))) - 1
    return cholesky_from_partials(partials, size)


def lkj_log_density(correlation: NDArray[np.float64], eta: float) -> FloatArray:
    """Log density of LKJ(eta) at correlation matrices.

    Parameters
    ----------
    correlation : NDArray
        Shape (..., k, k).
    eta : float
        LKJ's parameter.

    Returns
    -------
    FloatArray
        Shape (...), with respect to the entries below the diagonal.

    Notes
    -----
    (eta - 1) log |C| - log c(eta, k), the constant as in Lewandowski, Kurowicka and Joe (2009):
    log c = sum_{m=1}^{k-1} (k - m) {(2 eta - 2 + k - m) log 2 + log B(eta + (k - m - 1) / 2, same)}.

    Examples
    --------
    >>> lkj_log_density(np.eye(2)[None], 1.0).round(4)   # uniform on (-1, 1)
    array([-0.6931])
    """
    size = correlation.shape[-1]
    constant = 0.0
    for rest in range(1, size):
        a = eta + (rest - 1) / 2
        constant += rest * ((2 * eta - 2 + rest) * log(2) + 2 * lgamma(a) - lgamma(2 * a))
    _, log_determinant = np.linalg.slogdet(correlation)
    return np.asarray((eta - 1) * log_determinant - constant, dtype=np.float64)
