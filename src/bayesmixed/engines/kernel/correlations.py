"""Correlation matrices of a factor's effects from theta's logits."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.priors.lkj import cholesky_from_partials


def correlation_cholesky(logits: FloatArray, correlated: tuple[int, ...]) -> FloatArray:
    """Cholesky factors of the full correlation matrix of a factor's effects.

    Parameters
    ----------
    logits : FloatArray
        Logits of the canonical partial correlations, set after set, shape (..., m).
    correlated : tuple[int, ...]
        Sizes of the correlated sets.

    Returns
    -------
    FloatArray
        Block diagonal, shape (..., k, k).
    """
    k = sum(correlated)
    out = np.zeros((*logits.shape[:-1], k, k))
    first, used = 0, 0
    for size in correlated:
        m = size * (size - 1) // 2
        part = slice(first, first + size)
        out[..., part, part] = cholesky_from_partials(np.tanh(0.5 * logits[..., used : used + m]), size)
        first, used = first + size, used + m
    return out


def correlation_matrix(cholesky: FloatArray) -> FloatArray:
    """Correlation matrices of Cholesky factors, without rounding on the diagonal.

    Shapes: `cholesky` (..., k, k); returns (..., k, k).
    """
    matrix: FloatArray = cholesky @ np.swapaxes(cholesky, -1, -2)
    k = np.arange(matrix.shape[-1])
    matrix[..., k, k] = 1.0
    return matrix
