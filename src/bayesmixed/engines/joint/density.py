"""The joint log density and its gradient, as NUTS calls it.

NUTS walks over theta, the logs of the family's parameters, and deviates z of the random effects u and the
coefficients b, which are normal to a first approximation whatever theta is:

    (u, b) = Q^-1 h + (R')^-1 z,   Q = R R' = G + blockdiag(S_k^-1, prior precision),

with G = [Z X]' W [Z X] and h the information and the pull of the data at the mode. Levels of which the data
say much are so centred on the data, others scaled by their distribution, each by its own information at the
current theta, and what is left of the posterior's shape is in the density:

    log p(y | eta) + log p(u | theta) + log p(b) + log p(theta) - log|R(theta)|.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.factorization import (
    factorization_gradient,
    factorize,
    invert_lower,
    is_finite,
    solve_factor,
    solve_transposed,
    write_outer,
    write_predictor,
    write_transposed,
)
from bayesmixed.engines.joint.likelihood import log_likelihood
from bayesmixed.engines.joint.sources import NO_MEMORY, SOURCES, STALE
from bayesmixed.engines.kernel import layout as shared
from bayesmixed.engines.kernel.compilation import compiled, entry
from bayesmixed.engines.kernel.memory import DOUBLES, allocate, beyond, doubles, integers, is_null, release
from bayesmixed.engines.kernel.theta import (
    add_theta_gradient,
    log_prior_of_coefficient,
    log_prior_of_scale,
    log_prior_of_theta,
    write_lambda,
)


@compiled
def write_low(ints: Any, floats: Any, work: Any, z: Any) -> None:
    """Theta and the auxiliary parameters for standardized coordinates."""
    n, n_theta = ints[at.N_LOW], ints[shared.N_THETA] - 1
    center, scale = beyond(floats, ints[at.LOW_CENTER]), beyond(floats, ints[at.LOW_SCALE])
    low, theta = beyond(work, ints[at.W_LOW]), beyond(work, ints[at.W_THETA])
    for i in range(n):
        value = center[i]
        for j in range(i + 1):
            value += scale[i * n + j] * z[j]
        low[i] = value
    for i in range(n_theta):
        theta[i] = low[i]
    theta[n_theta] = 0.0
    for a in range(ints[at.N_AUXILIARY]):
        work[ints[at.W_AUXILIARY] + a] = np.exp(low[n_theta + a])


@compiled
def write_precision(lam: Any, k: int, small: Any) -> None:
    """L^-1 and S^-1 = (L^-1)' L^-1, k x k each, into `small`."""
    invert_lower(lam, k, small)
    out = beyond(small, k * k)
    for a in range(k):
        for b in range(k):
            value = 0.0
            for m in range(max(a, b), k):
                value += small[m * k + a] * small[m * k + b]
            out[a * k + b] = value


@compiled
def load_precision(ints: Any, floats: Any, work: Any, values: Any) -> float:
    """Precision Q at the current theta; return sum_k J_k log|L_k|."""
    start, small = beyond(ints, ints[at.COLUMN_POINTER]), beyond(work, ints[at.W_SMALL])
    given = beyond(floats, ints[at.PRECISION_VALUE])
    for q in range(start[ints[at.N_EFFECTS]]):
        values[q] = given[q]
    log_det = 0.0
    for f in range(ints[shared.N_FACTORS]):
        table = ints[shared.FACTORS] + f * shared.FACTOR_LENGTH
        k, n_levels = ints[table + shared.FACTOR_K], ints[table + shared.FACTOR_J]
        lam = beyond(work, ints[shared.W_LAMBDA] + ints[table + shared.FACTOR_LAMBDA])
        write_precision(lam, k, small)
        column = ints[table + shared.FACTOR_FIRST_COLUMN]
        for _ in range(n_levels):
            for b in range(k):
                for a in range(b, k):
                    values[start[column + b] + a - b] += small[k * k + a * k + b]
            column += k
        for a in range(k):
            log_det += n_levels * np.log(lam[a * k + a])
    return log_det


