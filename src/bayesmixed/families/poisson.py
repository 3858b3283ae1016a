"""The Poisson response."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import COUNTS, Family, Parameters, Values, Within
from bayesmixed.families.links import POSITIVE_LINKS


class Poisson(Family):
    """Counts whose variance is their mean."""

    __slots__ = ()

    def _variance(self, m: Values, _by: Parameters, _n: Values) -> Values:
        return m

    def _draws(self, m: Values, _by: Parameters, _n: Values, rng: np.random.Generator) -> Any:
        return rng.poisson(m)

    def _log_density(self, y: Values, m: Values, _by: Parameters, _n: Values) -> Values:
        return np.asarray(xlogy(y, m) - m - gammaln(y + 1))

    def _twin(self, stats: Any, m: Values, _by: Parameters, _n: Values) -> Any:
        return stats.poisson(m)

    def relative_variance(self, mean: Values, _parameters: Parameters) -> Within:
        """The inverse of the mean."""
        return Within(draws=1 / mean, formula="1/lambda")

    def kernel_constant(self, y: Values, _trials: Values) -> float:
        """Factorials of the counts."""
        return -float(np.sum(gammaln(y + 1.0)))

    def first_location(self, y: Values, _trials: Values) -> FloatArray:
        """Above zero."""
        return y + 0.5


POISSON = Poisson(
    name="poisson",
    links=POSITIVE_LINKS,
    location="positive",
    support=COUNTS,
    distribution="Poisson",
    kernel="poisson",
    is_discrete=True,
    is_exponential=True,
)
