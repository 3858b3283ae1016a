"""Variances of the fitted and predicted values of a REML or ML estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from bayesmixed.classical.estimate import Estimate, covariance_root
from bayesmixed.design.centring import centred_columns
from bayesmixed.design.prediction_rows import PredictionRows, prediction_rows
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.kernel.cross_products import indicator
from bayesmixed.engines.kernel.row_sums import cross_products_of

CHUNK = 4_000_000
"""Numbers that are held at a time while equations are solved for rows."""


def row_variances(estimate: Estimate) -> FloatArray:
    """Variance of every fitted value X b + Z u, the variance parameters taken as known, shape (n,)."""
    wanted = prediction_rows(estimate.design)
    return combination_variances(estimate, wanted.data.fixed, relative_columns(estimate, wanted))


def combination_variances(estimate: Estimate, fixed: FloatArray, random: sparse.csr_array) -> FloatArray:
    """Variances of linear combinations of coefficients and random effects, the variances taken as known.

    Shapes: `fixed` (m, p), `random` (m, q); returns (m,).

    With T = [Z L, X], the variance of a row t is sigma^2 t' (T'W T + blockdiag(I, 0))^-1 t (Henderson 1975,
    Biometrics 31:423), L the covariance factors relative to sigma: it holds where a variance is zero too.
    """
    units = estimate.likelihood.units
    centred = centred_columns(fixed, units.centring)
    asked = sparse.csr_array(sparse.hstack([random, sparse.csr_array(centred / units.scales)]))
    solver = splu(_precision(estimate))
    step = max(CHUNK // asked.shape[1], 1)
    variances = np.empty(asked.shape[0])
    for first in range(0, asked.shape[0], step):
        part = asked[first : first + step].toarray()
        variances[first : first + step] = np.einsum("nq,qn->n", part, solver.solve(part.T))
    return np.asarray(estimate.optimum.sigma**2 * variances)


def _precision(estimate: Estimate) -> sparse.csc_array:
    """T'W T + blockdiag(I, 0) of T = [Z L, X], X unit-free, from the cross-products of the fit."""
    design, units = estimate.design, estimate.likelihood.units
    products = cross_products_of(design, units)
    roots = [
        sparse.kron(sparse.eye_array(block.n_levels), block.scales[:, None] * _relative_root(estimate, i))
        for i, block in enumerate(design.blocks)
    ]
    indices = range(len(roots))
    random: Any = [[roots[i].T @ products.between(i, j) @ roots[j] for j in indices] for i in indices]
    for i in indices:
        random[i][i] += sparse.eye_array(random[i][i].shape[0])
    mixed = [sparse.csr_array(root.T @ fixed) for root, fixed in zip(roots, products.fixed, strict=True)]
    if design.fixed.terms:
        bottom = [*(part.T for part in mixed), sparse.csr_array(products.fixed_gram)]
        random = [*([*row, part] for row, part in zip(random, mixed, strict=True)), bottom]
    return sparse.csc_array(sparse.block_array(random))


def _relative_root(estimate: Estimate, i: int) -> FloatArray:
    """Covariance factor of a grouping factor relative to sigma, in the units of the data."""
    return np.asarray(covariance_root(estimate.optimum.covariances[i]) / estimate.optimum.sigma)


def relative_columns(estimate: Estimate, wanted: PredictionRows) -> sparse.csr_array:
    """Columns of Z L, the weights of random effects of unit variance.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    wanted : PredictionRows
        The m rows; their columns are zero for new levels, and for factors that take no part.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (m, q).
    """
    parts = [
        _relative_block(estimate, i, block.group, wanted) for i, block in enumerate(estimate.design.blocks)
    ]
    return sparse.csr_array(sparse.hstack(parts))


def _relative_block(estimate: Estimate, i: int, group: str, wanted: PredictionRows) -> sparse.csr_array:
    """Columns of Z L of one grouping factor; zero for new levels, and where it takes no part."""
    block = estimate.design.blocks[i]
    groups = [part.group for part in wanted.design.blocks]
    if group not in groups:
        return sparse.csr_array((wanted.n_rows, block.n_levels * block.n_effects))
    codes, columns = wanted.data.codes[groups.index(group)], wanted.data.columns[groups.index(group)]
    known = np.where(codes[:, None] >= 0, columns @ _relative_root(estimate, i), 0.0)
    return indicator(known, np.maximum(codes, 0), block.n_levels)
