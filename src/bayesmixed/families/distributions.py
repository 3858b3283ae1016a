"""What every family states of a response at its location: mean, variance and new draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Parameters = Mapping[str, NDArray[np.float64]]
Mean = Callable[[Values, Parameters], Values]
Variance = Callable[[Values, Parameters, Values], Values]
Draws = Callable[[Values, Parameters, Values, np.random.Generator], NDArray[Any]]

SMALLEST = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Mean, variance and draws of a response, as functions of its location and its parameters.

    Attributes
    ----------
    mean : callable or None
        Of the location and the parameters; of a response with trials the mean proportion.
    variance : callable or None
        Of location, parameters and trials; of a response with trials the variance of the proportion.
    draws : callable
        Of location, parameters, trials and a generator, in the shape of the location; of a response with
        trials the successes.
    location : {"real", "positive", "probability"}
        Where a location may lie.
    why_no_mean : str
        A sentence, where a family has neither mean nor variance.
    """

    mean: Mean | None
    variance: Variance | None
    draws: Draws
    location: Literal["real", "positive", "probability"] = "real"
    why_no_mean: str = ""


def _location(location: Values, _: Parameters) -> Values:
    return location


def _scaled_gamma(mean: Values, shape: Values, rng: np.random.Generator) -> Values:
    """Gamma responses by their mean."""
    return rng.gamma(np.broadcast_to(shape, mean.shape), mean / shape)


def _binomial_draws(p: Values, _: Parameters, n: Values, rng: np.random.Generator) -> Values:
    return np.asarray(rng.binomial(np.broadcast_to(n, p.shape).astype(np.int64), p), dtype=np.float64)


