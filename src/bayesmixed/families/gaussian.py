"""The normal response."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import SIGMA, Family, Parameters, Values, Within

LOG_TWO_PI = float(np.log(2 * np.pi))


def normal_log_density(y: Values, mean: Values, sd: Values | float) -> FloatArray:
    """Log density of a normal response."""
    return np.asarray(-0.5 * ((y - mean) / sd) ** 2 - np.log(sd) - 0.5 * LOG_TWO_PI)


class Gaussian(Family):
    """Normal with standard deviation sigma."""

    __slots__ = ()

    def _variance(self, m: Values, by: Parameters, _: Values) -> Values:
        return by["sigma"] ** 2 + 0 * m

    def _draws(self, m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
        return m + by["sigma"] * rng.standard_normal(m.shape)

    def _log_density(self, y: Values, m: Values, by: Parameters, _: Values) -> Values:
        return normal_log_density(y, m, by["sigma"])

    def _twin(self, stats: Any, m: Values, by: Parameters, _: Values) -> Any:
        return stats.norm(m, by["sigma"])

    def latent_variance(self, parameters: Parameters) -> Within:
        """The residual variance."""
        return Within(draws=parameters["sigma"] ** 2, formula="sigma^2", meaning="sigma^2: residual variance")

    def dispersion(self, parameters: Parameters) -> Values:
        """The variance of a row of weight one."""
        return np.asarray(parameters["sigma"] ** 2)

    def kernel_constant(self, y: Values, _trials: Values) -> float:
        """Of the normal density."""
        return -0.5 * len(y) * LOG_TWO_PI


GAUSSIAN = Gaussian(
    name="gaussian",
    aliases=("normal",),
    links=("identity",),
    parameters=(SIGMA,),
    distribution="Normal",
    kernel="gaussian",
    is_gaussian=True,
    is_exponential=True,
)
"""The normal distribution with identity link."""
