"""Priors of a number in an interval, such as a correlation: restricted to it, and normalized there."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.priors.density import log_density, twin
from bayesmixed.priors.prior import Prior

FloatArray = NDArray[np.float64]
Interval = tuple[float, float]

KNOWN = ("Normal", "Uniform", "StudentT", "Cauchy", "Laplace", "Logistic")
"""Distributions that can be restricted to an interval in NumPy and in PyMC."""


def refusal_within(prior: Prior, interval: Interval) -> str | None:
    """What is wrong with a prior on an interval, None for nothing."""
    low, high = interval
    covers = prior.name != "Uniform" or (prior.args["lower"] <= low and high <= prior.args["upper"])
    if prior.name in KNOWN and covers:
        return None
    return (
        f"{prior} is not a prior for a correlation between {low:.3g} and {high:.3g}. "
        'Write e.g. prior("Normal", mu=0, sigma=0.5), which is restricted to these values, '
        'or prior("Uniform", lower=-1, upper=1).'
    )


def log_density_within(prior: Prior, value: NDArray[np.float64], interval: Interval) -> FloatArray:
    """Log density of a prior restricted to an interval, at values in it."""
    return log_density(prior, value) - _log_mass(prior, interval)


def draws_within(prior: Prior, size: int, interval: Interval, rng: np.random.Generator) -> FloatArray:
    """Independent draws from a prior restricted to an interval, shape (size,)."""
    distribution = twin(prior)
    low, high = distribution.cdf(interval)
    drawn = distribution.ppf(low + (high - low) * rng.uniform(size=size))
    return np.asarray(np.clip(drawn, *interval), dtype=np.float64)


def numbers_within(prior: Prior, interval: Interval) -> tuple[tuple[float, ...], float] | None:
    """Numbers of the logit x of the share of the interval below a value, as the kernel reads them.

    Returns: the shape 1 of a Beta(1, 1), then precision and mean of a normal factor, low end and width; and
    the log constant. None for a prior that the kernel does not know.
    """
    low, high = interval
    constant = log(high - low) - _log_mass(prior, interval)
    match prior.name:
        case "Normal":
            mu, sigma = prior.args["mu"], prior.args["sigma"]
            peak = float(log_density(prior, np.array(mu)))
            return (1.0, sigma**-2, mu, low, high - low), constant + peak
        case "Uniform":
            return (1.0,), constant - log(prior.args["upper"] - prior.args["lower"])
    return None


def variable_within(name: str, prior: Prior, interval: Interval) -> Any:
    """Scalar random variable of PyMC's, in an interval."""
    import pymc as pm

    args = {argument: np.array(value) for argument, value in prior.args.items()}
    whole = getattr(pm, prior.name).dist(**args)
    low, high = map(np.array, interval)
    return pm.Truncated(name, whole, lower=low, upper=high)


def _log_mass(prior: Prior, interval: Interval) -> float:
    """Log probability that a prior gives to an interval."""
    low, high = twin(prior).cdf(interval)
    return float(np.log(high - low))
