"""The integral of a collapsed density over the few parameters left, by importance sampling.

The proposal is a multivariate t distribution. Its tails are polynomial in theta (logarithms of standard
deviations, logits of correlations), those of the density exponential: the weights are bounded, and their
variance is finite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import FloatArray

DEGREES_OF_FREEDOM = 3
BATCH, MAX_BATCHES = 4000, 10
TARGET_SE = 0.005
"""Points are drawn a batch at a time until the standard error is this small, or the batches are used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A log integral with its Monte Carlo error."""

    # value, se: logarithm of the integral, and its standard error
    value: float
    se: float
    n_points: int  # points at which the density was evaluated
    pareto_k: float  # tail index of the weights; over 0.7 the error cannot be trusted


def log_integral(
    log_density: Callable[[FloatArray], FloatArray],
    center: FloatArray,
    covariance: FloatArray,
    rng: np.random.Generator,
) -> Evidence:
    """Integral of a density that is not normalized.

    Shapes: `log_density` (S, d).
    """
    logs: list[FloatArray] = []
    for _ in range(MAX_BATCHES):
        points, proposal = student_batch(center, covariance, rng)
        logs.append(log_density(points) - proposal)
        found = _summary(np.concatenate(logs))
        if found.se <= TARGET_SE:
            break
    return found


def student_batch(
    center: FloatArray, covariance: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Points of the proposal, with its log density at them.

    Returns shape (BATCH, d).
    """
    from scipy import stats

    proposal = stats.multivariate_t(center, covariance, df=DEGREES_OF_FREEDOM)
    points = np.reshape(proposal.rvs(size=BATCH, random_state=rng), (BATCH, len(center)))
    return points, np.reshape(proposal.logpdf(points), BATCH)


def pareto_k(log_weights: FloatArray) -> float:
    """Tail index of importance weights (Vehtari et al. 2024, J. Mach. Learn. Res. 25(72)).

    Shapes: `log_weights` (S,).
    """
    from arviz_stats.base.array import array_stats

    _, k = array_stats.psislw(-log_weights)
    return float(k)


def _summary(log_weights: FloatArray) -> Evidence:
    """Evidence of all weights so far."""
    highest = float(np.max(log_weights))
    weights = np.exp(log_weights - highest)
    mean, n = float(weights.mean()), len(weights)
    return Evidence(
        value=highest + float(np.log(mean)),
        se=float(weights.std(ddof=1)) / (mean * n**0.5),
        n_points=n,
        pareto_k=pareto_k(log_weights),
    )
