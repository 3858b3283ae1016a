"""What structures share whose correlations all follow from one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.covariance import Correlation, Covariance, FloatArray, Row, lower_triangle
from bayesmixed.covariances.diagonal import Diagonal
from bayesmixed.priors.interval import (
    draws_within,
    log_density_within,
    numbers_within,
    refusal_within,
    variable_within,
)
from bayesmixed.priors.prior import Prior

SD = 0.5
"""Of the default normal prior of a correlation, before it is restricted to what the correlation can be."""
STEP = 1e-30
"""Of a derivative by a complex step, which loses no digits."""


@dataclass(frozen=True, slots=True)
class Patterned(Covariance):
    """Effects whose correlations follow from one number rho between two bounds.

    Its coordinate is the logit x of the share s of the interval that lies below rho. A structure has to say
    no more than the bounds and its `rows`, in u = sqrt(s) and v = sqrt(1 - s), in which the Cholesky factor
    is smooth at both bounds: an estimate is sought over the roots of standard deviations relative to sigma
    and the angle w, u = cos w and v = sin w.
    """

    free_name = "rho"
    prior_note = "restricted to what the correlation can be"
    power = 2
    turn = np.pi / 2

    @classmethod
    def of_bar(cls, size: int) -> tuple[Covariance, ...]:
        """All effects of the bar together."""
        return (cls(size),) if size > 1 else Diagonal.of_bar(size)

    def rows(self, rho: Any, u: Any, v: Any) -> list[list[Any]]:
        """Rows of the Cholesky factor up to the diagonal: of arrays, complex too, or scalars of a graph."""
        raise NotImplementedError

    @property
    def n_coordinates(self) -> int:
        """One number."""
        return 1

    def correlations(self, effects: Sequence[str]) -> tuple[Correlation, ...]:  # noqa: ARG002
        """The number, which is the correlation of the first two effects."""
        return (Correlation(("rho",), (0, 1)),)

    def default_prior(self) -> Prior:
        """Normal(0, 0.5), restricted."""
        return Prior("Normal", {"mu": 0.0, "sigma": SD})

    def refusal(self, prior: Prior) -> str | None:
        """What is wrong with a prior that cannot be restricted to the interval."""
        return refusal_within(prior, self.correlation_bounds)

    def kernel_rows(self, prior: Prior) -> list[Row] | None:
        """Numbers of the prior of the logit."""
        row = numbers_within(prior, self.correlation_bounds)
        return None if row is None else [row]

    def log_density(self, prior: Prior, correlation: FloatArray) -> FloatArray:
        """Log density of rho, shape (..., k, k) to (...)."""
        return log_density_within(prior, correlation[..., 0, 1], self.correlation_bounds)

    def cholesky(self, coordinates: FloatArray) -> FloatArray:
        """Cholesky factors from logits, shape (..., 1) to (..., k, k)."""
        x = coordinates[..., 0]
        return self._factor(1.0 / np.sqrt(1.0 + np.exp(-x)), 1.0 / np.sqrt(1.0 + np.exp(x)))

    def coordinates(self, correlation: FloatArray) -> FloatArray:
        """Logits behind correlation matrices, shape (S, k, k) to (S, 1)."""
        low, high = self.correlation_bounds
        rho = correlation[:, 0, 1]
        return np.asarray(np.log(rho - low) - np.log(high - rho))[:, None]

    def cholesky_draws(self, prior: Prior, draws: int, rng: np.random.Generator) -> FloatArray:
        """Cholesky factors with rho drawn from the prior, shape (draws, k, k)."""
        return self._factor(*self._roots(draws_within(prior, draws, self.correlation_bounds, rng)))

    def graph_rows(self, name: str, prior: Prior | None) -> list[list[Any]]:
        """Rows from one variable."""
        assert prior is not None
        rho = variable_within(name, prior, self.correlation_bounds)
        return self.rows(rho, *self._roots(rho))

    def like(self, number: float) -> FloatArray:
        """Correlation matrix for a value of rho, NaN for one that it cannot have, shape (k, k)."""
        with np.errstate(invalid="ignore"):
            factor = self._factor(*self._roots(np.float64(number)))
        return np.asarray(factor @ factor.T, dtype=np.float64)

    def has(self, correlation: FloatArray) -> bool:
        """Whether a correlation matrix follows from one number."""
        return np.allclose(self.like(float(correlation[0, 1])), correlation, rtol=0.0, atol=1e-8)

    @property
    def is_deviation(self) -> NDArray[np.bool_]:
        """Which of the estimate's numbers make a standard deviation: all but the last, shape (m,)."""
        return np.arange(self.n_parameters) < self.n_deviations

    def start(self, relative: float) -> FloatArray:
        """Numbers of independent effects with one standard deviation over sigma, shape (m,)."""
        u, v = self._roots(np.float64(0.0))
        return np.array([*[np.sqrt(relative)] * self.n_deviations, np.arctan2(v, u)])

    def triangle(self, numbers: FloatArray) -> FloatArray:
        """Lower triangle of L, row by row, shape (m,) to (k (k + 1) / 2,)."""
        factor = self._factor(np.cos(numbers[-1]), np.sin(numbers[-1]))
        return np.asarray((self._relative(numbers)[:, None] * factor)[lower_triangle(self.size)])

    def pulled(self, numbers: FloatArray, slope: FloatArray) -> FloatArray:
        """Gradient in the numbers from that in the triangle, shape (m,)."""
        square, angle = np.zeros((self.size, self.size)), numbers[-1] + STEP * 1j
        square[lower_triangle(self.size)] = slope
        factor = self._factor(np.cos(angle), np.sin(angle))
        along = np.sum(square * factor.real, axis=1)
        roots = 2.0 * numbers[:-1] * (np.sum(along) if self.is_tied else along)
        around = self._relative(numbers) @ np.sum(square * factor.imag / STEP, axis=1)
        return np.array([*roots, around])

    def deviation_place(self, effect: int) -> int:
        """Which number makes the standard deviation of an effect."""
        return 0 if self.is_tied else effect

    @property
    def correlation_place(self) -> int:
        """The last number is rho's."""
        return self.n_deviations

    @property
    def n_logarithms(self) -> int:
        """None of the others changes where rho is held."""
        return 0

    def without_correlation(self, numbers: FloatArray) -> FloatArray:
        """Numbers beside the angle, shape (m,) to (m - 1,)."""
        return numbers[:-1]

    def with_correlation(self, value: float, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """All numbers for a value of rho, with derivatives, shapes (m,) and (m, m - 1)."""
        u, v = self._roots(np.float64(value))
        return np.array([*free, np.arctan2(v, u)]), np.eye(len(free) + 1, len(free))

    def _roots(self, rho: Any) -> tuple[Any, Any]:
        """Roots u and v of the shares of the interval below and above rho."""
        low, high = self.correlation_bounds
        return ((rho - low) / (high - low)) ** 0.5, ((high - rho) / (high - low)) ** 0.5

    def _factor(self, u: Any, v: Any) -> NDArray[Any]:
        """Cholesky factors as arrays, shape (...) to (..., k, k)."""
        low, high = self.correlation_bounds
        out = np.zeros((*np.shape(u), self.size, self.size), dtype=np.result_type(u, v))
        for i, row in enumerate(self.rows(low + (high - low) * u * u, u, v)):
            for m, value in enumerate(row):
                out[..., i, m] = value
        return out

    def _relative(self, numbers: FloatArray) -> FloatArray:
        """Standard deviations of all effects over sigma, shape (k,)."""
        return np.broadcast_to(numbers[: self.n_deviations] ** 2, self.size)
