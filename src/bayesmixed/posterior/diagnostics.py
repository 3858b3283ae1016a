"""Convergence of a fit's draws: R-hat and effective sample sizes of every reported quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.errors import BayesmixedError, ConvergenceWarning, warn
from bayesmixed.options import RanefDiagnosis, one_of
from bayesmixed.posterior.linear_predictor import ranef_refusal
from bayesmixed.printing.records import wrapped
from bayesmixed_program import ctrl_c_waits

__all__ = ["Diagnosis", "diagnose", "warn_if_bad"]

CANDIDATES = 12
SAME = 1e-9
"""How far two numbers may lie apart that are one."""


def diagnose(draws: xr.DataTree, *, ranef: RanefDiagnosis = "screen") -> Diagnosis:
    """Convergence statistics of every parameter, and of the worst or of all random effects.

    The diagonal and the lower triangle of a correlation matrix, quantities that are the same number in all
    draws, and those that another of the variable is in every draw (one correlation of all effects), are left
    out. :meth:`bayesmixed.MixedFit.diagnostics` says what the screen does.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> posterior = xr.Dataset({"sigma": (("chain", "draw"), rng.normal(size=(4, 1000)))})
    >>> diagnose(xr.DataTree.from_dict({"posterior": posterior})).quantities
    ('sigma',)
    """
    one_of(ranef, RanefDiagnosis, "ranef")
    posterior = draws["posterior"].to_dataset()
    if ranef == "all":
        for group in names.without_ranef(list(map(str, posterior.data_vars))):
            raise BayesmixedError(ranef_refusal(group))
    labels: list[str] = []
    values: list[FloatArray] = []
    n_screened = 0
    for variable in posterior.data_vars.values():
        flat, few = _flat(variable), ranef == "screen" and names.is_ranef(variable.dims)
        positions = _positions(variable, flat, upper=names.is_correlation(variable.dims), few=few)
        n_screened += flat.shape[2] - len(positions) if few else 0
        chosen = np.moveaxis(flat[:, :, positions], 2, 0)
        varies = (chosen != chosen[:, :1, :1]).any(axis=(1, 2))
        if not names.is_ranef(variable.dims):
            varies &= _first_of_its_kind(chosen)
        labels += _labels(variable, positions[varies])
        values.append(chosen[varies])
    statistics = convergence_statistics(np.concatenate(values))
    return Diagnosis(
        quantities=tuple(labels),
        r_hat=statistics[:, 0],
        ess_bulk=statistics[:, 1],
        ess_tail=statistics[:, 2],
        divergences=_divergences(draws),
        n_chains=posterior.sizes[names.CHAIN],
        n_draws=posterior.sizes[names.DRAW],
        n_screened=n_screened,
        target_accept=draws.attrs.get(TARGET_ACCEPT),
    )


def _flat(variable: xr.DataArray) -> FloatArray:
    """Draws of a variable, shape (chain, draw, m), its elements in the order of their positions."""
    values = variable.transpose(names.CHAIN, names.DRAW, ...).to_numpy()
    return np.asarray(values, dtype=np.float64).reshape(*values.shape[:2], -1)


def _positions(variable: xr.DataArray, flat: FloatArray, *, upper: bool, few: bool) -> IntArray:
    """Positions of the elements to judge: above the diagonal, the worst few, or all."""
    if upper:
        return np.flatnonzero(np.triu(np.ones(variable.shape[-2:]), k=1))
    if few:
        return worst_candidates(flat, CANDIDATES, MAX_RHAT, MIN_ESS)
    return np.arange(flat.shape[2])


def _first_of_its_kind(values: FloatArray) -> NDArray[np.bool_]:
    """Which elements, shape (m, chain, draw), no earlier one equals in every draw, shape (m,)."""
    out = np.ones(len(values), dtype=bool)
    for i, value in enumerate(values):
        near = np.flatnonzero(np.isclose(values[:i, 0, 0], value[0, 0], rtol=SAME, atol=SAME))
        out[i] = not any(np.allclose(values[j], value, rtol=SAME, atol=SAME) for j in near)
    return out


def _labels(variable: xr.DataArray, positions: IntArray) -> list[str]:
    """Names of elements: ``sd_Subject[Days]``, and the bare variable's when it is a number."""
    dims = [dim for dim in variable.dims if dim not in (names.CHAIN, names.DRAW)]
    if not dims:
        return [str(variable.name)] * len(positions)
    axes: Sequence[IntArray] = np.unravel_index(positions, [variable.sizes[dim] for dim in dims])
    coordinates = [variable[dim].to_numpy()[axis] for dim, axis in zip(dims, axes, strict=True)]
    return [f"{variable.name}[{', '.join(map(str, labels))}]" for labels in zip(*coordinates, strict=True)]


