"""Cross-products as a weighted sum of terms, for residuals that are correlated or differ in spread.

The inverse covariance of the residuals over sigma^2 is a sum of matrices Q_m that stay the same, with factors
c_m that follow from theta, so cross-products are sum_m c_m K_m with K_m = W'Q_m W. The rows of a term have
two classes a and b, and c_m = r / (s_a s_b): r is one of the factors that the correlations give, s_a the
standard deviation of class a. Its logarithm is 1/2 log(known + exp(2 eta)), eta the predictor of the class.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond
from bayesmixed.engines.kernel.serial import add_serial_gradient, write_serial


@compiled
def values_of(ints: Any, floats: Any, work: Any) -> Any:
    """Cross-products, to be read with the places of the block: those that the terms make, if any."""
    if ints[at.N_TERMS] == 0:
        return floats
    return beyond(work, ints[at.W_VALUES] - ints[at.ROWS])


@compiled
def write_terms(ints: Any, floats: Any, work: Any, point: Any) -> float:
    """Factors of all terms and their cross-products; return log|R| over sigma^2 in every row."""
    log_det = write_classes(ints, floats, work, point)
    kinds, classes, terms = ints[at.W_KINDS], ints[at.W_CLASSES], ints[at.W_TERMS]
    log_det += write_serial(
        ints[at.SERIAL],
        beyond(floats, ints[at.SERIAL_NUMBERS]),
        beyond(point, ints[at.SERIAL_THETA]),
        beyond(work, kinds),
        beyond(work, ints[at.W_SERIAL]),
    )
    apart = ints[at.N_CLASSES] > 0
    for m in range(ints[at.N_TERMS]):
        value = work[kinds + ints[ints[at.TERM_KIND] + m]]
        if apart:
            first, second = ints[ints[at.TERM_FIRST] + m], ints[ints[at.TERM_SECOND] + m]
            value *= np.exp(-work[classes + first] - work[classes + second])
        work[terms + m] = value
    form_values(ints, floats, work)
    return log_det


@compiled
def write_classes(ints: Any, floats: Any, work: Any, point: Any) -> float:
    """Log standard deviations of all classes and their rates; return what they add to log|R|."""
    total, p = 0.0, ints[at.N_SCALE]
    for i in range(ints[at.N_CLASSES]):
        eta = floats[ints[at.CLASS_OFFSET] + i]
        if ints[at.CLASS_SIGMA] >= 0:
            eta += point[ints[at.CLASS_SIGMA]]
        for j in range(p):
            eta += floats[ints[at.CLASS_FIXED] + i * p + j] * point[ints[at.SCALE_THETA] + j]
        for e in range(ints[ints[at.CLASS_POINTER] + i], ints[ints[at.CLASS_POINTER] + i + 1]):
            eta += (
                floats[ints[at.CLASS_VALUE] + e] * work[ints[at.W_SAMPLED] + ints[ints[at.CLASS_INDEX] + e]]
            )
        known, rate = floats[ints[at.CLASS_KNOWN] + i], 1.0
        if known > 0.0:
            free = np.exp(2.0 * eta)
            rate = free / (known + free)
            eta = 0.5 * np.log(known + free)
        work[ints[at.W_CLASSES] + i], work[ints[at.W_CLASS_RATES] + i] = eta, rate
        total += 2.0 * floats[ints[at.CLASS_COUNT] + i] * eta
    return float(total)


@compiled
def take_terms(ints: Any, floats: Any, work: Any, factors: Any) -> None:
    """Cross-products with given factors of the terms, if there are any."""
    if ints[at.N_TERMS] == 0:
        return
    for m in range(ints[at.N_TERMS]):
        work[ints[at.W_TERMS] + m] = factors[m]
    form_values(ints, floats, work)


@compiled
def form_values(ints: Any, floats: Any, work: Any) -> None:
    """Sum of all terms, each times its factor."""
    values = beyond(work, ints[at.W_VALUES])
    for i in range(ints[at.N_VALUES]):
        values[i] = 0.0
    for m in range(ints[at.N_TERMS]):
        factor = work[ints[at.W_TERMS] + m]
        for e in range(ints[ints[at.TERM_POINTER] + m], ints[ints[at.TERM_POINTER] + m + 1]):
            values[ints[ints[at.TERM_INDEX] + e]] += factor * floats[ints[at.TERM_VALUE] + e]


@compiled
def write_term_slopes(ints: Any, floats: Any, work: Any) -> None:
    """Gradients of log|A| and of the residual sum of squares in the factors of all terms."""
    log_products, rss_products = beyond(work, ints[at.W_LOG_PRODUCTS]), beyond(work, ints[at.W_RSS_PRODUCTS])
    first = ints[at.RESPONSE] - ints[at.ROWS]
    for i in range(ints[at.N_INTEGRATED]):
        log_products[first + i] = 0.0
        rss_products[first + i] = -work[ints[at.W_EFFECTS] + i]
    for i in range(ints[at.N_VALUES]):
        log_products[i] *= floats[ints[at.MULTIPLICITY] + i]
        rss_products[i] *= floats[ints[at.MULTIPLICITY] + i]
    for m in range(ints[at.N_TERMS]):
        log_slope, rss_slope = 0.0, 0.0
        for e in range(ints[ints[at.TERM_POINTER] + m], ints[ints[at.TERM_POINTER] + m + 1]):
            place, value = ints[ints[at.TERM_INDEX] + e], floats[ints[at.TERM_VALUE] + e]
            log_slope += value * log_products[place]
            rss_slope += value * rss_products[place]
        work[ints[at.W_TERM_LOG_SLOPES] + m] = log_slope
        work[ints[at.W_TERM_RSS_SLOPES] + m] = rss_slope


@compiled
def add_residual_gradient(ints: Any, floats: Any, work: Any, sigma: float, point: Any, gradient: Any) -> None:
    """Carry the gradient in the terms to theta and to the sampled effects of the residual predictor."""
    kinds, kind_slopes = ints[at.W_KINDS], ints[at.W_KIND_SLOPES]
    classes, class_slopes = ints[at.W_CLASSES], ints[at.W_CLASS_SLOPES]
    apart = ints[at.N_CLASSES] > 0
    for i in range(ints[at.N_KINDS]):
        work[kind_slopes + i] = 0.0
    for i in range(ints[at.N_CLASSES]):
        work[class_slopes + i] = -floats[ints[at.CLASS_COUNT] + i]
    for m in range(ints[at.N_TERMS]):
        slope = -0.5 * work[ints[at.W_TERM_LOG_SLOPES] + m]
        slope -= 0.5 * work[ints[at.W_TERM_RSS_SLOPES] + m] / (sigma * sigma)
        kind, shares = ints[ints[at.TERM_KIND] + m], 1.0
        if apart:
            first, second = ints[ints[at.TERM_FIRST] + m], ints[ints[at.TERM_SECOND] + m]
            shares = np.exp(-work[classes + first] - work[classes + second])
            work[class_slopes + first] -= slope * shares * work[kinds + kind]
            work[class_slopes + second] -= slope * shares * work[kinds + kind]
        work[kind_slopes + kind] += slope * shares
    add_serial_gradient(
        ints[at.SERIAL],
        beyond(floats, ints[at.SERIAL_NUMBERS]),
        beyond(point, ints[at.SERIAL_THETA]),
        beyond(work, kind_slopes),
        -0.5,
        beyond(work, ints[at.W_SERIAL]),
        beyond(gradient, ints[at.SERIAL_THETA]),
    )
    add_class_gradient(ints, floats, work, gradient)


@compiled
def add_class_gradient(ints: Any, floats: Any, work: Any, gradient: Any) -> None:
    """Carry the gradient in the classes' log standard deviations to their predictor."""
    p = ints[at.N_SCALE]
    for i in range(ints[at.N_CLASSES]):
        slope = work[ints[at.W_CLASS_SLOPES] + i] * work[ints[at.W_CLASS_RATES] + i]
        if ints[at.CLASS_SIGMA] >= 0:
            gradient[ints[at.CLASS_SIGMA]] += slope
        for j in range(p):
            gradient[ints[at.SCALE_THETA] + j] += slope * floats[ints[at.CLASS_FIXED] + i * p + j]
        for e in range(ints[ints[at.CLASS_POINTER] + i], ints[ints[at.CLASS_POINTER] + i + 1]):
            place = ints[at.W_SAMPLED_GRADIENT] + ints[ints[at.CLASS_INDEX] + e]
            work[place] += slope * floats[ints[at.CLASS_VALUE] + e]
