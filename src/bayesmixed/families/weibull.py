"""The Weibull response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import gamma, gammaln

from bayesmixed.families.family import POSITIVE, Family, Parameters, Values, dispersion


class Weibull(Family):
    """Positive, with mean mu and shape alpha, as brms has it: the scale is mu / Gamma(1 + 1 / alpha)."""

    __slots__ = ()

    def _variance(self, m: Values, by: Parameters, _: Values) -> Values:
        logarithm = gammaln(1 + 2 / by["alpha"]) - 2 * gammaln(1 + 1 / by["alpha"])
        return np.asarray(m**2 * np.expm1(logarithm))

    def _draws(self, m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
        scale = m / gamma(1 + 1 / by["alpha"])
        return np.asarray(scale * rng.weibull(np.broadcast_to(by["alpha"], m.shape)))

    def _log_density(self, y: Values, m: Values, by: Parameters, _: Values) -> Values:
        alpha = by["alpha"]
        power = alpha * (np.log(y / m) + gammaln(1 + 1 / alpha))
        return np.asarray(np.log(alpha) + power - np.exp(power) - np.log(y))

    def _twin(self, stats: Any, m: Values, by: Parameters, _: Values) -> Any:
        return stats.weibull_min(by["alpha"], scale=m / gamma(1 + 1 / by["alpha"]))

    def pymc_arguments(self, location: Any, parameters: Mapping[str, Any], _: Any) -> dict[str, Any]:
        """Shape and scale."""
        import pytensor.tensor as pt

        alpha = parameters["alpha"]
        return {"alpha": alpha, "beta": location / pt.gamma(1 + 1 / alpha)}

    def kernel_constant(self, y: Values, _trials: Values) -> float:
        """Of the density in the logarithm."""
        return -float(np.sum(np.log(y)))


WEIBULL = Weibull(
    name="weibull",
    links=("log", "inverse", "identity"),
    location="positive",
    parameters=(dispersion("alpha"),),
    support=POSITIVE,
    distribution="Weibull",
    kernel="weibull",
)
