"""Elimination of the random effects: from raw cross-products to the log determinant and the residual sum of squares.

Write K for the cross-products Z_j'MZ_l of what is left after earlier effects are gone (at first simply Z_j'Z_l),
L for a factor's k x k Cholesky factor relative to sigma, and F for the columns still to come. A level j is
eliminated by

    N = I + L'K_jj L = R R',   M = L R^-T,   K_FF <- K_FF - (M'K_jF)'(M'K_jF),   log|A| <- log|A| + log|N|,

which never divides by L, so a standard deviation of zero is a legal value. Levels of the first factor are leaves;
a factor in which all earlier ones are nested stays block diagonal and is eliminated in the same way; dense random
effects and coefficients form the root, which LAPACK factors. This is the blocked Cholesky factorization of lme4 and
MixedModels.jl (Bates et al. 2015) in covariance form.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from bayesmixed.engines.collapsed import layout as at

compiled = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def call_lapack(typingctx: Any, address: Any, n: Any, matrix: Any, leading: Any) -> Any:
    """Call dpotrf or dpotri, given by its address, on the lower triangle (column-major); the result is LAPACK's info.

    An address in the block, rather than a global, is what lets Numba keep the compiled kernel on disk.
    """
    signature = types.int64(types.int64, types.int64, matrix, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from llvmlite import ir

        address_value, n_value, matrix_value, leading_value = args
        byte, int32 = ir.IntType(8), ir.IntType(32)
        pointer = ir.PointerType(byte)
        array = context.make_array(sig.args[2])(context, builder, matrix_value)

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
        data = builder.bitcast(array.data, pointer)
        builder.call(function, [triangle, size, data, lead, builder.bitcast(info, pointer)])
        return builder.sext(builder.load(info), ir.IntType(64))

    return signature, generate


@compiled
def load(ints: Any, floats: Any, work: Any) -> None:
    """Copy what elimination overwrites into the workspace: the root, and the fronts of inner nodes."""
    q = ints[at.N_ROOT]
    root, w_root = ints[at.ROOT], ints[at.W_ROOT]
    for i in range(q * q):
        work[w_root + i] = floats[root + i]
    for f in range(1, ints[at.N_CHAIN]):
        row = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[row + at.FACTOR_K]
        first = ints[row + at.FACTOR_FIRST_NODE]
        for node in range(first, first + ints[row + at.FACTOR_J]):
            width = k + ints[ints[at.N_COLUMNS] + node]
            front = ints[at.W_FRONTS] + ints[ints[at.FRONT_START] + node]
            start = ints[ints[at.ROW_START] + node]
            for i in range(k * width):
                work[front + i] = floats[start + i]
            for i in range(k * width, width * width):
                work[front + i] = 0.0


@compiled
def factor_node(work: Any, lam: int, k: int, row: Any, width: int, m_at: int, r_at: int) -> float:
    """Write M and R of one level; return log|N|, or NaN when N is not positive definite."""
    log_det = 0.0
    for a in range(k):
        for b in range(a + 1):
            value = 0.0
            for i in range(k):
                for j in range(k):
                    value += work[lam + i * k + a] * row[i * width + j] * work[lam + j * k + b]
            if a == b:
                value += 1.0
            for i in range(b):
                value -= work[r_at + a * k + i] * work[r_at + b * k + i]
            if a == b:
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
def node_row(ints: Any, floats: Any, work: Any, node: int) -> Any:
    """Row [K_jj K_jF] of a node: of a leaf in the block, of an inner node at the top of its front."""
    front = ints[ints[at.FRONT_START] + node]
    if front < 0:
        return floats[ints[ints[at.ROW_START] + node] :]
    return work[ints[at.W_FRONTS] + front :]


@compiled
def parent_square(
    ints: Any, work: Any, node: int, root: int, fronts: int, chain_factor: int
) -> tuple[Any, int]:
    """Square of a node's parent and its width, in the sections that start at `root` and `fronts`."""
    parent = ints[ints[at.PARENT] + node]
    if parent < 0:
        return work[root:], ints[at.N_ROOT]
    k = ints[ints[at.FACTORS] + (chain_factor + 1) * at.FACTOR_LENGTH + at.FACTOR_K]
    return work[fronts + ints[ints[at.FRONT_START] + parent] :], k + ints[ints[at.N_COLUMNS] + parent]


@compiled
def eliminate_node(
    ints: Any, floats: Any, work: Any, chain_factor: int, node: int, k: int, lam: int, m_at: int, own: int
) -> tuple[float, float]:
    """Eliminate one level: its log|N|, and what it takes from y'y."""
    scratch, response = ints[at.W_SCRATCH], ints[at.W_RESPONSE]
    c = ints[ints[at.N_COLUMNS] + node]
    width = k + c
    row = node_row(ints, floats, work, node)
    columns = ints[ints[at.MAP_START] + node]
    place, column = ints[ints[at.MAP] + columns :], ints[ints[at.COLUMN] + columns :]
    target, stride = parent_square(ints, work, node, ints[at.W_ROOT], ints[at.W_FRONTS], chain_factor)
    if chain_factor > 0:
        for i in range(k):
            for j in range(i):
                row[i * width + j] = row[j * width + i]
    log_det = factor_node(work, lam, k, row, width, m_at, m_at + k * k)
    taken = 0.0
    for i in range(k):
        g = 0.0
        for j in range(k):
            g += work[m_at + j * k + i] * work[own + j]
        taken += g * g
        for a in range(c):
            value = 0.0
            for j in range(k):
                value += work[m_at + j * k + i] * row[j * width + k + a]
            work[scratch + a] = value
            work[response + column[a]] -= g * value
        for a in range(c):
            value = work[scratch + a]
            base = place[a] * stride
            for b in range(a, c):
                target[base + place[b]] -= value * work[scratch + b]
    if chain_factor > 0:
        for a in range(c):
            base = place[a] * stride
            for b in range(a, c):
                target[base + place[b]] += row[(k + a) * width + k + b]
    return log_det, taken


