"""What comparisons, tables, plots and reports ask of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

import pandas as pd
import xarray as xr

from bayesmixed.design.prediction_rows import PredictEffects
from bayesmixed.design.records import Design
from bayesmixed.engines.records import RunInfo
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.prior_set import PriorTable
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import IccKind, NewLevels, ResidualKind, VarianceIntervals
from bayesmixed.posterior.diagnostics import Diagnosis

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDData

    from bayesmixed.verbs.marginal_likelihood import LogMarginalLikelihood


class Fit(Protocol):
    """A fit: ``bayesmixed.MixedFit``, ``bayesmixed.RemlFit`` or ``bayesmixed.RegressionFit``."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""

    @property
    def formula(self) -> str | tuple[str, ...]:
        """The formula as written, or the formulas."""

    @property
    def _with_rows(self) -> Self:
        """The same fit with rows at hand."""

    def _at_design(self, design: Design) -> Self:
        """The same fit, its rows those of another look at the same data."""

    def fixef(self, *, prob: float = ...) -> pd.DataFrame:
        """Coefficients."""

    def ranef(self, group: str | None = ..., *, prob: float = ...) -> pd.DataFrame:
        """Random effects of every level."""

    def coef(self, group: str | None = ..., *, prob: float = ...) -> pd.DataFrame:
        """Coefficients of every level."""

    def varcorr(self, *, correlations: bool = ..., prob: float = ...) -> pd.DataFrame:
        """Variances, or correlations."""

    def icc(
        self, *, kind: IccKind = ..., at: Mapping[str, float] | None = ..., prob: float = ...
    ) -> pd.DataFrame:
        """Intraclass correlations."""

    def r2(self, *, prob: float = ...) -> pd.DataFrame:
        """Explained variance."""

    def fitted(self, *, effects: Literal["all", "fixed"] = ..., prob: float = ...) -> pd.DataFrame:
        """Mean of every row."""

    def resid(self, kind: ResidualKind = ..., *, prob: float = ...) -> pd.DataFrame:
        """Residual of every row."""

    def augment(self, *, prob: float = ..., prefix: str = ...) -> pd.DataFrame:
        """Data with fitted values and residuals beside them."""

    def predict(
        self,
        newdata: pd.DataFrame | None = ...,
        *,
        effects: PredictEffects = ...,
        new_levels: NewLevels = ...,
        prob: float = ...,
    ) -> pd.DataFrame:
        """Mean of every row of a frame."""

    def smooths(self, *, prob: float = ...) -> pd.DataFrame:
        """Standard deviation and effective degrees of freedom of every smooth."""

    def smooth_curve(self, x: str, *, n: int = ..., prob: float = ...) -> pd.DataFrame:
        """Smooths of one column over its range."""

    def tidy(self, *, prob: float = ...) -> pd.DataFrame:
        """All parameters."""

    def glance(self) -> pd.DataFrame:
        """The fit in one row."""


@runtime_checkable
class PosteriorFit(Fit, Protocol):
    """A fit with a posterior: ``bayesmixed.MixedFit``."""

    @property
    def draws(self) -> xr.DataTree:
        """The posterior."""

    @property
    def run(self) -> RunInfo:
        """How the draws were made."""

    @property
    def priors(self) -> PriorTable:
        """The priors used."""

    @property
    def diagnosis(self) -> Diagnosis:
        """How well the chains agree."""

    def diagnostics(self) -> pd.DataFrame:
        """Convergence of every quantity."""

    def add_groups(self, *groups: str, seed: int | None = ...) -> xr.DataTree:
        """Add predictive or prior draws, and more, to `draws`."""

    def reml(self) -> EstimateFit:
        """The same model by REML."""

    def loo(self, *, group: str | None = ...) -> ELPDData:
        """Expected log predictive density by leave-one-out cross-validation."""

    def log_marginal_likelihood(self, *, seed: int | None = ...) -> LogMarginalLikelihood:
        """Log marginal likelihood with its Monte Carlo error."""


@runtime_checkable
class EstimateFit(Fit, Protocol):
    """A fit by REML or ML: ``bayesmixed.RemlFit``."""

    @property
    def _parts(self) -> Any:
        """What the printed summary says, a `SummaryParts`."""

    @property
    def estimate(self) -> Estimate:
        """The optimum with its likelihood."""

    @property
    def point(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""

    def tidy(self, *, prob: float = ..., method: VarianceIntervals = ...) -> pd.DataFrame:
        """All parameters."""
