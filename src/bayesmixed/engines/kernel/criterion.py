"""REML's criterion with its gradient, and the conditional covariances of every level's effects.

After elimination a level j has, in the notation of `adjoint`, the covariance over sigma^2 of T + T Q T, and
the covariance -T K_jF C_FF with everything later. Profiled coefficients are taken as known.
"""

from __future__ import annotations

from typing import Any

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.adjoint import multiply, node_gradient
from bayesmixed.engines.kernel.compilation import compiled, entry
from bayesmixed.engines.kernel.density import DENSITY_SIGNATURE, integrate
from bayesmixed.engines.kernel.memory import allocate, beyond, doubles, integers, is_null, release
from bayesmixed.engines.kernel.residual import take_terms, values_of
from bayesmixed.engines.kernel.sources import NO_MEMORY, SOURCES, STALE


@compiled
def write_relative_lambda(ints: Any, work: Any, entries: Any) -> None:
    """Cholesky factors of all factors, and their transposes, from the lower triangles of their sets."""
    used = 0
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        lam = ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA]
        flipped = ints[at.W_LAMBDA_TRANSPOSED] + ints[table + at.FACTOR_LAMBDA]
        for i in range(k * k):
            work[lam + i] = 0.0
            work[flipped + i] = 0.0
        first = 0
        for s in range(ints[table + at.FACTOR_N_SETS]):
            each = ints[at.SETS] + (ints[table + at.FACTOR_FIRST_SET] + s) * at.SET_LENGTH
            size = ints[each + at.SET_SIZE]
            for i in range(first, first + size):
                for j in range(first, i + 1):
                    work[lam + i * k + j] = entries[used]
                    work[flipped + j * k + i] = entries[used]
                    used += 1
            first += size


@compiled
def gather_triangles(ints: Any, work: Any, square: int, factor: float, out: Any) -> None:
    """Lower triangles of all sets of the factors' k x k gradients at `square`, times a number."""
    used = 0
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        first_entry = square + ints[table + at.FACTOR_LAMBDA]
        first = 0
        for s in range(ints[table + at.FACTOR_N_SETS]):
            each = ints[at.SETS] + (ints[table + at.FACTOR_FIRST_SET] + s) * at.SET_LENGTH
            size = ints[each + at.SET_SIZE]
            for i in range(first, first + size):
                for j in range(first, i + 1):
                    out[used] = factor * work[first_entry + i * k + j]
                    used += 1
            first += size


@compiled
def write_coefficients_covariance(ints: Any, work: Any, out: Any) -> None:
    """Covariance over sigma^2 of the coefficients, p x p; zeros when they are profiled."""
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    for a in range(p):
        for b in range(p):
            out[a * p + b] = work[ints[at.W_INVERSE] + (q - p + a) * q + q - p + b]


@compiled
def criterion_at(
    ints: Any, floats: Any, work: Any, n_entries: int, entries: Any, gradients: Any, values: Any
) -> int:
    """Log determinant, residual sum of squares, means, covariance and gradients; 0 on success.

    Entries are the triangles, then the factors of the terms; the gradients follow the same order.
    """
    n_terms = ints[at.N_TERMS]
    n_triangles = int(n_entries) - n_terms
    write_relative_lambda(ints, work, entries)
    take_terms(ints, floats, work, beyond(entries, n_triangles))
    effects_log_det, coefficient_log_det, rss = integrate(ints, floats, work, 1.0)
    if not rss > 0.0:
        return 4
    values[0], values[1] = effects_log_det, rss
    if ints[at.PROFILE] == 0:
        values[0] += coefficient_log_det
    n = ints[at.N_INTEGRATED]
    for i in range(n):
        values[2 + i] = work[ints[at.W_EFFECTS] + i]
    write_coefficients_covariance(ints, work, beyond(values, 2 + n))
    gather_triangles(ints, work, ints[at.W_LOG_GRADIENT], 2.0, gradients)
    gather_triangles(ints, work, ints[at.W_RSS_GRADIENT], -2.0, beyond(gradients, n_entries))
    for m in range(n_terms):
        gradients[n_triangles + m] = work[ints[at.W_TERM_LOG_SLOPES] + m]
        gradients[n_entries + n_triangles + m] = work[ints[at.W_TERM_RSS_SLOPES] + m]
    return 0


