"""Conditional means and gradients, walked back from the root to the leaves.

With T = M M' and C the covariance over sigma^2 of the effects that come later, a level j has

    u_j = T (K_jy - K_jF u_F),   g_j = Z_j'r = K_jy - K_jF u_F - K_jj u_j,   Q = K_jF C_FF K_Fj,
    1/2 d log|A| / dL = sum_j (K_jj - Q + K_jj T Q) L N^-1,   -1/2 d rss / dL = sum_j g_j g_j' L.

No second factorization is needed, and L is never inverted.
"""

from __future__ import annotations

from typing import Any

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.elimination import (
    call_lapack,
    multiply_columns,
    multiply_rows,
    root_response,
    scale_dense,
    solve_lower,
    solve_upper,
    symmetrize,
)
from bayesmixed.engines.kernel.memory import beyond


@compiled
def solve_root(ints: Any, work: Any) -> float:
    """Write the conditional means of the root's effects; return what they explain of y'y."""
    q, square = ints[at.N_ROOT], ints[at.W_INVERSE]
    effects = ints[at.W_EFFECTS] + ints[at.N_INTEGRATED] - q
    root_response(ints, work, effects)
    explained = solve_lower(work, square, q, effects)
    solve_upper(work, square, q, effects)
    if q > ints[at.N_COEFFICIENTS]:
        scale_dense(ints, work, effects, ints[at.W_LAMBDA])
    return explained


@compiled
def invert_root(ints: Any, work: Any) -> None:
    """Replace the root's Cholesky factor by A^-1, without the coefficients when they are profiled."""
    q, square = ints[at.N_ROOT], ints[at.W_INVERSE]
    kept = q - ints[at.PROFILE] * ints[at.N_COEFFICIENTS]
    if kept > at.SMALL_ROOT:
        call_lapack(ints[at.POTRI], kept, beyond(work, square), q)  # type: ignore[call-arg]
    else:
        invert_small(work, square, kept, q)
    for a in range(q):
        for b in range(max(a, kept), q):
            work[square + a * q + b] = 0.0
    symmetrize(work, square, q, q)


@compiled
def invert_small(work: Any, square: int, n: int, stride: int) -> None:
    """Replace the leading n x n part U of a square by the upper triangle of (U'U)^-1."""
    for b in range(n):
        pivot = 1.0 / work[square + b * stride + b]
        for a in range(b):
            value = 0.0
            for i in range(a, b):
                value -= work[square + a * stride + i] * work[square + i * stride + b]
            work[square + a * stride + b] = value * pivot
        work[square + b * stride + b] = pivot
    for a in range(n):
        for b in range(a, n):
            value = 0.0
            for i in range(b, n):
                value += work[square + a * stride + i] * work[square + b * stride + i]
            work[square + a * stride + b] = value


@compiled
def root_gradient(ints: Any, work: Any) -> None:
    """Gradients of the dense factors; afterwards W_INVERSE holds the covariance of the root's effects."""
    q, square = ints[at.N_ROOT], ints[at.W_INVERSE]
    invert_root(ints, work)
    if q == ints[at.N_COEFFICIENTS]:
        write_root_products(ints, work)
        return
    multiply_columns(ints, work, square, ints[at.W_LAMBDA])
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k = ints[table + at.FACTOR_K]
        lam = ints[table + at.FACTOR_LAMBDA]
        for level in range(ints[table + at.FACTOR_J]):
            dense_level_gradient(ints, work, ints[table + at.FACTOR_ROOT] + level * k, k, lam)
    multiply_rows(ints, work, square, ints[at.W_LAMBDA])
    write_root_products(ints, work)


@compiled
def write_root_products(ints: Any, work: Any) -> None:
    """Gradients of log|A| and of the residual sum of squares in the root's cross-products, and in those of y.

    B A^-1 B' and w w' with w = (-u, 1), see the design.
    """
    if ints[at.N_TERMS] == 0:
        return
    q, n = ints[at.N_ROOT], ints[at.N_INTEGRATED]
    effects = beyond(work, ints[at.W_EFFECTS])
    log_products, rss_products = term_products(ints, work)
    root = ints[at.ROOT]
    for a in range(q):
        for b in range(q):
            log_products[root + a * q + b] = work[ints[at.W_INVERSE] + a * q + b]
            rss_products[root + a * q + b] = effects[n - q + a] * effects[n - q + b]
    log_products[ints[at.RESPONSE_SQUARED]], rss_products[ints[at.RESPONSE_SQUARED]] = 0.0, 1.0