def _beta_draws(p: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
    kappa = by["kappa"]
    return rng.beta(np.maximum(p * kappa, SMALLEST), np.maximum((1 - p) * kappa, SMALLEST))


def _student_variance(m: Values, by: Parameters, _: Values) -> Values:
    """Infinite for two degrees of freedom or fewer."""
    nu = by["nu"]
    inflation = np.divide(nu, nu - 2, out=np.full_like(nu, np.inf), where=nu > 2)
    return np.asarray(by["sigma"] ** 2 * inflation + 0 * m)


def _log_normal_variance(m: Values, by: Parameters, _: Values) -> Values:
    squared = by["sigma"] ** 2
    return np.asarray(np.expm1(squared) * np.exp(2 * m + squared))


def _asymmetric_laplace_draws(m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
    """Difference of two exponentials."""
    above, below = rng.standard_exponential((2, *m.shape))
    return np.asarray(m + (above / by["kappa"] - below * by["kappa"]) / by["b"])


def _weibull_variance(m: Values, by: Parameters, _: Values) -> Values:
    from scipy.special import gammaln

    logarithm = gammaln(1 + 2 / by["alpha"]) - 2 * gammaln(1 + 1 / by["alpha"])
    return np.asarray(m**2 * np.expm1(logarithm))


def _weibull_draws(m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
    from scipy.special import gamma

    scale = m / gamma(1 + 1 / by["alpha"])
    return np.asarray(scale * rng.weibull(np.broadcast_to(by["alpha"], m.shape)))


def _positive_poisson_draws(m: Values, _: Parameters, __: Values, rng: np.random.Generator) -> NDArray[Any]:
    """Poisson counts above zero: the time of the first event, then as many more as come."""
    first = -np.log1p(rng.random(m.shape) * np.expm1(-m))
    return 1 + rng.poisson(np.maximum(m - first, 0))


def _positive_negative_binomial_draws(
    m: Values, by: Parameters, _: Values, rng: np.random.Generator
) -> NDArray[Any]:
    """Counts above zero: the time of the first event of a gamma-mixed Poisson process, then those to come."""
    alpha, m = by["alpha"], np.maximum(m, SMALLEST)
    some = -np.expm1(-alpha * np.log1p(m / alpha))
    first = alpha * np.expm1(-np.log1p(-rng.random(m.shape) * some) / alpha)
    rate = rng.gamma(np.broadcast_to(alpha + 1, m.shape), 1 / (alpha + first))
    return 1 + rng.poisson(rate * np.maximum(m - first, 0))


def _above_zero(none: Mean, dispersion: Mean, draws: Draws) -> Distribution:
    """Counts above zero, from the logarithm of the probability of zero and the ratio of variance to mean."""

    def mean(m: Values, by: Parameters) -> Values:
        some = -np.expm1(none(m, by))
        limit = np.where(m + 0 * some < 0, np.nan, 1.0)
        return np.asarray(np.divide(m, some, out=limit, where=some > 0))

    def variance(m: Values, by: Parameters, _: Values) -> Values:
        average = mean(m, by)
        return average * (dispersion(m, by) + m - average)

    return Distribution(mean=mean, variance=variance, draws=draws, location="positive")


def _or_zero(base: Distribution) -> Distribution:
    """With probability psi a response of a family that has a mean and a variance, else zero."""
    base_mean, base_variance = base.mean, base.variance
    assert base_mean is not None
    assert base_variance is not None

    def mean(m: Values, by: Parameters) -> Values:
        return by["psi"] * base_mean(m, by)

    def variance(m: Values, by: Parameters, n: Values) -> Values:
        return by["psi"] * (base_variance(m, by, n) + (1 - by["psi"]) * base_mean(m, by) ** 2)

    def draws(m: Values, by: Parameters, n: Values, rng: np.random.Generator) -> Values:
        return np.where(rng.random(m.shape) < by["psi"], base.draws(m, by, n, rng), 0.0)

    return replace(base, mean=mean, variance=variance, draws=draws)


_BINOMIAL = Distribution(
    mean=_location,
    variance=lambda p, _, n: p * (1 - p) / n,
    draws=_binomial_draws,
    location="probability",
)
_POISSON = Distribution(
    mean=_location, variance=lambda m, *_: m, draws=lambda m, _, __, rng: rng.poisson(m), location="positive"
)
_NEGATIVE_BINOMIAL = Distribution(
    mean=_location,
    variance=lambda m, by, _: m + m**2 / by["alpha"],
    draws=lambda m, by, _, rng: rng.poisson(_scaled_gamma(m, by["alpha"], rng)),
    location="positive",
)
_GAMMA = Distribution(
    mean=_location,
    variance=lambda m, by, _: m**2 / by["alpha"],
    draws=lambda m, by, _, rng: _scaled_gamma(m, by["alpha"], rng),
    location="positive",
)
_LOG_NORMAL = Distribution(
    mean=lambda m, by: np.exp(m + by["sigma"] ** 2 / 2),
    variance=_log_normal_variance,
    draws=lambda m, by, _, rng: np.exp(m + by["sigma"] * rng.standard_normal(m.shape)),
)
_POSITIVE_POISSON = _above_zero(lambda m, _: -m, lambda m, _: np.ones_like(m), _positive_poisson_draws)
_POSITIVE_NEGATIVE_BINOMIAL = _above_zero(
    lambda m, by: -by["alpha"] * np.log1p(m / by["alpha"]),
    lambda m, by: 1 + m / by["alpha"],
    _positive_negative_binomial_draws,
)

DISTRIBUTIONS: Mapping[str, Distribution] = MappingProxyType(
    {
        "gaussian": Distribution(
            mean=_location,
            variance=lambda m, by, _: by["sigma"] ** 2 + 0 * m,
            draws=lambda m, by, _, rng: m + by["sigma"] * rng.standard_normal(m.shape),
        ),
        "bernoulli": _BINOMIAL,
        "binomial": _BINOMIAL,
        "poisson": _POISSON,
        "negativebinomial": _NEGATIVE_BINOMIAL,
        "gamma": _GAMMA,
        "beta": Distribution(
            mean=_location,
            variance=lambda p, by, _: p * (1 - p) / (1 + by["kappa"]),
            draws=_beta_draws,
            location="probability",
        ),
        "t": Distribution(
            mean=_location,
            variance=_student_variance,
            draws=lambda m, by, _, rng: (
                m + by["sigma"] * rng.standard_t(np.broadcast_to(by["nu"], m.shape), m.shape)
            ),
        ),
        "lognormal": _LOG_NORMAL,
        "asymmetriclaplace": Distribution(
            mean=lambda m, by: m + (1 / by["kappa"] - by["kappa"]) / by["b"],
            variance=lambda m, by, _: (by["kappa"] ** -2 + by["kappa"] ** 2) / by["b"] ** 2 + 0 * m,
            draws=_asymmetric_laplace_draws,
        ),
        "beta_binomial": Distribution(
            mean=_location,
            variance=lambda p, by, n: p * (1 - p) / n * (by["kappa"] + n) / (by["kappa"] + 1),
            draws=lambda p, by, n, rng: _binomial_draws(_beta_draws(p, by, n, rng), by, n, rng),
            location="probability",
        ),
        "exgaussian": Distribution(
            mean=lambda m, by: m + by["nu"],
            variance=lambda m, by, _: by["sigma"] ** 2 + by["nu"] ** 2 + 0 * m,
            draws=lambda m, by, _, rng: (
                m + by["sigma"] * rng.standard_normal(m.shape) + by["nu"] * rng.standard_exponential(m.shape)
            ),
        ),
        "exponential": Distribution(
            mean=_location,
            variance=lambda m, *_: m**2,
            draws=lambda m, _, __, rng: rng.exponential(m),
            location="positive",
        ),
        "hurdle_gamma": _or_zero(_GAMMA),
        "hurdle_lognormal": _or_zero(_LOG_NORMAL),
        "hurdle_negativebinomial": _or_zero(_POSITIVE_NEGATIVE_BINOMIAL),
        "hurdle_poisson": _or_zero(_POSITIVE_POISSON),
        "laplace": Distribution(
            mean=_location,
            variance=lambda m, by, _: 2 * by["b"] ** 2 + 0 * m,
            draws=lambda m, by, _, rng: rng.laplace(m, by["b"]),
        ),
        "vonmises": Distribution(
            mean=None,
            variance=None,
            draws=lambda m, by, _, rng: rng.vonmises(m, by["kappa"]),
            why_no_mean="The mean of an angle depends on where its circle is cut.",
        ),
        "wald": Distribution(
            mean=_location,
            variance=lambda m, by, _: m**3 / by["lam"],
            draws=lambda m, by, _, rng: rng.wald(m, by["lam"]),
            location="positive",
        ),
        "weibull": Distribution(
            mean=_location, variance=_weibull_variance, draws=_weibull_draws, location="positive"
        ),
        "zero_inflated_binomial": _or_zero(_BINOMIAL),
        "zero_inflated_negativebinomial": _or_zero(_NEGATIVE_BINOMIAL),
        "zero_inflated_poisson": _or_zero(_POISSON),
    }
)
"""Families by the name that Bambi gives them, in its parametrization, which is PyMC's.

A zero-inflated or hurdle response is zero with probability 1 - psi; what it is else may be zero in the one
and is above zero in the other."""
