"""The pattern of the sparse Cholesky factor behind the normal approximation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from bayesmixed.design.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Places of the lower triangle of a matrix of order N that its Cholesky factor fills.

    Attributes
    ----------
    pointer, row : IntArray
        Compressed columns, rows in increasing order, the diagonal first; shapes (N + 1,) and (m,).
    line_pointer, line_column, line_place : IntArray
        The places left of the diagonal, row by row: where each row begins, and for each place its column and
        its position among the compressed columns.
    """

    pointer: IntArray
    row: IntArray
    line_pointer: IntArray
    line_column: IntArray
    line_place: IntArray

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

    Parameters
    ----------
    matrix : scipy sparse array
        Shape (N, N), explicit zeros count.

    Returns
    -------
    Pattern
        Fill included.

    Notes
    -----
    Column j has the rows of the matrix below the diagonal, and those of all columns whose first row below
    the diagonal is j (the elimination tree of Liu, 1990).

    Examples
    --------
    >>> arrow = sparse.csc_array(np.array([[2.0, 0, 1], [0, 2, 1], [1, 1, 2]]))
    >>> fill_pattern(arrow).row
    array([0, 2, 1, 2, 2])
    """
    lower = sparse.csc_array(sparse.tril(matrix, -1))
    n = lower.shape[0]
    children: list[list[set[int]]] = [[] for _ in range(n)]
    columns = []
    for j in range(n):
        below = set(lower.indices[lower.indptr[j] : lower.indptr[j + 1]].tolist())
        below = below.union(*children[j]) - {j}
        children[j] = []
        columns.append([j, *sorted(below)])
        if below:
            children[columns[-1][1]].append(below)
    pointer = np.concatenate([[0], np.cumsum([len(column) for column in columns])]).astype(np.int64)
    row = np.concatenate([np.empty(0, dtype=np.int64), *(np.array(c, dtype=np.int64) for c in columns)])
    return _with_lines(pointer, row)


def _with_lines(pointer: IntArray, row: IntArray) -> Pattern:
    """Pattern of compressed columns, with its rows."""
    n = len(pointer) - 1
    column = np.repeat(np.arange(n), np.diff(pointer))
    left = np.flatnonzero(row > column)
    by_row = left[np.lexsort((column[left], row[left]))]
    counts = np.bincount(row[by_row], minlength=n)
    return Pattern(
        pointer=pointer,
        row=row,
        line_pointer=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        line_column=column[by_row].astype(np.int64),
        line_place=by_row.astype(np.int64),
    )
