"""Checks of a fit as methods of ``fit.plot``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bayesmixed.options import Envelope, EssKind, GroupStatistic, ResidualKind
from bayesmixed.plots.contract import PlottedFit
from bayesmixed.surface import pictures, public_methods

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlots:
    """The plots that check a fit: residuals, predictive checks, the sampler.

    Attributes
    ----------
    fit : PlottedFit
        What is drawn.
    """

    fit: PlottedFit

    def __repr__(self) -> str:
        return pictures(type(self), self.fit.spec.design.formula.text)

    def residuals(
        self,
        *,
        by: str | None = None,
        kind: ResidualKind | None = None,
        trend: bool = True,
        ax: Axes | None = None,
    ) -> Axes:
        """Residuals against fitted values, a column, or by level; see :mod:`bayesmixed.plots.residuals`.

        Unless `kind` says otherwise, raw ones of a gaussian model and quantile residuals of other families.
        """
        from bayesmixed.plots.checks import residuals

        return residuals(self.fit, by=by, kind=kind, trend=trend, ax=ax)

    def residual_quantiles(
        self,
        *,
        kind: ResidualKind | None = None,
        prob: float = 0.95,
        envelope: Envelope = "simultaneous",
        ax: Axes | None = None,
    ) -> Axes:
        """Residuals against normal quantiles; see :func:`bayesmixed.plots.quantiles.normal_quantiles`.

        Unless `kind` says otherwise, standardized ones of a gaussian model and quantile residuals of others.
        """
        from bayesmixed.plots.checks import residual_quantiles

        return residual_quantiles(self.fit, kind=kind, prob=prob, envelope=envelope, ax=ax)

    def ranef_quantiles(
        self,
        *,
        group: str | None = None,
        prob: float = 0.95,
        envelope: Envelope = "simultaneous",
        ax: SomeAxes = None,
    ) -> NDArray[Any]:
        """Random effects against normal quantiles; see :mod:`bayesmixed.plots.quantiles`."""
        from bayesmixed.plots.checks import ranef_quantiles

        return ranef_quantiles(self.fit, group=group, prob=prob, envelope=envelope, ax=ax)

    def ranef_matrix(
        self, *, group: str | None = None, prob: float = 0.95, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Random effects against each other; see :func:`bayesmixed.plots.ranef_matrix.ranef_matrix`."""
        from bayesmixed.plots.checks import ranef_scatter

        return ranef_scatter(self.fit, group=group, prob=prob, ax=ax)

    def observed(
        self, *, group: str | None = None, max_panels: int = 20, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Observed against fitted values by group; see :mod:`bayesmixed.plots.observed`."""
        from bayesmixed.plots.checks import observed

        return observed(self.fit, group=group, max_panels=max_panels, ax=ax)

    def predictive_density(
        self, *, group: str | None = None, max_panels: int = 12, seed: int | None = None, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Densities of replicated data; see :mod:`bayesmixed.plots.densities`."""
        from bayesmixed.plots.posterior_checks import predictive_density

        return predictive_density(self.fit, group=group, max_panels=max_panels, seed=seed, ax=ax)

    def predictive_groups(
        self,
        *,
        group: str | None = None,
        statistic: GroupStatistic = "mean",
        prob: float = 0.95,
        seed: int | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Predictive check of a statistic of every group; see :mod:`bayesmixed.plots.predictive`."""
        from bayesmixed.plots.posterior_checks import predictive_groups

        return predictive_groups(self.fit, group=group, statistic=statistic, prob=prob, seed=seed, ax=ax)

    def prior_predictive(self, *, seed: int | None = None, ax: Axes | None = None) -> Axes:
        """Data drawn from the prior; see :func:`bayesmixed.plots.densities.prior_predictive`."""
        from bayesmixed.plots.posterior_checks import prior_predictive_of

        return prior_predictive_of(self.fit, seed=seed, ax=ax)

    def prior_posterior(
        self, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Prior beside posterior; see :func:`bayesmixed.plots.densities.prior_posterior`."""
        from bayesmixed.plots.posterior_checks import prior_beside_posterior

        return prior_beside_posterior(self.fit, parameters=parameters, ax=ax)

    def trace(self, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None) -> NDArray[Any]:
        """Draws in their order; see :func:`bayesmixed.plots.sampler.trace`."""
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import trace

        return trace(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, ax=ax)

    def rank(self, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None) -> NDArray[Any]:
        """Ranks of every chain's draws; see :func:`bayesmixed.plots.sampler.rank`."""
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import rank

        return rank(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, ax=ax)

    def ess(
        self, *, parameters: Sequence[str] | None = None, kind: EssKind = "quantile", ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Effective sample sizes of quantiles; see :func:`bayesmixed.plots.sampler.ess`."""
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import ess

        return ess(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, kind=kind, ax=ax)

    def energy(self, *, ax: SomeAxes = None) -> NDArray[Any]:
        """Energy of the sampler; see :func:`bayesmixed.plots.sampler.energy`."""
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import energy

        return energy(sampled(self.fit).draws, ax=ax)
