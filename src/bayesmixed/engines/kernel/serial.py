"""Correlations of residuals: the factors r of their inverse, log|C|, and the gradient back.

What `numbers` hold and what the factors are, the structures in `bayesmixed.covariances` say. Coordinates are
the logit of a correlation's share of its interval, or the logits of canonical partial correlations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond
from bayesmixed.engines.kernel.theta import add_unstructured_gradient, write_unstructured_row

SERIALS = ("independent", "autoregressive", "exchangeable", "occasions")
"""What the structures in `bayesmixed.covariances` call their functions here."""
INDEPENDENT, AUTOREGRESSIVE, EXCHANGEABLE, OCCASIONS = range(len(SERIALS))


@compiled
def bounded(low: float, x: float) -> tuple[float, float, float]:
    """A number between a bound and 1 from its logit, 1 less it, and its derivative."""
    above, below = 1.0 / (1.0 + np.exp(-x)), 1.0 / (1.0 + np.exp(x))
    return low + (1.0 - low) * above, (1.0 - low) * below, (1.0 - low) * above * below


@compiled
def step_power(low: float, base: float, step: float) -> tuple[float, float]:
    """Power of an autoregression for a step, and its derivative; whole steps where it may be negative."""
    if low < 0.0:
        whole = int(step)
        return base**whole, whole * base ** (whole - 1)
    return base**step, step * base ** (step - 1.0)


@compiled
def write_autoregressive(numbers: Any, x: Any, factors: Any) -> float:
    """Factors of an autoregression; return log|C|."""
    value, total = bounded(numbers[0], x[0])[0], 0.0
    factors[0] = 1.0
    for g in range(int(numbers[1])):
        power = step_power(numbers[0], value, numbers[2 + 2 * g])[0]
        rest = 1.0 - power * power
        factors[1 + 3 * g] = power * power / rest
        factors[2 + 3 * g] = 1.0 / rest
        factors[3 + 3 * g] = -power / rest
        total += numbers[3 + 2 * g] * np.log(rest)
    return total


@compiled
def autoregressive_gradient(numbers: Any, x: Any, slopes: Any, weight: float) -> float:
    """Derivative in the coordinate, log|C| counted with a weight."""
    value, _, moved = bounded(numbers[0], x[0])
    total = 0.0
    for g in range(int(numbers[1])):
        power, slope = step_power(numbers[0], value, numbers[2 + 2 * g])
        rest = 1.0 - power * power
        each = (
            2.0 * power * (slopes[1 + 3 * g] + slopes[2 + 3 * g]) - (1.0 + power * power) * slopes[3 + 3 * g]
        )
        total += slope * (each / (rest * rest) - weight * numbers[3 + 2 * g] * 2.0 * power / rest)
    return total * moved


@compiled
def write_exchangeable(numbers: Any, x: Any, factors: Any) -> float:
    """Factors of equal correlations; return log|C|."""
    value, rest, _ = bounded(numbers[0], x[0])
    factors[0], total = 1.0 / rest, 0.0
    for g in range(int(numbers[1])):
        others = numbers[2 + 2 * g] - 1.0
        whole = 1.0 + others * value
        factors[1 + g] = -value / (rest * whole)
        total += numbers[3 + 2 * g] * (others * np.log(rest) + np.log(whole))
    return total


@compiled
def exchangeable_gradient(numbers: Any, x: Any, slopes: Any, weight: float) -> float:
    """Derivative in the coordinate, log|C| counted with a weight."""
    value, rest, moved = bounded(numbers[0], x[0])
    total = slopes[0] / (rest * rest)
    for g in range(int(numbers[1])):
        others = numbers[2 + 2 * g] - 1.0
        whole = 1.0 + others * value
        product = rest * whole
        total -= slopes[1 + g] * (product - value * (others * rest - whole)) / (product * product)
        total += weight * numbers[3 + 2 * g] * others * (1.0 / whole - 1.0 / rest)
    return total * moved


@compiled
def write_matrix(size: int, x: Any, factor: Any, matrix: Any) -> None:
    """Cholesky factor and correlation matrix of all occasions from logits of partial correlations."""
    for i in range(size):
        for j in range(size):
            factor[i * size + j] = 0.0
        write_unstructured_row(i, 1.0, x, beyond(factor, i * size))
    for i in range(size):
        for j in range(size):
            value = 0.0
            for m in range(min(i, j) + 1):
                value += factor[i * size + m] * factor[j * size + m]
            matrix[i * size + j] = value


@compiled
def invert_part(size: int, matrix: Any, n: int, places: Any, root: Any, inverse: Any) -> float:
    """Inverse of the part of a matrix at some places; return its log determinant."""
    log_det = 0.0
    for i in range(n):
        for j in range(i + 1):
            value = matrix[int(places[i]) * size + int(places[j])]
            for m in range(j):
                value -= root[i * n + m] * root[j * n + m]
            if i == j:
                root[i * n + i] = np.sqrt(value)
                log_det += np.log(value)
            else:
                root[i * n + j] = value / root[j * n + j]
    for c in range(n):
        for i in range(n):
            value = 1.0 if i == c else 0.0
            for m in range(i):
                value -= root[i * n + m] * inverse[m * n + c]
            inverse[i * n + c] = value / root[i * n + i]
        for i in range(n - 1, -1, -1):
            value = inverse[i * n + c]
            for m in range(i + 1, n):
                value -= root[m * n + i] * inverse[m * n + c]
            inverse[i * n + c] = value / root[i * n + i]
    return log_det


@compiled
def write_occasions(numbers: Any, x: Any, factors: Any, scratch: Any) -> float:
    """Entries of the inverses of all sets of occasions; return log|C|."""
    size, total = int(numbers[0]), 0.0
    square = size * size
    write_matrix(size, x, scratch, beyond(scratch, square))
    at_set, at_factor = 2, 0
    for _ in range(int(numbers[1])):
        count, n = numbers[at_set], int(numbers[at_set + 1])
        inverse = beyond(scratch, 3 * square)
        log_det = invert_part(
            size,
            beyond(scratch, square),
            n,
            beyond(numbers, at_set + 2),
            beyond(scratch, 2 * square),
            inverse,
        )
        total += count * log_det
        for i in range(n):
            for j in range(i + 1):
                factors[at_factor] = inverse[i * n + j]
                at_factor += 1
        at_set += 2 + n
    return total


@compiled
def add_occasions_gradient(
    numbers: Any, x: Any, slopes: Any, weight: float, scratch: Any, gradient: Any
) -> None:
    """Gradient in the logits: of an inverse V with the gradient G it is -V G V in the matrix."""
    size = int(numbers[0])
    square = size * size
    factor, matrix = scratch, beyond(scratch, square)
    inverse, product, whole = (
        beyond(scratch, 3 * square),
        beyond(scratch, 4 * square),
        beyond(scratch, 5 * square),
    )
    write_matrix(size, x, factor, matrix)
    for i in range(square):
        whole[i] = 0.0
    at_set, at_factor = 2, 0
    for _ in range(int(numbers[1])):
        count, n, places = numbers[at_set], int(numbers[at_set + 1]), beyond(numbers, at_set + 2)
        invert_part(size, matrix, n, places, beyond(scratch, 2 * square), inverse)
        for i in range(n):
            for j in range(n):
                product[i * n + j] = 0.0
        for i in range(n):
            for j in range(i + 1):
                for m in range(n):
                    product[i * n + m] += 0.5 * slopes[at_factor] * inverse[j * n + m]
                    product[j * n + m] += 0.5 * slopes[at_factor] * inverse[i * n + m]
                at_factor += 1
        for i in range(n):
            for j in range(n):
                value = weight * count * inverse[i * n + j]
                for m in range(n):
                    value -= inverse[i * n + m] * product[m * n + j]
                whole[int(places[i]) * size + int(places[j])] += value
        at_set += 2 + n
    for i in range(1, size):
        along = 0.0
        for m in range(i + 1):
            value = 0.0
            for j in range(size):
                value += 2.0 * whole[i * size + j] * factor[j * size + m]
            product[m] = value
            along += value * factor[i * size + m]
        add_unstructured_gradient(i, 1.0, along, x, beyond(factor, i * size), product, gradient)


@compiled
def write_serial(kernel: int, numbers: Any, x: Any, factors: Any, scratch: Any) -> float:
    """Factors of a structure; return log|C|."""
    if kernel == AUTOREGRESSIVE:
        return write_autoregressive(numbers, x, factors)
    if kernel == EXCHANGEABLE:
        return write_exchangeable(numbers, x, factors)
    if kernel == OCCASIONS:
        return write_occasions(numbers, x, factors, scratch)
    factors[0] = 1.0
    return 0.0


@compiled
def add_serial_gradient(
    kernel: int, numbers: Any, x: Any, slopes: Any, weight: float, scratch: Any, gradient: Any
) -> None:
    """Add to the gradient in the coordinates, log|C| counted with a weight."""
    if kernel == AUTOREGRESSIVE:
        gradient[0] += autoregressive_gradient(numbers, x, slopes, weight)
    elif kernel == EXCHANGEABLE:
        gradient[0] += exchangeable_gradient(numbers, x, slopes, weight)
    elif kernel == OCCASIONS:
        add_occasions_gradient(numbers, x, slopes, weight, scratch, gradient)
