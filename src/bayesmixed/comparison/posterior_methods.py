"""Verbs of a Bayesian fit that test and compare: methods that delegate, nothing computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from bayesmixed.engines.records import RunInfo
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ConfintMethod
from bayesmixed.surface import uses

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDData

    from bayesmixed.comparison.bayes_factor import BayesFactor
    from bayesmixed.verbs.hypothesis import Hypothesis, Rope
    from bayesmixed.verbs.marginal_likelihood import LogMarginalLikelihood


class ComparisonMethods:
    """What a posterior says of hypotheses, of other models, and beside REML.

    Attributes
    ----------
    spec : ModelSpec
        Design and priors.
    draws : xarray.DataTree
        Posterior draws.
    run : RunInfo
        Its seed is used unless another is given.
    """

    spec: ModelSpec
    draws: xr.DataTree
    run: RunInfo

    def loo(self, *, group: str | None = None) -> ELPDData:
        """Leave-one-out cross-validation of rows or levels; see :func:`bayesmixed.verbs.loo.loo`."""
        from bayesmixed.verbs.loo import loo

        return loo(self.draws, self.spec, group=group)

    def log_marginal_likelihood(self, *, seed: int | None = None) -> LogMarginalLikelihood:
        """Log marginal likelihood with its error; see :mod:`bayesmixed.verbs.marginal_likelihood`."""
        from bayesmixed.verbs.marginal_likelihood import log_marginal_likelihood

        return log_marginal_likelihood(self.draws, self.spec, seed=self.run.seed if seed is None else seed)

    def bayes_factor_of(
        self, group: str, effect: str | None = None, *, seed: int | None = None
    ) -> BayesFactor:
        """Test a variance component; see :func:`bayesmixed.comparison.bayes_factor.bayes_factor_of`."""
        from bayesmixed.comparison.bayes_factor import bayes_factor_of

        seed = self.run.seed if seed is None else seed
        return bayes_factor_of(self.draws, self.spec, group, effect=effect, seed=seed)

    def hypothesis(self, expression: str, *, prob: float = 0.95) -> Hypothesis:
        """Probability of an inequality, ``"Days > 8"``; see :mod:`bayesmixed.verbs.hypothesis`."""
        from bayesmixed.verbs.hypothesis import hypothesis

        return hypothesis(self.draws, self.spec, expression, prob=prob)

    def rope(self, expression: str, region: tuple[float, float]) -> Rope:
        """Share of a region of practical equivalence; see :mod:`bayesmixed.verbs.hypothesis`."""
        from bayesmixed.verbs.hypothesis import rope

        return rope(self.draws, self.spec, expression, region)

    def p_direction(self, expression: str) -> float:
        """Probability of direction of any expression; see :mod:`bayesmixed.verbs.hypothesis`."""
        from bayesmixed.verbs.hypothesis import p_direction

        return p_direction(self.draws, self.spec, expression)

    def prior_sensitivity(self) -> pd.DataFrame:
        """How far priors and data pull each parameter; see :mod:`bayesmixed.verbs.prior_sensitivity`."""
        from bayesmixed.verbs.prior_sensitivity import prior_sensitivity

        return prior_sensitivity(self.draws, self.spec)

    @uses("method", dict.fromkeys(("profile", "wald"), ("parameters", "prob")), instead="boot")
    def versus(
        self,
        *,
        method: ConfintMethod = "profile",
        prob: float = 0.95,
        parameters: str | Sequence[str] | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Set REML beside the posterior, by parameter; see :func:`bayesmixed.comparison.versus.versus`."""
        from bayesmixed.comparison.versus import versus

        return versus(self.draws, self.spec, method=method, prob=prob, parameters=parameters, seed=seed)
