"""Sparse Cholesky factorization R R' of a precision matrix, its solves, and the gradient back through it.

Everything lies in compressed columns of one pattern, fill included, that was found once from the design. The
gradient runs the factorization backwards (Smith 1995, Journal of Computational and Graphical Statistics 4).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bayesmixed.engines.collapsed.compilation import compiled
from bayesmixed.engines.collapsed.memory import beyond
from bayesmixed.engines.joint import layout as at


@compiled
def factorize(ints: Any, values: Any, column: Any) -> float:
    """Replace the lower triangle of a matrix by its Cholesky factor; return log|R|, NaN where it has none."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    line, place = beyond(ints, ints[at.LINE_POINTER]), beyond(ints, ints[at.LINE_PLACE])
    other = beyond(ints, ints[at.LINE_COLUMN])
    log_det = 0.0
    for j in range(ints[at.N_EFFECTS]):
        first, last = start[j], start[j + 1]
        for q in range(first, last):
            column[row[q]] = values[q]
        for r in range(line[j], line[j + 1]):
            p = place[r]
            factor = values[p]
            for q in range(p, start[other[r] + 1]):
                column[row[q]] -= factor * values[q]
        pivot = column[j]
        if not pivot > 0.0:
            return math.nan
        root = math.sqrt(pivot)
        values[first] = root
        for q in range(first + 1, last):
            values[q] = column[row[q]] / root
        log_det += math.log(root)
    return log_det


@compiled
def factorization_gradient(ints: Any, values: Any, slope: Any, column: Any) -> None:
    """Turn the gradient in the Cholesky factor into that in the lower triangle of the matrix, in place."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    line, place = beyond(ints, ints[at.LINE_POINTER]), beyond(ints, ints[at.LINE_PLACE])
    other = beyond(ints, ints[at.LINE_COLUMN])
    for j in range(ints[at.N_EFFECTS] - 1, -1, -1):
        first, last = start[j], start[j + 1]
        root = values[first]
        own = slope[first]
        for q in range(first + 1, last):
            slope[q] /= root
            own -= slope[q] * values[q]
            column[row[q]] = slope[q]
        slope[first] = 0.5 * own / root
        column[j] = slope[first]
        for r in range(line[j], line[j + 1]):
            p = place[r]
            factor = values[p]
            along = 0.0
            for q in range(p, start[other[r] + 1]):
                pulled = column[row[q]]
                along += pulled * values[q]
                slope[q] -= pulled * factor
            slope[p] -= along


@compiled
def solve_factor(ints: Any, values: Any, vector: Any) -> None:
    """Multiply a vector by R^-1."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    for j in range(ints[at.N_EFFECTS]):
        value = vector[j] / values[start[j]]
        vector[j] = value
        for q in range(start[j] + 1, start[j + 1]):
            vector[row[q]] -= values[q] * value


@compiled
def solve_transposed(ints: Any, values: Any, vector: Any) -> None:
    """Multiply a vector by (R')^-1."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    for j in range(ints[at.N_EFFECTS] - 1, -1, -1):
        value = vector[j]
        for q in range(start[j] + 1, start[j + 1]):
            value -= values[q] * vector[row[q]]
        vector[j] = value / values[start[j]]


@compiled
def invert_lower(matrix: Any, k: int, out: Any) -> None:
    """Inverse of a dense lower triangular matrix."""
    for j in range(k):
        for i in range(k):
            out[i * k + j] = 0.0
        out[j * k + j] = 1.0 / matrix[j * k + j]
        for i in range(j + 1, k):
            value = 0.0
            for m in range(j, i):
                value -= matrix[i * k + m] * out[m * k + j]
            out[i * k + j] = value / matrix[i * k + i]


@compiled
def is_finite(values: Any, n: int) -> bool:
    """Whether all of some numbers are finite."""
    for i in range(n):  # noqa: SIM110
        if not np.isfinite(values[i]):
            return False
    return True
