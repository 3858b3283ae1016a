"""The fit that ``lmer`` returns: methods that delegate, nothing computed here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import pandas as pd
import xarray as xr

from bayesmixed.comparison.posterior_methods import ComparisonMethods
from bayesmixed.engines.records import RunInfo
from bayesmixed.fits.reml_fit import RemlFit, reml_fit
from bayesmixed.fits.row_sample import SampleMethods
from bayesmixed.model.prior_table import PriorTable, prior_table
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import (
    IccKind,
    RanefDiagnosis,
    ResidualKind,
    SimulatedEffects,
    TidyEffects,
)
from bayesmixed.printing.records import Text
from bayesmixed.report.methods import ReportMethods
from bayesmixed.surface import no_such_attribute, public_methods
from bayesmixed.tables.fit_methods import TableMethods
from bayesmixed.verbs.family_methods import FamilyMethods
from bayesmixed.verbs.prediction_methods import PredictionMethods

if TYPE_CHECKING:
    import pymc as pm
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.records import Design
    from bayesmixed.plots.methods import FitPlots
    from bayesmixed.posterior.diagnostics import Diagnosis


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class MixedFit(
    FamilyMethods, PredictionMethods, ComparisonMethods, TableMethods, ReportMethods, SampleMethods
):
    """A fitted Bayesian linear or generalized linear mixed model, with lme4's verbs.

    Attributes
    ----------
    spec : ModelSpec
        Design, priors and family.
    draws : xarray.DataTree
        Groups ``posterior``, ``sample_stats``, ``observed_data``, ``constant_data``, and those of
        :meth:`add_groups`. The posterior holds ``beta`` (term), the family's parameters
        (``sigma``), and for every grouping factor g ``sd_g`` (g_effect), ``corr_g`` (g_effect, g_effect_bis)
        where effects are correlated, and ``ranef_g`` (g, g_effect); or the group ``ranef_moments`` holds the
        moments of the latter, with ``keep_ranef="moments"``.
    run : RunInfo
        How the draws were made.
    diagnosis : Diagnosis
        How well the chains agree.
    """

    spec: ModelSpec
    draws: xr.DataTree
    run: RunInfo
    diagnosis: Diagnosis

    def __str__(self) -> str:
        from bayesmixed.tables.summary import summary_text

        problems = self.diagnosis.problems()
        return summary_text(self.draws, self.spec, self.run, self.diagnosis.table(), problems=problems)

    __repr__ = __str__

    def __getattr__(self, name: str) -> NoReturn:
        from bayesmixed.habits import POSTERIOR

        no_such_attribute(self, name, POSTERIOR)

    def _repr_html_(self) -> str:
        """Summary as a notebook shows it."""
        from bayesmixed.tables.summary import summary_html

        problems = self.diagnosis.problems()
        return summary_html(self.draws, self.spec, self.run, self.diagnosis.table(), problems=problems)

    def at_design(self, design: Design) -> MixedFit:
        """The same draws over another look at the data; see :mod:`bayesmixed.fits.row_sample`."""
        return replace(self, spec=replace(self.spec, design=design))

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.spec.design.formula.text

    @property
    def plan(self) -> Text:
        """What was integrated and what was sampled, and why."""
        return Text("\n".join(self.run.plan))

    @property
    def priors(self) -> PriorTable:
        """The prior of every parameter with the numbers used; print it, or call its ``table()``."""
        return prior_table(self.spec.design, self.spec.priors, self.spec.family)

    @property
    def plot(self) -> FitPlots:
        """Pictures of the fit; see :class:`bayesmixed.plots.methods.FitPlots`."""
        from bayesmixed.plots.methods import FitPlots

        return FitPlots(fit=self)

    @cached_property
    def pymc_model(self) -> pm.Model:
        """The hierarchical PyMC model, for looking at, extending, sampling."""
        from bayesmixed.model.build import build_pymc_model

        return build_pymc_model(self.spec)

    def fixef(self, *, exponentiate: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients; see :func:`bayesmixed.verbs.fixef`."""
        from bayesmixed import verbs

        return verbs.fixef(self.draws, self.spec, exponentiate=exponentiate, prob=prob)

    def ranef(self, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Random effects of every level; see :func:`bayesmixed.verbs.ranef`."""
        from bayesmixed import verbs

        return verbs.ranef(self.draws, self.spec, group=group, prob=prob)

    def coef(self, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients of every level, fixed plus random; see :func:`bayesmixed.verbs.coef`."""
        from bayesmixed import verbs

        return verbs.coef(self.draws, self.spec, group=group, prob=prob)

    def varcorr(self, *, correlations: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Variance components, or correlations of random effects; see :func:`bayesmixed.verbs.varcorr`."""
        from bayesmixed import verbs

        return verbs.varcorr(self.draws, self.spec, correlations=correlations, prob=prob)

    def icc(
        self,
        *,
        kind: IccKind = "adjusted",
        at: Mapping[str, float | Sequence[float]] | None = None,
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Intraclass correlations; see :func:`bayesmixed.verbs.icc`."""
        from bayesmixed import verbs

        return verbs.icc(self.draws, self.spec, kind=kind, at=at, prob=prob)

    def r2(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Marginal and conditional explained variance; see :func:`bayesmixed.verbs.r2`."""
        from bayesmixed import verbs

        return verbs.r2(self.draws, self.spec, prob=prob)

    def fitted(
        self,
        *,
        effects: Literal["all", "fixed"] = "all",
        scale: Literal["response", "link"] = "response",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Mean of every row, with or without random effects; see :func:`bayesmixed.verbs.fitted`."""
        from bayesmixed import verbs

        return verbs.fitted(self.draws, self.spec, effects=effects, scale=scale, prob=prob)

    def resid(
        self,
        kind: ResidualKind = "response",
        *,
        effects: Literal["all", "fixed"] = "all",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Residual of every row; see :func:`bayesmixed.verbs.resid`."""
        from bayesmixed import verbs

        return verbs.resid(self.draws, self.spec, kind=kind, effects=effects, prob=prob)

    def simulate(
        self,
        n: int = 1,
        *,
        newdata: IntoFrame | None = None,
        effects: SimulatedEffects = "all",
        weights: str | ArrayLike | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Data sets drawn from the posterior predictive; see :func:`bayesmixed.verbs.simulate.simulate`."""
        from bayesmixed.verbs.simulate import simulate

        seed = self.run.seed if seed is None else seed
        return simulate(
            self.draws, self.spec, n, newdata=newdata, effects=effects, weights=weights, seed=seed
        )

    def tidy(
        self, *, effects: Sequence[TidyEffects] = ("fixed", "ran_pars"), prob: float = 0.95
    ) -> pd.DataFrame:
        """Estimates in broom.mixed's columns; see :func:`bayesmixed.verbs.tidy`."""
        from bayesmixed import verbs

        return verbs.tidy(self.draws, self.spec, effects=effects, prob=prob)

    def glance(self, *, loo: bool = False) -> pd.DataFrame:
        """Put the fit into one row; `loo` adds ``elpd_loo``. See :func:`bayesmixed.verbs.glance`."""
        from bayesmixed import verbs

        elpd = None
        if loo:
            import arviz_stats

            elpd = float(arviz_stats.loo(self.add_groups("log_likelihood")).elpd)
        return verbs.glance(self.draws, self.spec, self.run, self.diagnosis.table(), elpd_loo=elpd)

    def augment(self, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
        """Data with fitted values and residuals beside them; see :func:`bayesmixed.verbs.augment`."""
        from bayesmixed import verbs

        return verbs.augment(self.draws, self.spec, prob=prob, prefix=prefix)

    def ngrps(self) -> pd.Series[int]:
        """Number of levels of every grouping factor; see :func:`bayesmixed.verbs.ngrps`."""
        from bayesmixed import verbs

        return verbs.ngrps(self.spec)

    def nobs(self) -> int:
        """Number of rows used; see :func:`bayesmixed.verbs.nobs`."""
        from bayesmixed import verbs

        return verbs.nobs(self.spec)

    def equation(self, group_level: object, *, group: str | None = None, digits: int = 2) -> str:
        """One group's equation as the teaching texts write it; see :func:`bayesmixed.verbs.equation`."""
        from bayesmixed import verbs

        return verbs.equation(self.draws, self.spec, group_level, group=group, digits=digits)

    def diagnostics(self, *, ranef: RanefDiagnosis = "screen") -> pd.DataFrame:
        """R-hat and effective sample sizes; see :func:`bayesmixed.posterior.diagnostics.diagnose`.

        Random effects of which moments are kept are left out.
        """
        from bayesmixed.posterior.diagnostics import diagnose

        return (self.diagnosis if ranef == "screen" else diagnose(self.draws, ranef=ranef)).table()

    def with_ranef_draws(self) -> MixedFit:
        """The same fit with draws of its random effects; see :func:`bayesmixed.verbs.redraw.redraw`."""
        from bayesmixed.engines.moments import MOMENTS_KEPT
        from bayesmixed.verbs.redraw import redraw

        plan = tuple(sentence for sentence in self.run.plan if sentence != MOMENTS_KEPT)
        return replace(self, draws=redraw(self.draws, self.spec), run=replace(self.run, plan=plan))

    def reml(self) -> RemlFit:
        """Estimate the same model by REML, as lme4 does; see :class:`bayesmixed.RemlFit`."""
        return reml_fit(self.spec, "reml")

    def ml(self) -> RemlFit:
        """Estimate the same model by maximum likelihood; see :class:`bayesmixed.RemlFit`."""
        return reml_fit(self.spec, "ml")

    def to_bambi(self) -> Any:
        """Model of Bambi's like this one; see :func:`bayesmixed.bridge.to_bambi.to_bambi`."""
        from bayesmixed.bridge.to_bambi import to_bambi

        return to_bambi(self.spec)

    def add_groups(self, *groups: str, seed: int | None = None) -> xr.DataTree:
        """Add groups to `draws`, for ArviZ's functions that ask for them; return `draws`.

        Parameters
        ----------
        *groups : str
            Of ``"log_likelihood"``, ``"log_prior"``, ``"posterior_predictive"``, ``"prior"``,
            ``"prior_predictive"``.
        seed : int, optional
            Of predictive and prior draws; the fit's own unless given.

        Returns
        -------
        xarray.DataTree
            The fit's `draws`.

        Raises
        ------
        BayesmixedError
            When a group is not one of these.
        """
        from bayesmixed.posterior.prior_draws import add_groups

        new = add_groups(self.draws, self.spec, groups, seed=self.run.seed if seed is None else seed)
        for name in set(new.children) - set(self.draws.children) | set(groups):
            self.draws[name] = xr.DataTree(new[name].to_dataset())
        return self.draws

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit to one file, whole or not at all; :func:`load` reads it back.

        Parameters
        ----------
        path : str or path
            Where; an existing file is replaced once the new one is complete, and keeps its permissions. A new
            one is the user's alone to read, since it holds all rows of the data.

        Raises
        ------
        FileError
            When the place cannot be written, or is a folder or a device.
        """
        from bayesmixed.posterior.storage import SavedFit, write_fit

        design = self.spec.design
        saved = SavedFit(
            formula=self.formula,
            frame=design.frame,
            weights=design.weights,
            n_dropped=design.n_dropped,
            priors=self.spec.priors,
            draws=self.draws,
            run=self.run,
            family=self.spec.family,
            center=design.center,
        )
        write_fit(path, saved)
