"""The lognormal response: its logarithm is normal."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import POSITIVE, SIGMA, Parameters, Values, Within
from bayesmixed.families.gaussian import Gaussian


class LogNormal(Gaussian):
    """The location is the mean of the logarithm, sigma its standard deviation."""

    __slots__ = ()

    @property
    def ratio(self) -> str:
        """Of medians."""
        return "value: ratio of medians, of the intercept the median"

    def _mean(self, m: Values, by: Parameters) -> Values:
        return np.exp(m + by["sigma"] ** 2 / 2)

    def _variance(self, m: Values, by: Parameters, _: Values) -> Values:
        squared = by["sigma"] ** 2
        return np.asarray(np.expm1(squared) * np.exp(2 * m + squared))

    def _draws(self, m: Values, by: Parameters, n: Values, rng: np.random.Generator) -> Values:
        return np.exp(super()._draws(m, by, n, rng))

    def _log_density(self, y: Values, m: Values, by: Parameters, n: Values) -> Values:
        return super()._log_density(np.log(y), m, by, n) - np.log(y)

    def _twin(self, stats: Any, m: Values, by: Parameters, _: Values) -> Any:
        return stats.lognorm(by["sigma"], scale=np.exp(m))

    def latent_variance(self, parameters: Parameters) -> Within:
        """The variance of the logarithm."""
        meaning = "sigma^2: residual variance of the logarithm"
        return Within(draws=parameters["sigma"] ** 2, formula="sigma^2", meaning=meaning)

    def kernel_response(self, y: Values) -> FloatArray:
        """Its logarithm, whose rows are normal."""
        return np.log(y)

    def kernel_constant(self, y: Values, trials: Values) -> float:
        """Of the normal density, and of the logarithm."""
        return super().kernel_constant(y, trials) - float(np.sum(np.log(y)))


LOG_NORMAL = LogNormal(
    name="lognormal",
    links=("identity",),
    parameters=(SIGMA,),
    support=POSITIVE,
    distribution="LogNormal",
    kernel="gaussian",
    is_logarithmic=True,
)
