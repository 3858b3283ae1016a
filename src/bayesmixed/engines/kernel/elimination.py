"""Elimination of the random effects: from cross-products to log determinant and residual sum of squares.

Write K for the cross-products Z_j'MZ_l of what is left after earlier effects are gone (at first simply
Z_j'Z_l), L for a factor's k x k Cholesky factor relative to sigma, and F for the columns still to come. A
level j is eliminated by

    N = I + L'K_jj L = R R',   M = L R^-T,   K_FF <- K_FF - (M'K_jF)'(M'K_jF),   log|A| <- log|A| + log|N|,

which never divides by L, so a standard deviation of zero is a legal value. Levels of the first factor are
leaves; a factor in which all earlier ones are nested stays block diagonal and is eliminated in the same way;
dense random effects and coefficients form the root, which LAPACK factors. This is the blocked Cholesky
factorization of lme4 and MixedModels.jl (Bates et al. 2015) in covariance form.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond


@intrinsic
def call_lapack(typingctx: Any, address: Any, n: Any, matrix: Any, leading: Any) -> Any:  # noqa: ARG001
    """Call dpotrf or dpotri, given by address, on the lower triangle (column-major); return LAPACK's info.

    An address in the block, rather than a global, is what lets Numba keep the compiled kernel on disk.
    """
    signature = types.int64(types.int64, types.int64, matrix, types.int64)

    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        from llvmlite import ir

        address_value, n_value, matrix_value, leading_value = args
        byte, int32 = ir.IntType(8), ir.IntType(32)
        pointer = ir.PointerType(byte)

        def held(value: Any, kind: Any) -> Any:
            slot = cgutils.alloca_once(builder, kind)
            builder.store(value, slot)
            return builder.bitcast(slot, pointer)

        triangle = held(byte(ord("L")), byte)
        size = held(builder.trunc(n_value, int32), int32)
        lead = held(builder.trunc(leading_value, int32), int32)
        info = cgutils.alloca_once(builder, int32)
        kind = ir.FunctionType(ir.VoidType(), [pointer] * 5)
        function = builder.inttoptr(address_value, ir.PointerType(kind))
        data = builder.bitcast(matrix_value, pointer)
        builder.call(function, [triangle, size, data, lead, builder.bitcast(info, pointer)])
        return builder.sext(builder.load(info), ir.IntType(64))

    return signature, generate


@compiled
def load(ints: Any, values: Any, work: Any) -> None:
    """Copy what elimination overwrites into the workspace: the root, and the fronts of inner nodes."""
    q = ints[at.N_ROOT]
    root, w_root = ints[at.ROOT], ints[at.W_ROOT]
    for i in range(q * q):
        work[w_root + i] = values[root + i]
    for f in range(1, ints[at.N_CHAIN]):
        row = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[row + at.FACTOR_K]
        first = ints[row + at.FACTOR_FIRST_NODE]
        for node in range(first, first + ints[row + at.FACTOR_J]):
            width = k + ints[ints[at.N_COLUMNS] + node]
            front = ints[ints[at.FRONT_START] + node]
            start = ints[ints[at.ROW_START] + node]
            for i in range(k * width):
                work[front + i] = values[start + i]
            for i in range(k * width, width * width):
                work[front + i] = 0.0


@compiled
def factor_node(work: Any, lam: int, k: int, rows: Any, row: int, width: int, m_at: int) -> float:
    """Write M and R of one level at `m_at`; return log|N|, or NaN when N is not positive definite."""
    r_at = m_at + k * k
    log_det = 0.0
    for a in range(k):
        for b in range(a + 1):
            value = 0.0
            for i in range(a, k):
                for j in range(b, k):
                    value += work[lam + i * k + a] * rows[row + i * width + j] * work[lam + j * k + b]
            for i in range(b):
                value -= work[r_at + a * k + i] * work[r_at + b * k + i]
            if a == b:
                value += 1.0
                if not value > 0.0:
                    return np.nan
                work[r_at + a * k + a] = np.sqrt(value)
                log_det += np.log(value)
            else:
                work[r_at + a * k + b] = value / work[r_at + b * k + b]
    for i in range(k):
        for a in range(k):
            value = work[lam + i * k + a]
            for b in range(a):
                value -= work[m_at + i * k + b] * work[r_at + a * k + b]
            work[m_at + i * k + a] = value / work[r_at + a * k + a]
    return log_det


@compiled
def eliminate_node(
    ints: Any,
    work: Any,
    rows: Any,
    row: int,
    k: int,
    c: int,
    m_at: int,
    own: int,
    columns: int,
    target: int,
    stride: int,
) -> float:
    """Take one level out of its parent's square at `target` and of the response; return its part of y'y."""
    width = k + c
    scratch, response = ints[at.W_SCRATCH], ints[at.W_RESPONSE]
    place, column = ints[at.MAP] + columns, ints[at.COLUMN] + columns
    taken = 0.0
    for i in range(k):
        g = 0.0
        for j in range(k):
            g += work[m_at + j * k + i] * work[own + j]
        taken += g * g
        for a in range(c):
            value = 0.0
            for j in range(k):
                value += work[m_at + j * k + i] * rows[row + j * width + k + a]
            work[scratch + a] = value
            work[response + ints[column + a]] -= g * value
        for a in range(c):
            value = work[scratch + a]
            base = target + ints[place + a] * stride
            for b in range(a, c):
                work[base + ints[place + b]] -= value * work[scratch + b]
    return taken


@compiled
def eliminate_scalars(
    ints: Any, work: Any, rows: Any, n_levels: int, lam: int, factored: int, own: int
) -> tuple[float, float]:
    """Eliminate all leaves of a factor with one effect, the commonest case; log|N|, what they take of y'y."""
    relative = work[lam]
    response, root_width = ints[at.W_RESPONSE], ints[at.N_ROOT]
    row_start, map_start, n_columns = ints[at.ROW_START], ints[at.MAP_START], ints[at.N_COLUMNS]
    log_det, taken = 0.0, 0.0
    for level in range(n_levels):
        row, columns, c = ints[row_start + level], ints[map_start + level], ints[n_columns + level]
        place, column = ints[at.MAP] + columns, ints[at.COLUMN] + columns
        pivot = 1.0 + relative * relative * rows[row]
        if not pivot > 0.0:
            return np.nan, 0.0
        log_det += np.log(pivot)
        root = np.sqrt(pivot)
        m = relative / root
        work[factored + 2 * level] = m
        work[factored + 2 * level + 1] = root
        g = m * work[own + level]
        taken += g * g
        parent = ints[ints[at.PARENT] + level]
        target, stride = ints[at.W_ROOT], root_width
        if parent >= 0:
            target = ints[ints[at.FRONT_START] + parent]
            stride = ints[ints[at.FACTORS] + at.FACTOR_LENGTH + at.FACTOR_K] + ints[n_columns + parent]
        for a in range(c):
            value = m * rows[row + 1 + a]
            work[response + ints[column + a]] -= g * value
            base = target + ints[place + a] * stride
            for b in range(a, c):
                work[base + ints[place + b]] -= value * m * rows[row + 1 + b]
    return log_det, taken


