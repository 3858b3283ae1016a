"""Sparse Cholesky factorization R R' of a precision matrix, its solves, and the gradient back through it.

Everything lies in compressed columns of one pattern, fill included, that was found once from the design. A
column has the rows of its first row below the diagonal (see `structure`), so that its products are subtracted
from other columns in runs without a gap. The gradient runs the factorization backwards (Smith 1995, Journal
of Computational and Graphical Statistics 4).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.row_loops import over_rows
from bayesmixed.engines.kernel import layout as shared
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond

SHORT = 12
"""Length up to which a run is not worth the checks before a longer step."""


@over_rows
def pull_back(n: int, factor: float, source: Any, target_slope: Any, slope: Any) -> float:
    """Backwards through ``target -= factor * source``: the gradient in the source, and that in the factor."""
    along = 0.0
    for i in range(n):
        along += target_slope[i] * source[i]
        slope[i] -= factor * target_slope[i]
    return along


@over_rows
def write_outer(n: int, left: Any, left_factor: float, right: Any, right_factor: float, out: Any) -> None:
    """Minus the sum of multiples of two vectors."""
    for i in range(n):
        out[i] = -left[i] * left_factor - right[i] * right_factor


@compiled
def factorize(ints: Any, values: Any) -> float:
    """Replace the lower triangle of a matrix by its Cholesky factor; return log|R| or NaN."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    log_det = 0.0
    for j in range(ints[at.N_EFFECTS]):
        first, last = start[j], start[j + 1]
        pivot = values[first]
        if not pivot > 0.0:
            return math.nan
        root = math.sqrt(pivot)
        values[first] = root
        log_det += math.log(root)
        inverse = 1.0 / root
        for q in range(first + 1, last):
            values[q] *= inverse
        for q in range(first + 1, last):
            factor, target = values[q], start[row[q]]
            if last - q > SHORT:
                add_multiple(last - q, -factor, beyond(values, q), beyond(values, target))
            else:
                for i in range(last - q):
                    values[target + i] -= factor * values[q + i]
    return log_det


@compiled
def factorization_gradient(ints: Any, values: Any, slope: Any) -> None:
    """Turn the gradient in the Cholesky factor into that in the lower triangle of the matrix, in place."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    for j in range(ints[at.N_EFFECTS] - 1, -1, -1):
        first, last = start[j], start[j + 1]
        for q in range(first + 1, last):
            factor, target, along = values[q], start[row[q]], 0.0
            if last - q > SHORT:
                along = pull_back(
                    last - q, factor, beyond(values, q), beyond(slope, target), beyond(slope, q)
                )
            else:
                for i in range(last - q):
                    along += slope[target + i] * values[q + i]
                    slope[q + i] -= factor * slope[target + i]
            slope[q] -= along
        inverse = 1.0 / values[first]
        own = slope[first]
        for q in range(first + 1, last):
            slope[q] *= inverse
            own -= slope[q] * values[q]
        slope[first] = 0.5 * own * inverse


@compiled
def solve_factor(ints: Any, values: Any, vector: Any) -> None:
    """Multiply a vector by R^-1."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    run = beyond(ints, ints[at.COLUMN_RUN])
    for j in range(ints[at.N_EFFECTS]):
        first, split, last = start[j], run[j], start[j + 1]
        value = vector[j] / values[first]
        vector[j] = value
        for q in range(first + 1, split):
            vector[row[q]] -= values[q] * value
        if split < last:
            add_multiple(last - split, -value, beyond(values, split), beyond(vector, row[split]))


@compiled
def solve_transposed(ints: Any, values: Any, vector: Any) -> None:
    """Multiply a vector by (R')^-1."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    run = beyond(ints, ints[at.COLUMN_RUN])
    for j in range(ints[at.N_EFFECTS] - 1, -1, -1):
        first, split, last = start[j], run[j], start[j + 1]
        value = vector[j]
        for q in range(first + 1, split):
            value -= values[q] * vector[row[q]]
        if split < last:
            value -= inner_product(last - split, beyond(values, split), beyond(vector, row[split]))
        vector[j] = value / values[first]


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


@over_rows
def copy(n: int, values: Any, out: Any) -> None:
    """Values into `out`."""
    for i in range(n):
        out[i] = values[i]


@over_rows
def add_multiple(n: int, factor: float, values: Any, out: Any) -> None:
    """A multiple of some values, added to `out`."""
    for i in range(n):
        out[i] += factor * values[i]


@over_rows
def inner_product(n: int, left: Any, right: Any) -> float:
    """Sum of products."""
    total = 0.0
    for i in range(n):
        total += left[i] * right[i]
    return total


@over_rows
def add_effects(n: int, k: int, z: Any, code: Any, effects: Any, eta: Any) -> None:
    """Z u of one factor, added to the linear predictor."""
    if k == 1:
        for i in range(n):
            eta[i] += z[i] * effects[code[i]]
        return
    for i in range(n):
        value = eta[i]
        for e in range(k):
            value += z[i * k + e] * effects[code[i] + e]
        eta[i] = value


@over_rows
def add_level_sums(n: int, k: int, z: Any, code: Any, score: Any, out: Any) -> None:
    """Z' times the score of the rows, added to the effects of one factor."""
    if k == 1:
        for i in range(n):
            out[code[i]] += z[i] * score[i]
        return
    for i in range(n):
        for e in range(k):
            out[code[i] + e] += z[i * k + e] * score[i]


@compiled
def write_predictor(ints: Any, floats: Any, joint: Any, eta: Any) -> None:
    """Linear predictor: offset + X b + sum_k Z_k u_k."""
    n, p = ints[at.N_ROWS], ints[at.N_FIXED]
    x, fixed = beyond(floats, ints[at.ROW_X]), beyond(joint, ints[at.N_EFFECTS] - p)
    copy(n, beyond(floats, ints[at.ROW_OFFSET]), eta)
    for j in range(p):
        add_multiple(n, fixed[j], beyond(x, j * n), eta)
    for f in range(ints[shared.N_FACTORS]):
        table = ints[shared.FACTORS] + f * shared.FACTOR_LENGTH
        z = beyond(floats, ints[at.ROW_Z] + ints[table + at.FACTOR_Z])
        add_effects(n, ints[table + shared.FACTOR_K], z, beyond(ints, ints[at.ROW_CODE] + f * n), joint, eta)


@compiled
def write_transposed(ints: Any, floats: Any, score: Any, out: Any) -> None:
    """Gradient in random effects and coefficients from that in the linear predictor."""
    n, p, n_effects = ints[at.N_ROWS], ints[at.N_FIXED], ints[at.N_EFFECTS]
    x = beyond(floats, ints[at.ROW_X])
    for i in range(n_effects - p):
        out[i] = 0.0
    for j in range(p):
        out[n_effects - p + j] = inner_product(n, beyond(x, j * n), score)
    for f in range(ints[shared.N_FACTORS]):
        table = ints[shared.FACTORS] + f * shared.FACTOR_LENGTH
        z = beyond(floats, ints[at.ROW_Z] + ints[table + at.FACTOR_Z])
        code = beyond(ints, ints[at.ROW_CODE] + f * n)
        add_level_sums(n, ints[table + shared.FACTOR_K], z, code, score, out)
