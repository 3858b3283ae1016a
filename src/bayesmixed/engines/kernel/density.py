"""The collapsed log density and its gradient, as NUTS calls it.

    log p(y|t) = -1/2 {n log(2 pi sigma^2) + log|A| + log|S| - p log sigma^2 + rss / sigma^2},

see the design. Sampled effects s, where there are any, enter by replacing y with y - Z_s s; all that is
needed of them are sparse cross-products, so no evaluation touches the rows of the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.adjoint import chain_gradient, multiply_by_lambda, root_gradient, solve_root
from bayesmixed.engines.kernel.compilation import compiled, entry
from bayesmixed.engines.kernel.elimination import eliminate_chain, factor_root, load
from bayesmixed.engines.kernel.memory import DOUBLES, allocate, beyond, doubles, integers, is_null, release
from bayesmixed.engines.kernel.residual import (
    add_residual_gradient,
    values_of,
    write_term_slopes,
    write_terms,
)
from bayesmixed.engines.kernel.sources import NO_MEMORY, SOURCES, STALE
from bayesmixed.engines.kernel.theta import (
    add_theta_gradient,
    log_prior_of_coefficient,
    log_prior_of_theta,
    relative_log_sigma,
    write_lambda,
)


@compiled
def write_point(ints: Any, floats: Any, z: Any, point: Any) -> None:
    """Point of the unconstrained space for standardized coordinates z."""
    n_theta, dimension = ints[at.N_THETA], ints[at.DIMENSION]
    center, scale, elementwise = ints[at.CENTER], ints[at.SCALE], ints[at.SAMPLED_SCALE]
    for i in range(n_theta):
        value = floats[center + i]
        for j in range(i + 1):
            value += floats[scale + i * n_theta + j] * z[j]
        point[i] = value
    for i in range(n_theta, dimension):
        point[i] = z[i]
    stretch(ints, floats, point)
    for i in range(n_theta, dimension):
        point[i] = floats[center + i] + floats[elementwise + i - n_theta] * point[i]


@compiled
def stretch(ints: Any, floats: Any, vector: Any) -> None:
    """Lengthen the sampled part of a vector along the directions in which the sampled effects are wider."""
    n_theta, n = ints[at.N_THETA], ints[at.N_SAMPLED]
    for d in range(ints[at.N_STRETCH]):
        direction = ints[at.STRETCH] + d * n
        along = 0.0
        for i in range(n):
            along += floats[direction + i] * vector[n_theta + i]
        along *= floats[ints[at.STRETCH_AMOUNT] + d]
        for i in range(n):
            vector[n_theta + i] += along * floats[direction + i]


@compiled
def standardize_gradient(ints: Any, floats: Any, gradient: Any, out: Any) -> None:
    """Gradient in z from the gradient at the point."""
    n_theta = ints[at.N_THETA]
    scale, elementwise = ints[at.SCALE], ints[at.SAMPLED_SCALE]
    for j in range(n_theta):
        value = 0.0
        for i in range(j, n_theta):
            value += floats[scale + i * n_theta + j] * gradient[i]
        out[j] = value
    for i in range(n_theta, ints[at.DIMENSION]):
        out[i] = floats[elementwise + i - n_theta] * gradient[i]
    stretch(ints, floats, out)


@compiled
def write_sampled(ints: Any, work: Any, point: Any) -> None:
    """Sampled effects in the units of their columns: the coordinates themselves, or L times them."""
    sampled = beyond(work, ints[at.W_SAMPLED])
    values = beyond(point, ints[at.N_THETA])
    for i in range(ints[at.N_SAMPLED]):
        sampled[i] = values[i]
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] != at.SAMPLED or ints[table + at.FACTOR_CENTRED] == 1:
            continue
        k, first = ints[table + at.FACTOR_K], ints[table + at.FACTOR_FIRST_COLUMN]
        lam = beyond(work, ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA])
        for base in range(first, first + k * ints[table + at.FACTOR_J], k):
            for a in range(k):
                sampled[base + a] = 0.0
                for b in range(a + 1):
                    sampled[base + a] += lam[a * k + b] * values[base + b]


@compiled
def write_response(ints: Any, floats: Any, values: Any, work: Any) -> float:
    """Cross-products of the integrated columns with y - Z_s s into W_RESPONSE; return its square."""
    response = beyond(work, ints[at.W_RESPONSE])
    for i in range(ints[at.N_INTEGRATED]):
        response[i] = values[ints[at.RESPONSE] + i]
    squared = values[ints[at.RESPONSE_SQUARED]]
    if ints[at.N_SAMPLED] == 0:
        return squared
    sampled, remaining = beyond(work, ints[at.W_SAMPLED]), beyond(work, ints[at.W_SAMPLED_GRADIENT])
    subtract_product(
        ints,
        floats,
        ints[at.CROSS_POINTER],
        ints[at.CROSS_INDEX],
        ints[at.CROSS_VALUE],
        ints[at.N_INTEGRATED],
        sampled,
        response,
    )
    for i in range(ints[at.N_SAMPLED]):
        remaining[i] = floats[ints[at.SAMPLED_RESPONSE] + i]
        squared -= sampled[i] * remaining[i]
    subtract_product(
        ints,
        floats,
        ints[at.GRAM_POINTER],
        ints[at.GRAM_INDEX],
        ints[at.GRAM_VALUE],
        ints[at.N_SAMPLED],
        sampled,
        remaining,
    )
    for i in range(ints[at.N_SAMPLED]):
        squared -= sampled[i] * remaining[i]
    return squared


@compiled
def subtract_product(
    ints: Any, floats: Any, pointer: int, index: int, value: int, n: int, vector: Any, out: Any
) -> None:
    """Subtract a sparse matrix, given by the offsets of its three sections, times a vector.

    Four sums at a time, since each addition waits for the one before.
    """
    for i in range(n):
        start, stop = ints[pointer + i], ints[pointer + i + 1]
        first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
        for e in range(start, stop - 3, 4):
            first += floats[value + e] * vector[ints[index + e]]
            second += floats[value + e + 1] * vector[ints[index + e + 1]]
            third += floats[value + e + 2] * vector[ints[index + e + 2]]
            fourth += floats[value + e + 3] * vector[ints[index + e + 3]]
        for e in range(stop - (stop - start) % 4, stop):
            first += floats[value + e] * vector[ints[index + e]]
        out[i] -= (first + second) + (third + fourth)


@compiled
def sampled_likelihood_gradient(ints: Any, floats: Any, work: Any, sigma: float) -> None:
    """Z_s'r / sigma^2 into W_SAMPLED_GRADIENT, which holds Z_s'(y - Z_s s)."""
    gradient, effects = beyond(work, ints[at.W_SAMPLED_GRADIENT]), beyond(work, ints[at.W_EFFECTS])
    subtract_product(
        ints,
        floats,
        ints[at.TRANSPOSED_POINTER],
        ints[at.TRANSPOSED_INDEX],
        ints[at.TRANSPOSED_VALUE],
        ints[at.N_SAMPLED],
        effects,
        gradient,
    )
    for i in range(ints[at.N_SAMPLED]):
        gradient[i] /= sigma * sigma


@compiled
def centred_level(lam: Any, k: int, effect: Any, deviate: Any) -> float:
    """Log density of a level's effects under N(0, LL') up to its constant; `deviate` becomes L^-1 effect."""
    value = 0.0
    for a in range(k):
        total = effect[a]
        for b in range(a):
            total -= lam[a * k + b] * deviate[b]
        deviate[a] = total / lam[a * k + a]
        value -= 0.5 * deviate[a] * deviate[a] + np.log(lam[a * k + a])
    return value


@compiled
def sampled_factor(ints: Any, work: Any, table: int, point: Any, gradient: Any) -> float:
    """Log prior of one sampled factor's effects; its gradients in the coordinates and in L."""
    k, first = ints[table + at.FACTOR_K], ints[table + at.FACTOR_FIRST_COLUMN]
    place = ints[table + at.FACTOR_LAMBDA]
    lam, slope = beyond(work, ints[at.W_LAMBDA] + place), beyond(work, ints[at.W_LOG_GRADIENT] + place)
    likelihood, deviate = beyond(work, ints[at.W_SAMPLED_GRADIENT]), beyond(work, ints[at.W_SCRATCH])
    n_theta = ints[at.N_THETA]
    centred = ints[table + at.FACTOR_CENTRED] == 1
    total = 0.0
    for base in range(first, first + k * ints[table + at.FACTOR_J], k):
        if centred:
            total += centred_level(lam, k, beyond(point, n_theta + base), deviate)
            pulled = beyond(deviate, k)
            for a in range(k - 1, -1, -1):
                value = deviate[a]
                for b in range(a + 1, k):
                    value -= lam[b * k + a] * pulled[b]
                pulled[a] = value / lam[a * k + a]
            for a in range(k):
                gradient[n_theta + base + a] = likelihood[base + a] - pulled[a]
                slope[a * k + a] -= 1.0 / lam[a * k + a]
                for b in range(a + 1):
                    slope[a * k + b] += pulled[a] * deviate[b]
        else:
            for b in range(k):
                own = point[n_theta + base + b]
                total -= 0.5 * own * own
                value = -own
                for a in range(b, k):
                    value += lam[a * k + b] * likelihood[base + a]
                    slope[a * k + b] += likelihood[base + a] * own
                gradient[n_theta + base + b] = value
    return total