@compiled
def term_products(ints: Any, work: Any) -> Any:
    """Both gradients in the values, to be read with the places of the block."""
    first = ints[at.ROWS]
    return (
        beyond(work, ints[at.W_LOG_PRODUCTS] - first),
        beyond(work, ints[at.W_RSS_PRODUCTS] - first),
    )


@compiled
def write_node_products(ints: Any, work: Any, k: int, c: int, node: int, own: int, columns: int) -> None:
    """The same gradients in the row of one level, from what `node_gradient` left."""
    width, q_at = k + c, ints[at.W_SCRATCH]
    t_at, tq, half = q_at + k * k, q_at + 2 * k * k, q_at + 4 * k * k
    effects, column = beyond(work, ints[at.W_EFFECTS]), ints[at.COLUMN] + columns
    log_products, rss_products = term_products(ints, work)
    multiply(work, t_at, work, q_at, k, k, tq)
    for i in range(k):
        row = ints[ints[at.ROW_START] + node] + i * width
        for j in range(k):
            value = work[t_at + i * k + j]
            for a in range(k):
                value += work[tq + i * k + a] * work[t_at + a * k + j]
            log_products[row + j] = value
            rss_products[row + j] = effects[own + i] * effects[own + j]
        for a in range(c):
            value = 0.0
            for j in range(k):
                value -= work[t_at + i * k + j] * work[half + j * c + a]
            log_products[row + k + a] = value
            rss_products[row + k + a] = effects[own + i] * effects[ints[column + a]]


@compiled
def dense_level_gradient(ints: Any, work: Any, level: int, k: int, lam: int) -> None:
    """Add one dense level to the gradients of its factor; W_INVERSE holds A^-1 Lambda'."""
    q, scratch = ints[at.N_ROOT], ints[at.W_SCRATCH]
    first = ints[at.N_INTEGRATED] - q
    effects, response = ints[at.W_EFFECTS] + first, ints[at.W_RESPONSE] + first
    for a in range(k):
        row = ints[at.W_ROOT] + (level + a) * q
        residual = work[response + level + a]
        for r in range(q):
            residual -= work[row + r] * work[effects + r]
        work[scratch + a] = residual
        for b in range(k):
            half = ints[at.W_INVERSE] + (level + b) * q
            value = 0.0
            for r in range(q):
                value += work[row + r] * work[half + r]
            work[ints[at.W_LOG_GRADIENT] + lam + a * k + b] += value
    add_outer(work, scratch, k, ints[at.W_RSS_GRADIENT] + lam)


@compiled
def add_outer(work: Any, vector: int, k: int, out: int) -> None:
    """Add the outer product of a vector with itself to a k x k matrix."""
    for a in range(k):
        for b in range(k):
            work[out + a * k + b] += work[vector + a] * work[vector + b]


@compiled
def node_mean(
    ints: Any,
    work: Any,
    rows: Any,
    row: int,
    k: int,
    c: int,
    m_at: int,
    own: int,
    columns: int,
    residual: int,
) -> None:
    """Conditional mean of one level given the later effects in W_EFFECTS; Z_j'r goes to `residual`."""
    width = k + c
    effects, column = ints[at.W_EFFECTS], ints[at.COLUMN] + columns
    for i in range(k):
        value = work[ints[at.W_RESPONSE] + own + i]
        for a in range(c):
            value -= rows[row + i * width + k + a] * work[effects + ints[column + a]]
        work[residual + i] = value
        work[effects + own + i] = 0.0
    for a in range(k):
        value = 0.0
        for i in range(k):
            value += work[m_at + i * k + a] * work[residual + i]
        for i in range(k):
            work[effects + own + i] += work[m_at + i * k + a] * value
    for i in range(k):
        for j in range(k):
            work[residual + i] -= rows[row + i * width + j] * work[effects + own + j]