def _entries(sources: int, stale: int) -> Any:
    """C functions that close over the digest of their sources."""

    @entry(DENSITY_SIGNATURE)
    def criterion(n_entries, entries, gradients, values, data):  # type: ignore[no-untyped-def]
        """Parts of the REML or ML criterion as ctypes calls it; a number other than 0 marks a failure."""
        ints = integers(data)
        if ints[at.DIGEST] != sources:
            return stale
        work = allocate(ints[at.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        status = criterion_at(ints, doubles(data), work, n_entries, entries, gradients, values)
        release(work)
        return status

    return criterion


criterion = _entries(SOURCES, STALE)


@compiled
def write_node_covariance(ints: Any, work: Any, k: int, c: int, out: Any, first: int) -> None:
    """Covariances of one level, k x (k + p), from the Q, T and K_jF C_FF that `node_gradient` left."""
    p = ints[at.N_COEFFICIENTS]
    q_at = ints[at.W_SCRATCH]
    t_at, tq, half = q_at + k * k, q_at + 2 * k * k, q_at + 4 * k * k
    multiply(work, t_at, work, q_at, k, k, tq)
    for i in range(k):
        row = first + i * (k + p)
        for j in range(k):
            value = work[t_at + i * k + j]
            for a in range(k):
                value += work[tq + i * k + a] * work[t_at + a * k + j]
            out[row + j] = value
        for m in range(p):
            value = 0.0
            for j in range(k):
                value -= work[t_at + i * k + j] * work[half + j * c + c - p + m]
            out[row + k + m] = value


@compiled
def write_chain_covariances(ints: Any, values: Any, work: Any, out: Any) -> int:
    """Covariances of all levels of all chain factors; return how many numbers were written."""
    p, first = ints[at.N_COEFFICIENTS], 0
    for f in range(ints[at.N_CHAIN]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        factored = ints[at.W_FACTORED] + ints[table + at.FACTOR_FACTORED]
        unused = ints[at.W_LOG_GRADIENT] + ints[table + at.FACTOR_LAMBDA]
        rows = values if f == 0 else work
        for level in range(ints[table + at.FACTOR_J]):
            node = ints[table + at.FACTOR_FIRST_NODE] + level
            c, columns = ints[ints[at.N_COLUMNS] + node], ints[ints[at.MAP_START] + node]
            row = ints[ints[at.ROW_START] + node] if f == 0 else ints[ints[at.FRONT_START] + node]
            parent = ints[ints[at.PARENT] + node]
            later, stride = ints[at.W_INVERSE], ints[at.N_ROOT]
            if parent >= 0:
                later = ints[ints[at.COVARIANCE_START] + parent]
                stride = ints[table + at.FACTOR_LENGTH + at.FACTOR_K] + ints[ints[at.N_COLUMNS] + parent]
            m_at = factored + level * 2 * k * k
            node_gradient(ints, work, rows, row, k, c, m_at, columns, later, stride, unused)
            write_node_covariance(ints, work, k, c, out, first)
            first += k * (k + p)
    return first


@compiled
def write_dense_covariances(ints: Any, work: Any, out: Any, first: int) -> None:
    """Covariances of all levels of all dense factors."""
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    for f in range(ints[at.N_CHAIN], ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.DENSE:
            continue
        k = ints[table + at.FACTOR_K]
        for level in range(ints[table + at.FACTOR_J]):
            place = ints[table + at.FACTOR_ROOT] + level * k
            for i in range(k):
                row = ints[at.W_INVERSE] + (place + i) * q
                for j in range(k):
                    out[first + j] = work[row + place + j]
                for m in range(p):
                    out[first + k + m] = work[row + q - p + m]
                first += k + p


def _covariance_entries(sources: int, stale: int) -> Any:
    """C functions that close over the digest of their sources."""

    @entry(DENSITY_SIGNATURE)
    def level_covariances(n_entries, entries, out, unused, data):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Covariances of all levels as ctypes calls it; a number other than 0 marks a failure."""
        ints = integers(data)
        if ints[at.DIGEST] != sources:
            return stale
        work = allocate(ints[at.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        write_relative_lambda(ints, work, entries)
        floats = doubles(data)
        take_terms(ints, floats, work, beyond(entries, int(n_entries) - ints[at.N_TERMS]))
        rss = integrate(ints, floats, work, 1.0)[2]
        if rss > 0.0:
            first = write_chain_covariances(ints, values_of(ints, floats, work), work, out)
            write_dense_covariances(ints, work, out, first)
        release(work)
        return 0 if rss > 0.0 else 4

    return level_covariances


level_covariances = _covariance_entries(SOURCES, STALE)
