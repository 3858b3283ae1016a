"""Intervals from kept quantiles against the quantiles of distributions that have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesmixed import names
from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs.moments import summary_of_moments

PROBS = (0.2, 0.5, 0.66, 0.8, 0.89, 0.9, 0.95, 0.97, 0.99, 0.998)
KEPT = (0.25, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)

CASES: dict[str, Any] = {
    "normal": stats.norm(3, 2),
    "gamma(4)": stats.gamma(4),
    "t(12)": stats.t(12),
    "laplace": stats.laplace(1, 2),
    "uniform": stats.uniform(-1, 3),
}


def moments_of(distribution: Any) -> np.ndarray:
    quantiles = distribution.ppf(names.QUANTILES)
    return np.array([distribution.mean(), distribution.std(), *quantiles])[:, None]


@pytest.mark.parametrize("name", CASES)
def test_ends_are_the_quantiles(name: str) -> None:
    distribution = CASES[name]
    for prob in PROBS:
        summary = summary_of_moments(moments_of(distribution), prob)
        ends = distribution.ppf([(1 - prob) / 2, (1 + prob) / 2])
        off = (np.array([summary.lower[0], summary.upper[0]]) - ends) / distribution.std()
        np.testing.assert_allclose(off, 0, atol=0.02)
        assert summary.value[0] == distribution.median()
        assert summary.se[0] == distribution.std()


@pytest.mark.parametrize("prob", KEPT)
def test_kept_intervals_are_exact(prob: float) -> None:
    summary = summary_of_moments(moments_of(CASES["gamma(4)"]), prob)
    ends = CASES["gamma(4)"].ppf([(1 - prob) / 2, (1 + prob) / 2])
    np.testing.assert_allclose([summary.lower[0], summary.upper[0]], ends, rtol=1e-12)


def test_intervals_widen_with_their_probability_whatever_the_quantiles() -> None:
    rng = np.random.default_rng(6)
    quantiles = np.sort(rng.standard_cauchy((len(names.QUANTILES), 500)), axis=0)
    moments = np.concatenate([np.zeros((1, 500)), np.ones((1, 500)), quantiles])
    ends = [summary_of_moments(moments, prob) for prob in sorted({*PROBS, *KEPT, 0.9999})]
    assert np.all(np.diff([summary.lower for summary in ends], axis=0) <= 0)
    assert np.all(np.diff([summary.upper for summary in ends], axis=0) >= 0)


def test_a_constant_is_its_own_interval() -> None:
    summary = summary_of_moments(np.array([2.0, 0.0, *[2.0] * len(names.QUANTILES)])[:, None])
    assert summary.lower == summary.value == summary.upper == 2.0


def test_a_percentage_is_refused() -> None:
    with pytest.raises(BayesmixedError, match=r"prob=0\.95"):
        summary_of_moments(np.zeros((len(names.MOMENTS), 1)), 95)
