"""From the unconstrained theta to the factors' Cholesky factors, their priors, and the gradient back.

Theta holds, for each factor, the logs of its k standard deviations and the logits of its canonical partial
correlations (Lewandowski, Kurowicka, Joe 2009), then log sigma. With p = tanh(x / 2) a row of the Cholesky
factor of the correlation matrix is

    C[i, m] = p_im prod_{l<m} sqrt(1 - p_il^2),   C[i, i] = prod_{l<i} sqrt(1 - p_il^2),

and under LKJ(eta) every (p_im + 1) / 2 is an independent Beta(eta + (k - 2 - m) / 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond


@compiled
def log_prior_of_scale(prior: Any, x: float) -> tuple[float, float]:
    """Log density of a scale in its logarithm x, Jacobian included, and its derivative.

    Seven numbers (a, b, g, n, q, m, h) span the usual families:
    ``a x - b exp(g x) - n log(1 + q exp(2 x)) - h (x - m)^2 / 2 + x``.
    """
    power = prior[1] * np.exp(prior[2] * x) if prior[1] != 0.0 else 0.0
    squared = prior[4] * np.exp(2.0 * x)
    shifted = x - prior[5]
    value = prior[0] * x - power - prior[3] * np.log1p(squared) - 0.5 * prior[6] * shifted * shifted + x
    slope = (
        prior[0] - prior[2] * power - 2.0 * prior[3] * squared / (1.0 + squared) - prior[6] * shifted + 1.0
    )
    return value, slope


@compiled
def log_prior_of_logit(shape: float, x: float) -> tuple[float, float]:
    """Log density of the logit x of a Beta(shape, shape) up to its constant, and its derivative."""
    size = abs(x)
    return -shape * (size + 2.0 * np.log1p(np.exp(-size))), -shape * np.tanh(0.5 * x)


@compiled
def log_prior_of_theta(ints: Any, floats: Any, point: Any, gradient: Any) -> float:
    """Sum of the log priors of theta, constants left out; its gradient is written to `gradient`."""
    last = ints[at.N_THETA] - 1
    prior = ints[at.THETA_PRIOR]
    total, slope = log_prior_of_scale(beyond(floats, prior + last * at.PRIOR_WORDS), point[last])
    gradient[last] = slope
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        start, k = ints[table + at.FACTOR_THETA], ints[table + at.FACTOR_K]
        for i in range(start, start + k):
            value, slope = log_prior_of_scale(beyond(floats, prior + i * at.PRIOR_WORDS), point[i])
            gradient[i] = slope
            total += value
        n_logits = 0
        for s in range(ints[table + at.FACTOR_N_SETS]):
            size = ints[ints[at.SETS] + ints[table + at.FACTOR_FIRST_SET] + s]
            n_logits += size * (size - 1) // 2
        for i in range(start + k, start + k + n_logits):
            value, slope = log_prior_of_logit(floats[prior + i * at.PRIOR_WORDS], point[i])
            gradient[i] = slope
            total += value
    return total


@compiled
def write_lambda(ints: Any, work: Any, point: Any) -> None:
    """Cholesky factors of all factors, and transposes: relative to sigma where integrated, else absolute."""
    log_sigma = point[ints[at.N_THETA] - 1]
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, log_sd = ints[table + at.FACTOR_K], ints[table + at.FACTOR_THETA]
        lam = beyond(work, ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA])
        shift = 0.0 if ints[table + at.FACTOR_ROLE] == at.SAMPLED else log_sigma
        for i in range(k * k):
            lam[i] = 0.0
        first, logit = 0, log_sd + k
        for s in range(ints[table + at.FACTOR_N_SETS]):
            size = ints[ints[at.SETS] + ints[table + at.FACTOR_FIRST_SET] + s]
            for i in range(size):
                left = np.exp(point[log_sd + first + i] - shift)
                for m in range(i):
                    x = point[logit]
                    lam[(first + i) * k + first + m] = left * np.tanh(0.5 * x)
                    left /= np.cosh(0.5 * x)
                    logit += 1
                lam[(first + i) * k + first + i] = left
            first += size
        flipped = beyond(work, ints[at.W_LAMBDA_TRANSPOSED] + ints[table + at.FACTOR_LAMBDA])
        for i in range(k):
            for j in range(k):
                flipped[j * k + i] = lam[i * k + j]


@compiled
def add_theta_gradient(ints: Any, work: Any, point: Any, gradient: Any) -> None:
    """Carry the gradient in the Cholesky factors (in W_LOG_GRADIENT) to theta."""
    last = ints[at.N_THETA] - 1
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, log_sd = ints[table + at.FACTOR_K], ints[table + at.FACTOR_THETA]
        lam = beyond(work, ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA])
        slope = beyond(work, ints[at.W_LOG_GRADIENT] + ints[table + at.FACTOR_LAMBDA])
        relative = ints[table + at.FACTOR_ROLE] != at.SAMPLED
        shift = point[last] if relative else 0.0
        first, logit = 0, log_sd + k
        for s in range(ints[table + at.FACTOR_N_SETS]):
            size = ints[ints[at.SETS] + ints[table + at.FACTOR_FIRST_SET] + s]
            for i in range(size):
                row = (first + i) * k + first
                along = 0.0
                for m in range(i + 1):
                    along += slope[row + m] * lam[row + m]
                gradient[log_sd + first + i] += along
                if relative:
                    gradient[last] -= along
                left = np.exp(point[log_sd + first + i] - shift)
                rest = along
                for m in range(i):
                    partial = np.tanh(0.5 * point[logit])
                    rest -= slope[row + m] * lam[row + m]
                    gradient[logit] += 0.5 * (
                        slope[row + m] * left * (1.0 - partial * partial) - partial * rest
                    )
                    left *= np.sqrt(1.0 - partial * partial)
                    logit += 1
            first += size


@compiled
def log_prior_of_coefficient(prior: Any, x: float) -> tuple[float, float]:
    """Log density of a coefficient, ``-h (x-m)^2 / 2 - n log(1 + q (x-m)^2) - b |x-m|``, and derivative.

    Five numbers (m, h, n, q, b) span the known distributions: the centre m, the precision h of a normal, the
    power n and the factor q of a Student-t, the rate b of a Laplace; what a distribution does not have is 0.
    """
    shifted = x - prior[0]
    squared = prior[3] * shifted * shifted
    value = -0.5 * prior[1] * shifted * shifted - prior[2] * np.log1p(squared) - prior[4] * abs(shifted)
    slope = (
        -prior[1] * shifted
        - 2.0 * prior[2] * prior[3] * shifted / (1.0 + squared)
        - prior[4] * np.sign(shifted)
    )
    return value, slope
