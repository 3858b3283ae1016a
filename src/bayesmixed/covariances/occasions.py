"""Residuals with any correlations between occasions, ``unstr(time, gr=g)``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.covariance import Row, correlation_matrix
from bayesmixed.covariances.serial import FloatArray, IntArray, Pairs, Serial, identity, in_order
from bayesmixed.covariances.unstructured import LARGEST_PARTIAL, Unstructured
from bayesmixed.names import OCCASIONS
from bayesmixed.priors.prior import Prior


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Occasions(Serial):
    """Every pair of occasions with a correlation of its own.

    C^-1 of a series is the inverse of the part of the matrix that belongs to its occasions: one matrix Q for
    every pair of occasions and every set of occasions that some series has.
    """

    name = "unstr"
    label = "unstr"
    usage = "unstr(time, gr=g)"
    holds_intercepts = True
    needs_time = True
    prior_note = Unstructured.prior_note
    kernel = "occasions"
    occasions: FloatArray  # times, in order
    labels: tuple[str, ...] = ()  # of the levels that the times are places of, where they are that

    @classmethod
    def build(cls, codes: IntArray, times: FloatArray | None) -> Occasions:
        """Structure of rows whose series and times are given."""
        places = in_order(codes) if times is None else times
        return cls(codes=codes, times=places, occasions=np.unique(places))

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Occasions, twice."""
        return dict.fromkeys(OCCASIONS, self.occasion_labels)

    def labelled(self, occasions: tuple[str, ...]) -> Occasions:
        """The same with the labels of the occasions."""
        return replace(self, labels=occasions)

    @property
    def occasion_labels(self) -> tuple[str, ...]:
        """What tables call the occasions."""
        if self.labels:
            return tuple(self.labels[int(time)] for time in self.occasions)
        return tuple(f"{time:g}" for time in self.occasions)

    @property
    def pair_labels(self) -> list[tuple[str, ...]]:
        """Pairs of occasions, in lme4's order."""
        return list(combinations(self.occasion_labels, 2))

    @property
    def _matrices(self) -> Unstructured:
        return Unstructured(len(self.occasions))

    @property
    def _patterns(self) -> tuple[list[IntArray], IntArray, list[int]]:
        """Sets of occasions, how many series have each, and the set of every series."""
        places = np.searchsorted(self.occasions, self.times)
        sets = [tuple(places[rows].tolist()) for rows in self.series]
        distinct = sorted(set(sets))
        which = [distinct.index(each) for each in sets]
        return [np.array(each) for each in distinct], np.bincount(which), which

    @property
    def bounds(self) -> tuple[float, float]:
        """Between two occasions, whatever the others'."""
        return -1.0, 1.0

    @property
    def n_coordinates(self) -> int:
        """One for each pair of occasions."""
        return self._matrices.n_coordinates

    @property
    def n_kinds(self) -> int:
        """Pairs of occasions of every set, each occasion with itself too."""
        return sum(len(each) * (len(each) + 1) // 2 for each in self._patterns[0])

    @property
    def numbers(self) -> FloatArray:
        """Number of occasions, number of sets, then of each set its count, its size and its occasions."""
        sets, counts, _ = self._patterns
        parts = [(count, len(each), *each) for each, count in zip(sets, counts, strict=True)]
        return np.concatenate([[len(self.occasions), len(sets)], *parts]).astype(np.float64)

    @property
    def scratch(self) -> int:
        """Six matrices."""
        return 6 * len(self.occasions) ** 2

    def pairs(self, classes: IntArray) -> Pairs:
        """Pairs of rows of a series, in the order of the lower triangle of its set."""
        sets, _, which = self._patterns
        starts = np.cumsum([0, *(len(each) * (len(each) + 1) // 2 for each in sets)])
        kind, first, second = [], [], []
        for rows, w in zip(self.series, which, strict=True):
            i, j = np.tril_indices(len(rows))
            kind.append(starts[w] + np.arange(len(i)))
            first.append(rows[i])
            second.append(rows[j])
        return Pairs(
            kind=np.concatenate(kind),
            first=np.concatenate(first),
            second=np.concatenate(second),
            members=identity(len(classes)),
            classes=classes,
        )

    def terms(self, coordinates: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Entries of the inverse of every set, and log |C|."""
        factor = _cholesky(np.tanh(0.5 * coordinates), len(self.occasions))
        whole = factor @ np.swapaxes(factor, -1, -2)
        sets, counts, _ = self._patterns
        parts, total = [], np.zeros(coordinates.shape[:-1], dtype=coordinates.dtype)
        for each, count in zip(sets, counts, strict=True):
            own = whole[..., each[:, None], each]
            sign, size = np.linalg.slogdet(own)
            total = total + count * (size + (np.log(sign) if np.iscomplexobj(own) else 0.0))
            parts.append(np.linalg.inv(own)[(..., *np.tril_indices(len(each)))])
        return np.concatenate(parts, axis=-1), total

    def values(self, coordinates: FloatArray) -> FloatArray:
        """Correlation matrix between occasions, shape (..., m) to (..., T, T)."""
        return correlation_matrix(self._matrices.cholesky(coordinates))

    def coordinates(self, values: FloatArray) -> FloatArray:
        """Coordinates of correlation matrices, shape (..., T, T) to (..., m)."""
        found = self._matrices.coordinates(values.reshape(-1, *values.shape[-2:]))
        return found.reshape(*values.shape[:-2], -1)

    def held(self, number: int, value: float, coordinates: NDArray[Any]) -> tuple[int, Any]:
        """The partial correlation of the two occasions, in which their correlation is linear."""
        first, second = np.triu_indices(len(self.occasions), k=1)
        j, i = int(first[number]), int(second[number])
        place = i * (i - 1) // 2 + j
        moved = coordinates.copy()
        moved[place] = 0.0
        factor = _cholesky(np.tanh(0.5 * moved), len(self.occasions))
        left = np.sqrt(1.0 - np.sum(factor[i, :j] ** 2))
        partial = (value - np.sum(factor[i, :j] * factor[j, :j])) / (left * factor[j, j])
        inside = LARGEST_PARTIAL / max(abs(partial.real), LARGEST_PARTIAL)
        return place, 2.0 * np.arctanh(partial * inside)

    def between(self, value: Any, first: FloatArray, second: FloatArray) -> Any:
        """Entries of the matrix."""
        i, j = np.searchsorted(self.occasions, first), np.searchsorted(self.occasions, second)
        return value[i[:, None], j]

    def default_prior(self) -> Prior:
        """LKJ(2)."""
        return self._matrices.default_prior()

    def refusal(self, prior: Prior) -> str | None:
        """What is wrong with a prior that is not LKJ's."""
        return self._matrices.refusal(prior)

    def kernel_rows(self, prior: Prior) -> list[Row]:
        """Numbers of LKJ's prior."""
        return self._matrices.kernel_rows(prior)

    def log_density(self, prior: Prior, value: FloatArray) -> FloatArray:
        """LKJ's log density at matrices."""
        return self._matrices.log_density(prior, value)

    def graph_variable(self, prior: Prior) -> Any:
        """The matrix as a variable of PyMC's graph."""
        import pymc as pm
        from pytensor import tensor as pt

        rows = self._matrices.graph_rows(f"partial_{self.label}", prior)
        factor = [[*row, *[pt.constant(0.0)] * (len(rows) - len(row))] for row in rows]
        lower = pt.stack([value for row in factor for value in row]).reshape((len(rows), len(rows)))
        return pm.Deterministic(self.label, lower @ lower.T, dims=OCCASIONS)

    def graph_terms(self, value: Any, z: Any) -> tuple[Any, Any]:
        """Sums over the sets of occasions."""
        import pytensor.tensor as pt

        form, log_determinant = pt.constant(0.0), pt.constant(0.0)
        for each, rows in self._rows_of_sets:
            factor = pt.linalg.cholesky(value[each[:, None], each])
            own = pt.linalg.solve_triangular(factor, z[rows].T, lower=True)
            form = form + (own**2).sum()
            log_determinant = log_determinant + 2 * len(rows) * pt.log(factor.diagonal()).sum()
        return form, log_determinant

    def draws(self, prior: Prior, n: int, rng: np.random.Generator) -> FloatArray:
        """Matrices drawn from LKJ's prior."""
        return correlation_matrix(self._matrices.cholesky_draws(prior, n, rng))

    def correlated(self, value: FloatArray, deviates: FloatArray) -> FloatArray:
        """Deviates times the Cholesky factor of every set of occasions."""
        out = np.empty_like(deviates)
        for each, rows in self._rows_of_sets:
            factor = np.linalg.cholesky(value[:, each[:, None], each])
            out[:, rows] = np.einsum("sij,smj->smi", factor, deviates[:, rows])
        return out

    @property
    def _rows_of_sets(self) -> list[tuple[IntArray, IntArray]]:
        """Sets of occasions, with the rows of their series, shape (series, occasions)."""
        sets, _, which = self._patterns
        rows: list[list[IntArray]] = [[] for _ in sets]
        for own, place in zip(self.series, which, strict=True):
            rows[place].append(own)
        return [(each, np.array(own)) for each, own in zip(sets, rows, strict=True)]


def _cholesky(partials: NDArray[Any], size: int) -> NDArray[Any]:
    """Cholesky factors from canonical partial correlations, complex ones too."""
    factor = np.zeros((*partials.shape[:-1], size, size), dtype=partials.dtype)
    place = 0
    for i in range(size):
        left = np.ones(partials.shape[:-1], dtype=partials.dtype)
        for m in range(i):
            factor[..., i, m] = partials[..., place] * np.sqrt(left)
            left = left * (1.0 - partials[..., place] ** 2)
            place += 1
        factor[..., i, i] = np.sqrt(left)
    return factor