@compiled
def node_gradient(
    ints: Any,
    work: Any,
    rows: Any,
    row: int,
    k: int,
    c: int,
    m_at: int,
    columns: int,
    later: int,
    stride: int,
    log_gradient: int,
) -> None:
    """Add one level to the gradient of log|A|, from the covariances of later columns at `later`.

    Leaves Q, T and K_jF C_FF in the scratch, one after the other.
    """
    width, place = k + c, ints[at.MAP] + columns
    q_at = ints[at.W_SCRATCH]
    t_at, bracket, product = q_at + k * k, q_at + 2 * k * k, q_at + 3 * k * k
    half = q_at + 4 * k * k
    for i in range(k):
        for a in range(c):
            base = later + ints[place + a] * stride
            value = 0.0
            for b in range(c):
                value += work[base + ints[place + b]] * rows[row + i * width + k + b]
            work[half + i * c + a] = value
    for i in range(k):
        for j in range(k):
            value, covariance = 0.0, 0.0
            for a in range(c):
                value += rows[row + i * width + k + a] * work[half + j * c + a]
            for a in range(k):
                covariance += work[m_at + i * k + a] * work[m_at + j * k + a]
            work[q_at + i * k + j], work[t_at + i * k + j] = value, covariance
    multiply(work, t_at, work, q_at, k, k, product)
    multiply(rows, row, work, product, k, width, bracket)
    for i in range(k):
        for j in range(k):
            work[bracket + i * k + j] += rows[row + i * width + j] - work[q_at + i * k + j]
    multiply(work, bracket, work, m_at, k, k, product)
    add_divided(work, product, m_at + k * k, k, log_gradient)


@compiled
def multiply(left: Any, a_at: int, work: Any, b_at: int, k: int, stride: int, out: int) -> None:
    """Product of two k x k matrices, the left one with its own row stride."""
    for i in range(k):
        for j in range(k):
            value = 0.0
            for a in range(k):
                value += left[a_at + i * stride + a] * work[b_at + a * k + j]
            work[out + i * k + j] = value


@compiled
def add_divided(work: Any, product: int, r_at: int, k: int, out: int) -> None:
    """Add the k x k matrix at `product` times R^-1, R lower triangular, to `out`; overwrite the product."""
    for i in range(k):
        for b in range(k - 1, -1, -1):
            value = work[product + i * k + b]
            for a in range(b + 1, k):
                value -= work[product + i * k + a] * work[r_at + a * k + b]
            value /= work[r_at + b * k + b]
            work[product + i * k + b] = value
            work[out + i * k + b] += value


@compiled
def write_front_covariance(
    ints: Any, work: Any, k: int, c: int, columns: int, later: int, stride: int, front: int
) -> None:
    """Covariances of an inner node's own effects and of its later columns, from what `node_gradient` left."""
    width, place = k + c, ints[at.MAP] + columns
    q_at = ints[at.W_SCRATCH]
    t_at, tq, half = q_at + k * k, q_at + 2 * k * k, q_at + 4 * k * k
    multiply(work, t_at, work, q_at, k, k, tq)
    for i in range(k):
        for j in range(k):
            value = work[t_at + i * k + j]
            for a in range(k):
                value += work[tq + i * k + a] * work[t_at + a * k + j]
            work[front + i * width + j] = value
        for a in range(c):
            value = 0.0
            for j in range(k):
                value -= work[t_at + i * k + j] * work[half + j * c + a]
            work[front + i * width + k + a] = value
            work[front + (k + a) * width + i] = value
    for a in range(c):
        for b in range(c):
            covariance = work[later + ints[place + a] * stride + ints[place + b]]
            work[front + (k + a) * width + k + b] = covariance


