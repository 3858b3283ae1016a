"""Mean, variance, draws and cumulative probabilities of a response given its location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.families.records import Family

Values = NDArray[np.float64]
Parameters = Mapping[str, NDArray[np.float64]]


POSITIVE_MEANS = frozenset({"poisson", "negativebinomial", "gamma"})
LARGEST_MEAN = 1e15
"""Means above it, which only draws from wide priors reach, count as this much: NumPy draws none larger."""


def response_mean(family: Family, location: Values, parameters: Parameters) -> FloatArray:
    """Mean of a response at its location; of a binomial family the probability of a success.

    Parameters
    ----------
    family : Family
        Distribution of the response.
    location : NDArray
        Inverse link of the linear predictor.
    parameters : Mapping
        Auxiliary parameters by name, of shapes that broadcast.

    Returns
    -------
    FloatArray
        exp(location + sigma^2 / 2) of a lognormal response, else the location itself. Of a family that is
        Bambi's alone it is the location, which zero inflation or hurdles do not enter.
    """
    if family.name == "lognormal":
        return np.asarray(np.exp(location + parameters["sigma"] ** 2 / 2))
    return np.asarray(location)


def response_variance(
    family: Family, location: Values, parameters: Parameters, trials: Values | None = None
) -> FloatArray:
    """Variance of a response at its location; of a binomial family that of the proportion.

    Parameters
    ----------
    family : Family
        One of the families written here.
    location : NDArray
        Inverse link of the linear predictor.
    parameters : Mapping
        Auxiliary parameters by name, of shapes that broadcast.
    trials : NDArray, optional
        Of a binomial family.

    Returns
    -------
    FloatArray
        In squared units of the response; infinite for a t with two degrees of freedom or fewer.

    Examples
    --------
    >>> from bayesmixed.families.lookup import family_by_name
    >>> response_variance(family_by_name("binomial"), np.array([0.5]), {}, np.array([10.0]))
    array([0.025])
    """
    counts = 1.0 if trials is None else trials
    match family.name:
        case "gaussian":
            variance = parameters["sigma"] ** 2 + 0 * location
        case "bernoulli" | "binomial":
            variance = location * (1 - location) / counts
        case "poisson":
            variance = location
        case "negativebinomial":
            variance = location + location**2 / parameters["alpha"]
        case "gamma":
            variance = location**2 / parameters["alpha"]
        case "beta":
            variance = location * (1 - location) / (1 + parameters["kappa"])
        case "t":
            nu = parameters["nu"]
            inflation = np.divide(nu, nu - 2, out=np.full_like(nu, np.inf), where=nu > 2)
            variance = parameters["sigma"] ** 2 * inflation + 0 * location
        case "lognormal":
            squared = parameters["sigma"] ** 2
            variance = np.expm1(squared) * np.exp(2 * location + squared)
    return np.asarray(variance)


def random_response(
    family: Family,
    location: Values,
    parameters: Parameters,
    trials: Values | None,
    rng: np.random.Generator,
) -> FloatArray:
    """New responses at given locations.

    Parameters
    ----------
    family : Family
        Distribution of the response.
    location : NDArray
        Inverse link of the linear predictor.
    parameters : Mapping
        Auxiliary parameters by name, of shapes that broadcast to that of `location`.
    trials : NDArray or None
        Of a binomial family.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    FloatArray
        Shape of `location`; of a binomial family numbers of successes. NaN where the location is not one that
        the family can have.
    """
    from bayesmixed.families.lookup import is_native

    if not is_native(family):
        from bayesmixed.families.graph import graph_draws

        return graph_draws(family, location, parameters, trials, rng)
    shape = location.shape
    drawn: NDArray[np.generic]
    if family.name in POSITIVE_MEANS:
        location = np.where(location >= 0, np.minimum(location, LARGEST_MEAN), np.nan)
        usable = np.isfinite(location)
        if not usable.all():
            filled = random_response(family, np.where(usable, location, 1.0), parameters, trials, rng)
            return np.where(usable, filled, np.nan)
    match family.name:
        case "gaussian":
            drawn = location + parameters["sigma"] * rng.standard_normal(shape)
        case "bernoulli" | "binomial":
            counts = np.ones(1) if trials is None else trials
            drawn = rng.binomial(np.broadcast_to(counts, shape).astype(np.int64), location)
        case "poisson":
            drawn = rng.poisson(location)
        case "negativebinomial":
            alpha = np.broadcast_to(parameters["alpha"], shape)
            drawn = rng.poisson(rng.gamma(alpha, location / alpha))
        case "gamma":
            alpha = np.broadcast_to(parameters["alpha"], shape)
            drawn = rng.gamma(alpha, location / alpha)
        case "beta":
            drawn = rng.beta(location * parameters["kappa"], (1 - location) * parameters["kappa"])
        case "t":
            nu = np.broadcast_to(parameters["nu"], shape)
            drawn = location + parameters["sigma"] * rng.standard_t(nu, shape)
        case "lognormal":
            drawn = np.exp(location + parameters["sigma"] * rng.standard_normal(shape))
    return np.asarray(drawn, dtype=np.float64)


def cumulative_probability(
    family: Family, y: Values, location: Values, parameters: Parameters, trials: Values | None = None
) -> FloatArray:
    """Probability of a response of at most `y`.

    Parameters
    ----------
    family : Family
        One of the families written here.
    y : NDArray
        Responses; of a binomial family successes.
    location : NDArray
        Inverse link of the linear predictor.
    parameters : Mapping
        Auxiliary parameters by name, of shapes that broadcast.
    trials : NDArray, optional
        Of a binomial family.

    Returns
    -------
    FloatArray
        Between 0 and 1, of the broadcast shape.
    """
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
