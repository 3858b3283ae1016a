"""Conditional means and gradients, walked back from the root to the leaves.

With T = M M' and C the covariance over sigma^2 of the effects that come later, a level j has

    u_j = T (K_jy - K_jF u_F),   g_j = Z_j'r = K_jy - K_jF u_F - K_jj u_j,   Q = K_jF C_FF K_Fj,
    1/2 d log|A| / dL = sum_j (K_jj - Q + K_jj T Q) L N^-1,   -1/2 d rss / dL = sum_j g_j g_j' L.

No second factorization is needed, and L is never inverted.
"""

from __future__ import annotations

from typing import Any

from bayesmixed.engines.collapsed import layout as at
from bayesmixed.engines.collapsed.elimination import (
    call_lapack,
    compiled,
    multiply_rows,
    node_row,
    parent_square,
    root_response,
    scale_dense,
    solve_lower,
    solve_upper,
    symmetrize,
    transpose,
)


@compiled
def solve_root(ints: Any, work: Any) -> float:
    """Write the conditional means of the root's effects; return what they explain of y'y."""
    q = ints[at.N_ROOT]
    effects = work[ints[at.W_EFFECTS] + ints[at.N_INTEGRATED] - q :]
    square = work[ints[at.W_INVERSE] :]
    root_response(ints, work, effects)
    explained = solve_lower(square, q, effects)
    solve_upper(square, q, effects)
    if q > ints[at.N_COEFFICIENTS]:
        scale_dense(ints, work, effects, ints[at.W_LAMBDA])
    return explained


@compiled
def invert_root(ints: Any, work: Any) -> None:
    """Replace the root's Cholesky factor by A^-1, without the coefficients when they are profiled."""
    q = ints[at.N_ROOT]
    kept = q - ints[at.N_COEFFICIENTS] if ints[at.PROFILE] == 1 else q
    square = work[ints[at.W_INVERSE] :]
    if kept > 0:
        call_lapack(ints[at.POTRI], kept, square, q)
    for a in range(q):
        for b in range(max(a, kept), q):
            square[a * q + b] = 0.0
    symmetrize(square, q)


@compiled
def root_gradient(ints: Any, work: Any) -> None:
    """Gradients of the dense factors; afterwards W_INVERSE holds the covariance of the root's effects."""
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    invert_root(ints, work)
    if q == p:
        return
    square, raw = work[ints[at.W_INVERSE] :], work[ints[at.W_ROOT] :]
    scratch = work[ints[at.W_SCRATCH] :]
    multiply_rows(ints, work, square, scratch, ints[at.W_LAMBDA])
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k = ints[table + at.FACTOR_K]
        lam = ints[table + at.FACTOR_LAMBDA]
        log_gradient = work[ints[at.W_LOG_GRADIENT] + lam :]
        rss_gradient = work[ints[at.W_RSS_GRADIENT] + lam :]
        for level in range(ints[table + at.FACTOR_J]):
            first = ints[table + at.FACTOR_ROOT] + level * k
            dense_level_gradient(ints, work, raw, square, scratch, first, k, log_gradient, rss_gradient)
    transpose(square, q)
    multiply_rows(ints, work, square, scratch, ints[at.W_LAMBDA])


@compiled
def dense_level_gradient(
    ints: Any,
    work: Any,
    raw: Any,
    half: Any,
    scratch: Any,
    offset: int,
    k: int,
    log_gradient: Any,
    rss_gradient: Any,
) -> None:
    """Add one dense level to the gradients of its factor; `half` is Lambda A^-1."""
    q = ints[at.N_ROOT]
    first = ints[at.N_INTEGRATED] - q
    effects, response = work[ints[at.W_EFFECTS] + first :], work[ints[at.W_RESPONSE] + first :]
    for a in range(k):
        row = raw[(offset + a) * q :]
        residual = response[offset + a]
        for r in range(q):
            residual -= row[r] * effects[r]
        scratch[a] = residual
        for b in range(k):
            value = 0.0
            for r in range(q):
                value += row[r] * half[r * q + offset + b]
            log_gradient[a * k + b] += value
    for a in range(k):
        for b in range(k):
            rss_gradient[a * k + b] += scratch[a] * scratch[b]


@compiled
def node_mean(
    ints: Any, floats: Any, work: Any, node: int, k: int, m_at: int, own: int, residual: Any
) -> None:
    """Conditional mean of one level given the later effects in W_EFFECTS; `residual` becomes Z_j'r."""
    c = ints[ints[at.N_COLUMNS] + node]
    width = k + c
    row = node_row(ints, floats, work, node)
    column = ints[ints[at.COLUMN] + ints[ints[at.MAP_START] + node] :]
    effects = work[ints[at.W_EFFECTS] :]
    for i in range(k):
        value = work[ints[at.W_RESPONSE] + own + i]
        for a in range(c):
            value -= row[i * width + k + a] * effects[column[a]]
        residual[i] = value
    for i in range(k):
        effects[own + i] = 0.0
    for a in range(k):
        value = 0.0
        for i in range(k):
            value += work[m_at + i * k + a] * residual[i]
        for i in range(k):
            effects[own + i] += work[m_at + i * k + a] * value
    for i in range(k):
        for j in range(k):
            residual[i] -= row[i * width + j] * effects[own + j]


