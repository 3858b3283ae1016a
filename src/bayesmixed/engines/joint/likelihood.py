"""The log likelihood of one row under every family and link, with its derivatives.

A family is written in its mean mu, or in log p and log (1 - p) where the response counts successes; the link
gives those and their derivatives in the linear predictor eta. Constants in the parameters are left out here
and added by the packing.
"""

from __future__ import annotations

import math
from typing import Any

from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.row_loops import bits_of, double_of, of_a_row, over_rows
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond

KERNELS = ("gaussian", "student", "binomial", "poisson", "negative_binomial", "gamma", "beta", "weibull")
GAUSSIAN, STUDENT, BINOMIAL, POISSON, NEGATIVE_BINOMIAL, GAMMA, BETA, WEIBULL = range(len(KERNELS))

ROWS_OF_A_PRODUCT = 512
"""Factors between 1 and 2 whose product is a finite number."""


@compiled
def mean_of(link: int, eta: float) -> tuple[float, float]:
    """Mean for a linear predictor, and its derivative."""
    if link == at.LOG:
        mean = math.exp(eta)
        return mean, mean
    if link == at.INVERSE:
        return 1.0 / eta, -1.0 / (eta * eta)
    return eta, 1.0


@compiled
def log_chances(link: int, eta: float) -> tuple[float, float, float, float]:
    """Log p and its derivative in eta, log (1 - p) and its derivative."""
    if link == at.LOGIT:
        success, success_slope = log_logistic(eta)
        failure, failure_slope = log_logistic(-eta)
        return success, success_slope, failure, -failure_slope
    if link == at.PROBIT:
        success, success_slope = log_normal_cdf(eta)
        failure, failure_slope = log_normal_cdf(-eta)
        return success, success_slope, failure, -failure_slope
    if link == at.CLOGLOG:
        rate = math.exp(eta)
        chance = -math.expm1(-rate)
        return math.log(chance), rate * (1.0 - chance) / chance, -rate, -rate
    if link == at.LOG:
        left = -math.expm1(eta)
        return eta, 1.0, math.log(left), -math.exp(eta) / left
    return math.log(eta), 1.0 / eta, math.log1p(-eta), -1.0 / (1.0 - eta)


@compiled
def derive(family: int, auxiliary: Any) -> None:
    """What is the same for all rows: log gamma of auxiliary parameters, or constants of a row."""
    derived = beyond(auxiliary, at.MOST_AUXILIARY)
    first = auxiliary[0]
    if family == NEGATIVE_BINOMIAL:
        derived[0], derived[1], derived[2] = math.lgamma(first), digamma(first), math.log(first)
    elif family == GAMMA:
        derived[0] = first * math.log(first) - math.lgamma(first)
        derived[1] = 1.0 + math.log(first) - digamma(first)
    elif family == WEIBULL:
        derived[0], derived[1] = math.lgamma(1.0 + 1.0 / first), math.log(first)
        derived[2] = digamma(1.0 + 1.0 / first) / first
    elif family == BETA:
        derived[0], derived[1] = math.lgamma(first), digamma(first)
    elif family == GAUSSIAN:
        derived[0] = -math.log(first)
    elif family == STUDENT:
        nu = auxiliary[1]
        derived[0] = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu)
        derived[0] -= 0.5 * math.log(nu) + math.log(first)
        derived[1] = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - 1.0 / nu)


@compiled
def located(
    family: int, link: int, y: float, weight: float, eta: float, aux: Any
) -> tuple[float, float, float, float]:
    """Row of a normal or Student-t response; sigma^2 / weight is its squared scale."""
    mean, slope = mean_of(link, eta)
    sigma, derived = aux[0], beyond(aux, at.MOST_AUXILIARY)
    residual = (y - mean) * math.sqrt(weight) / sigma
    squared = residual * residual
    if family == GAUSSIAN:
        along = residual * math.sqrt(weight) / sigma
        return derived[0] - 0.5 * squared, along * slope, (squared - 1.0) / sigma, 0.0
    nu = aux[1]
    pull = (nu + 1.0) / (nu + squared)
    along = pull * residual * math.sqrt(weight) / sigma
    bend = math.log1p(squared / nu)
    return (
        derived[0] - 0.5 * (nu + 1.0) * bend,
        along * slope,
        (pull * squared - 1.0) / sigma,
        derived[1] + 0.5 * (pull * squared / nu - bend),
    )


@compiled
def counted(family: int, link: int, y: float, eta: float, aux: Any) -> tuple[float, float, float, float]:
    """Row of a Poisson or negative binomial response."""
    mean, slope = mean_of(link, eta)
    if not mean > 0.0:
        return math.nan, 0.0, 0.0, 0.0
    if family == POISSON:
        return y * math.log(mean) - mean, (y / mean - 1.0) * slope, 0.0, 0.0
    alpha, derived = aux[0], beyond(aux, at.MOST_AUXILIARY)
    whole = math.log(alpha + mean)
    value = y * math.log(mean) + alpha * derived[2] - (y + alpha) * whole
    value += math.lgamma(y + alpha) - derived[0]
    share = (y + alpha) / (alpha + mean)
    along = derived[2] + 1.0 - whole - share + digamma(y + alpha) - derived[1]
    return value, (y / mean - share) * slope, along, 0.0


@compiled
def positive(link: int, y: float, eta: float, aux: Any) -> tuple[float, float, float, float]:
    """Row of a gamma response with mean mu and shape alpha."""
    mean, slope = mean_of(link, eta)
    if not mean > 0.0:
        return math.nan, 0.0, 0.0, 0.0
    alpha, derived = aux[0], beyond(aux, at.MOST_AUXILIARY)
    ratio = y / mean
    value = derived[0] + alpha * (math.log(ratio) - ratio)
    return value, alpha * (ratio - 1.0) / mean * slope, derived[1] + math.log(ratio) - ratio, 0.0


