"""From the unconstrained theta to the factors' Cholesky factors, their priors, and the gradient back.

Theta holds, for each factor, the logs of its standard deviations, then the coordinates x of the correlations
of its sets of effects, then log sigma. A set has L = D C with D its standard deviations and C the Cholesky
factor of its correlation matrix, row by row what `write_row` makes of x for the set's structure;
`add_row_gradient` carries the gradient in a row back to x.

*Unstructured* (Lewandowski, Kurowicka, Joe 2009): x are the logits of canonical partial correlations p, with
p = tanh(x / 2),

    C[i, m] = p_im prod_{l<m} sqrt(1 - p_il^2),   C[i, i] = prod_{l<i} sqrt(1 - p_il^2),

and under LKJ(eta) every (p_im + 1) / 2 is an independent Beta(eta + (k - 2 - m) / 2).

*Compound symmetry*: x is the logit of the share s of the interval (-1 / (k - 1), 1) below the correlation r,

    C[i, i] = d_i,   C[i, m] = d_m r / (1 + m r),   d_m^2 = (1 - r) (1 + m r) / (1 + (m - 1) r),   d_0 = 1.

*Autoregression*: x is that logit for the interval (-1, 1), so r = tanh(x / 2),

    C[i, 0] = r^i,   C[i, m] = sqrt(1 - r^2) r^(i - m).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.compilation import compiled
from bayesmixed.engines.kernel.memory import beyond

KERNELS = ("independent", "unstructured", "compound_symmetry", "autoregression")
"""What the structures in `bayesmixed.covariances` call their rows here."""
INDEPENDENT, UNSTRUCTURED, COMPOUND_SYMMETRY, AUTOREGRESSION = range(len(KERNELS))


@compiled
def write_unstructured_row(i: int, sd: float, x: Any, row: Any) -> None:
    """Row i of L from logits of partial correlations."""
    left, logit = sd, i * (i - 1) // 2
    for m in range(i):
        row[m] = left * np.tanh(0.5 * x[logit + m])
        left /= np.cosh(0.5 * x[logit + m])
    row[i] = left


@compiled
def add_unstructured_gradient(
    i: int, sd: float, along: float, x: Any, row: Any, slope: Any, gradient: Any
) -> None:
    """Gradient in the logits from that in row i of L, whose inner product with the row is `along`."""
    left, rest, logit = sd, along, i * (i - 1) // 2
    for m in range(i):
        partial = np.tanh(0.5 * x[logit + m])
        rest -= slope[m] * row[m]
        gradient[logit + m] += 0.5 * (slope[m] * left * (1.0 - partial * partial) - partial * rest)
        left *= np.sqrt(1.0 - partial * partial)


@compiled
def compound_column(size: int, m: int, x: float) -> tuple[float, float, float, float]:
    """Numbers of column m of C on the diagonal and below it, each with its derivative in x."""
    above, below = 1.0 / (1.0 + np.exp(-x)), 1.0 / (1.0 + np.exp(x))
    width = size / (size - 1.0)
    r, moved = width * above - 1.0 / (size - 1.0), width * above * below
    if m == 0:
        return 1.0, 0.0, r, moved
    before = 1.0 + (m - 1) * r
    here = size * above if m == size - 1 else 1.0 + m * r
    diagonal = np.sqrt(width * below * here / before)
    slope = 0.5 * diagonal * ((m / here - (m - 1) / before) * moved - above)
    return diagonal, slope, diagonal * r / here, (slope * r + diagonal * moved / here) / here


@compiled
def write_compound_row(size: int, i: int, sd: float, x: float, row: Any) -> None:
    """Row i of L from the logit of the common correlation."""
    for m in range(i):
        row[m] = sd * compound_column(size, m, x)[2]
    row[i] = sd * compound_column(size, i, x)[0]


@compiled
def compound_gradient(size: int, i: int, x: float, slope: Any) -> float:
    """Derivative in the logit by way of row i of C."""
    total = slope[i] * compound_column(size, i, x)[1]
    for m in range(i):
        total += slope[m] * compound_column(size, m, x)[3]
    return total


@compiled
def write_autoregressive_row(i: int, sd: float, x: float, row: Any) -> None:
    """Row i of L from the logit of the correlation of neighbours."""
    r, power = np.tanh(0.5 * x), sd
    for m in range(i, 0, -1):
        row[m] = power / np.cosh(0.5 * x)
        power *= r
    row[0] = power


@compiled
def autoregressive_gradient(i: int, x: float, slope: Any) -> float:
    """Derivative in the logit by way of row i of C."""
    r, left = np.tanh(0.5 * x), 1.0 / np.cosh(0.5 * x)
    power, rise, total = 1.0, 0.0, 0.0
    for m in range(i, 0, -1):
        total += slope[m] * left * (rise - 0.5 * r * power)
        rise = rise * r + 0.5 * power * left * left
        power *= r
    return total + slope[0] * rise


@compiled
def write_row(kernel: int, size: int, i: int, sd: float, x: Any, row: Any) -> None:
    """Row i of L of a set of effects, up to its diagonal; what is zero stays as it is."""
    if kernel == UNSTRUCTURED:
        write_unstructured_row(i, sd, x, row)
    elif kernel == COMPOUND_SYMMETRY:
        write_compound_row(size, i, sd, x[0], row)
    elif kernel == AUTOREGRESSION:
        write_autoregressive_row(i, sd, x[0], row)
    else:
        row[i] = sd


@compiled
def add_row_gradient(
    kernel: int,
    size: int,
    i: int,
    sd: float,
    along: float,
    x: Any,
    row: Any,
    slope: Any,
    gradient: Any,
) -> None:
    """Add to the gradient in a set's coordinates what comes from row i of L."""
    if kernel == UNSTRUCTURED:
        add_unstructured_gradient(i, sd, along, x, row, slope, gradient)
    elif kernel == COMPOUND_SYMMETRY:
        gradient[0] += sd * compound_gradient(size, i, x[0], slope)
    elif kernel == AUTOREGRESSION:
        gradient[0] += sd * autoregressive_gradient(i, x[0], slope)


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
def log_prior_of_logit(prior: Any, x: float) -> tuple[float, float]:
    """Log density of the logit x of a share s in (0, 1) up to its constant, and its derivative.

    Five numbers (a, h, m, l, w): s has the density of a Beta(a, a), times that of a normal of precision h and
    mean m at the value l + w s.
    """
    size = abs(x)
    value, slope = -prior[0] * (size + 2.0 * np.log1p(np.exp(-size))), -prior[0] * np.tanh(0.5 * x)
    if prior[1] != 0.0:
        share, rest = 1.0 / (1.0 + np.exp(-x)), 1.0 / (1.0 + np.exp(x))
        shifted = prior[3] + prior[4] * share - prior[2]
        value -= 0.5 * prior[1] * shifted * shifted
        slope -= prior[1] * shifted * prior[4] * share * rest
    return value, slope


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


