"""The negative binomial response: a Poisson response whose mean is gamma distributed."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from bayesmixed.families.family import COUNTS, Parameters, Values, Within, dispersion
from bayesmixed.families.gamma import scaled_gamma
from bayesmixed.families.links import POSITIVE_LINKS
from bayesmixed.families.poisson import Poisson


class NegativeBinomial(Poisson):
    """Counts with variance mu + mu^2 / alpha."""

    __slots__ = ()

    def _variance(self, m: Values, by: Parameters, _: Values) -> Values:
        return m + m**2 / by["alpha"]

    def _draws(self, m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Any:
        return rng.poisson(scaled_gamma(m, by["alpha"], rng))

    def _log_density(self, y: Values, m: Values, by: Parameters, _: Values) -> Values:
        alpha = by["alpha"]
        choices = gammaln(y + alpha) - gammaln(alpha) - gammaln(y + 1)
        return np.asarray(choices - alpha * np.log1p(m / alpha) + xlogy(y, m) - xlogy(y, alpha + m))

    def _twin(self, stats: Any, m: Values, by: Parameters, _: Values) -> Any:
        return stats.nbinom(by["alpha"], by["alpha"] / (by["alpha"] + m))

    def relative_variance(self, mean: Values, parameters: Parameters) -> Within:
        """The inverses of mean and shape."""
        return Within(draws=1 / mean + 1 / parameters["alpha"], formula="1/lambda+1/alpha")


NEGATIVE_BINOMIAL = NegativeBinomial(
    name="negativebinomial",
    aliases=("negbinomial", "negative_binomial", "negbin", "nbinom2"),
    links=POSITIVE_LINKS,
    location="positive",
    parameters=(dispersion("alpha"),),
    support=COUNTS,
    distribution="NegativeBinomial",
    kernel="negative_binomial",
    is_discrete=True,
    is_exponential=True,
)
