"""Intervals from moments against the quantiles of distributions that have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesmixed.errors import BayesmixedError
from bayesmixed.extract.moments import summary_of_moments

PROBS = (0.5, 0.8, 0.9, 0.95, 0.99)

CASES: dict[str, tuple[Any, float]] = {
    "normal": (stats.norm(3, 2), 1e-12),
    "gamma(50)": (stats.gamma(50), 0.005),
    "t(20)": (stats.t(20), 0.02),
    "gamma(10), reflected": (stats.gamma(10), 0.03),
}
"""Distribution, and by how many standard deviations the ends of its 95 % interval may be off."""


def moments_of(distribution: Any) -> np.ndarray:
    mean, variance, skewness, kurtosis = distribution.stats(moments="mvsk")
    return np.array([[mean], [np.sqrt(variance)], [skewness], [kurtosis]])


@pytest.mark.parametrize("name", CASES)
def test_ends_are_near_the_quantiles(name: str) -> None:
    distribution, tolerance = CASES[name]
    moments, ends = moments_of(distribution), distribution.ppf([0.025, 0.975])
    if "reflected" in name:
        moments, ends = moments * np.array([[-1], [1], [-1], [1]]), -ends[::-1]
    summary = summary_of_moments(moments)
    off = (np.array([summary.lower[0], summary.upper[0]]) - ends) / moments[1]
    np.testing.assert_allclose(off, 0, atol=tolerance)
    assert summary.value[0] == moments[0, 0]
    assert summary.se[0] == moments[1, 0]


def test_intervals_widen_with_their_probability_whatever_the_moments() -> None:
    rng = np.random.default_rng(6)
    skewness = rng.uniform(-4, 4, 2000)
    kurtosis = skewness**2 - 2 + rng.exponential(3, 2000)
    moments = np.stack([rng.normal(size=2000), rng.uniform(0.1, 3, 2000), skewness, kurtosis])
    for prob in PROBS:
        summary = summary_of_moments(moments, prob)
        assert np.all(summary.lower < summary.upper)
    normal = summary_of_moments(np.array([[0.0], [1.0], [4.0], [15.0]]), 0.95)
    np.testing.assert_allclose([normal.lower[0], normal.upper[0]], stats.norm.ppf([0.025, 0.975]))


def test_a_constant_is_its_own_interval() -> None:
    summary = summary_of_moments(np.array([[2.0], [0.0], [0.0], [0.0]]))
    assert summary.lower == summary.value == summary.upper == 2.0


def test_a_percentage_is_refused() -> None:
    with pytest.raises(BayesmixedError, match=r"prob=0\.95"):
        summary_of_moments(np.zeros((4, 1)), 95)
