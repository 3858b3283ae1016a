"""The LKJ prior by partial correlations: the two parametrizations are one distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesmixed.covariances.unstructured import (
    cholesky_from_partials,
    lkj_cholesky_draws,
    lkj_log_density,
    partial_shapes,
)

ETAS = [0.7, 1.0, 2.0, 5.0]
SIZES = [2, 3, 4]


def correlations(partials: np.ndarray, size: int) -> np.ndarray:
    factor = cholesky_from_partials(partials, size)
    return (factor @ factor.T)[np.tril_indices(size, -1)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("eta", ETAS)
def test_the_density_of_the_partials_implies_lkj(eta: float, size: int) -> None:
    shapes = partial_shapes(eta, size)
    partials = np.random.default_rng(size).uniform(-0.8, 0.8, len(shapes))
    step = 1e-6
    jacobian = np.array(
        [
            (correlations(partials + e, size) - correlations(partials - e, size)) / (2 * step)
            for e in step * np.eye(len(shapes))
        ]
    )
    log_partials = stats.beta(shapes, shapes).logpdf((partials + 1) / 2).sum() - len(shapes) * np.log(2)
    factor = cholesky_from_partials(partials, size)
    implied = log_partials - np.log(abs(np.linalg.det(jacobian)))
    assert float(lkj_log_density(factor @ factor.T, eta)) == pytest.approx(implied, abs=1e-7)


@pytest.mark.parametrize("eta", ETAS[1:])
def test_the_density_of_one_correlation_integrates_to_one(eta: float) -> None:
    r = np.linspace(-1, 1, 20_001)[1:-1]
    matrices = np.broadcast_to(np.eye(2), (len(r), 2, 2)).copy()
    matrices[:, 0, 1] = matrices[:, 1, 0] = r
    assert np.trapezoid(np.exp(lkj_log_density(matrices, eta)), r) == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("eta", ETAS)
def test_drawn_correlations_have_their_beta_margin(eta: float, size: int) -> None:
    factor = lkj_cholesky_draws(eta, size, 4000, np.random.default_rng(3))
    matrices = factor @ factor.swapaxes(-1, -2)
    np.testing.assert_allclose(np.diagonal(matrices, axis1=1, axis2=2), 1, atol=1e-12)
    a = eta - 1 + size / 2  # every correlation's margin under LKJ
    for i, j in zip(*np.tril_indices(size, -1), strict=True):
        share = (matrices[:, i, j] + 1) / 2
        assert stats.kstest(share, stats.beta(a, a).cdf).pvalue > 1e-4
