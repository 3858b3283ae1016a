"""The questions that every correlation structure of the residuals answers.

Rows of a series have residuals with a correlation matrix C, given a few numbers. An engine never forms it: it
needs the inverse as C^-1 = sum_k r_k Q_k, with matrices Q_k that stay the same, and log |C|.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.covariance import Row
from bayesmixed.printing.records import short_repr
from bayesmixed.priors.interval import (
    draws_within,
    log_density_within,
    numbers_within,
    refusal_within,
    variable_within,
)
from bayesmixed.priors.prior import Prior

if TYPE_CHECKING:
    from scipy import sparse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
STEP = 1e-30
"""Of a derivative by a complex step, which loses no digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The matrices Q_k: of kind k the sum of a b' + b a' over its pairs, of a a' where a pair is one member.

    A member is a row, or the sum of the rows of one class in a series.
    """

    kind: IntArray  # shape (P,)
    first: IntArray  # place of a among the members, shape (P,)
    second: IntArray  # of b
    members: sparse.csr_array  # which rows make a member, shape (M, n)
    classes: IntArray  # class of every member, shape (M,)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Serial:
    """Correlations of residuals within series of rows.

    Attributes
    ----------
    codes : IntArray
        Series of every row, shape (n,).
    times : FloatArray
        Time of every row, shape (n,): places in an order where no times were given.
    """

    name: ClassVar[str]  # in a formula, a registry and files
    label: ClassVar[str]  # of its parameter, in names of variables and tables
    usage: ClassVar[str] = ""  # how a formula writes it, empty where it does not
    prior_note: ClassVar[str] = "restricted to what the correlation can be"
    holds_intercepts: ClassVar[bool] = False  # whether an effect of each series is a case of it
    needs_time: ClassVar[bool | None] = None  # None where the order of the rows may stand for times
    kernel: ClassVar[str] = "independent"  # one of `engines.kernel.serial.SERIALS`
    codes: IntArray
    times: FloatArray

    __repr__ = short_repr

    @classmethod
    def build(cls, codes: IntArray, times: FloatArray | None) -> Serial:
        """Structure of rows whose series are given; without times the rows of a series are in order."""
        raise NotImplementedError

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Dimensions of the parameter beside chain and draw, with their labels."""
        return {}

    def labelled(self, occasions: tuple[str, ...]) -> Self:  # noqa: ARG002
        """The same with what tables call the times, where these are levels of a factor."""
        return self

    @property
    def pair_labels(self) -> list[tuple[str, ...]]:
        """The correlations that are parameters: of which occasions, nothing for the only one."""
        return [()]

    @property
    def n_coordinates(self) -> int:
        """Number of unconstrained numbers behind the correlations."""
        return 1

    @property
    def n_kinds(self) -> int:
        """Number of matrices Q_k."""
        raise NotImplementedError

    @property
    def numbers(self) -> FloatArray:
        """What the kernel's function reads beside the coordinates."""
        raise NotImplementedError

    @property
    def scratch(self) -> int:
        """Numbers that the kernel's function needs room for."""
        return 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value of a correlation that is one number."""
        raise NotImplementedError

    def pairs(self, classes: IntArray) -> Pairs:
        """Matrices Q_k, with a class for each row whose standard deviation all rows of the class share."""
        raise NotImplementedError

    def terms(self, coordinates: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Factors r and log |C| of coordinates, complex too, shape (..., m) to (..., kinds) and (...)."""
        raise NotImplementedError

    def slopes(self, coordinates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Derivatives of the factors and of log |C|, shape (m,) to (kinds, m) and (m,)."""
        moved = coordinates + STEP * 1j * np.eye(len(coordinates))
        factors, log_determinant = self.terms(moved)
        return factors.imag.T / STEP, log_determinant.imag / STEP

    def values(self, coordinates: FloatArray) -> FloatArray:
        """The parameter from its coordinates, shape (..., m) to (...): here one number in its bounds."""
        low, high = self.bounds
        return np.asarray(low + (high - low) / (1.0 + np.exp(-coordinates[..., 0])))

    def coordinates(self, values: FloatArray) -> FloatArray:
        """Coordinates of values of the parameter, shape (...) to (..., m)."""
        low, high = self.bounds
        return np.asarray(np.log(values - low) - np.log(high - values))[..., None]

    def held(self, number: int, value: float, coordinates: NDArray[Any]) -> tuple[int, Any]:  # noqa: ARG002
        """Which coordinate follows where a correlation is held at a value, and what from the others.

        `number` counts the correlations of the tables; `coordinates` may be complex, shape (m,).
        """
        return 0, self.coordinates(np.array(value))[0]

    def between(self, value: Any, first: FloatArray, second: FloatArray) -> Any:
        """Correlations between times of one series, shapes (T,) and (U,) to (T, U)."""
        raise NotImplementedError

    def default_prior(self) -> Prior:
        """Normal(0, 0.5), restricted to what the correlation can be."""
        return Prior("Normal", {"mu": 0.0, "sigma": 0.5})

    def refusal(self, prior: Prior) -> str | None:
        """What is wrong with a prior of the parameter, None for nothing."""
        return refusal_within(prior, self.bounds)

    def kernel_rows(self, prior: Prior) -> list[Row] | None:
        """Numbers of the prior of every coordinate, None where the kernel does not know the prior."""
        row = numbers_within(prior, self.bounds)
        return None if row is None else [row]

    def log_density(self, prior: Prior, value: FloatArray) -> FloatArray:
        """Log density of the prior at values of the parameter."""
        return log_density_within(prior, value, self.bounds)

    def graph_variable(self, prior: Prior) -> Any:
        """The parameter as a variable of PyMC's graph."""
        return variable_within(self.label, prior, self.bounds)

    def graph_terms(self, value: Any, z: Any) -> tuple[Any, Any]:
        """The form z'C^-1 z and log |C| in PyMC's graph, z the residuals over their standard deviations."""
        raise NotImplementedError

    def draws(self, prior: Prior, n: int, rng: np.random.Generator) -> FloatArray:
        """The parameter drawn from its prior, shape (n, ...)."""
        return draws_within(prior, n, self.bounds, rng)

    def correlated(self, value: FloatArray, deviates: FloatArray) -> FloatArray:
        """Residuals with unit variance from standard normal deviates, for each draw of the parameter.

        Shapes: `value` (S, ...), `deviates` (S, n); returns (S, n).
        """
        raise NotImplementedError

    def solved(self, values: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """C^-1 z and the diagonal of C^-1, for each draw of the parameter.

        Shapes: `values` (S, ...), `z` (S, n); returns (S, n) twice.
        """
        from scipy import sparse

        pairs = self.pairs(np.zeros(len(self.codes), dtype=np.int64))
        places, n_members = np.arange(len(pairs.kind)), len(pairs.classes)
        own = pairs.first == pairs.second
        weight = self.terms(self.coordinates(values))[0][:, pairs.kind].T
        of_first, of_second = (
            sparse.csr_array((np.ones(len(places)), (member, places)), shape=(n_members, len(places)))
            for member in (pairs.first, pairs.second)
        )
        at = pairs.members @ z.T
        halved = np.where(own[:, None], 0.5, 1.0) * weight
        found = of_first @ (halved * at[pairs.second]) + of_second @ (halved * at[pairs.first])
        diagonal = of_first @ (own[:, None] * weight)
        return (pairs.members.T @ found).T, (pairs.members.T @ diagonal).T

    def normalized(self, value: Any, z: FloatArray) -> FloatArray:
        """L^-1 z for C = LL' of every series, in the order of time: independent where the model holds."""
        out = np.array(z)
        for rows in self.series:
            matrix = self.between(value, self.times[rows], self.times[rows])
            out[rows] = np.linalg.solve(np.linalg.cholesky(np.atleast_2d(matrix)), z[rows])
        return out

    @property
    def series(self) -> list[IntArray]:
        """Rows of every series, in the order of time."""
        order = np.lexsort((self.times, self.codes))
        return np.split(order, np.flatnonzero(np.diff(self.codes[order])) + 1)

    def correlation(self, value: Any) -> FloatArray:
        """Correlation matrix of all rows, shape (n, n): for few rows."""
        out = np.zeros((len(self.codes),) * 2)
        for rows in self.series:
            out[np.ix_(rows, rows)] = self.between(value, self.times[rows], self.times[rows])
        return out

    def precision(self, value: FloatArray) -> sparse.csr_array:
        """Inverse of the correlation matrix of all rows, shape (n, n)."""
        from scipy import sparse

        pairs = self.pairs(np.zeros(len(self.codes), dtype=np.int64))
        factors = self.terms(self.coordinates(value))[0]
        weight = np.where(pairs.first == pairs.second, 0.5, 1.0) * factors[pairs.kind]
        n = len(pairs.classes)
        half = sparse.csr_array((weight, (pairs.first, pairs.second)), shape=(n, n))
        return (pairs.members.T @ (half + half.T) @ pairs.members).tocsr()

    def of_rows(self, rows: NDArray[np.bool_] | IntArray | slice) -> Self:
        """The structure of some of the rows."""
        return replace(self, codes=self.codes[rows], times=self.times[rows])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Independent(Serial):
    """Residuals of which none says anything of another."""

    name = "independent"
    label = ""

    @property
    def n_coordinates(self) -> int:
        """None."""
        return 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Zero alone."""
        return 0.0, 0.0

    def values(self, coordinates: FloatArray) -> FloatArray:
        """No parameter, shape (..., 0)."""
        return coordinates

    @property
    def n_kinds(self) -> int:
        """The identity."""
        return 1

    @property
    def numbers(self) -> FloatArray:
        """Nothing."""
        return np.empty(0)

    def pairs(self, classes: IntArray) -> Pairs:
        """Every row with itself."""
        rows = np.arange(len(classes))
        return Pairs(
            kind=np.zeros_like(rows), first=rows, second=rows, members=identity(len(rows)), classes=classes
        )

    def terms(self, coordinates: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """One, and log |I|."""
        shape = coordinates.shape[:-1]
        return np.ones((*shape, 1)), np.zeros(shape)

    def of_rows(self, rows: NDArray[np.bool_] | IntArray | slice) -> Self:  # noqa: ARG002
        """The same."""
        return self


INDEPENDENT = Independent(codes=np.empty(0, dtype=np.int64), times=np.empty(0))


def identity(n: int) -> sparse.csr_array:
    """Every row as a member."""
    from scipy import sparse

    return sparse.csr_array((np.ones(n), np.arange(n), np.arange(n + 1)), shape=(n, n))


def neighbours(parts: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Rows and the rows that follow them in the same series."""
    first = np.concatenate([rows[:-1] for rows in parts])
    return first, np.concatenate([rows[1:] for rows in parts])


def in_order(codes: IntArray, times: FloatArray | None = None) -> FloatArray:
    """Place of every row in its series, counted from 0, by time where times are given."""
    order = np.argsort(codes, kind="stable") if times is None else np.lexsort((times, codes))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    places = np.empty(len(codes))
    places[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    return places