@compiled
def node_gradient(
    ints: Any, floats: Any, work: Any, chain_factor: int, node: int, k: int, m_at: int, log_gradient: Any
) -> None:
    """Add one level to the gradient of log|A|; write the covariances of an inner node's front."""
    c = ints[ints[at.N_COLUMNS] + node]
    width = k + c
    row = node_row(ints, floats, work, node)
    place = ints[ints[at.MAP] + ints[ints[at.MAP_START] + node] :]
    later, stride = parent_square(
        ints, work, node, ints[at.W_INVERSE], ints[at.W_FRONT_COVARIANCES], chain_factor
    )
    scratch = work[ints[at.W_SCRATCH] :]
    half = scratch[5 * k * k :]  # C_FF K_Fj, transposed: k x c
    q_matrix, t_matrix, kt = scratch, scratch[k * k :], scratch[2 * k * k :]
    bracket, product = scratch[3 * k * k :], scratch[4 * k * k :]
    for i in range(k):
        for a in range(c):
            base = place[a] * stride
            value = 0.0
            for b in range(c):
                value += later[base + place[b]] * row[i * width + k + b]
            half[i * c + a] = value
    for i in range(k):
        for j in range(k):
            value, covariance = 0.0, 0.0
            for a in range(c):
                value += row[i * width + k + a] * half[j * c + a]
            for a in range(k):
                covariance += work[m_at + i * k + a] * work[m_at + j * k + a]
            q_matrix[i * k + j], t_matrix[i * k + j] = value, covariance
    small_product(row, width, t_matrix, k, kt, k)
    small_product(kt, k, q_matrix, k, bracket, k)
    for i in range(k):
        for j in range(k):
            bracket[i * k + j] += row[i * width + j] - q_matrix[i * k + j]
    small_product(bracket, k, work[m_at:], k, product, k)
    add_divided(product, work[m_at + k * k :], k, log_gradient)
    if chain_factor > 0:
        write_front_covariance(ints, work, node, k, c, place, later, stride, half)


@compiled
def small_product(left: Any, left_stride: int, right: Any, right_stride: int, out: Any, k: int) -> None:
    """Product of two k x k matrices."""
    for i in range(k):
        for j in range(k):
            value = 0.0
            for a in range(k):
                value += left[i * left_stride + a] * right[a * right_stride + j]
            out[i * k + j] = value


@compiled
def add_divided(product: Any, r_factor: Any, k: int, out: Any) -> None:
    """Add `product` R^-1 to `out`, R lower triangular; `product` is overwritten."""
    for i in range(k):
        for b in range(k - 1, -1, -1):
            value = product[i * k + b]
            for a in range(b + 1, k):
                value -= product[i * k + a] * r_factor[a * k + b]
            value /= r_factor[b * k + b]
            product[i * k + b] = value
            out[i * k + b] += value


@compiled
def write_front_covariance(
    ints: Any, work: Any, node: int, k: int, c: int, place: Any, later: Any, stride: int, half: Any
) -> None:
    """Covariances of an inner node's own effects and of its later columns, full square of width k + c."""
    width = k + c
    scratch = work[ints[at.W_SCRATCH] :]
    q_matrix, t_matrix = scratch, scratch[k * k :]
    tq, tqt = scratch[2 * k * k :], scratch[3 * k * k :]
    front = work[ints[at.W_FRONT_COVARIANCES] + ints[ints[at.FRONT_START] + node] :]
    small_product(t_matrix, k, q_matrix, k, tq, k)
    small_product(tq, k, t_matrix, k, tqt, k)
    for i in range(k):
        for j in range(k):
            front[i * width + j] = t_matrix[i * k + j] + tqt[i * k + j]
        for a in range(c):
            value = 0.0
            for j in range(k):
                value -= t_matrix[i * k + j] * half[j * c + a]
            front[i * width + k + a] = value
            front[(k + a) * width + i] = value
    for a in range(c):
        for b in range(c):
            front[(k + a) * width + k + b] = later[place[a] * stride + place[b]]


@compiled
def chain_gradient(ints: Any, floats: Any, work: Any) -> None:
    """Conditional means and gradients of every level of every chain factor, last factor first."""
    for f in range(ints[at.N_CHAIN] - 1, -1, -1):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        lam = ints[table + at.FACTOR_LAMBDA]
        log_gradient = work[ints[at.W_LOG_GRADIENT] + lam :]
        rss_gradient = work[ints[at.W_RSS_GRADIENT] + lam :]
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        residual = work[ints[at.W_SCRATCH] :]
        for level in range(ints[table + at.FACTOR_J]):
            node = ints[table + at.FACTOR_FIRST_NODE] + level
            own = ints[table + at.FACTOR_FIRST_COLUMN] + level * k
            m_at = factored + level * 2 * k * k
            node_mean(ints, floats, work, node, k, m_at, own, residual)
            for i in range(k):
                for j in range(k):
                    rss_gradient[i * k + j] += residual[i] * residual[j]
            node_gradient(ints, floats, work, f, node, k, m_at, log_gradient)


@compiled
def multiply_by_lambda(ints: Any, work: Any) -> None:
    """Finish the gradient of the residual sum of squares: sum_j g_j g_j' times L, for every integrated factor."""
    scratch = work[ints[at.W_SCRATCH] :]
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] == at.SAMPLED:
            continue
        k = ints[table + at.FACTOR_K]
        lam = ints[table + at.FACTOR_LAMBDA]
        gradient = work[ints[at.W_RSS_GRADIENT] + lam :]
        small_product(gradient, k, work[ints[at.W_LAMBDA] + lam :], k, scratch, k)
        for i in range(k * k):
            gradient[i] = scratch[i]
