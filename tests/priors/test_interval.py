"""Priors restricted to an interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from bayesmixed.priors.choice import prior
from bayesmixed.priors.interval import (
    draws_within,
    log_density_within,
    numbers_within,
    refusal_within,
)
from bayesmixed.priors.prior import Prior

INTERVALS = [(-1.0, 1.0), (-0.25, 1.0)]
PRIORS = [
    prior("Normal", mu=0, sigma=0.5),
    prior("Normal", mu=0.8, sigma=0.1),
    prior("Uniform", lower=-1, upper=1),
    prior("StudentT", nu=3, mu=0, sigma=0.4),
    prior("Laplace", mu=0.2, b=0.3),
]


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("choice", PRIORS, ids=str)
def test_the_density_has_the_mass_of_one(choice: Prior, interval: tuple[float, float]) -> None:
    mass, _ = integrate.quad(
        lambda x: float(np.exp(log_density_within(choice, np.array(x), interval))), *interval, points=[0.2]
    )
    assert mass == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("interval", INTERVALS)
def test_draws_follow_the_density(interval: tuple[float, float]) -> None:
    drawn = draws_within(PRIORS[0], 4000, interval, np.random.default_rng(1))
    low, high = (end / 0.5 for end in interval)
    assert stats.kstest(drawn, stats.truncnorm(low, high, 0, 0.5).cdf).pvalue > 0.01


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("choice", PRIORS[:3], ids=str)
def test_the_kernels_numbers_are_the_density_of_the_logit(
    choice: Prior, interval: tuple[float, float]
) -> None:
    numbers, constant = numbers_within(choice, interval)
    shape, precision, mean, low, width = (*numbers, *[0.0] * 4)[:5]
    x = np.linspace(-6, 6, 7)
    share = 1 / (1 + np.exp(-x))
    value = interval[0] + (interval[1] - interval[0]) * share
    expected = log_density_within(choice, value, interval)
    expected += np.log((interval[1] - interval[0]) * share * (1 - share))
    found = shape * np.log(share * (1 - share)) - 0.5 * precision * (low + width * share - mean) ** 2
    np.testing.assert_allclose(found + constant, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("choice", "allowed"),
    [
        *((choice, True) for choice in PRIORS),
        (prior("Uniform", lower=0, upper=1), False),
        (prior("HalfNormal", sigma=1), False),
        (prior("LKJ", eta=2), False),
        (prior("Flat"), False),
    ],
    ids=str,
)
def test_what_can_be_restricted(choice: Prior, allowed: bool) -> None:
    refused = refusal_within(choice, (-1.0, 1.0))
    assert (refused is None) == allowed
    assert allowed or "between -1 and 1" in refused


def test_what_the_kernel_does_not_know() -> None:
    assert numbers_within(PRIORS[3], (-1.0, 1.0)) is None