@compiled
def eliminate_chain(ints: Any, floats: Any, work: Any, response_squared: float) -> tuple[float, float]:
    """Eliminate every level of every chain factor.

    Returns
    -------
    tuple
        log|A| of the eliminated part (NaN when it is not positive definite), and y'y after elimination.
    """
    log_det = 0.0
    for f in range(ints[at.N_CHAIN]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        lam = ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA]
        own = ints[at.W_RESPONSE] + ints[table + at.FACTOR_FIRST_COLUMN]
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        for level in range(ints[table + at.FACTOR_J]):
            node = ints[table + at.FACTOR_FIRST_NODE] + level
            m_at = factored + level * 2 * k * k
            node_log_det, taken = eliminate_node(ints, floats, work, f, node, k, lam, m_at, own + level * k)
            log_det += node_log_det
            response_squared -= taken
    return log_det, response_squared


@compiled
def symmetrize(square: Any, n: int) -> None:
    """Copy the upper triangle of a row-major n x n matrix to the lower one."""
    for a in range(n):
        for b in range(a + 1, n):
            square[b * n + a] = square[a * n + b]


@compiled
def multiply_rows(ints: Any, work: Any, square: Any, scratch: Any, lambdas: int) -> None:
    """Multiply a root-sized matrix from the left by Lambda, block diagonal, whose blocks start at `lambdas`."""
    q = ints[at.N_ROOT]
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k, lam = ints[table + at.FACTOR_K], lambdas + ints[table + at.FACTOR_LAMBDA]
        for level in range(ints[table + at.FACTOR_J]):
            first = (ints[table + at.FACTOR_ROOT] + level * k) * q
            for column in range(first, first + q):
                for a in range(k):
                    scratch[a] = 0.0
                    for b in range(k):
                        scratch[a] += work[lam + a * k + b] * square[column + b * q]
                for a in range(k):
                    square[column + a * q] = scratch[a]


@compiled
def transpose(square: Any, n: int) -> None:
    """Transpose a row-major n x n matrix in place."""
    for a in range(n):
        for b in range(a + 1, n):
            square[a * n + b], square[b * n + a] = square[b * n + a], square[a * n + b]


@compiled
def factor_root(ints: Any, floats: Any, work: Any, sigma: float) -> tuple[float, float]:
    """Cholesky factor U (row-major, A = U'U) of the root's A in W_INVERSE, from the raw root in W_ROOT.

    Returns
    -------
    tuple
        log|A| of the dense random effects and of the coefficients, or NaNs when A is not positive definite.
    """
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    raw, square = work[ints[at.W_ROOT] :], work[ints[at.W_INVERSE] :]
    symmetrize(raw, q)
    for i in range(q * q):
        square[i] = raw[i]
    if q > p:
        scratch = work[ints[at.W_SCRATCH] :]
        multiply_rows(ints, work, square, scratch, ints[at.W_LAMBDA_TRANSPOSED])
        transpose(square, q)
        multiply_rows(ints, work, square, scratch, ints[at.W_LAMBDA_TRANSPOSED])
    for a in range(q - p):
        square[a * q + a] += 1.0
    for a in range(p):
        square[(q - p + a) * (q + 1)] += sigma * sigma * floats[ints[at.PRECISION] + a]
    if q > 0 and call_lapack(ints[at.POTRF], q, square, q) != 0:
        return np.nan, np.nan
    log_det_effects, log_det_coefficients = 0.0, 0.0
    for a in range(q - p):
        log_det_effects += 2.0 * np.log(square[a * q + a])
    for a in range(q - p, q):
        log_det_coefficients += 2.0 * np.log(square[a * q + a])
    return log_det_effects, log_det_coefficients


@compiled
def root_response(ints: Any, work: Any, solution: Any) -> None:
    """Right-hand side of the root, Lambda'K_Ry, into `solution`."""
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    first = ints[at.W_RESPONSE] + ints[at.N_INTEGRATED] - q
    for a in range(q):
        solution[a] = work[first + a]
    if q > p:
        scale_dense(ints, work, solution, ints[at.W_LAMBDA_TRANSPOSED])


@compiled
def scale_dense(ints: Any, work: Any, vector: Any, lambdas: int) -> None:
    """Multiply the dense part of a root vector in place by Lambda, whose blocks start at `lambdas`."""
    scratch = work[ints[at.W_SCRATCH] :]
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k, lam = ints[table + at.FACTOR_K], lambdas + ints[table + at.FACTOR_LAMBDA]
        for level in range(ints[table + at.FACTOR_J]):
            first = ints[table + at.FACTOR_ROOT] + level * k
            for a in range(k):
                scratch[a] = 0.0
                for b in range(k):
                    scratch[a] += work[lam + a * k + b] * vector[first + b]
            for a in range(k):
                vector[first + a] = scratch[a]


@compiled
def solve_lower(square: Any, q: int, vector: Any) -> float:
    """Solve U'x = vector in place; return x'x."""
    squared = 0.0
    for a in range(q):
        value = vector[a] / square[a * q + a]
        vector[a] = value
        squared += value * value
        for b in range(a + 1, q):
            vector[b] -= square[a * q + b] * value
    return squared


@compiled
def solve_upper(square: Any, q: int, vector: Any) -> None:
    """Solve U x = vector in place."""
    for a in range(q - 1, -1, -1):
        value = vector[a]
        for b in range(a + 1, q):
            value -= square[a * q + b] * vector[b]
        vector[a] = value / square[a * q + a]