@compiled
def write_joint(ints: Any, floats: Any, work: Any, deviates: Any) -> tuple[float, float]:
    """Random effects and coefficients for their deviates; return log|R| and sum_k J_k log|L_k|."""
    values, mean = beyond(work, ints[at.W_FACTOR]), beyond(work, ints[at.W_MEAN])
    joint, pull = beyond(work, ints[at.W_JOINT]), beyond(floats, ints[at.PULL])
    write_lambda(ints, work, beyond(work, ints[at.W_THETA]))
    level_log_det = load_precision(ints, floats, work, values)
    log_det = factorize(ints, values)
    n = ints[at.N_EFFECTS]
    for i in range(n):
        mean[i] = pull[i]
    solve_factor(ints, values, mean)
    for i in range(n):
        joint[i] = mean[i] + deviates[i]
    solve_transposed(ints, values, joint)
    return log_det, level_log_det


@compiled
def add_coefficient_priors(ints: Any, floats: Any, joint: Any, gradient: Any) -> float:
    """Log prior of the coefficients; its gradient is added."""
    first, total = ints[at.N_EFFECTS] - ints[at.N_FIXED], 0.0
    for j in range(ints[at.N_FIXED]):
        prior = beyond(floats, ints[at.FIXED_PRIOR] + j * shared.COEFFICIENT_PRIOR_WORDS)
        value, slope = log_prior_of_coefficient(prior, joint[first + j])
        gradient[first + j] += slope
        total += value
    return total


@compiled
def add_effect_priors(ints: Any, work: Any, joint: Any, gradient: Any) -> float:
    """Minus half the sum of u' S^-1 u; its gradient in the random effects is added."""
    small, total = beyond(work, ints[at.W_SMALL]), 0.0
    for f in range(ints[shared.N_FACTORS]):
        table = ints[shared.FACTORS] + f * shared.FACTOR_LENGTH
        k, first = ints[table + shared.FACTOR_K], ints[table + shared.FACTOR_FIRST_COLUMN]
        write_precision(beyond(work, ints[shared.W_LAMBDA] + ints[table + shared.FACTOR_LAMBDA]), k, small)
        precision = beyond(small, k * k)
        for base in range(first, first + k * ints[table + shared.FACTOR_J], k):
            for a in range(k):
                pulled = 0.0
                for b in range(k):
                    pulled += precision[a * k + b] * joint[base + b]
                gradient[base + a] -= pulled
                total -= 0.5 * pulled * joint[base + a]
    return total


@compiled
def write_factor_gradient(ints: Any, work: Any) -> None:
    """Gradient in the Cholesky factor R, from the effects, their mean, and -log|R|."""
    start, row = beyond(ints, ints[at.COLUMN_POINTER]), beyond(ints, ints[at.COLUMN_ROW])
    values, slope = beyond(work, ints[at.W_FACTOR]), beyond(work, ints[at.W_FACTOR_GRADIENT])
    joint, mean = beyond(work, ints[at.W_JOINT]), beyond(work, ints[at.W_MEAN])
    pulled, twice = beyond(work, ints[at.W_JOINT_GRADIENT]), beyond(work, ints[at.W_SOLVED])
    for i in range(ints[at.N_EFFECTS]):
        twice[i] = pulled[i]
    solve_transposed(ints, values, twice)
    run = beyond(ints, ints[at.COLUMN_RUN])
    for j in range(ints[at.N_EFFECTS]):
        first, split, last = start[j], run[j], start[j + 1]
        for q in range(first, split):
            slope[q] = -joint[row[q]] * pulled[j] - twice[row[q]] * mean[j]
        if split < last:
            left, right = beyond(joint, row[split]), beyond(twice, row[split])
            write_outer(last - split, left, pulled[j], right, mean[j], beyond(slope, split))
        slope[first] -= 1.0 / values[first]


