"""The fit that ``lmer(method="reml")`` returns: methods that delegate, nothing computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NoReturn

import pandas as pd
import xarray as xr

from bayesmixed.fits.row_sample import SampleMethods
from bayesmixed.model.refusals import check_gaussian
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import (
    AnovaType,
    ConfintMethod,
    IccKind,
    ResidualKind,
    SimulatedEffects,
    TidyEffects,
    VarianceIntervals,
)
from bayesmixed.report.methods import ReportMethods
from bayesmixed.surface import no_such_attribute, public_methods, uses
from bayesmixed.tables.fit_methods import TableMethods
from bayesmixed.verbs.estimate.prediction_methods import PredictionMethods

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.records import Design
    from bayesmixed.engines.reml.estimate import Estimate
    from bayesmixed.plots.methods import FitPlots
    from bayesmixed.verbs.estimate.bootstrap import Bootstrap
    from bayesmixed.verbs.estimate.profile import ProfileCurve


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class RemlFit(PredictionMethods, TableMethods, ReportMethods, SampleMethods):
    """A linear mixed model fitted by restricted or full maximum likelihood, with lme4's verbs.

    Attributes
    ----------
    spec : ModelSpec
        The design; its priors are not used.
    estimate : Estimate
        The optimum with the likelihood that it comes from.
    """

    spec: ModelSpec
    estimate: Estimate

    def __str__(self) -> str:
        from bayesmixed.tables.reml_summary import reml_summary_text

        return reml_summary_text(self.estimate, self.point, self.spec)

    __repr__ = __str__

    def __getattr__(self, name: str) -> NoReturn:
        from bayesmixed.habits import ESTIMATE

        no_such_attribute(self, name, ESTIMATE)

    def _repr_html_(self) -> str:
        """Summary as a notebook shows it."""
        from bayesmixed.tables.reml_summary import reml_summary_html

        return reml_summary_html(self.estimate, self.point, self.spec)

    def at_design(self, design: Design) -> RemlFit:
        """The same estimate over another look at the data; see :mod:`bayesmixed.fits.row_sample`."""
        spec = replace(self.spec, design=design)
        return replace(self, spec=spec, estimate=self.estimate.at_design(design))

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.spec.design.formula.text

    @property
    def method(self) -> Literal["reml", "ml"]:
        """The criterion that was maximized."""
        return self.estimate.likelihood.by

    @property
    def singular(self) -> bool:
        """Whether the estimate lies on the edge: a variance of zero or a correlation of one."""
        return self.estimate.optimum.singular

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return self.estimate.optimum.sigma

    @property
    def plot(self) -> FitPlots:
        """Pictures of the fit; see :class:`bayesmixed.plots.methods.FitPlots`."""
        from bayesmixed.plots.methods import FitPlots

        return FitPlots(fit=self)

    @cached_property
    def point(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""
        from bayesmixed.verbs.estimate.parameters import point_tree

        return point_tree(self.estimate)

    def fixef(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients with t tests; see :func:`bayesmixed.verbs.estimate.fixef.fixef`."""
        from bayesmixed.verbs.estimate.fixef import fixef

        return fixef(self.estimate, prob=prob)

    def ranef(self, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Random effects of every level; see :func:`bayesmixed.verbs.estimate.ranef.ranef`."""
        from bayesmixed.verbs.estimate.ranef import ranef

        return ranef(self.estimate, group=group, prob=prob)

    def coef(self, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients of every level, fixed plus random; see :func:`bayesmixed.verbs.estimate.coef.coef`."""
        from bayesmixed.verbs.estimate.coef import coef

        return coef(self.estimate, group=group, prob=prob)

    @uses("method", dict.fromkeys(("profile", "none"), ("correlations", "prob")), instead="boot")
    def varcorr(
        self,
        *,
        correlations: bool = False,
        prob: float = 0.95,
        method: VarianceIntervals = "profile",
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Variance components, or correlations; see :func:`bayesmixed.verbs.estimate.varcorr.varcorr`."""
        from bayesmixed.verbs.estimate.varcorr import varcorr

        return varcorr(
            self.estimate,
            self.point,
            self.spec,
            correlations=correlations,
            prob=prob,
            method=method,
            seed=seed,
        )

    @uses("method", dict.fromkeys(("profile", "wald"), ("parameters", "prob")), instead="boot")
    def confint(
        self,
        parameters: str | Sequence[str] | None = None,
        *,
        method: ConfintMethod = "profile",
        prob: float = 0.95,
        n: int = 500,
        seed: int | None = None,
        progress: bool = False,
    ) -> pd.DataFrame:
        """Confidence interval of every parameter; see :func:`bayesmixed.verbs.estimate.confint.confint`."""
        from bayesmixed.verbs.estimate.confint import confint

        return confint(
            self.estimate, method=method, prob=prob, parameters=parameters, n=n, seed=seed, progress=progress
        )

    def bootstrap(self, n: int = 500, *, seed: int | None = None, progress: bool = False) -> Bootstrap:
        """Estimates of bootstrap refits; see :func:`bayesmixed.verbs.estimate.bootstrap.bootstrap`."""
        from bayesmixed.verbs.estimate.bootstrap import bootstrap

        return bootstrap(self.estimate, n, seed, progress)

    def profile(self, parameter: str, *, prob: float = 0.99, n: int = 31) -> ProfileCurve:
        """Profile of one parameter's deviance; see :mod:`bayesmixed.verbs.estimate.profile`."""
        from bayesmixed.verbs.estimate.profile import profile_curve

        return profile_curve(self.estimate, parameter, prob, n)

    def icc(
        self,
        *,
        kind: IccKind = "adjusted",
        at: Mapping[str, float | Sequence[float]] | None = None,
        prob: float = 0.95,
        boot: int = 0,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Intraclass correlations, with intervals from `boot` bootstrap refits.

        See :func:`bayesmixed.verbs.icc` and :func:`bayesmixed.verbs.estimate.shares.with_bootstrap`.
        """
        from bayesmixed import verbs
        from bayesmixed.verbs.estimate.shares import with_bootstrap

        return with_bootstrap(
            self.estimate,
            self.point,
            lambda draws: verbs.icc(draws, self.spec, kind=kind, at=at, prob=prob),
            prob=prob,
            boot=boot,
            seed=seed,
        )

    def r2(self, *, prob: float = 0.95, boot: int = 0, seed: int | None = None) -> pd.DataFrame:
        """Marginal and conditional explained variance, with intervals from `boot` bootstrap refits.

        See :func:`bayesmixed.verbs.r2` and :func:`bayesmixed.verbs.estimate.shares.with_bootstrap`.
        """
        from bayesmixed import verbs
        from bayesmixed.verbs.estimate.shares import with_bootstrap

        return with_bootstrap(
            self.estimate,
            self.point,
            lambda draws: verbs.r2(draws, self.spec, prob=prob),
            prob=prob,
            boot=boot,
            seed=seed,
        )

    def fitted(self, *, effects: Literal["all", "fixed"] = "all", prob: float = 0.95) -> pd.DataFrame:
        """Mean of every row, with or without random effects; see :mod:`bayesmixed.verbs.estimate.fitted`."""
        from bayesmixed.verbs.estimate.fitted import fitted

        return fitted(self.estimate, effects=effects, prob=prob)

    def resid(
        self,
        kind: ResidualKind = "response",
        *,
        effects: Literal["all", "fixed"] = "all",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Residual of every row; see :func:`bayesmixed.verbs.estimate.resid.resid`."""
        from bayesmixed.verbs.estimate.resid import resid

        return resid(self.estimate, kind=kind, effects=effects, prob=prob)

    def simulate(
        self,
        n: int = 1,
        *,
        newdata: IntoFrame | None = None,
        effects: SimulatedEffects = "new",
        weights: str | ArrayLike | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Data sets drawn from the estimate; see :func:`bayesmixed.verbs.estimate.simulate.simulate`."""
        from bayesmixed.verbs.estimate.simulate import simulate

        return simulate(
            self.point, self.spec, n, newdata=newdata, effects=effects, weights=weights, seed=seed
        )

    @uses("method", dict.fromkeys(("profile", "none"), ("effects", "prob")), instead="boot")
    def tidy(
        self,
        *,
        effects: Sequence[TidyEffects] = ("fixed", "ran_pars"),
        prob: float = 0.95,
        method: VarianceIntervals = "none",
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Estimates in broom.mixed's columns; see :func:`bayesmixed.verbs.estimate.tidy.tidy`."""
        from bayesmixed.verbs.estimate.tidy import tidy

        return tidy(
            self.estimate, self.point, self.spec, effects=effects, prob=prob, method=method, seed=seed
        )

    def glance(self) -> pd.DataFrame:
        """Put the fit into one row; see :func:`bayesmixed.verbs.estimate.glance.glance`."""
        from bayesmixed.verbs.estimate.glance import glance

        return glance(self.estimate)

    def augment(self, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
        """Data with fitted values and residuals beside them; see :func:`bayesmixed.verbs.augment`."""
        from bayesmixed.verbs.augment import beside_data

        return beside_data(
            self.spec.design.frame,
            fitted=self.fitted(prob=prob),
            fixed=self.fitted(effects="fixed", prob=prob),
            resid=self.resid(prob=prob),
            std_resid=self.resid(kind="standardized", prob=prob),
            prob=prob,
            prefix=prefix,
        )

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

        return verbs.equation(self.point, self.spec, group_level, group=group, digits=digits)

    def anova(self, *others: RemlFit, type: AnovaType = "III") -> pd.DataFrame:  # noqa: A002 (R's name)
        """F tests of the terms, or tests against others; see :func:`bayesmixed.comparison.anova.anova`."""
        from bayesmixed.comparison.anova import anova

        return anova(self, *others, type=type)

    def drop1(self) -> pd.DataFrame:
        """Likelihood ratio tests of the fixed terms; see :func:`bayesmixed.comparison.drop1.drop1`."""
        from bayesmixed.comparison.drop1 import drop1

        return drop1(self)

    def ranova(self, *, boot: int = 0, seed: int | None = None) -> pd.DataFrame:
        """Tests of each random-effect term; see :func:`bayesmixed.comparison.ranova.ranova`."""
        from bayesmixed.comparison.ranova import ranova

        return ranova(self, boot=boot, seed=seed)

    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the coefficients' estimates, sigma^2 (X'V^-1 X)^-1."""
        terms = list(self.spec.design.fixed.terms)
        return pd.DataFrame(self.estimate.covariance, index=terms, columns=terms)

    def log_likelihood(self) -> float:
        """Log likelihood at the optimum, restricted for REML: lme4's ``logLik``."""
        return self.estimate.log_likelihood

    def deviance(self) -> float:
        """Minus twice the log likelihood; for REML lme4's REML criterion."""
        return self.estimate.optimum.criterion

    def aic(self) -> float:
        """Akaike's criterion, -2 log L + 2 k (Akaike 1974); L is restricted for REML, as in lme4."""
        return self.estimate.aic

    def aicc(self) -> float:
        """Akaike's criterion for small samples, AIC + 2 k (k + 1) / (n - k - 1) (Hurvich and Tsai 1989)."""
        return self.estimate.aicc

    def bic(self) -> float:
        """Schwarz's criterion, -2 log L + k log n (Schwarz 1978), n the number of rows as in lme4."""
        return self.estimate.bic


def reml_fit(spec: ModelSpec, by: Literal["reml", "ml"]) -> RemlFit:
    """Estimate a specified model by restricted or full maximum likelihood.

    Parameters
    ----------
    spec : ModelSpec
        The model; its priors are not used.
    by : {"reml", "ml"}
        The criterion.

    Returns
    -------
    RemlFit
        With lme4's verbs.

    Raises
    ------
    EngineError
        When the family is not gaussian, or crossed random effects are too many to be integrated out together.
    DataError
        When the data do not tell every parameter: as many coefficients as rows, or groups that the fixed
        effects or another factor tell apart already.

    Warns
    -----
    DesignWarning
        When what the coefficients leave of the data does not tell all variances and correlations.
    """
    from bayesmixed.engines.reml.estimate import estimate, warn_of_flatness

    check_gaussian(spec, "Restricted or full maximum likelihood")
    found = estimate(spec.design, by)
    warn_of_flatness(found)
    return RemlFit(spec=spec, estimate=found)