@compiled
def scalar_gradients(
    ints: Any, work: Any, rows: Any, n_levels: int, factored: int, own: int
) -> tuple[float, float]:
    """Conditional means of all leaves of a factor with one effect; their part of both gradients."""
    effects, response = ints[at.W_EFFECTS], ints[at.W_RESPONSE]
    row_start, map_start, n_columns = ints[at.ROW_START], ints[at.MAP_START], ints[at.N_COLUMNS]
    log_gradient, rss_gradient = 0.0, 0.0
    for level in range(n_levels):
        row, columns, c = ints[row_start + level], ints[map_start + level], ints[n_columns + level]
        place, column = ints[at.MAP] + columns, ints[at.COLUMN] + columns
        parent = ints[ints[at.PARENT] + level]
        later, stride = ints[at.W_INVERSE], ints[at.N_ROOT]
        if parent >= 0:
            later = ints[ints[at.COVARIANCE_START] + parent]
            stride = ints[ints[at.FACTORS] + at.FACTOR_LENGTH + at.FACTOR_K] + ints[n_columns + parent]
        residual, spread = work[response + own + level], 0.0
        for a in range(c):
            value = rows[row + 1 + a]
            residual -= value * work[effects + ints[column + a]]
            base = later + ints[place + a] * stride
            half = 0.5 * work[base + ints[place + a]] * value
            for b in range(a + 1, c):
                half += work[base + ints[place + b]] * rows[row + 1 + b]
            spread += 2.0 * value * half
        m, own_square = work[factored + 2 * level], rows[row]
        effect = m * m * residual
        work[effects + own + level] = effect
        residual -= own_square * effect
        rss_gradient += residual * residual
        bracket = own_square - spread + own_square * m * m * spread
        log_gradient += bracket * m / work[factored + 2 * level + 1]
    return log_gradient, rss_gradient


@compiled
def chain_gradient(ints: Any, values: Any, work: Any) -> None:
    """Conditional means and gradients of every level of every chain factor, last factor first."""
    for f in range(ints[at.N_CHAIN] - 1, -1, -1):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, first = ints[table + at.FACTOR_K], ints[table + at.FACTOR_FIRST_NODE]
        lam = ints[table + at.FACTOR_LAMBDA]
        log_gradient, rss_gradient = ints[at.W_LOG_GRADIENT] + lam, ints[at.W_RSS_GRADIENT] + lam
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        residual = ints[at.W_SCRATCH]
        rows = values if f == 0 else work
        k_parent = ints[table + at.FACTOR_LENGTH + at.FACTOR_K]
        if f == 0 and k == 1 and ints[at.N_TERMS] == 0:
            own, n_levels = ints[table + at.FACTOR_FIRST_COLUMN], ints[table + at.FACTOR_J]
            log_part, rss_part = scalar_gradients(ints, work, rows, n_levels, factored, own)
            work[log_gradient] += log_part
            work[rss_gradient] += rss_part
            continue
        for level in range(ints[table + at.FACTOR_J]):
            node, own = first + level, ints[table + at.FACTOR_FIRST_COLUMN] + level * k
            c, columns = ints[ints[at.N_COLUMNS] + node], ints[ints[at.MAP_START] + node]
            row = ints[ints[at.ROW_START] + node] if f == 0 else ints[ints[at.FRONT_START] + node]
            parent = ints[ints[at.PARENT] + node]
            later, stride = ints[at.W_INVERSE], ints[at.N_ROOT]
            if parent >= 0:
                later = ints[ints[at.COVARIANCE_START] + parent]
                stride = k_parent + ints[ints[at.N_COLUMNS] + parent]
            m_at = factored + level * 2 * k * k
            node_mean(ints, work, rows, row, k, c, m_at, own, columns, residual)
            add_outer(work, residual, k, rss_gradient)
            node_gradient(ints, work, rows, row, k, c, m_at, columns, later, stride, log_gradient)
            if ints[at.N_TERMS] > 0:
                write_node_products(ints, work, k, c, node, own, columns)
            if f > 0:
                covariance = ints[ints[at.COVARIANCE_START] + node]
                write_front_covariance(ints, work, k, c, columns, later, stride, covariance)


@compiled
def multiply_by_lambda(ints: Any, work: Any) -> None:
    """Finish the gradient of the residual sum of squares: sum_j g_j g_j' times L, each integrated factor."""
    scratch = ints[at.W_SCRATCH]
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] == at.SAMPLED:
            continue
        k, lam = ints[table + at.FACTOR_K], ints[table + at.FACTOR_LAMBDA]
        gradient = ints[at.W_RSS_GRADIENT] + lam
        multiply(work, gradient, work, ints[at.W_LAMBDA] + lam, k, k, scratch)
        for i in range(k * k):
            work[gradient + i] = work[scratch + i]
