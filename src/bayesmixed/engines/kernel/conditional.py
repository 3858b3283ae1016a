"""Exact draws of the integrated effects given theta, and their conditional moments.

Given theta everything integrated is normal: the root's effects have precision A / sigma^2, and a level j
given the later ones has mean T (K_jy - K_jF u_F) and covariance sigma^2 T = sigma^2 M M'.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled, entry
from bayesmixed.engines.kernel.density import write_response, write_sampled
from bayesmixed.engines.kernel.elimination import (
    eliminate_chain,
    factor_root,
    load,
    root_response,
    scale_dense,
    solve_lower,
    solve_upper,
)
from bayesmixed.engines.kernel.memory import DOUBLES, allocate, beyond, doubles, integers, is_null, release
from bayesmixed.engines.kernel.residual import values_of, write_terms
from bayesmixed.engines.kernel.sources import NO_MEMORY, SOURCES, STALE
from bayesmixed.engines.kernel.theta import relative_log_sigma, write_lambda


@compiled
def draw_root(ints: Any, work: Any, sigma: float) -> None:
    """Turn standard normal deviates of the root's effects, in W_EFFECTS, into a draw."""
    q, square = ints[at.N_ROOT], ints[at.W_INVERSE]
    first = ints[at.N_INTEGRATED] - q
    drawn, mean = ints[at.W_EFFECTS] + first, ints[at.W_RESPONSE] + first
    root_response(ints, work, mean)
    solve_lower(work, square, q, mean)
    for i in range(q):
        work[drawn + i] = work[mean + i] + sigma * work[drawn + i]
    solve_upper(work, square, q, drawn)
    if q > ints[at.N_COEFFICIENTS]:
        scale_dense(ints, work, drawn, ints[at.W_LAMBDA])


@compiled
def draw_node(
    ints: Any, work: Any, rows: Any, row: int, k: int, c: int, m_at: int, own: int, columns: int, sigma: float
) -> None:
    """Turn standard normal deviates of one level, in W_EFFECTS, into a draw given those of later effects."""
    width = k + c
    effects, column, residual = ints[at.W_EFFECTS], ints[at.COLUMN] + columns, ints[at.W_SCRATCH]
    for i in range(k):
        value = work[ints[at.W_RESPONSE] + own + i]
        for a in range(c):
            value -= rows[row + i * width + k + a] * work[effects + ints[column + a]]
        work[residual + i] = value
    for a in range(k):
        value = sigma * work[effects + own + a]
        for i in range(k):
            value += work[m_at + i * k + a] * work[residual + i]
        work[residual + k + a] = value
    for i in range(k):
        value = 0.0
        for a in range(k):
            value += work[m_at + i * k + a] * work[residual + k + a]
        work[effects + own + i] = value


@compiled
def draw_chain(ints: Any, values: Any, work: Any, sigma: float) -> None:
    """Draw every level of every chain factor, last factor first."""
    for f in range(ints[at.N_CHAIN] - 1, -1, -1):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, first = ints[table + at.FACTOR_K], ints[table + at.FACTOR_FIRST_NODE]
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        rows = values if f == 0 else work
        for level in range(ints[table + at.FACTOR_J]):
            node, own = first + level, ints[table + at.FACTOR_FIRST_COLUMN] + level * k
            c, columns = ints[ints[at.N_COLUMNS] + node], ints[ints[at.MAP_START] + node]
            row = ints[ints[at.ROW_START] + node] if f == 0 else ints[ints[at.FRONT_START] + node]
            draw_node(ints, work, rows, row, k, c, factored + level * 2 * k * k, own, columns, sigma)


@compiled
def draw_effects(ints: Any, floats: Any, work: Any, point: Any) -> int:
    """Turn the standard normal deviates in W_EFFECTS into a draw; 0, or 1 when A is not positive definite."""
    sigma = np.exp(relative_log_sigma(ints, point))
    write_lambda(ints, work, point)
    write_sampled(ints, work, point)
    if ints[at.N_TERMS] > 0:
        write_terms(ints, floats, work, point)
    values = values_of(ints, floats, work)
    squared = write_response(ints, floats, values, work)
    load(ints, values, work)
    log_det, squared = eliminate_chain(ints, values, work, squared)
    dense_log_det, _ = factor_root(ints, floats, work, sigma)
    if np.isnan(log_det) or np.isnan(dense_log_det):
        return 1
    draw_root(ints, work, sigma)
    draw_chain(ints, values, work, sigma)
    return 0


DRAW_SIGNATURE = types.int64(types.uint64, DOUBLES, DOUBLES, types.voidptr)


@compiled
def draw_rows(ints: Any, floats: Any, work: Any, n_draws: int, points: Any, effects: Any) -> int:
    """Turn rows of standard normal deviates into draws given rows of points; return how many failed."""
    dimension, n = ints[at.DIMENSION], ints[at.N_INTEGRATED]
    failed = 0
    for d in range(n_draws):
        for i in range(n):
            work[ints[at.W_EFFECTS] + i] = effects[d * n + i]
        failed += draw_effects(ints, floats, work, beyond(points, d * dimension))
        for i in range(n):
            effects[d * n + i] = work[ints[at.W_EFFECTS] + i]
    return failed


def _entries(sources: int, stale: int) -> Any:
    """C functions that close over the digest of their sources."""

    @entry(DRAW_SIGNATURE)
    def conditional_draws(n_draws, points, effects, data):  # type: ignore[no-untyped-def]
        """Conditional draws as ctypes calls them; return how many failed."""
        ints = integers(data)
        if ints[at.DIGEST] != sources:
            return stale
        work = allocate(ints[at.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        failed = draw_rows(ints, doubles(data), work, n_draws, points, effects)
        release(work)
        return failed

    return conditional_draws


conditional_draws = _entries(SOURCES, STALE)
