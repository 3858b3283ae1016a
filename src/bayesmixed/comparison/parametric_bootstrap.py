"""The parametric bootstrap of a likelihood-ratio statistic."""

from __future__ import annotations

import numpy as np

from bayesmixed.comparison.likelihood_ratio import ratio_statistic
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.reml.estimate import Estimate, LinearEstimate, linear_criteria, simulate_responses
from bayesmixed.engines.reml.optimum import refit, standardizing_scale
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import seed_sequence
from bayesmixed.verbs.estimate.bootstrap import CHUNK_BYTES


def bootstrap_p(
    smaller: Estimate | LinearEstimate, larger: Estimate, n: int, seed: int | np.random.SeedSequence | None
) -> float:
    """Share of statistics as large as the one found, among data simulated from the smaller model.

    Use it where the chi-squared limit is in doubt: few groups, a variance near zero.

    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 4.4.
    """
    found = ratio_statistic(smaller.optimum.criterion, larger.optimum.criterion)
    statistics = bootstrap_statistics(smaller, larger, n, seed)
    return float((1 + np.sum(statistics >= found)) / (1 + n))


def bootstrap_statistics(
    smaller: Estimate | LinearEstimate, larger: Estimate, n: int, seed: int | np.random.SeedSequence | None
) -> FloatArray:
    """Likelihood-ratio statistics of responses simulated from the smaller model, shape (n,).

    The parameters are those of `bootstrap_p`.
    """
    seeds = seed if isinstance(seed, np.random.SeedSequence) else seed_sequence(seed)
    chunk = max(1, CHUNK_BYTES // (8 * smaller.design.n_rows))
    parts = []
    for done in range(0, n, chunk):
        responses = simulate_responses(smaller, min(chunk, n - done), seeds.spawn(1)[0])
        with single_threaded_blas():
            parts.append(ratio_statistic(_criteria(smaller, responses), _criteria(larger, responses)))
    return np.concatenate(parts)


def check_boot(boot: int) -> None:
    """Refuse a number of bootstrap refits that is not a whole number of at least 0."""
    if isinstance(boot, bool) or not isinstance(boot, int | np.integer) or boot < 0:
        raise BayesmixedError(f"boot={boot!r} must be a whole number: how many refits, 0 for none.")


def _criteria(fitted: Estimate | LinearEstimate, responses: FloatArray) -> FloatArray:
    """Lowest criterion of a model for each of many responses, shape (B,)."""
    if isinstance(fitted, LinearEstimate):
        return linear_criteria(fitted.design, fitted.by, responses)
    start, scale = fitted.optimum.entries, standardizing_scale(fitted.curvature.hessian)
    with single_threaded_blas():
        likelihoods = fitted.likelihood.with_responses(responses)
        return np.array([refit(likelihood, start, scale).criterion for likelihood in likelihoods])