@compiled
def failing(link: int, y: float, eta: float, aux: Any) -> tuple[float, float, float, float]:
    """Row of a Weibull response with mean mu and shape alpha."""
    mean, slope = mean_of(link, eta)
    if not mean > 0.0:
        return math.nan, 0.0, 0.0, 0.0
    alpha, derived = aux[0], beyond(aux, at.MOST_AUXILIARY)
    ratio = math.log(y / mean) + derived[0]
    power = math.exp(alpha * ratio)
    along = 1.0 / alpha + (1.0 - power) * (ratio - derived[2])
    return derived[1] + alpha * ratio - power, alpha * (power - 1.0) / mean * slope, along, 0.0


@compiled
def proportion(link: int, y: float, eta: float, aux: Any) -> tuple[float, float, float, float]:
    """Row of a beta response with mean mu and precision kappa."""
    log_p, log_p_slope, log_q, _ = log_chances(link, eta)
    mean, rest = math.exp(log_p), math.exp(log_q)
    kappa, derived = aux[0], beyond(aux, at.MOST_AUXILIARY)
    a, b = mean * kappa, rest * kappa
    if not (a > 0.0 and b > 0.0):
        return math.nan, 0.0, 0.0, 0.0
    over, under = math.log(y) - digamma(a), math.log1p(-y) - digamma(b)
    value = derived[0] - math.lgamma(a) - math.lgamma(b) + a * math.log(y) + b * math.log1p(-y)
    return value, kappa * (over - under) * mean * log_p_slope, derived[1] + mean * over + rest * under, 0.0


@compiled
def successes(link: int, y: float, trials: float, eta: float) -> tuple[float, float, float, float]:
    """Row of a binomial response."""
    if link == at.LOGIT:
        log_p, rest = log_logistic(eta)
        return y * log_p + (trials - y) * (log_p - eta), y - trials * (1.0 - rest), 0.0, 0.0
    log_p, log_p_slope, log_q, log_q_slope = log_chances(link, eta)
    value, slope = 0.0, 0.0
    if y > 0.0:
        value, slope = y * log_p, y * log_p_slope
    if y < trials:
        value, slope = value + (trials - y) * log_q, slope + (trials - y) * log_q_slope
    return value, slope, 0.0, 0.0


@compiled
def row_terms(
    family: int, link: int, y: float, trials: float, weight: float, eta: float, aux: Any
) -> tuple[float, float, float, float]:
    """Log likelihood of a row, its derivative in eta, and those in two auxiliary parameters."""
    if family == BINOMIAL:
        return successes(link, y, trials, eta)
    if family == POISSON or family == NEGATIVE_BINOMIAL:  # noqa: SIM109 (Numba)
        return counted(family, link, y, eta, aux)
    if family == GAMMA:
        return positive(link, y, eta, aux)
    if family == WEIBULL:
        return failing(link, y, eta, aux)
    if family == BETA:
        return proportion(link, y, eta, aux)
    return located(family, link, y, weight, eta, aux)


@over_rows
def one_trial_rows(n: int, y: Any, eta: Any, score: Any) -> float:
    """Log likelihood of rows of one trial with the logit link; `score` gets its derivatives in eta.

    Of ``sum log(1 + exp(-|eta|))`` the logarithm is taken once for many rows, of their product.
    """
    total = 0.0
    for first in range(0, n, ROWS_OF_A_PRODUCT):
        product = 1.0
        for i in range(first, min(first + ROWS_OF_A_PRODUCT, n)):
            x = eta[i]
            small = exponential(-abs(x))
            whole = 1.0 + small
            score[i] = y[i] - (1.0 if x > 0.0 else small) / whole
            product *= whole
            total += y[i] * x - 0.5 * (x + abs(x))
        total -= math.log(product)
    return total


@over_rows
def poisson_rows(n: int, y: Any, eta: Any, score: Any) -> float:
    """Log likelihood of Poisson rows with the log link; `score` gets its derivatives in eta."""
    total = 0.0
    for i in range(n):
        mean = exponential(eta[i])
        score[i] = y[i] - mean
        total += y[i] * eta[i] - mean
    return total


@compiled
def log_likelihood(ints: Any, floats: Any, auxiliary: Any, eta: Any, score: Any) -> float:
    """Log likelihood of all rows; `score` gets derivatives in eta, and the auxiliary gradient is kept.

    The gradient in the auxiliary parameters stands behind them and what is derived from them.
    """
    family, link = ints[at.FAMILY], ints[at.LINK]
    y, trials = beyond(floats, ints[at.ROW_Y]), beyond(floats, ints[at.ROW_TRIALS])
    weight = beyond(floats, ints[at.ROW_WEIGHT])
    if ints[at.ONE_TRIAL] == 1 and link == at.LOGIT:
        return one_trial_rows(ints[at.N_ROWS], y, eta, score)
    if family == POISSON and link == at.LOG:
        return poisson_rows(ints[at.N_ROWS], y, eta, score)
    total, first, second = 0.0, 0.0, 0.0
    derive(family, auxiliary)
    for i in range(ints[at.N_ROWS]):
        value, slope, first_slope, second_slope = row_terms(
            family, link, y[i], trials[i], weight[i], eta[i], auxiliary
        )
        total += value
        score[i] = slope
        first += first_slope
        second += second_slope
    auxiliary[at.MOST_AUXILIARY + at.DERIVED] = first
    auxiliary[at.MOST_AUXILIARY + at.DERIVED + 1] = second
    return total


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
