"""Families with responses, locations and parameters to try them on, and SciPy's twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import gamma

COUNTS = np.array([0.0, 1.0, 4.0, 9.0])
TRIALS = np.array([1.0, 3.0, 9.0, 9.0])
MEANS = np.array([0.3, 1.7, 4.0, 11.0])
SHARES = np.array([0.02, 0.4, 0.5, 0.97])
REALS = np.array([-2.0, 0.1, 1.0, 30.0])

Case = tuple[str, np.ndarray, np.ndarray, dict[str, float], np.ndarray | None, Callable[..., Any]]

CASES: list[Case] = [
    ("gaussian", REALS, SHARES, {"sigma": 1.3}, None, lambda m, _, sigma: stats.norm(m, sigma)),
    ("bernoulli", np.array([0.0, 1.0, 0.0, 1.0]), SHARES, {}, None, lambda m, _: stats.bernoulli(m)),
    ("binomial", COUNTS, SHARES, {}, TRIALS, lambda m, n: stats.binom(n, m)),
    ("poisson", COUNTS, MEANS, {}, None, lambda m, _: stats.poisson(m)),
    (
        "negativebinomial",
        COUNTS,
        MEANS,
        {"alpha": 1.7},
        None,
        lambda m, _, alpha: stats.nbinom(alpha, alpha / (alpha + m)),
    ),
    (
        "gamma",
        MEANS[::-1],
        MEANS,
        {"alpha": 2.3},
        None,
        lambda m, _, alpha: stats.gamma(alpha, scale=m / alpha),
    ),
    (
        "beta",
        SHARES[::-1],
        SHARES,
        {"kappa": 6.0},
        None,
        lambda m, _, kappa: stats.beta(m * kappa, (1 - m) * kappa),
    ),
    ("t", REALS, SHARES, {"sigma": 1.3, "nu": 4.5}, None, lambda m, _, sigma, nu: stats.t(nu, m, sigma)),
    (
        "lognormal",
        MEANS,
        SHARES,
        {"sigma": 0.6},
        None,
        lambda m, _, sigma: stats.lognorm(sigma, scale=np.exp(m)),
    ),
    (
        "weibull",
        MEANS[::-1],
        MEANS,
        {"alpha": 1.4},
        None,
        lambda m, _, alpha: stats.weibull_min(alpha, scale=m / gamma(1 + 1 / alpha)),
    ),
]
NAMES = [case[0] for case in CASES]


def arrays(parameters: dict[str, float]) -> dict[str, np.ndarray]:
    """Parameters as arrays."""
    return {name: np.asarray(value) for name, value in parameters.items()}
