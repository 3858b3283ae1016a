"""The linear predictor of all rows, its transpose, and operations on vectors that the kernel shares."""

from __future__ import annotations

from typing import Any

from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.row_loops import over_rows
from bayesmixed.engines.kernel import layout as shared
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond


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
