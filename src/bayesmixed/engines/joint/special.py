"""Special functions of the families, compiled."""

from __future__ import annotations

import math

from bayesmixed.engines.joint.row_loops import bits_of, double_of, of_a_row
from bayesmixed.engines.kernel.compilation import compiled

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_HALF = math.sqrt(0.5)
ASYMPTOTIC_FROM = 8.0
FAR_BELOW = -12.0

SMALLEST_EXPONENT, LARGEST_EXPONENT = -707.0, 709.0
LOG2_E = 1.0 / math.log(2.0)
LOG_2_HIGH, LOG_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
ROUNDING = 1.5 * 2.0**52
"""Added to a small number it leaves the nearest integer in the last bits."""
EXPONENT_BIAS, MANTISSA_BITS = 1023, 52


@of_a_row
def exponential(x: float) -> float:
    """exp(x) between exp(-707) and exp(709), in steps that a loop can take for several rows at a time.

    ``2^n exp(r)`` with ``|r| <= log(2) / 2`` and Taylor's series, the rest below a unit in the last place.
    """
    x = min(max(x, SMALLEST_EXPONENT), LARGEST_EXPONENT)
    shifted = x * LOG2_E + ROUNDING
    n = shifted - ROUNDING
    r = (x - n * LOG_2_HIGH) - n * LOG_2_LOW
    series = 1 / 6227020800
    series = series * r + 1 / 479001600
    series = series * r + 1 / 39916800
    series = series * r + 1 / 3628800
    series = series * r + 1 / 362880
    series = series * r + 1 / 40320
    series = series * r + 1 / 5040
    series = series * r + 1 / 720
    series = series * r + 1 / 120
    series = series * r + 1 / 24
    series = series * r + 1 / 6
    series = series * r + 0.5
    series = series * r + 1.0
    series = series * r + 1.0
    return series * double_of((bits_of(shifted) + EXPONENT_BIAS) << MANTISSA_BITS)


@compiled
def digamma(x: float) -> float:
    """Derivative of log gamma at a positive number: recurrence up to 8, then the asymptotic series."""
    total = 0.0
    while x < ASYMPTOTIC_FROM:
        total -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    series = 1 / 12 - inverse * (
        1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse * (1 / 132 - inverse * 691 / 32760)))
    )
    return total + math.log(x) - 0.5 / x - inverse * series


@compiled
def log_normal_cdf(x: float) -> tuple[float, float]:
    """Log of the standard normal distribution function, and its derivative."""
    if x > FAR_BELOW:
        value = math.log(0.5 * math.erfc(-x * SQRT_HALF))
    else:
        inverse = 1.0 / (x * x)
        series = 1.0 - inverse * (1.0 - inverse * (3.0 - inverse * (15.0 - inverse * 105.0)))
        value = -0.5 * x * x - HALF_LOG_2PI - math.log(-x) + math.log(series)
    return value, math.exp(-0.5 * x * x - HALF_LOG_2PI - value)


@compiled
def log_logistic(x: float) -> tuple[float, float]:
    """Log of the logistic distribution function, and its derivative."""
    small = math.exp(-abs(x))
    if x > 0.0:
        return -math.log1p(small), small / (1.0 + small)
    return x - math.log1p(small), 1.0 / (1.0 + small)