@compiled
def relative_log_sigma(ints: Any, point: Any) -> float:
    """Log sigma where standard deviations are relative to it, else 0."""
    return point[ints[at.SIGMA]] if ints[at.SIGMA] >= 0 else 0.0


@compiled
def log_prior_of_theta(ints: Any, floats: Any, point: Any, gradient: Any) -> float:
    """Sum of the log priors of theta, constants left out; its gradient is written to `gradient`."""
    prior, total = ints[at.THETA_PRIOR], 0.0
    sigma = max(ints[at.SIGMA], ints[at.CLASS_SIGMA])
    if sigma >= 0:
        total, gradient[sigma] = log_prior_of_scale(
            beyond(floats, prior + sigma * at.PRIOR_WORDS), point[sigma]
        )
    for i in range(ints[at.SERIAL_THETA], ints[at.SERIAL_THETA] + ints[at.N_SERIAL]):
        value, gradient[i] = log_prior_of_logit(beyond(floats, prior + i * at.PRIOR_WORDS), point[i])
        total += value
    for i in range(ints[at.SCALE_THETA], ints[at.SCALE_THETA] + ints[at.N_SCALE]):
        value, gradient[i] = log_prior_of_coefficient(beyond(floats, prior + i * at.PRIOR_WORDS), point[i])
        total += value
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        start = ints[table + at.FACTOR_THETA]
        first = start + ints[table + at.FACTOR_DEVIATIONS]
        for i in range(start, first):
            value, slope = log_prior_of_scale(beyond(floats, prior + i * at.PRIOR_WORDS), point[i])
            gradient[i] = slope
            total += value
        for i in range(first, first + ints[table + at.FACTOR_COORDINATES]):
            value, slope = log_prior_of_logit(beyond(floats, prior + i * at.PRIOR_WORDS), point[i])
            gradient[i] = slope
            total += value
    return total


