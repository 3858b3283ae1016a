"""Independent effects with one standard deviation: ``homdiag(0 + f | g)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.covariance import Covariance, FloatArray, lower_triangle
from bayesmixed.covariances.diagonal import Diagonal


@dataclass(frozen=True, slots=True)
class HomogeneousDiagonal(Covariance):
    """Two effects or more, independent, all with one standard deviation, which is the estimate's number."""

    name = "homdiag"
    is_tied = True

    @classmethod
    def of_bar(cls, size: int) -> tuple[Covariance, ...]:
        """All effects of the bar together."""
        return (cls(size),) if size > 1 else Diagonal.of_bar(size)

    @property
    def is_deviation(self) -> NDArray[np.bool_]:
        """The only number is a standard deviation, shape (1,)."""
        return np.ones(1, dtype=np.bool_)

    def triangle(self, numbers: FloatArray) -> FloatArray:
        """Lower triangle of L, row by row, shape (1,) to (k (k + 1) / 2,)."""
        return np.asarray(numbers[0] * self._diagonal, dtype=np.float64)

    def pulled(self, numbers: FloatArray, slope: FloatArray) -> FloatArray:  # noqa: ARG002
        """Gradient in the number from that in the triangle, shape (1,)."""
        return np.array([np.sum(slope[self._diagonal])])

    def has(self, correlation: FloatArray) -> bool:
        """Whether no two effects are correlated."""
        return np.allclose(correlation, np.eye(self.size), rtol=0.0, atol=1e-8)

    @property
    def _diagonal(self) -> NDArray[np.bool_]:
        """Where the diagonal stands in the triangle, shape (k (k + 1) / 2,)."""
        rows, columns = lower_triangle(self.size)
        return np.asarray(rows == columns)
