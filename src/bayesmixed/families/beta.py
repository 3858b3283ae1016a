"""The beta response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import betaln

from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import SMALLEST, Family, Mask, Parameters, Support, Values, dispersion
from bayesmixed.families.links import PROBABILITY_LINKS


class Beta(Family):
    """Between 0 and 1, with shapes mu kappa and (1 - mu) kappa."""

    __slots__ = ()

    def _variance(self, p: Values, by: Parameters, _: Values) -> Values:
        return p * (1 - p) / (1 + by["kappa"])

    def _draws(self, p: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
        kappa = by["kappa"]
        return rng.beta(np.maximum(p * kappa, SMALLEST), np.maximum((1 - p) * kappa, SMALLEST))

    def _log_density(self, y: Values, p: Values, by: Parameters, _: Values) -> Values:
        a, b = p * by["kappa"], (1 - p) * by["kappa"]
        return np.asarray((a - 1) * np.log(y) + (b - 1) * np.log1p(-y) - betaln(a, b))

    def _twin(self, stats: Any, p: Values, by: Parameters, _: Values) -> Any:
        return stats.beta(p * by["kappa"], (1 - p) * by["kappa"])

    def pymc_arguments(self, location: Any, parameters: Mapping[str, Any], trials: Any) -> dict[str, Any]:
        """Both shapes."""
        arguments = super().pymc_arguments(location, parameters, trials)
        mean, kappa = arguments.pop("mu"), arguments.pop("kappa")
        return {"alpha": mean * kappa, "beta": (1 - mean) * kappa, **arguments}

    def kernel_constant(self, y: Values, _trials: Values) -> float:
        """Of the density in the logit."""
        return -float(np.sum(np.log(y) + np.log1p(-y)))


def _not_inside(values: FloatArray) -> Mask:
    return np.asarray((values <= 0) | (values >= 1))


BETA = Beta(
    name="beta",
    links=PROBABILITY_LINKS,
    location="probability",
    parameters=(dispersion("kappa"),),
    support=Support("numbers between 0 and 1, both excluded", _not_inside),
    distribution="Beta",
    kernel="beta",
)
