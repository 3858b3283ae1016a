"""Effects that are all correlated alike: ``cs(0 + f | g)``, ``homcs(0 + f | g)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bayesmixed.covariances.patterned import Patterned


@dataclass(frozen=True, slots=True)
class CompoundSymmetry(Patterned):
    """Every effect with a standard deviation of its own, every pair with the same correlation."""

    name = "cs"
    kernel = "compound_symmetry"

    @property
    def is_told_from_residual(self) -> bool:
        """Three covariances tell the variances of three effects, if these are not all the same."""
        return self.size > 2 and not self.is_tied

    @property
    def correlation_bounds(self) -> tuple[float, float]:
        """The mean of k effects does not have a negative variance: above -1 / (k - 1)."""
        return -1.0 / (self.size - 1), 1.0

    def rows(self, rho: Any, u: Any, v: Any) -> list[list[Any]]:
        """Rows of the Cholesky factor; below the diagonal a column has one number."""
        k = self.size
        before, diagonal, below = 1.0, [1.0], [rho]
        for m in range(1, k):
            here = k * u * u if m == k - 1 else 1.0 + m * rho
            root = k**0.5 * u if m == k - 1 else here**0.5
            diagonal.append((k / (k - 1)) ** 0.5 * v * root / before**0.5)
            below.append(diagonal[-1] * rho / here if m < k - 1 else 0.0)
            before = here
        return [[*below[:i], diagonal[i]] for i in range(k)]


@dataclass(frozen=True, slots=True)
class HomogeneousCompoundSymmetry(CompoundSymmetry):
    """All effects with one standard deviation, every pair with the same correlation."""

    name = "homcs"
    is_tied = True
