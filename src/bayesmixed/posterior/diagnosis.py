"""The record of how well chains agree, with the verdict in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.design.records import FloatArray
from bayesmixed.posterior.convergence import FEWEST_DRAWS
from bayesmixed.printing.records import wrapped

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
        """All statistics as a table."""
        columns = {"r_hat": self.r_hat, "ess_bulk": self.ess_bulk, "ess_tail": self.ess_tail}
        return pd.DataFrame(columns, index=pd.Index(self.quantities, name="quantity"))

    def problems(self) -> tuple[str, ...]:
        """Say what is wrong with the draws, each problem in one sentence with what to do about it.

        Returns: empty when the draws are good and no transition diverged.
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
