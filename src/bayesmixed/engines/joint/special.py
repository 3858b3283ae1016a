"""Special functions of the families, compiled."""

from __future__ import annotations

import math

from bayesmixed.engines.collapsed.compilation import compiled

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_HALF = math.sqrt(0.5)
ASYMPTOTIC_FROM = 8.0
FAR_BELOW = -12.0


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