def _divergences(draws: xr.DataTree) -> int:
    """Divergent transitions, 0 where the sampler reports none."""
    if "sample_stats" not in draws or "diverging" not in draws["sample_stats"]:
        return 0
    return int(draws["sample_stats"]["diverging"].sum())


def warn_if_bad(diagnosis: Diagnosis) -> None:
    """Warn once when the draws are not good, naming the worst quantities and what to do."""
    problems = diagnosis.problems()
    if problems:
        warn("\n".join(problems), ConvergenceWarning)


MAX_RHAT = 1.01
MIN_ESS = 400.0

TARGET_ACCEPT = "target_accept"
"""Attribute of a fit's draws: the acceptance rate of a run that was repeated in finer steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How well the chains agree on every quantity, and how many independent draws they are worth.

    Attributes
    ----------
    quantities : tuple[str, ...]
        Names of the q quantities judged, e.g. ``"ranef_Subject[308, Days]"``.
    r_hat, ess_bulk, ess_tail : FloatArray
        Shape (q,): rank-normalized split R-hat, effective sample sizes of the bulk and of the 5 % and 95 %
        tails. NaN where a draw is not finite or the chains are shorter than 8 draws.
    divergences : int
        Divergent transitions after tuning.
    n_chains, n_draws : int
        Number of chains, and kept draws of each.
    n_screened : int
        Random effects that were only screened: the worst of them are among the `quantities`.
    target_accept : float or None
        Acceptance rate that finer steps were tuned for, None where the engine's own was kept.

    Examples
    --------
    >>> good = Diagnosis(quantities=("sigma",), r_hat=np.array([1.0]), ess_bulk=np.array([3800.0]),
    ...                  ess_tail=np.array([3500.0]), divergences=0, n_chains=4, n_draws=1000)
    >>> good.is_good
    True
    """

    quantities: tuple[str, ...]
    r_hat: FloatArray
    ess_bulk: FloatArray
    ess_tail: FloatArray
    divergences: int
    n_chains: int
    n_draws: int
    n_screened: int = 0
    target_accept: float | None = None

    @property
    def max_rhat(self) -> float:
        """Largest R-hat, NaN when any is NaN."""
        return float(np.max(self.r_hat, initial=-np.inf))

    @property
    def min_ess_bulk(self) -> float:
        """Smallest effective sample size of the bulk, NaN when any is NaN."""
        return float(np.min(self.ess_bulk, initial=np.inf))

    @property
    def min_ess_tail(self) -> float:
        """Smallest effective sample size of the tails, NaN when any is NaN."""
        return float(np.min(self.ess_tail, initial=np.inf))

    @property
    def worst_rhat(self) -> str:
        """Name of the quantity with the largest R-hat (a NaN counts as the largest)."""
        return self.quantities[int(np.argmax(self.r_hat))]

    @property
    def worst_ess_bulk(self) -> str:
        """Name of the quantity with the fewest effective draws in the bulk."""
        return self.quantities[int(np.argmin(self.ess_bulk))]

    @property
    def worst_ess_tail(self) -> str:
        """Name of the quantity with the fewest effective draws in the tails."""
        return self.quantities[int(np.argmin(self.ess_tail))]

    @property
    def is_good(self) -> bool:
        """Whether every R-hat is at most 1.01 and every effective sample size at least 400.

        Divergences do not enter: they are reported by `problems`.
        """
        return self.max_rhat <= MAX_RHAT and min(self.min_ess_bulk, self.min_ess_tail) >= MIN_ESS

    def __str__(self) -> str:
        counts = f"{self.n_chains} chains of {self.n_draws:,} draws"
        bulk, tail = f"{self.min_ess_bulk:,.0f} in the bulk", f"{self.min_ess_tail:,.0f} in the tails"
        return wrapped(
            f"{counts}, judged by {len(self.quantities):,} quantities.",
            f"Largest R-hat {self.max_rhat:.3f}; effective draws at least {bulk} and {tail}.",
            *self.problems(),
        )

    __repr__ = __str__

    def table(self) -> pd.DataFrame:
        """Tabulate all statistics.

        Returns
        -------
        pandas.DataFrame
            ``r_hat``, ``ess_bulk``, ``ess_tail``, by quantity.

        Examples
        --------
        >>> fit.diagnosis.table().loc["sigma", "r_hat"] < 1.01
        np.True_
        """
        columns = {"r_hat": self.r_hat, "ess_bulk": self.ess_bulk, "ess_tail": self.ess_tail}
        return pd.DataFrame(columns, index=pd.Index(self.quantities, name="quantity"))

    def problems(self) -> tuple[str, ...]:
        """Say what is wrong with the draws, each problem in one sentence with what to do about it.

        Returns
        -------
        tuple of str
            Empty when the draws are good and no transition diverged.

        Examples
        --------
        >>> fit.diagnosis.problems()
        ()
        """
        found = [self._unknown(), self._disagreement(), self._few_bulk(), self._few_tail(), self._diverged()]
        return tuple(sentence for sentence in found if sentence)

    def _unknown(self) -> str:
        """Sentence about statistics that could not be computed."""
        unknown = [q for q, r in zip(self.quantities, self.r_hat, strict=True) if np.isnan(r)]
        if not unknown:
            return ""
        others = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        return (
            f"{unknown[0]}{others} could not be judged: the chains hold fewer than {FEWEST_DRAWS} draws or "
            "draws that are not finite; run longer, or look at the data for extreme values."
        )

    def _disagreement(self) -> str:
        """Sentence about chains that do not agree."""
        if not self.max_rhat > MAX_RHAT:
            return ""
        return (
            f"The chains do not agree on {self.worst_rhat} (R-hat {self.max_rhat:.3f}, at most {MAX_RHAT} is "
            "good); run longer with a larger tune= and draws=, or simplify the random effects."
        )

    def _few_bulk(self) -> str:
        """Sentence about too few effective draws in the bulk."""
        return (
            self._few(self.worst_ess_bulk, self.min_ess_bulk, "bulk") if self.min_ess_bulk < MIN_ESS else ""
        )

    def _few_tail(self) -> str:
        """Sentence about too few effective draws in the tails."""
        return (
            self._few(self.worst_ess_tail, self.min_ess_tail, "tails") if self.min_ess_tail < MIN_ESS else ""
        )

    def _few(self, quantity: str, ess: float, part: str) -> str:
        """Sentence about too few effective draws, with the length that should do (half as much again)."""
        enough = int(np.ceil(1.5 * self.n_draws * MIN_ESS / ess / 100)) * 100
        return (
            f"{quantity} has {ess:.0f} effective draws in its {part} ({MIN_ESS:.0f} are needed); "
            f"run longer with draws={enough}."
        )

    def _diverged(self) -> str:
        """Sentence about divergent transitions."""
        if not self.divergences:
            return ""
        advice = "let adapt=True repeat the run in finer steps."
        if self.target_accept is not None:
            advice = (
                f"finer steps (for an acceptance rate of {self.target_accept:g}) did not help, so drop the "
                "random effect with the smallest standard deviation, or keep it from zero by a prior such as "
                "Gamma."
            )
        return (
            f"{self.divergences} of {self.n_chains * self.n_draws} transitions diverged, so part of the "
            f"posterior may be unseen; {advice}"
        )


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
    time. With a single chain, for which ArviZ does not give R-hat, this one compares its halves.
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
    with ctrl_c_waits():
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
    """Positions, increasing, of at most n of m quantities whose draws look worst to a cheap statistic.

    Shapes: `values` (chain, draw, m).

    It chooses, among thousands of random effects, the few for which the full statistics are worth their time
    (2 to 3 ms each). For independent draws the variance of the means of batches of b draws is the variance of
    a draw / b. The ratio of the two is an estimate of draws per effective draw, with b near sqrt(draw) as in
    the method of batch means, and of R-hat, with b = draw / 2: R-hat^2 = 1 + (ratio - 1) / b. Each is divided
    by the ratio that its limit allows, for the draws themselves and for the indicators of the lower and the
    upper 5 % (of a normal distribution with the same mean and sd); the largest of the six is the score. A
    draw that is not finite scores highest.
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
