"""The gamma response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import gammaln

from bayesmixed.families.family import POSITIVE, Family, Parameters, Values, Within, dispersion


def scaled_gamma(mean: Values, shape: Values, rng: np.random.Generator) -> Values:
    """Gamma responses by their mean."""
    return rng.gamma(np.broadcast_to(shape, mean.shape), mean / shape)


class Gamma(Family):
    """Positive, with variance mu^2 / alpha."""

    __slots__ = ()

    def _variance(self, m: Values, by: Parameters, _: Values) -> Values:
        return m**2 / by["alpha"]

    def _draws(self, m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
        return scaled_gamma(m, by["alpha"], rng)

    def _log_density(self, y: Values, m: Values, by: Parameters, _: Values) -> Values:
        alpha = by["alpha"]
        rate = alpha / m
        return np.asarray(alpha * np.log(rate) - gammaln(alpha) + (alpha - 1) * np.log(y) - rate * y)

    def _twin(self, stats: Any, m: Values, by: Parameters, _: Values) -> Any:
        return stats.gamma(by["alpha"], scale=m / by["alpha"])

    def dispersion(self, parameters: Parameters) -> Values:
        """The inverse of the shape."""
        return np.asarray(1 / parameters["alpha"])

    def relative_variance(self, _mean: Values, parameters: Parameters) -> Within:
        """The inverse of the shape."""
        meaning = "alpha: shape of the gamma distribution"
        return Within(draws=1 / parameters["alpha"], formula="1/alpha", meaning=meaning)

    def pymc_arguments(self, location: Any, parameters: Mapping[str, Any], trials: Any) -> dict[str, Any]:
        """Shape and rate."""
        arguments = super().pymc_arguments(location, parameters, trials)
        arguments["beta"] = arguments["alpha"] / arguments.pop("mu")
        return arguments

    def kernel_constant(self, y: Values, _trials: Values) -> float:
        """Of the density in the logarithm."""
        return -float(np.sum(np.log(y)))


GAMMA = Gamma(
    name="gamma",
    links=("log", "inverse", "identity"),
    location="positive",
    parameters=(dispersion("alpha"),),
    support=POSITIVE,
    distribution="Gamma",
    kernel="gamma",
    is_exponential=True,
)
"""The logarithm is the default link, R's is the inverse."""
