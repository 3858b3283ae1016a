"""Exact draws of the integrated effects given theta, and their conditional moments.

Given theta everything integrated is normal: the root's effects have precision A / sigma^2, and a level j given the
later ones has mean T (K_jy - K_jF u_F) and covariance sigma^2 T = sigma^2 M M'.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, cfunc, types

from bayesmixed.engines.collapsed import layout as at
from bayesmixed.engines.collapsed.density import write_response, write_sampled
from bayesmixed.engines.collapsed.elimination import (
    compiled,
    eliminate_chain,
    factor_root,
    load,
    node_row,
    root_response,
    scale_dense,
    solve_lower,
    solve_upper,
)
from bayesmixed.engines.collapsed.theta import write_lambda


@compiled
def draw_root(ints: Any, work: Any, effects: Any, sigma: float) -> None:
    """Turn standard normal deviates of the root's effects into a draw."""
    q = ints[at.N_ROOT]
    first = ints[at.N_INTEGRATED] - q
    square, drawn = work[ints[at.W_INVERSE] :], effects[first:]
    mean = work[ints[at.W_EFFECTS] + first :]
    root_response(ints, work, mean)
    solve_lower(square, q, mean)
    for i in range(q):
        drawn[i] = mean[i] + sigma * drawn[i]
    solve_upper(square, q, drawn)
    if q > ints[at.N_COEFFICIENTS]:
        scale_dense(ints, work, drawn, ints[at.W_LAMBDA])


@compiled
def draw_node(
    ints: Any, floats: Any, work: Any, node: int, k: int, m_at: int, own: int, effects: Any, sigma: float
) -> None:
    """Turn standard normal deviates of one level into a draw, given the draws of later effects."""
    c = ints[ints[at.N_COLUMNS] + node]
    width = k + c
    row = node_row(ints, floats, work, node)
    column = ints[ints[at.COLUMN] + ints[ints[at.MAP_START] + node] :]
    residual = work[ints[at.W_SCRATCH] :]
    for i in range(k):
        value = work[ints[at.W_RESPONSE] + own + i]
        for a in range(c):
            value -= row[i * width + k + a] * effects[column[a]]
        residual[i] = value
    for a in range(k):
        value = sigma * effects[own + a]
        for i in range(k):
            value += work[m_at + i * k + a] * residual[i]
        residual[k + a] = value
    for i in range(k):
        effects[own + i] = 0.0
        for a in range(k):
            effects[own + i] += work[m_at + i * k + a] * residual[k + a]


@compiled
def draw_effects(ints: Any, floats: Any, point: Any, effects: Any, work: Any) -> int:
    """Turn standard normal deviates into a draw of all integrated effects; 0, or 1 when A is not positive definite."""
    sigma = np.exp(point[ints[at.N_THETA] - 1])
    write_lambda(ints, work, point)
    write_sampled(ints, work, point)
    squared = write_response(ints, floats, work)
    load(ints, floats, work)
    log_det, squared = eliminate_chain(ints, floats, work, squared)
    dense_log_det, _ = factor_root(ints, floats, work, sigma)
    if np.isnan(log_det) or np.isnan(dense_log_det):
        return 1
    draw_root(ints, work, effects, sigma)
    for f in range(ints[at.N_CHAIN] - 1, -1, -1):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        for level in range(ints[table + at.FACTOR_J]):
            node = ints[table + at.FACTOR_FIRST_NODE] + level
            own = ints[table + at.FACTOR_FIRST_COLUMN] + level * k
            draw_node(ints, floats, work, node, k, factored + level * 2 * k * k, own, effects, sigma)
    return 0


DRAW_SIGNATURE = types.int64(
    types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr
)


@cfunc(DRAW_SIGNATURE, cache=True, nopython=True)
def conditional_draws(n_draws, points_pointer, effects_pointer, data):  # type: ignore[no-untyped-def]
    """Turn rows of standard normal deviates into draws given rows of points; return how many failed."""
    ints = carray(data, carray(data, 1, np.int64)[at.WORDS], np.int64)
    floats = carray(data, ints[at.WORDS], np.float64)
    dimension, n = ints[at.DIMENSION], ints[at.N_INTEGRATED]
    points = carray(points_pointer, n_draws * dimension)
    effects = carray(effects_pointer, n_draws * n)
    work = np.empty(ints[at.WORK_WORDS])
    failed = 0
    for d in range(n_draws):
        failed += draw_effects(ints, floats, points[d * dimension :], effects[d * n :], work)
    return failed