@compiled
def write_lambda(ints: Any, work: Any, point: Any) -> None:
    """Cholesky factors of all factors, and transposes: relative to sigma where integrated, else absolute."""
    log_sigma = relative_log_sigma(ints, point)
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, own = ints[table + at.FACTOR_K], ints[table + at.FACTOR_THETA]
        lam = beyond(work, ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA])
        shift = 0.0 if ints[table + at.FACTOR_ROLE] == at.SAMPLED else log_sigma
        for i in range(k * k):
            lam[i] = 0.0
        first, x = 0, own + ints[table + at.FACTOR_DEVIATIONS]
        for s in range(ints[table + at.FACTOR_N_SETS]):
            each = ints[at.SETS] + (ints[table + at.FACTOR_FIRST_SET] + s) * at.SET_LENGTH
            size, apart = ints[each + at.SET_SIZE], ints[each + at.SET_APART]
            for i in range(size):
                sd = np.exp(point[own + i * apart] - shift)
                row = beyond(lam, (first + i) * k + first)
                write_row(ints[each + at.SET_KERNEL], size, i, sd, beyond(point, x), row)
            first, own, x = first + size, own + 1 + (size - 1) * apart, x + ints[each + at.SET_COORDINATES]
        flipped = beyond(work, ints[at.W_LAMBDA_TRANSPOSED] + ints[table + at.FACTOR_LAMBDA])
        for i in range(k):
            for j in range(k):
                flipped[j * k + i] = lam[i * k + j]


@compiled
def add_theta_gradient(ints: Any, work: Any, point: Any, gradient: Any) -> None:
    """Carry the gradient in the Cholesky factors (in W_LOG_GRADIENT) to theta."""
    sigma, log_sigma = ints[at.SIGMA], relative_log_sigma(ints, point)
    for f in range(ints[at.N_FACTORS]):
        table = ints[at.FACTORS] + f * at.FACTOR_LENGTH
        k, own = ints[table + at.FACTOR_K], ints[table + at.FACTOR_THETA]
        lam = beyond(work, ints[at.W_LAMBDA] + ints[table + at.FACTOR_LAMBDA])
        slopes = beyond(work, ints[at.W_LOG_GRADIENT] + ints[table + at.FACTOR_LAMBDA])
        relative = ints[table + at.FACTOR_ROLE] != at.SAMPLED
        shift = log_sigma if relative else 0.0
        first, x = 0, own + ints[table + at.FACTOR_DEVIATIONS]
        for s in range(ints[table + at.FACTOR_N_SETS]):
            each = ints[at.SETS] + (ints[table + at.FACTOR_FIRST_SET] + s) * at.SET_LENGTH
            size, apart = ints[each + at.SET_SIZE], ints[each + at.SET_APART]
            for i in range(size):
                row = beyond(lam, (first + i) * k + first)
                slope = beyond(slopes, (first + i) * k + first)
                along = 0.0
                for m in range(i + 1):
                    along += slope[m] * row[m]
                gradient[own + i * apart] += along
                if relative and sigma >= 0:
                    gradient[sigma] -= along
                add_row_gradient(
                    ints[each + at.SET_KERNEL],
                    size,
                    i,
                    np.exp(point[own + i * apart] - shift),
                    along,
                    beyond(point, x),
                    row,
                    slope,
                    beyond(gradient, x),
                )
            first, own, x = first + size, own + 1 + (size - 1) * apart, x + ints[each + at.SET_COORDINATES]
