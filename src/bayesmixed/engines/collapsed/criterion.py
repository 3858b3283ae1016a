"""The REML and ML criteria and their gradients, from the same elimination as the posterior.

With sigma profiled out (Bates et al. 2015, equations 34 and 42), m = n - p for REML and n for ML,

    criterion = m {1 + log(2 pi rss / m)} + log|A|,   sigma^2 = rss / m,

where log|A| holds the coefficients for REML alone. The parameters are the entries of the factors' lower
triangular L relative to sigma; the diagonal may have any sign, so that a standard deviation of zero is an
interior point.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.collapsed import layout as at
from bayesmixed.engines.collapsed.compilation import compiled, entry
from bayesmixed.engines.collapsed.density import DENSITY_SIGNATURE, integrate
from bayesmixed.engines.collapsed.memory import allocate, doubles, integers, is_null, release
from bayesmixed.engines.collapsed.sources import NO_MEMORY, SOURCES, STALE


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
def gather_gradient(ints: Any, work: Any, rss_weight: float, gradient: Any) -> None:
    """Gradient in the lower triangles: 2 (1/2 d log|A|) - 2 m / rss (-1/2 d rss)."""
    used = 0
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k = ints[table + at.FACTOR_K]
        log_at = ints[at.W_LOG_GRADIENT] + ints[table + at.FACTOR_LAMBDA]
        rss_at = ints[at.W_RSS_GRADIENT] + ints[table + at.FACTOR_LAMBDA]
        first = 0
        for s in range(ints[table + at.FACTOR_N_SETS]):
            size = ints[ints[at.SETS] + ints[table + at.FACTOR_FIRST_SET] + s]
            for i in range(first, first + size):
                for j in range(first, i + 1):
                    place = i * k + j
                    gradient[used] = 2.0 * (work[log_at + place] - rss_weight * work[rss_at + place])
                    used += 1
            first += size


@compiled
def criterion_at(ints: Any, floats: Any, work: Any, entries: Any, gradient: Any, values: Any) -> int:
    """Criterion, residual sum of squares and conditional means into `values`; 0 on success."""
    write_relative_lambda(ints, work, entries)
    effects_log_det, coefficient_log_det, rss = integrate(ints, floats, work, 1.0)
    if not rss > 0.0:
        return 4
    m, log_det = floats[ints[at.SCALARS] + at.SCALAR_N_ROWS], effects_log_det
    if ints[at.PROFILE] == 0:
        m, log_det = m - ints[at.N_COEFFICIENTS], effects_log_det + coefficient_log_det
    values[0] = m * (1.0 + np.log(2.0 * np.pi * rss / m)) + log_det
    values[1] = rss
    for i in range(ints[at.N_INTEGRATED]):
        values[2 + i] = work[ints[at.W_EFFECTS] + i]
    gather_gradient(ints, work, m / rss, gradient)
    return 0


def _entries(sources: int, stale: int) -> Any:
    """C functions that close over the digest of their sources."""

    @entry(DENSITY_SIGNATURE)
    def criterion(n_entries, entries, gradient, values, data):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """REML or ML criterion as ctypes calls it; a number other than 0 marks a failure."""
        ints = integers(data)
        if ints[at.DIGEST] != sources:
            return stale
        work = allocate(ints[at.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        status = criterion_at(ints, doubles(data), work, entries, gradient, values)
        release(work)
        return status

    return criterion


criterion = _entries(SOURCES, STALE)
