"""Integrals by importance sampling against integrals that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.integrated import BATCH, MAX_BATCHES, log_integral, pareto_k


def log_gamma_density(z: FloatArray) -> FloatArray:
    """Logarithms of gamma variables, as a standard deviation's: long to the left; integral gamma(1.5)^d."""
    return np.sum(1.5 * z - np.exp(z), axis=1)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_twenty_runs_scatter_as_they_say(d: int) -> None:
    truth = d * gammaln(1.5)
    center, covariance = np.full(d, -0.1), 0.9 * np.eye(d)
    runs = [
        log_integral(log_gamma_density, center, covariance, np.random.default_rng(seed)) for seed in range(20)
    ]
    z = np.array([(run.value - truth) / run.se for run in runs])
    assert 1e-5 < stats.chi2(20).cdf(np.sum(z**2)) < 1 - 1e-5
    assert max(run.pareto_k for run in runs) < 0.7


def test_points_are_added_until_the_error_is_small() -> None:
    rng = np.random.default_rng(1)
    near = stats.multivariate_t(np.zeros(2), np.eye(2), df=6)
    easy = log_integral(near.logpdf, np.zeros(2), np.eye(2), rng)
    assert easy.n_points == BATCH
    assert easy.value == pytest.approx(0, abs=5 * easy.se)
    hard = log_integral(log_gamma_density, np.zeros(3), 40 * np.eye(3), rng)
    assert hard.n_points == BATCH * MAX_BATCHES


def test_a_heavy_tail_is_seen() -> None:
    weights = stats.pareto(1.0).rvs(4000, random_state=np.random.default_rng(3))
    assert pareto_k(np.log(weights)) == pytest.approx(1.0, abs=0.25)
