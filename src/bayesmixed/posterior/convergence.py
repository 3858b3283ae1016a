"""ArviZ's convergence statistics for many quantities, and a cheap screen for the worst of thousands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray, IntArray

TAILS = (0.05, 0.95)
TAIL_DEVIATES = (-1.645, 1.645)
BATCH = 256
FEWEST_DRAWS = 8


def convergence_statistics(values: FloatArray) -> FloatArray:
    """Rank-normalized split R-hat and the effective sample sizes of bulk and tails, by ArviZ.

    Shapes: `values` (q, chain, draw); returns (q, 3).

    The statistics are those of Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), Bayesian Analysis 16,
    as computed by ``arviz_stats``. ArviZ ranks one quantity at a time, and once more for every statistic;
    here the normal scores are formed once for a batch of quantities, and ArviZ's plain
    (``method="identity"``) R-hat and ESS are taken of the scores. The numbers are the same and take half the
    time. With a single chain, for which ArviZ gives no R-hat, this one compares its halves.
    """
    out = np.full((len(values), 3), np.nan)
    if values.shape[2] < FEWEST_DRAWS:
        return out
    usable = np.flatnonzero(np.isfinite(values).all(axis=(1, 2)))
    for start in range(0, len(usable), BATCH):
        rows = usable[start : start + BATCH]
        out[rows] = _statistics(values[rows])
    return out


def _statistics(values: FloatArray) -> FloatArray:
    """Statistics of finite draws, shape (q, 3)."""
    from arviz_stats.base import array as arviz_arrays

    array_stats: Any = arviz_arrays.array_stats
    split = _split(values)
    scores = _normal_scores(split)
    folded = _normal_scores(np.abs(split - np.median(split, axis=(1, 2), keepdims=True)))
    low, high = np.quantile(values, TAILS, axis=(1, 2))[:, :, None, None]
    # A chain that never moves has no variance within it: its R-hat is infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        r_hat = np.maximum(*(array_stats.rhat(z, method="identity") for z in (scores, folded)))
    ess = [
        array_stats.ess(z, method="identity") for z in (scores, _split(values <= low), _split(values <= high))
    ]
    return np.column_stack([r_hat, ess[0], np.minimum(ess[1], ess[2])])


def _split(values: FloatArray) -> FloatArray:
    """Halves of every chain as chains, shape (q, 2 chain, draw // 2); an odd middle draw is left out."""
    half = values.shape[2] // 2
    return np.concatenate([values[:, :, :half], values[:, :, -half:]], axis=1)


def _normal_scores(values: FloatArray) -> FloatArray:
    """Blom's normal scores, at (r - 3/8) / (S + 1/4) of the ranks r among all S draws of a quantity."""
    from scipy.special import ndtri

    size = values.shape[1] * values.shape[2]
    by_half_rank = ndtri((np.arange(2, 2 * size + 1) / 2 - 3 / 8) / (size + 1 / 4))
    scores: FloatArray = by_half_rank[_double_ranks(values.reshape(len(values), size)) - 2]
    return scores.reshape(values.shape)


def _double_ranks(values: FloatArray) -> IntArray:
    """Twice the ranks within each row, ties averaged: whole numbers from 2 to twice the length."""
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        from scipy.stats import rankdata

        twice: IntArray = np.rint(2 * rankdata(values, axis=1)).astype(np.int64)
        return twice
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(2, 2 * values.shape[1] + 1, 2)[None, :], axis=1)
    return ranks


def worst_candidates(values: FloatArray, n: int, max_rhat: float, min_ess: float) -> IntArray:
    """Positions of the quantities whose draws look worst to a cheap statistic.

    Use it to choose, among thousands of random effects, the few for which the full statistics are worth their
    time (2 to 3 ms each).

    Parameters
    ----------
    values : FloatArray
        Draws, shape (chain, draw, m).
    n : int
        How many positions are wanted.
    max_rhat, min_ess : float
        Limits against which disagreement and autocorrelation are weighed.

    Returns
    -------
    IntArray
        At most `n` positions, in increasing order.

    Notes
    -----
    For independent draws the variance of the means of batches of b draws is the variance of a draw / b. The
    ratio of the two is an estimate of draws per effective draw, with b near sqrt(draw) as in the method of
    batch means, and of R-hat, with b = draw / 2: R-hat^2 = 1 + (ratio - 1) / b. Each is divided by the ratio
    that its limit allows, for the draws themselves and for the indicators of the lower and the upper 5 % (of
    a normal distribution with the same mean and sd); the largest of the six is the score. A draw that is not
    finite scores highest.
    """
    n_chains, n_draws, m = values.shape
    if m <= n or n_draws < FEWEST_DRAWS:
        return np.arange(min(m, n))
    allowed = (n_chains * n_draws / min_ess, 1 + n_draws // 2 * (max_rhat**2 - 1))
    with np.errstate(all="ignore"):
        mean, sd = values.mean(axis=(0, 1)), values.std(axis=(0, 1))
        ratios = [_batch_ratios(values, sd**2)]
        for tail in (values <= mean + z * sd for z in TAIL_DEVIATES):
            share = np.count_nonzero(tail, axis=(0, 1)) / (n_chains * n_draws)
            ratios.append(_batch_ratios(tail.view(np.uint8), share * (1 - share)))
        scores = np.concatenate([pair / np.reshape(allowed, (2, 1)) for pair in ratios])
    score = np.where(np.isfinite(sd), np.nan_to_num(scores, nan=0.0).max(axis=0), np.inf)
    return np.sort(np.argpartition(score, m - n)[m - n :])


def _batch_ratios(values: FloatArray | NDArray[np.uint8], variance: FloatArray) -> FloatArray:
    """Variances of means over short batches and half chains, times their lengths, over that of a draw.

    Shape (2, m); there are about sqrt(draw) short batches in a chain, none across its middle.
    """
    n_chains, n_draws, m = values.shape
    n_short = max(int(np.sqrt(n_draws) / 2), 1)
    length = n_draws // 2 // n_short
    used = values[:, : 2 * n_short * length].reshape(n_chains * 2, n_short, length, m)
    short = np.add.reduce(used, axis=2, dtype=np.float64) / length
    halves = short.mean(axis=1)
    spread = (length * short.var(axis=(0, 1), ddof=1), n_short * length * halves.var(axis=0, ddof=1))
    return np.stack(spread) / variance
