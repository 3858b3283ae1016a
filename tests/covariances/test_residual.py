"""Residuals of the rows: weights, known errors, and rows that are kept."""

from __future__ import annotations

import numpy as np

from bayesmixed.covariances.registry import RESIDUALS
from bayesmixed.covariances.residual import Residual
from bayesmixed.covariances.serial import Independent

RNG, N = np.random.default_rng(4), 6
WEIGHTS = RNG.uniform(0.5, 2.0, N)


def test_independent_residuals_are_the_default() -> None:
    assert RESIDUALS["independent"] is Independent
    assert Residual().is_constant
    assert Residual(weights=WEIGHTS).is_independent
    assert not Residual(errors=WEIGHTS).is_constant
    assert not Residual(errors=WEIGHTS, has_sigma=False).is_constant


def test_weights_divide_the_variance() -> None:
    residual = Residual(weights=WEIGHTS)
    np.testing.assert_allclose(residual.scales(N) ** 2, 1 / WEIGHTS)
    np.testing.assert_allclose(residual.weighted(np.ones(N)), np.sqrt(WEIGHTS))
    assert residual.weighted(np.ones((N, 2))).shape == (N, 2)
    np.testing.assert_allclose(residual.log_determinant, -np.sum(np.log(WEIGHTS)))


def test_rows_that_are_kept_keep_what_is_theirs() -> None:
    kept = np.array([True, False, True, True, False, True])
    some = Residual(weights=WEIGHTS, errors=2 * WEIGHTS).of_rows(kept)
    np.testing.assert_array_equal(some.weights, WEIGHTS[kept])
    np.testing.assert_array_equal(some.errors, 2 * WEIGHTS[kept])


def test_weights_of_other_rows_are_their_own() -> None:
    residual = Residual(weights=WEIGHTS, log_weights=7.0)
    assert residual.log_determinant == -7.0
    assert residual.with_weights(np.ones(2)).log_determinant == 0.0
    assert residual.with_weights(None).scale == 1.0
