"""The normal density, against SciPy."""

from __future__ import annotations

import numpy as np
from scipy import stats

from bayesmixed.families.gaussian import normal_log_density, residual_scale


def test_the_density_is_scipys() -> None:
    y, mean, sd = np.random.default_rng(1).uniform(0.5, 3, (3, 4, 5))
    np.testing.assert_allclose(normal_log_density(y, mean, sd), stats.norm(mean, sd).logpdf(y), rtol=1e-12)


def test_a_weight_divides_the_variance() -> None:
    weights = np.array([0.25, 1.0, 9.0])
    np.testing.assert_allclose(np.square(residual_scale(weights)), 1 / weights)
    assert residual_scale(None) == 1.0
