"""What a comparison asks of a fit, and the check that fits can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from bayesmixed.comparison.same_data import data_difference
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.errors import BayesmixedError, DataError

if TYPE_CHECKING:
    import xarray as xr
    from arviz_stats.utils import ELPDData

    from bayesmixed.model.spec import ModelSpec
    from bayesmixed.verbs.marginal_likelihood import LogMarginalLikelihood


@runtime_checkable
class PosteriorFit(Protocol):
    """A Bayesian fit, as comparisons see it."""

    @property
    def spec(self) -> ModelSpec:
        """Design and priors."""

    @property
    def draws(self) -> xr.DataTree:
        """Posterior draws."""

    def loo(self, *, group: str | None = None) -> ELPDData:
        """Expected log predictive density by leave-one-out cross-validation."""

    def log_marginal_likelihood(self, *, seed: int | None = None) -> LogMarginalLikelihood:
        """Log marginal likelihood with its Monte Carlo error."""


def check_comparable(fits: Mapping[str, PosteriorFit], verb: str) -> None:
    """Refuse fits whose densities are not densities of the same data."""
    for name, fit in fits.items():
        if not isinstance(fit, PosteriorFit):
            given = f"{name!r} is a {type(fit).__name__}, and {verb}() needs posteriors"
            if isinstance(getattr(fit, "estimate", None), Estimate):
                raise BayesmixedError(f"{given}: leave out method= in lmer(), or test by bm.anova().")
            raise BayesmixedError(f"{given}: give what bm.lmer() or bm.glmer() returns.")
    for (name, fit), (other_name, other) in pairwise(fits.items()):
        reason = data_difference(fit.spec.design, other.spec.design)
        if reason:
            raise DataError(f"{name!r} and {other_name!r} cannot be compared: {reason}")
