"""Variances of the fitted values of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from bayesmixed.classical.estimate import Estimate, covariance_root
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.cross_products import indicator
from bayesmixed.extract.fitted import Effects

CHUNK = 4_000_000
"""Numbers that are held at a time while equations are solved for rows."""


def row_variances(estimate: Estimate, effects: Effects) -> FloatArray:
    """Variance of every row's fitted value, the variance parameters taken as known.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    effects : {"all", "fixed"}
        Of X b + Z u, or of X b alone.

    Returns
    -------
    FloatArray
        Shape (n,).

    Notes
    -----
    With T = [Z L, X], the variance of row i is sigma^2 t_i' (T'W T + blockdiag(I, 0))^-1 t_i (Henderson 1975,
    Biometrics 31:423), L the covariance factors relative to sigma: it holds where a variance is zero too.
    """
    fixed = estimate.design.fixed.matrix
    if effects == "fixed":
        return np.asarray(np.einsum("np,pq,nq->n", fixed, estimate.covariance, fixed))
    return _with_random_effects(estimate)


def _with_random_effects(estimate: Estimate) -> FloatArray:
    """Variance of every row's X b + Z u, shape (n,)."""
    design, sigma = estimate.design, estimate.optimum.sigma
    parts = [
        indicator(block.columns @ covariance_root(covariance) / sigma, block.codes, block.n_levels)
        for block, covariance in zip(design.blocks, estimate.optimum.covariances, strict=True)
    ]
    scaled = design.fixed.matrix / np.linalg.norm(design.fixed.matrix, axis=0)
    rows = sparse.hstack([*parts, sparse.csr_array(scaled)], format="csr")
    n_random = rows.shape[1] - scaled.shape[1]
    weighted = rows if design.weights is None else sparse.diags_array(design.weights) @ rows
    prior = sparse.diags_array((np.arange(rows.shape[1]) < n_random).astype(np.float64))
    solver = splu((rows.T @ weighted + prior).tocsc())
    step = max(CHUNK // rows.shape[1], 1)
    variances = np.empty(rows.shape[0])
    for first in range(0, rows.shape[0], step):
        part = rows[first : first + step].toarray()
        variances[first : first + step] = np.einsum("nq,qn->n", part, solver.solve(part.T))
    return sigma**2 * variances
