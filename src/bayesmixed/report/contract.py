"""What a report asks of a fit."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pandas as pd
import xarray as xr

from bayesmixed.engines.records import RunInfo
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.prior_table import PriorTable
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.diagnostics import Diagnosis
from bayesmixed.tables.fit_rows import PrintableFit


class EstimatedFit(Protocol):
    """A fit with the verbs that every fit has; ``bayesmixed.RemlFit`` is one."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""
        ...

    def fixef(self, *, prob: float = ...) -> pd.DataFrame:
        """Coefficients."""
        ...

    def ranef(self, *, prob: float = ...) -> pd.DataFrame:
        """Random effects."""
        ...

    def varcorr(self, *, correlations: bool = ..., prob: float = ...) -> pd.DataFrame:
        """Variances, or correlations."""
        ...

    def icc(self, *, prob: float = ...) -> pd.DataFrame:
        """Intraclass correlations."""
        ...

    def r2(self, *, prob: float = ...) -> pd.DataFrame:
        """Explained variance."""
        ...

    def tidy(self, *, prob: float = ...) -> pd.DataFrame:
        """All parameters."""
        ...

    def glance(self) -> pd.DataFrame:
        """The fit in one row."""
        ...


class LikelihoodFit(EstimatedFit, Protocol):
    """A REML or ML fit as a report sees it; ``bayesmixed.RemlFit`` is one."""

    @property
    def estimate(self) -> Estimate:
        """The optimum."""
        ...

    @property
    def point(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""
        ...


@runtime_checkable
class ReportedFit(EstimatedFit, Protocol):
    """A fit as a report sees it; ``bayesmixed.MixedFit`` is one."""

    @property
    def draws(self) -> xr.DataTree:
        """The posterior."""
        ...

    @property
    def run(self) -> RunInfo:
        """How the draws were made."""
        ...

    @property
    def priors(self) -> PriorTable:
        """The priors used."""
        ...

    def reml(self) -> PrintableFit:
        """The same model by REML."""
        ...

    @property
    def diagnosis(self) -> Diagnosis:
        """How well the chains agree."""
        ...

    def diagnostics(self) -> pd.DataFrame:
        """Convergence of every quantity."""
        ...
