"""Log densities of linear mixed models over the rows themselves, in long double."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import Design, GroupBlock

Wide = NDArray[np.longdouble]
LOG_2_PI = np.log(2 * np.arccos(np.longdouble(-1)))


def wide(values: object) -> Wide:
    return np.asarray(values, dtype=np.longdouble)


def reml_criterion(design: Design, sigma: float, covariances: tuple[NDArray[np.float64], ...]) -> float:
    """Minus twice the restricted log likelihood: Laird and Ware (1982), by Cholesky factors and QR."""
    covariance = marginal_covariance(design, wide(sigma), [wide(s) for s in covariances])
    lower = cholesky(covariance)
    response = wide(design.response.values) - wide(design.offset)
    if design.fixed.has_intercept:
        response = response - np.float64(response.mean())
    whitened = solve_lower(lower, np.column_stack([response, wide(design.fixed.matrix)]))
    rest, log_det_x = _residual(whitened[:, 0], whitened[:, 1:])
    n, p = design.n_rows, len(design.fixed.terms)
    log_det = 2 * np.sum(np.log(np.diag(lower)))
    return float((n - p) * LOG_2_PI + log_det + 2 * log_det_x + rest @ rest)


def normal_log_density(residual: Wide, covariance: Wide) -> float:
    """Log density of a centred multivariate normal."""
    lower = cholesky(covariance)
    z = solve_lower(lower, residual[:, None])[:, 0]
    return float(-0.5 * (len(z) * LOG_2_PI + z @ z) - np.sum(np.log(np.diag(lower))))


def marginal_covariance(design: Design, sigma: np.longdouble, covariances: list[Wide]) -> Wide:
    """Covariance of the rows with the random effects integrated out, shape (n, n)."""
    weights = wide(np.ones(design.n_rows) if design.weights is None else design.weights)
    total = np.diag(sigma**2 / weights)
    for block, covariance in zip(design.blocks, covariances, strict=True):
        total = total + _block_covariance(block, covariance)
    return total


def _block_covariance(block: GroupBlock, covariance: Wide) -> Wide:
    columns = wide(block.columns)
    same = block.codes[:, None] == block.codes[None, :]
    return np.where(same, columns @ covariance @ columns.T, np.longdouble(0))


def cholesky(matrix: Wide) -> Wide:
    """Lower triangular factor; NumPy's own knows no long double."""
    lower = np.array(matrix)
    for j in range(len(lower)):
        lower[j:, j] -= lower[j:, :j] @ lower[j, :j]
        lower[j:, j] /= np.sqrt(lower[j, j])
    return np.tril(lower)


def solve_lower(lower: Wide, right: Wide) -> Wide:
    out = np.array(right)
    for i in range(len(out)):
        out[i] = (out[i] - lower[i, :i] @ out[:i]) / lower[i, i]
    return out


def _residual(response: Wide, columns: Wide) -> tuple[Wide, np.longdouble]:
    """What a regression leaves, and log |R| of the columns, by Gram-Schmidt twice."""
    basis = np.empty((len(response), 0), dtype=np.longdouble)
    log_det = np.longdouble(0)
    for column in columns.T:
        rest = column
        for _ in range(2):
            rest = rest - basis @ (basis.T @ rest)
        length = np.sqrt(rest @ rest)
        log_det += np.log(length)
        basis = np.column_stack([basis, rest / length])
    for _ in range(2):
        response = response - basis @ (basis.T @ response)
    return response, log_det
