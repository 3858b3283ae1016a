"""Residuals of the rows: e ~ N(0, D C D), their standard deviations D and their correlations C."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.serial import INDEPENDENT, FloatArray, Independent, Serial
from bayesmixed.printing.records import short_repr

Mask = NDArray[np.bool_] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Residual:
    """What is known of the residuals of some rows before any parameter is.

    The standard deviation of row i is sqrt(error_i^2 + sigma_i^2 / weight_i). Sigma is one number, or has a
    predictor of its own in the design, or, beside known errors, is zero.
    """

    weights: FloatArray | None = None  # shape (n,), None for ones
    log_weights: float | None = None  # sum of the log weights, where the rows are not in memory
    errors: FloatArray | None = None  # known standard errors, shape (n,)
    has_sigma: bool = True  # whether there is a sigma
    correlation: Serial = INDEPENDENT

    __repr__ = short_repr

    @property
    def is_independent(self) -> bool:
        """Whether no residual says anything of another."""
        return isinstance(self.correlation, Independent)

    @property
    def is_constant(self) -> bool:
        """Whether sigma and the weights alone make the residuals' covariance."""
        return self.is_independent and self.has_sigma and self.errors is None

    @property
    def log_determinant(self) -> float:
        """Log determinant of diag(1 / weights)."""
        if self.log_weights is not None:
            return -self.log_weights
        return 0.0 if self.weights is None else -float(np.sum(np.log(self.weights)))

    @property
    def scale(self) -> FloatArray | float:
        """1 / sqrt(weight), shape (n,), or one number for all rows."""
        return 1.0 if self.weights is None else 1 / np.sqrt(self.weights)

    def scales(self, n: int) -> FloatArray:
        """The same for each of n rows."""
        return np.broadcast_to(self.scale, (n,))

    def deviations(self, sigma: FloatArray) -> FloatArray:
        """Standard deviations of rows from sigma, (..., 1) or (..., n); (..., 1) where all rows have one."""
        scaled = sigma * self.scale if self.has_sigma else np.zeros(1)
        return scaled if self.errors is None else np.sqrt(self.errors**2 + scaled**2 + 0.0 * sigma)

    def each(self) -> Residual:
        """The same rows, each by itself."""
        return replace(self, correlation=INDEPENDENT)

    def weighted(self, rows: FloatArray) -> FloatArray:
        """Rows times the square root of their weight, shape (n, ...)."""
        if self.weights is None:
            return rows
        return rows * np.sqrt(self.weights).reshape(-1, *[1] * (rows.ndim - 1))

    def of_rows(self, rows: Mask | slice) -> Residual:
        """Residuals of some of the rows."""
        return replace(
            self,
            weights=None if self.weights is None else self.weights[rows],
            errors=None if self.errors is None else self.errors[rows],
            correlation=self.correlation.of_rows(rows),
        )

    def with_weights(self, weights: FloatArray | None) -> Residual:
        """The same of other rows, given their weights."""
        return replace(self, weights=weights, log_weights=None)