@compiled
def sampled_prior(ints: Any, floats: Any, work: Any, point: Any, gradient: Any) -> float:
    """Log prior of everything sampled besides theta; gradients in the coordinates and in the factors."""
    n_theta, total = ints[at.N_THETA], 0.0
    likelihood = beyond(work, ints[at.W_SAMPLED_GRADIENT])
    for i in range(ints[at.N_SAMPLED_COEFFICIENTS]):
        prior = beyond(floats, ints[at.SAMPLED_PRIOR] + i * at.COEFFICIENT_PRIOR_WORDS)
        value, slope = log_prior_of_coefficient(prior, point[n_theta + i])
        gradient[n_theta + i] = likelihood[i] + slope
        total += value
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        if ints[table + at.FACTOR_ROLE] == at.SAMPLED:
            total += sampled_factor(ints, work, table, point, gradient)
    return total


@compiled
def integrate(ints: Any, floats: Any, work: Any, sigma: float) -> tuple[float, float, float]:
    """Eliminate everything that is integrated, and write the gradients in the Cholesky factors."""
    values = values_of(ints, floats, work)
    squared = write_response(ints, floats, values, work)
    load(ints, values, work)
    log_det, squared = eliminate_chain(ints, values, work, squared)
    dense_log_det, coefficient_log_det = factor_root(ints, floats, work, sigma)
    if np.isnan(log_det) or np.isnan(dense_log_det):
        return np.nan, np.nan, np.nan
    rss = squared - solve_root(ints, work)
    for i in range(2 * (ints[at.W_RSS_GRADIENT] - ints[at.W_LOG_GRADIENT])):
        work[ints[at.W_LOG_GRADIENT] + i] = 0.0
    root_gradient(ints, work)
    chain_gradient(ints, values, work)
    if ints[at.N_TERMS] > 0:
        write_term_slopes(ints, floats, work)
    multiply_by_lambda(ints, work)
    return log_det + dense_log_det, coefficient_log_det, rss


