"""How rows meet the levels of a grouping factor, and how independent effects become those of the levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bayesmixed.errors import DataError
from bayesmixed.printing.records import short_repr

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """The levels that every row meets, m of them, each with a weight.

    A row of an ordinary grouping factor meets one level, with weight 1.

    Attributes
    ----------
    codes : IntArray
        Levels, shape (n, m), 0 to J - 1; -1 and below count new levels.
    weights : FloatArray or None
        How much of a level's effects a row has, shape (n, m); None for ones, with m = 1.
    """

    codes: IntArray
    weights: FloatArray | None = None

    __repr__ = short_repr

    @property
    def is_one(self) -> bool:
        """Whether every row has one level."""
        return self.weights is None

    def one(self, group: str) -> IntArray:
        """Level of every row, shape (n,); a DataError for a factor of which a row has several."""
        if not self.is_one:
            raise DataError(
                f"A row has several levels of {group!r}, and this needs rows that have one level each."
            )
        return self.codes[:, 0]

    def of_rows(self, rows: slice | NDArray[np.bool_] | IntArray) -> Meeting:
        """The same of some of the rows."""
        return Meeting(self.codes[rows], None if self.weights is None else self.weights[rows])

    def where(self, chosen: NDArray[np.bool_]) -> Meeting:
        """The same without the levels that are not chosen, shape (n, m)."""
        if np.all(chosen):
            return self
        weights = np.ones(self.codes.shape) if self.weights is None else self.weights
        return Meeting(np.where(chosen, self.codes, 0), np.where(chosen, weights, 0.0))

    def with_codes(self, codes: IntArray) -> Meeting:
        """The same with other numbers for the levels."""
        return replace(self, codes=codes)

    def squares(self) -> FloatArray:
        """Sum of the squares of every row's weights, those of a level added up first, shape (n,)."""
        if self.weights is None:
            return np.ones(len(self.codes))
        out = np.sum(self.weights**2, axis=1)
        for first, second in combinations(range(self.codes.shape[1]), 2):
            same = self.codes[:, first] == self.codes[:, second]
            out += 2.0 * same * self.weights[:, first] * self.weights[:, second]
        return np.asarray(out)


def one_level(codes: IntArray) -> Meeting:
    """Rows that have one level each, shape (n,)."""
    return Meeting(np.ascontiguousarray(codes, dtype=np.int64)[:, None])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownCovariance:
    """A covariance matrix between levels.

    Attributes
    ----------
    labels : tuple[str, ...]
        Of its J rows.
    matrix : FloatArray
        Shape (J, J).
    """

    labels: tuple[str, ...]
    matrix: FloatArray

    __repr__ = short_repr

    @property
    def root(self) -> FloatArray:
        """Lower Cholesky factor."""
        return np.asarray(np.linalg.cholesky(self.matrix))


def refuse_unrelated(group: str, root: FloatArray | None) -> None:
    """Refuse effects of new levels where levels are related: nothing is known of theirs."""
    if root is not None:
        raise DataError(
            f"Nothing is known of how a new level of {group!r} is related to the others. Give the fit a "
            "covariance that has it, which may have levels without rows; or write new_levels='population'."
        )
