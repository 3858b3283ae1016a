"""Mean, variance, draws and cumulative probabilities of a response given its location."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.families.distributions import DISTRIBUTIONS, Distribution, Parameters, Values
from bayesmixed.families.records import Family

LARGEST_MEAN = 1e15
"""Means above it, which only draws from wide priors reach, count as this much: NumPy draws none larger."""
SOME_LOCATION = 0.5
"""A location that every family can have."""


def has_mean(family: Family) -> bool:
    """Whether a family states its mean and its variance."""
    stated = DISTRIBUTIONS.get(family.name)
    return stated is not None and stated.mean is not None and stated.variance is not None


def response_mean(family: Family, location: Values, parameters: Parameters) -> FloatArray:
    """Mean of a response at its location; of a response with trials that of the proportion."""
    mean = _stated(family).mean
    if mean is None:
        raise _no_mean(family)
    with np.errstate(over="ignore"):
        return np.asarray(mean(location, parameters))


def response_variance(
    family: Family, location: Values, parameters: Parameters, trials: Values | None = None
) -> FloatArray:
    """Variance of a response at its location; of a response with trials that of the proportion."""
    variance = _stated(family).variance
    if variance is None:
        raise _no_mean(family)
    with np.errstate(over="ignore"):
        return np.asarray(variance(location, parameters, np.ones(()) if trials is None else trials))


def random_response(
    family: Family,
    location: Values,
    parameters: Parameters,
    trials: Values | None,
    rng: np.random.Generator,
) -> FloatArray:
    """New responses at given locations."""
    stated = _stated(family)
    counts = np.ones(()) if trials is None else trials
    possible = np.full(location.shape, True)
    if stated.location != "real":
        possible = (location >= 0) & ((location <= 1) | (stated.location == "positive"))
        location = np.where(possible, np.minimum(location, LARGEST_MEAN), SOME_LOCATION)
    with np.errstate(over="ignore"):
        drawn = stated.draws(location, parameters, counts, rng)
    return np.where(possible, np.asarray(drawn, dtype=np.float64), np.nan)


def _stated(family: Family) -> Distribution:
    """Mean, variance and draws of a family."""
    if family.name not in DISTRIBUTIONS:
        raise FamilyError(
            f"Mean, variance and draws of the family {family.name!r} are not known here; "
            "fitted(scale='link') and predict(kind='link') give its linear predictor."
        )
    return DISTRIBUTIONS[family.name]


def _no_mean(family: Family) -> FamilyError:
    """What is asked of a family that has neither mean nor variance."""
    return FamilyError(
        f"A response of the family {family.name!r} does not have a mean, nor residuals around it. "
        f"{_stated(family).why_no_mean} Ask for fitted(scale='link') or predict(kind='link')."
    )


def cumulative_probability(
    family: Family, y: Values, location: Values, parameters: Parameters, trials: Values | None = None
) -> FloatArray:
    """Probability of a response of at most `y`."""
    return np.asarray(_frozen(family, location, parameters, trials).cdf(y))


def _frozen(family: Family, location: Values, parameters: Parameters, trials: Values | None) -> Any:
    """SciPy's frozen distribution."""
    from scipy import stats

    match family.name:
        case "gaussian":
            return stats.norm(location, parameters["sigma"])
        case "bernoulli" | "binomial":
            return stats.binom(1 if trials is None else trials, location)
        case "poisson":
            return stats.poisson(location)
        case "negativebinomial":
            alpha = parameters["alpha"]
            return stats.nbinom(alpha, alpha / (alpha + location))
        case "gamma":
            return stats.gamma(parameters["alpha"], scale=location / parameters["alpha"])
        case "beta":
            return stats.beta(location * parameters["kappa"], (1 - location) * parameters["kappa"])
        case "t":
            return stats.t(parameters["nu"], location, parameters["sigma"])
    return stats.lognorm(parameters["sigma"], scale=np.exp(location))