@compiled
def coefficient_terms(ints: Any, floats: Any, work: Any, sigma: float) -> float:
    """Derivative in log sigma of what the coefficients' priors contribute."""
    q, p = ints[at.N_ROOT], ints[at.N_COEFFICIENTS]
    effects = beyond(work, ints[at.W_EFFECTS] + ints[at.N_INTEGRATED] - p)
    total = 0.0
    for a in range(p):
        variance = work[ints[at.W_INVERSE] + (q - p + a) * (q + 1)]
        total -= floats[ints[at.PRECISION] + a] * (sigma * sigma * variance + effects[a] * effects[a])
    return total


@compiled
def log_density_at(ints: Any, floats: Any, point: Any, gradient: Any, work: Any) -> float:
    """Collapsed log density at an unconstrained point, and its gradient; NaN where it cannot be computed."""
    n_rows, p = floats[ints[at.SCALARS] + at.SCALAR_N_ROWS], ints[at.N_COEFFICIENTS]
    log_sigma = relative_log_sigma(ints, point)
    sigma = np.exp(log_sigma)
    total = floats[ints[at.SCALARS] + at.SCALAR_CONSTANT]
    total += log_prior_of_theta(ints, floats, point, gradient)
    write_lambda(ints, work, point)
    write_sampled(ints, work, point)
    if ints[at.N_TERMS] > 0:
        total -= 0.5 * write_terms(ints, floats, work, point)
    effects_log_det, coefficient_log_det, rss = integrate(ints, floats, work, sigma)
    if not rss >= 0.0:
        return np.nan
    scaled = rss / (sigma * sigma)
    total -= 0.5 * (effects_log_det + coefficient_log_det + scaled) + (n_rows - p) * log_sigma
    if ints[at.SIGMA] >= 0:
        gradient[ints[at.SIGMA]] += p - n_rows + scaled + coefficient_terms(ints, floats, work, sigma)
    for i in range(ints[at.W_RSS_GRADIENT] - ints[at.W_LOG_GRADIENT]):
        slope = work[ints[at.W_RSS_GRADIENT] + i] / (sigma * sigma)
        work[ints[at.W_LOG_GRADIENT] + i] = slope - work[ints[at.W_LOG_GRADIENT] + i]
    if ints[at.N_SAMPLED] > 0:
        sampled_likelihood_gradient(ints, floats, work, sigma)
    if ints[at.N_TERMS] > 0:
        add_residual_gradient(ints, floats, work, sigma, point, gradient)
    if ints[at.N_SAMPLED] > 0:
        total += sampled_prior(ints, floats, work, point, gradient)
    add_theta_gradient(ints, work, point, gradient)
    return total