@compiled
def add_level_gradients(ints: Any, work: Any, table: int, total: Any) -> None:
    """Gradient in S^-1 of a factor: from Q's diagonal blocks and from the density of its effects.

    Both come as that of a symmetric matrix, whose two halves share what is off the diagonal.
    """
    start, slope = beyond(ints, ints[at.COLUMN_POINTER]), beyond(work, ints[at.W_FACTOR_GRADIENT])
    joint = beyond(work, ints[at.W_JOINT])
    k, first = ints[table + shared.FACTOR_K], ints[table + shared.FACTOR_FIRST_COLUMN]
    for i in range(k * k):
        total[i] = 0.0
    for base in range(first, first + k * ints[table + shared.FACTOR_J], k):
        for b in range(k):
            total[b * k + b] += slope[start[base + b]] - 0.5 * joint[base + b] * joint[base + b]
            for a in range(b + 1, k):
                both = 0.5 * (slope[start[base + b] + a - b] - joint[base + a] * joint[base + b])
                total[a * k + b] += both
                total[b * k + a] += both


@compiled
def add_lambda_gradient(ints: Any, work: Any, table: int) -> None:
    """Gradient in one factor's L: from S^-1 it is -2 S^-1 (gradient) (L^-1)', and -J / L_aa from log|L|."""
    k, n_levels = ints[table + shared.FACTOR_K], ints[table + shared.FACTOR_J]
    place = ints[table + shared.FACTOR_LAMBDA]
    lam, out = beyond(work, ints[shared.W_LAMBDA] + place), beyond(work, ints[shared.W_LOG_GRADIENT] + place)
    small = beyond(work, ints[at.W_SMALL])
    precision, total, product = beyond(small, k * k), beyond(small, 2 * k * k), beyond(small, 3 * k * k)
    write_precision(lam, k, small)
    add_level_gradients(ints, work, table, total)
    for a in range(k):
        for b in range(k):
            value = 0.0
            for m in range(k):
                value += precision[a * k + m] * total[m * k + b]
            product[a * k + b] = value
    for a in range(k):
        for b in range(a + 1):
            value = 0.0
            for m in range(b + 1):
                value += product[a * k + m] * small[b * k + m]
            out[a * k + b] = -2.0 * value
        out[a * k + a] -= n_levels / lam[a * k + a]


@compiled
def add_auxiliary(ints: Any, floats: Any, work: Any, gradient: Any) -> float:
    """Log prior of the auxiliary parameters; the gradient in their logs, likelihood included, is written."""
    n_theta, total = ints[shared.N_THETA] - 1, 0.0
    values = beyond(work, ints[at.W_AUXILIARY])
    low = beyond(work, ints[at.W_LOW])
    for a in range(ints[at.N_AUXILIARY]):
        prior = beyond(floats, ints[at.AUXILIARY_PRIOR] + a * shared.PRIOR_WORDS)
        value, slope = log_prior_of_scale(prior, low[n_theta + a])
        gradient[n_theta + a] = slope + values[a] * values[at.MOST_AUXILIARY + at.DERIVED + a]
        total += value
    return total


@compiled
def add_theta(ints: Any, floats: Any, work: Any, gradient: Any) -> float:
    """Log prior of theta; the gradient in theta, all else included, is written."""
    theta, slope = beyond(work, ints[at.W_THETA]), beyond(work, ints[at.W_THETA_GRADIENT])
    total = log_prior_of_theta(ints, floats, theta, slope)
    write_factor_gradient(ints, work)
    factorization_gradient(ints, beyond(work, ints[at.W_FACTOR]), beyond(work, ints[at.W_FACTOR_GRADIENT]))
    for f in range(ints[shared.N_FACTORS]):
        add_lambda_gradient(ints, work, ints[shared.FACTORS] + f * shared.FACTOR_LENGTH)
    add_theta_gradient(ints, work, theta, slope)
    for i in range(ints[shared.N_THETA] - 1):
        gradient[i] = slope[i]
    return total


