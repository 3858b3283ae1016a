"""All tables of a fit, by name, and what a report asks of a fit."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pandas as pd
import xarray as xr

from bayesmixed.engines.records import RunInfo
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.prior_set import PriorTable
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.diagnostics import Diagnosis
from bayesmixed.tables.fit_rows import PrintableFit


def result_tables(fit: ReportedFit, *, prob: float = 0.95) -> dict[str, pd.DataFrame]:
    """Every table of a posterior under the name of its verb, with a default index; those that it has."""
    own = {"priors": fit.priors.table(), "diagnostics": fit.diagnostics()}
    return _filled(_verbs(fit, prob) | own)


def estimate_tables(fit: EstimatedFit, *, prob: float = 0.95) -> dict[str, pd.DataFrame]:
    """Every table of a REML or ML fit under the name of its verb, with a default index; those that it has."""
    return _filled(_verbs(fit, prob) | {"glance": fit.glance()})


def _verbs(fit: ReportedFit | EstimatedFit, prob: float) -> dict[str, pd.DataFrame]:
    """Tables of the verbs that every fit has."""
    known = fit.spec.family.is_native
    return {
        "fixef": fit.fixef(prob=prob),
        "varcorr": fit.varcorr(prob=prob),
        "correlations": fit.varcorr(correlations=True, prob=prob),
        **({"icc": fit.icc(prob=prob), "r2": fit.r2(prob=prob)} if known else {}),
        "ranef": fit.ranef(prob=prob),
    }


def _filled(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables that have rows."""
    return {name: _plain(table) for name, table in tables.items() if len(table)}


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Table whose index, when it says something, is a column."""
    return table.reset_index(drop=table.index.name is None)


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