DENSITY_SIGNATURE = types.int64(types.uint64, DOUBLES, DOUBLES, DOUBLES, types.voidptr)
EXPAND_SIGNATURE = types.int64(types.uint64, types.uint64, DOUBLES, DOUBLES, types.voidptr)


@compiled
def density_at(ints: Any, floats: Any, work: Any, z: Any, gradient: Any, value: Any) -> int:
    """Log density at z into `value`, and its gradient; 0 when both are finite."""
    point, slope = beyond(work, ints[at.W_POINT]), beyond(work, ints[at.W_POINT_GRADIENT])
    write_point(ints, floats, z, point)
    value[0] = log_density_at(ints, floats, point, slope, work)
    standardize_gradient(ints, floats, slope, gradient)
    for i in range(ints[at.DIMENSION]):
        if not np.isfinite(gradient[i]):
            return 3
    return 0 if np.isfinite(value[0]) else 4


def _entries(sources: int, stale: int) -> Any:
    """C functions that close over the digest of their sources."""

    @entry(DENSITY_SIGNATURE)
    def density(dimension, z, gradient, value, data):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Log density for nutpie: z to value and gradient; a number other than 0 marks a divergence."""
        ints = integers(data)
        if ints[at.DIGEST] != sources:
            return stale
        work = allocate(ints[at.WORK_WORDS])
        if is_null(work):
            return NO_MEMORY
        status = density_at(ints, doubles(data), work, z, gradient, value)
        release(work)
        return status

    @entry(EXPAND_SIGNATURE)
    def expand(dimension, expanded, z, out, data):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Expansion of a draw for nutpie: the unconstrained point itself."""
        ints = integers(data)
        if ints[at.DIGEST] != sources:
            return stale
        write_point(ints, doubles(data), z, out)
        return 0

    return density, expand


density, expand = _entries(SOURCES, STALE)
