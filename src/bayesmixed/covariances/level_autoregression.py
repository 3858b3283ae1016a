"""Effects whose correlation falls with the steps between them: ``ar1(0 + f | g)``, ``hetar1(0 + f | g)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bayesmixed.covariances.patterned import Patterned


@dataclass(frozen=True, slots=True)
class HeterogeneousAutoregression(Patterned):
    """Correlation rho^d between the levels of a factor d steps apart, each with its standard deviation."""

    name = "hetar1"
    kernel = "autoregression"
    is_of_levels = True

    @property
    def is_told_from_residual(self) -> bool:
        """Correlations one step and two steps apart tell the variance of the effects."""
        return self.size > 2

    def rows(self, rho: Any, u: Any, v: Any) -> list[list[Any]]:
        """Rows of the Cholesky factor; with u and v of the interval (-1, 1) sqrt(1 - rho^2) is 2 u v."""
        left = 2.0 * u * v
        return [
            [rho**i if i else 1.0, *(left * rho ** (i - m) for m in range(1, i + 1))]
            for i in range(self.size)
        ]


@dataclass(frozen=True, slots=True)
class Autoregression(HeterogeneousAutoregression):
    """Correlation rho^d between the levels of a factor d steps apart, all with one standard deviation."""

    name = "ar1"
    is_tied = True
