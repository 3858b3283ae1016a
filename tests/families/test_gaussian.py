"""The normal density, against SciPy."""

from __future__ import annotations

import numpy as np
from scipy import stats

from bayesmixed.families.gaussian import normal_log_density


def test_the_density_is_scipys() -> None:
    y, mean, sd = np.random.default_rng(1).uniform(0.5, 3, (3, 4, 5))
    np.testing.assert_allclose(normal_log_density(y, mean, sd), stats.norm(mean, sd).logpdf(y), rtol=1e-12)