@compiled
def pass_on(ints: Any, work: Any, front: int, k: int, c: int, columns: int, target: int, stride: int) -> None:
    """Add to the parent's square what an inner node has gathered from its children for later columns."""
    width, place = k + c, ints[at.MAP] + columns
    for a in range(c):
        base = target + ints[place + a] * stride
        for b in range(a, c):
            work[base + ints[place + b]] += work[front + (k + a) * width + k + b]


@compiled
def symmetrize(work: Any, square: int, n: int, stride: int) -> None:
    """Copy the upper triangle of the leading n x n part of a square to the lower one."""
    for a in range(n):
        for b in range(a + 1, n):
            work[square + b * stride + a] = work[square + a * stride + b]


@compiled
def eliminate_chain(ints: Any, values: Any, work: Any, response_squared: float) -> tuple[float, float]:
    """Eliminate every level of every chain factor.

    Returns: log|A| of the eliminated part (NaN when it is not positive definite), and y'y after elimination.
    """
    log_det = 0.0
    for f in range(ints[at.N_CHAIN]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, n_levels = ints[table + at.FACTOR_K], ints[table + at.FACTOR_J]
        lam = ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA]
        own = ints[at.W_RESPONSE] + ints[table + at.FACTOR_FIRST_COLUMN]
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        first = ints[table + at.FACTOR_FIRST_NODE]
        rows = values if f == 0 else work
        k_parent = ints[table + at.FACTOR_LENGTH + at.FACTOR_K]
        if f == 0 and k == 1:
            leaves_log_det, taken = eliminate_scalars(ints, work, rows, n_levels, lam, factored, own)
            log_det += leaves_log_det
            response_squared -= taken
            continue
        for level in range(n_levels):
            node = first + level
            c = ints[ints[at.N_COLUMNS] + node]
            columns, parent = ints[ints[at.MAP_START] + node], ints[ints[at.PARENT] + node]
            row = ints[ints[at.ROW_START] + node] if f == 0 else ints[ints[at.FRONT_START] + node]
            target, stride = ints[at.W_ROOT], ints[at.N_ROOT]
            if parent >= 0:
                target = ints[ints[at.FRONT_START] + parent]
                stride = k_parent + ints[ints[at.N_COLUMNS] + parent]
            if f > 0:
                symmetrize(work, row, k, k + c)
                pass_on(ints, work, row, k, c, columns, target, stride)
            m_at = factored + level * 2 * k * k
            log_det += factor_node(work, lam, k, rows, row, k + c, m_at)
            response_squared -= eliminate_node(
                ints, work, rows, row, k, c, m_at, own + level * k, columns, target, stride
            )
    return log_det, response_squared


