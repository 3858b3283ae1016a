"""What the REML and ML criteria are made of, with gradients, from the same elimination as the posterior.

With sigma profiled out (Bates et al. 2015, equations 34 and 42), m = n - p for REML and n for ML,

    criterion = m {1 + log(2 pi rss / m)} + log|A|,   sigma^2 = rss / m,

where log|A| holds the coefficients for REML alone. The parameters are the entries of the factors' lower
triangular L relative to sigma; the diagonal may have any sign, so that a standard deviation of zero is an
interior point.
"""

from __future__ import annotations

from typing import Any

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled, entry
from bayesmixed.engines.kernel.density import DENSITY_SIGNATURE, integrate
from bayesmixed.engines.kernel.memory import allocate, beyond, doubles, integers, is_null, release
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
            size = ints[ints[at.SETS] + ints[table + at.FACTOR_FIRST_SET] + s]
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
            size = ints[ints[at.SETS] + ints[table + at.FACTOR_FIRST_SET] + s]
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
    """Log determinant, residual sum of squares, means, covariance and gradients; 0 on success."""
    write_relative_lambda(ints, work, entries)
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
