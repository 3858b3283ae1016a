"""The pattern of the sparse Cholesky factor behind the normal approximation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from bayesmixed.design.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Places of the lower triangle of a matrix of order N that its Cholesky factor fills."""

    # pointer, row: compressed columns, rows in increasing order, the diagonal first; shapes (N + 1,) and (m,)
    pointer: IntArray
    row: IntArray
    # for each column the place, behind the diagonal, from which on its rows follow each other without a gap,
    # shape (N,)
    run: IntArray

    @property
    def order(self) -> int:
        """Order of the matrix, N."""
        return len(self.pointer) - 1

    def values(self, matrix: Any) -> FloatArray:
        """Lower triangle of a sparse symmetric matrix in this pattern, shape (m,)."""
        lower = sparse.tril(matrix).tocoo()
        column = np.repeat(np.arange(self.order), np.diff(self.pointer))
        keys = column * self.order + self.row
        out = np.zeros(len(self.row))
        out[np.searchsorted(keys, lower.col.astype(np.int64) * self.order + lower.row)] = lower.data
        return out


def fill_pattern(matrix: Any) -> Pattern:
    """Pattern of the Cholesky factor of a sparse symmetric matrix, eliminated in its own order.

    Shapes: `matrix` (N, N).

    In the elimination tree (Liu, 1990) the parent of a column is its first row below the diagonal, fill
    included. The rows of a column lie on its path to the root; here they are all of that path. In nested
    factors, and wherever few columns stand at the end, that is the fill itself or little more.
    """
    parent = _elimination_parents(matrix)
    paths: list[list[int]] = []
    for j in range(len(parent) - 1, -1, -1):
        paths.append([j, *(paths[len(parent) - 1 - parent[j]] if parent[j] >= 0 else [])])
    paths.reverse()
    pointer = np.concatenate([[0], np.cumsum([len(path) for path in paths])]).astype(np.int64)
    row = np.array([i for path in paths for i in path], dtype=np.int64)
    return Pattern(pointer=pointer, row=row, run=_runs(pointer, row))


def _elimination_parents(matrix: Any) -> list[int]:
    """For each column its first row below the diagonal in the Cholesky factor, or -1."""
    lower = sparse.csr_array(sparse.tril(matrix, -1))
    parent, ancestor = [-1] * lower.shape[0], [-1] * lower.shape[0]
    for i in range(lower.shape[0]):
        for column in lower.indices[lower.indptr[i] : lower.indptr[i + 1]].tolist():
            j = column
            while j >= 0 and j < i:
                following, ancestor[j] = ancestor[j], i
                if following < 0:
                    parent[j] = i
                j = following
    return parent


def _runs(pointer: IntArray, row: IntArray) -> IntArray:
    """Place behind each diagonal from which on the rows of its column have no gap."""
    first, last = pointer[:-1] + 1, pointer[1:]
    gap = np.concatenate([[True], np.diff(row) != 1])
    latest = np.maximum.accumulate(np.where(gap, np.arange(len(row)), 0))
    return np.maximum(latest[last - 1], first)
