"""Residuals that are all correlated alike within a series, ``cosy(gr=g)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.serial import FloatArray, IntArray, Pairs, Serial, identity, in_order


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Exchangeable(Serial):
    """One correlation c between all residuals of a series: compound symmetry.

    For a series of T rows C^-1 = I / (1 - c) - c / ((1 - c) (1 + (T - 1) c)) 11', and
    log |C| = (T - 1) log(1 - c) + log(1 + (T - 1) c).
    """

    name = "cosy"
    label = "cosy"
    usage = "cosy(gr=g)"
    holds_intercepts = True
    needs_time = False
    kernel = "exchangeable"
    low: float  # smallest value of the correlation

    @classmethod
    def build(cls, codes: IntArray, times: FloatArray | None) -> Exchangeable:
        """Structure of rows whose series are given; means of T have a variance for c above -1 / (T - 1)."""
        longest = int(np.bincount(codes).max())
        places = in_order(codes) if times is None else times
        return cls(codes=codes, times=places, low=-1.0 / max(1, longest - 1))

    @property
    def _sizes(self) -> IntArray:
        """Number of rows of every series."""
        return np.unique(self.codes, return_counts=True)[1]

    @property
    def bounds(self) -> tuple[float, float]:
        """What keeps the variance of every mean positive."""
        return self.low, 1.0

    @property
    def n_kinds(self) -> int:
        """Rows, then the sums of the series of every size."""
        return 1 + len(np.unique(self._sizes))

    @property
    def numbers(self) -> FloatArray:
        """Low end of the bounds, number of sizes, each size with its count."""
        sizes, counts = np.unique(self._sizes, return_counts=True)
        return np.array([self.low, len(sizes), *np.column_stack([sizes, counts]).ravel()])

    def pairs(self, classes: IntArray) -> Pairs:
        """Every row with itself, and the sums of a series by class with each other."""
        from scipy import sparse

        n = len(classes)
        _, series = np.unique(self.codes, return_inverse=True)
        width = int(classes.max()) + 1
        cells, owner = np.unique(series * width + classes, return_inverse=True)
        sums = sparse.csr_array((np.ones(n), (owner, np.arange(n))), shape=(len(cells), n))
        first, second = _within(cells // width)
        _, kinds = np.unique(self._sizes, return_inverse=True)
        rows = np.arange(n)
        return Pairs(
            kind=np.concatenate([0 * rows, 1 + kinds[cells[first] // width]]),
            first=np.concatenate([rows, n + first]),
            second=np.concatenate([rows, n + second]),
            members=sparse.vstack([identity(n), sums], format="csr"),
            classes=np.concatenate([classes, cells % width]),
        )

    def terms(self, coordinates: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Factors of the kinds, and log |C|."""
        sizes, counts = np.unique(self._sizes, return_counts=True)
        above, below = _shares(coordinates[..., :1])
        value, rest = self.low + (1.0 - self.low) * above, (1.0 - self.low) * below
        total = 1.0 + (sizes - 1) * value
        factors = np.concatenate([1.0 / rest, -value / (rest * total)], axis=-1)
        return factors, ((sizes - 1) * np.log(rest) + np.log(total)) @ counts

    def graph_terms(self, value: Any, z: Any) -> tuple[Any, Any]:
        """The form of rows, and of the sums of series."""
        import pytensor.tensor as pt

        _, series = np.unique(self.codes, return_inverse=True)
        sizes = self._sizes
        sums = pt.zeros(len(sizes))[series].inc(z)
        rest, total = 1.0 - value, 1.0 + (sizes - 1) * value
        form = ((z**2).sum() - (value / total * sums**2).sum()) / rest
        return form, ((sizes - 1) * pt.log(rest) + pt.log(total)).sum()

    def correlated(self, value: FloatArray, deviates: FloatArray) -> FloatArray:
        """Deviations from the means of series, and these means, each widened or narrowed."""
        _, series = np.unique(self.codes, return_inverse=True)
        sizes = self._sizes
        sums = np.zeros((len(value), len(sizes)))
        np.add.at(sums.T, series, deviates.T)
        rest = np.sqrt(1.0 - value)[:, None]
        wider = np.sqrt(1.0 + (sizes - 1) * value[:, None]) - rest
        return rest * deviates + (wider / sizes * sums)[:, series]

    def between(self, value: Any, first: FloatArray, second: FloatArray) -> Any:
        """One on the diagonal, else the correlation."""
        return np.where(first[:, None] == second[None, :], 1.0, value)


def _shares(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Shares of the interval below and above a value with logit x."""
    return 1.0 / (1.0 + np.exp(-x)), 1.0 / (1.0 + np.exp(x))


def _within(series: IntArray) -> tuple[IntArray, IntArray]:
    """All pairs of places, the first no later than the second, that have one series; `series` is sorted."""
    ends = np.searchsorted(series, series, side="right")
    places = np.arange(len(series))
    counts = ends - places
    first = np.repeat(places, counts)
    return first, first + np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
