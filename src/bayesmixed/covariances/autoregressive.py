"""Residuals with a first-order autoregression, ``ar(time, gr=g)``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.serial import FloatArray, IntArray, Pairs, Serial, identity, in_order, neighbours

EVEN = 0.01
"""Relative difference up to which the steps of a series count as equal."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Autoregressive(Serial):
    """Correlation ar^d between residuals whose times are d apart.

    Times that are whole numbers count as they are. Other times whose steps are equal within every series
    are counted, so that neighbours are one apart; else ar is the correlation at one unit of time, and
    positive (a continuous-time autoregression, nlme's ``corCAR1``).

    With r = ar^d and v = 1 - r^2 of every step d, C^-1 has 1 for the first row of a series, and for each
    step r^2 / v for the earlier row, 1 / v for the later, -r / v for both; log |C| = sum of log v.
    """

    name = "ar"
    label = "ar"
    usage = "ar(time, gr=g)"
    kernel = "autoregressive"
    low: float = -1.0  # smallest value of ar

    @classmethod
    def build(cls, codes: IntArray, times: FloatArray | None) -> Autoregressive:
        """Structure of rows whose series and times are given."""
        given = cls(codes=codes, times=in_order(codes) if times is None else times)
        if np.array_equal(given._steps, np.round(given._steps)):
            return given
        if given._is_even:
            return replace(given, times=in_order(codes, times))
        return replace(given, low=0.0)

    @property
    def _steps(self) -> FloatArray:
        first, second = neighbours(self.series)
        return np.asarray(self.times[second] - self.times[first])

    @property
    def _is_even(self) -> bool:
        """Whether the steps of every series are equal."""
        steps = [np.diff(self.times[rows]) for rows in self.series if len(rows) > 2]
        return all(np.ptp(each) <= EVEN * np.max(each) for each in steps)

    @property
    def bounds(self) -> tuple[float, float]:
        """Positive unless all steps are whole numbers."""
        return self.low, 1.0

    @property
    def n_kinds(self) -> int:
        """Firsts, then three for every distinct step."""
        return 1 + 3 * len(np.unique(self._steps))

    @property
    def numbers(self) -> FloatArray:
        """Low end of the bounds, number of distinct steps, each step with its count."""
        steps, counts = np.unique(self._steps, return_counts=True)
        return np.array([self.low, len(steps), *np.column_stack([steps, counts]).ravel()])

    def pairs(self, classes: IntArray) -> Pairs:
        """First rows, then for every step the earlier, the later, both."""
        parts = self.series
        firsts = np.array([rows[0] for rows in parts])
        first, second = neighbours(parts)
        _, step = np.unique(self._steps, return_inverse=True)
        return Pairs(
            kind=np.concatenate([0 * firsts, 1 + 3 * step, 2 + 3 * step, 3 + 3 * step]),
            first=np.concatenate([firsts, first, second, first]),
            second=np.concatenate([firsts, first, second, second]),
            members=identity(len(classes)),
            classes=classes,
        )

    def terms(self, coordinates: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Factors of the kinds, and log |C|."""
        steps, counts = np.unique(self._steps, return_counts=True)
        share = 1.0 / (1.0 + np.exp(-coordinates[..., :1]))
        power = (self.low + (1.0 - self.low) * share) ** (steps.astype(np.int64) if self.low < 0.0 else steps)
        rest = 1.0 - power * power
        each = np.stack([power * power / rest, 1.0 / rest, -power / rest], axis=-1)
        ones = np.ones((*each.shape[:-2], 1))
        return np.concatenate([ones, each.reshape(*ones.shape[:-1], -1)], axis=-1), np.log(rest) @ counts

    def graph_terms(self, value: Any, z: Any) -> tuple[Any, Any]:
        """Squares of the first residuals and of the innovations, over their variances."""
        import pytensor.tensor as pt

        first, second = neighbours(self.series)
        steps, which, counts = np.unique(self._steps, return_inverse=True, return_counts=True)
        power = value**steps
        rest = 1.0 - power**2
        begin = np.array([rows[0] for rows in self.series])
        moved = z[second] - power[which] * z[first]
        return (z[begin] ** 2).sum() + (moved**2 / rest[which]).sum(), (counts * pt.log(rest)).sum()

    def correlated(self, value: FloatArray, deviates: FloatArray) -> FloatArray:
        """Every residual from the one before it, over all series at once."""
        out = deviates.copy()
        places = in_order(self.codes, self.times)
        order = np.lexsort((self.codes, places))
        by_place = np.split(order, np.flatnonzero(np.diff(places[order])) + 1)
        for before, now in pairwise(by_place):
            earlier = before[np.searchsorted(self.codes[before], self.codes[now])]
            power = value[:, None] ** self._exact(self.times[now] - self.times[earlier])
            out[:, now] = power * out[:, earlier] + np.sqrt(1.0 - power**2) * deviates[:, now]
        return out

    def _exact(self, steps: FloatArray) -> FloatArray | IntArray:
        """Steps as whole numbers where a negative number is raised to them."""
        return steps.astype(np.int64) if self.low < 0.0 else steps

    def between(self, value: Any, first: FloatArray, second: FloatArray) -> Any:
        """Powers of ar."""
        apart = np.abs(first[:, None] - second[None, :])
        return value ** (apart.astype(np.int64) if self.low < 0.0 else apart)