@compiled
def multiply_rows(ints: Any, work: Any, square: int, lambdas: int) -> None:
    """Multiply a root-sized square from the left by Lambda, whose diagonal blocks start at `lambdas`."""
    q, scratch = ints[at.N_ROOT], ints[at.W_SCRATCH]
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k, lam = ints[table + at.FACTOR_K], lambdas + ints[table + at.FACTOR_LAMBDA]
        for level in range(ints[table + at.FACTOR_J]):
            first = square + (ints[table + at.FACTOR_ROOT] + level * k) * q
            for column in range(first, first + q):
                for a in range(k):
                    work[scratch + a] = 0.0
                    for b in range(k):
                        work[scratch + a] += work[lam + a * k + b] * work[column + b * q]
                for a in range(k):
                    work[column + a * q] = work[scratch + a]


@compiled
def multiply_columns(ints: Any, work: Any, square: int, lambdas: int) -> None:
    """Multiply a root-sized square from the right by Lambda transposed, whose blocks start at `lambdas`."""
    for row in range(ints[at.N_ROOT]):
        scale_dense(ints, work, square + row * ints[at.N_ROOT], lambdas)


@compiled
def scale_dense(ints: Any, work: Any, vector: int, lambdas: int) -> None:
    """Multiply the dense part of a root vector in place by Lambda, whose blocks start at `lambdas`."""
    scratch = ints[at.W_SCRATCH]
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k, lam = ints[table + at.FACTOR_K], lambdas + ints[table + at.FACTOR_LAMBDA]
        for level in range(ints[table + at.FACTOR_J]):
            first = vector + ints[table + at.FACTOR_ROOT] + level * k
            for a in range(k):
                work[scratch + a] = 0.0
                for b in range(k):
                    work[scratch + a] += work[lam + a * k + b] * work[first + b]
            for a in range(k):
                work[first + a] = work[scratch + a]


@compiled
def factor_root(ints: Any, floats: Any, work: Any, sigma: float) -> tuple[float, float]:
    """Cholesky factor U (row-major, A = U'U) of the root's A in W_INVERSE, from the raw root in W_ROOT.

    Returns: log|A| of the dense random effects and of the coefficients, or NaNs when A is not positive
    definite.
    """
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    square = ints[at.W_INVERSE]
    symmetrize(work, ints[at.W_ROOT], q, q)
    for i in range(q * q):
        work[square + i] = work[ints[at.W_ROOT] + i]
    if q > p:
        multiply_rows(ints, work, square, ints[at.W_LAMBDA_TRANSPOSED])
        multiply_columns(ints, work, square, ints[at.W_LAMBDA_TRANSPOSED])
    for a in range(q):
        prior = 1.0 if a < q - p else sigma * sigma * floats[ints[at.PRECISION] + a - q + p]
        work[square + a * (q + 1)] += prior
    if cholesky(ints, work, square, q) != 0:
        return np.nan, np.nan
    effects, coefficients = 0.0, 0.0
    for a in range(q):
        log_pivot = 2.0 * np.log(work[square + a * (q + 1)])
        if a < q - p:
            effects += log_pivot
        else:
            coefficients += log_pivot
    return effects, coefficients


@compiled
def cholesky(ints: Any, work: Any, square: int, n: int) -> int:
    """Replace a square's upper triangle by U, A = U'U: by hand while small, else by LAPACK; 0 on success."""
    if n > at.SMALL_ROOT:
        # Numba supplies an intrinsic's first argument.
        return call_lapack(ints[at.POTRF], n, beyond(work, square), n)  # type: ignore[call-arg]
    for a in range(n):
        for b in range(a, n):
            value = work[square + a * n + b]
            for i in range(a):
                value -= work[square + i * n + a] * work[square + i * n + b]
            if b > a:
                work[square + a * n + b] = value / work[square + a * n + a]
            elif value > 0.0:
                work[square + a * n + a] = np.sqrt(value)
            else:
                return a + 1
    return 0


@compiled
def solve_lower(work: Any, square: int, q: int, vector: int) -> float:
    """Solve U'x = vector in place; return x'x."""
    squared = 0.0
    for a in range(q):
        value = work[vector + a] / work[square + a * q + a]
        work[vector + a] = value
        squared += value * value
        for b in range(a + 1, q):
            work[vector + b] -= work[square + a * q + b] * value
    return squared


@compiled
def solve_upper(work: Any, square: int, q: int, vector: int) -> None:
    """Solve U x = vector in place."""
    for a in range(q - 1, -1, -1):
        value = work[vector + a]
        for b in range(a + 1, q):
            value -= work[square + a * q + b] * work[vector + b]
        work[vector + a] = value / work[square + a * q + a]


@compiled
def root_response(ints: Any, work: Any, solution: int) -> None:
    """Right-hand side of the root, Lambda'K_Ry, into the vector at `solution`."""
    q = ints[at.N_ROOT]
    first = ints[at.W_RESPONSE] + ints[at.N_INTEGRATED] - q
    for a in range(q):
        work[solution + a] = work[first + a]
    if q > ints[at.N_COEFFICIENTS]:
        scale_dense(ints, work, solution, ints[at.W_LAMBDA_TRANSPOSED])