@compiled
def log_density_at(ints: Any, floats: Any, work: Any, z: Any, gradient: Any) -> float:
    """Joint log density at z, and its gradient; NaN where it cannot be computed."""
    n_low = ints[at.N_LOW]
    write_low(ints, floats, work, z)
    log_det, level_log_det = write_joint(ints, floats, work, beyond(z, n_low))
    if np.isnan(log_det):
        return np.nan
    eta, score = beyond(work, ints[at.W_ETA]), beyond(work, ints[at.W_SCORE])
    joint, pulled = beyond(work, ints[at.W_JOINT]), beyond(work, ints[at.W_JOINT_GRADIENT])
    write_predictor(ints, floats, joint, eta)
    total = log_likelihood(ints, floats, beyond(work, ints[at.W_AUXILIARY]), eta, score)
    write_transposed(ints, floats, score, pulled)
    total += add_coefficient_priors(ints, floats, joint, pulled)
    total += add_effect_priors(ints, work, joint, pulled)
    solve_factor(ints, beyond(work, ints[at.W_FACTOR]), pulled)
    low = beyond(work, ints[at.W_LOW_GRADIENT])
    total += add_auxiliary(ints, floats, work, low)
    total += add_theta(ints, floats, work, low)
    scale = beyond(floats, ints[at.LOW_SCALE])
    for j in range(n_low):
        value = 0.0
        for i in range(j, n_low):
            value += scale[i * n_low + j] * low[i]
        gradient[j] = value
    for i in range(ints[at.N_EFFECTS]):
        gradient[n_low + i] = pulled[i]
    return total - log_det - level_log_det + floats[ints[at.TOTAL_CONSTANT]]


@compiled
def expand_at(ints: Any, floats: Any, work: Any, z: Any, out: Any) -> int:
    """Theta, logs of auxiliary parameters, random effects, coefficients for z; 0 where they exist."""
    write_low(ints, floats, work, z)
    n_low = ints[at.N_LOW]
    log_det, _ = write_joint(ints, floats, work, beyond(z, n_low))
    for i in range(n_low):
        out[i] = work[ints[at.W_LOW] + i]
    for i in range(ints[at.N_EFFECTS]):
        out[n_low + i] = work[ints[at.W_JOINT] + i]
    return 1 if np.isnan(log_det) else 0


DENSITY_SIGNATURE = types.int64(types.uint64, DOUBLES, DOUBLES, DOUBLES, types.voidptr)
EXPAND_SIGNATURE = types.int64(types.uint64, types.uint64, DOUBLES, DOUBLES, types.voidptr)
SCORES_SIGNATURE = types.int64(DOUBLES, DOUBLES, DOUBLES, types.voidptr)


def _entries(sources: int, stale: int) -> Any:
    """C functions that close over the digest of their sources."""

    @entry(DENSITY_SIGNATURE)
    def density(dimension, z, gradient, value, data):  # type: ignore[no-untyped-def]
        """Log density for nutpie: z to value and gradient; a number other than 0 marks a divergence."""
        ints = integers(data)
        if ints[shared.DIGEST] != sources:
            return stale
        work = allocate(ints[shared.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        value[0] = log_density_at(ints, doubles(data), work, z, gradient)
        release(work)
        return 0 if np.isfinite(value[0]) and is_finite(gradient, dimension) else 4

    @entry(EXPAND_SIGNATURE)
    def expand(dimension, expanded, z, out, data):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Expansion of a draw for nutpie: the unconstrained point with the random effects themselves."""
        ints = integers(data)
        if ints[shared.DIGEST] != sources:
            return stale
        work = allocate(ints[shared.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        status = expand_at(ints, doubles(data), work, z, out)
        release(work)
        return status

    @entry(SCORES_SIGNATURE)
    def scores(auxiliary, eta, out, data):  # type: ignore[no-untyped-def]
        """Derivatives of every row's log likelihood in its linear predictor."""
        ints = integers(data)
        if ints[shared.DIGEST] != sources:
            return stale
        log_likelihood(ints, doubles(data), auxiliary, eta, out)
        return 0

    return density, expand, scores


density, expand, scores = _entries(SOURCES, STALE)
