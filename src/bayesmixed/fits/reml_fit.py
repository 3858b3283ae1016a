"""The fit that ``lmer(method="reml")`` returns: methods that delegate, nothing computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

import pandas as pd
import xarray as xr

from bayesmixed import verbs
from bayesmixed.fits.methods import FitMethods
from bayesmixed.fits.row_sample import SampleMethods
from bayesmixed.model.spec import ModelSpec, check_gaussian
from bayesmixed.options import (
    AnovaType,
    ConfintMethod,
    IccKind,
    NewLevels,
    PredictKind,
    SimulatedEffects,
    TidyEffects,
    VarianceIntervals,
)
from bayesmixed.surface import no_such_attribute, public_methods, uses
from bayesmixed.tables.fit_methods import TableMethods
from bayesmixed.tables.reml_summary import reml_summary_parts
from bayesmixed.verbs.sources import Estimated

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.prediction_rows import PredictEffects
    from bayesmixed.design.records import Design
    from bayesmixed.engines.reml.estimate import Estimate
    from bayesmixed.plots.methods import FitPlots
    from bayesmixed.tables.summary_parts import SummaryParts
    from bayesmixed.verbs.contrasts import ContrastChoice
    from bayesmixed.verbs.estimate.bootstrap import Bootstrap
    from bayesmixed.verbs.estimate.profile import ProfileCurve


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class RemlFit(FitMethods, TableMethods, SampleMethods):
    """A linear mixed model fitted by restricted or full maximum likelihood, with lme4's verbs; print it.

    :func:`bayesmixed.lmer` makes one with ``method="reml"`` or ``"ml"``, and so does ``fit.reml()``. Examples
    of its methods use ``m = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, method="reml")``.

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
        return self._parts.text()

    __repr__ = __str__

    @property
    def _parts(self) -> SummaryParts:
        """What the printed summary says."""
        return reml_summary_parts(self.estimate, self.point, self.spec)

    def __getattr__(self, name: str) -> NoReturn:
        from bayesmixed.habits import ESTIMATE

        no_such_attribute(self, name, ESTIMATE)

    def _repr_html_(self) -> str:
        """Summary as a notebook shows it."""
        return self._parts.html()

    def _page(self, title: str | None, prob: float) -> str:
        """Report as HTML."""
        from bayesmixed.report.page import estimate_report_html

        return estimate_report_html(self, title=title, prob=prob)

    def _at_design(self, design: Design) -> RemlFit:
        """The same estimate over another look at the data; see :mod:`bayesmixed.fits.row_sample`."""
        spec = replace(self.spec, design=design)
        return replace(self, spec=spec, estimate=self.estimate.at_design(design))

    @property
    def method(self) -> Literal["reml", "ml"]:
        """The criterion that was maximized, ``"reml"`` or ``"ml"``."""
        return self.estimate.likelihood.by

    @property
    def singular(self) -> bool:
        """Whether the estimate lies on the edge: a variance of zero or a correlation of one."""
        return self.estimate.optimum.singular

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in the units of the response."""
        return self.estimate.optimum.sigma

    @property
    def plot(self) -> FitPlots:
        """Pictures of the fit: ``m.plot.ranef()`` and others; ``m.plot`` lists them."""
        from bayesmixed.plots.methods import FitPlots

        return FitPlots(fit=self)

    @property
    def _source(self) -> Estimated:
        """Where the numbers come from."""
        return Estimated(estimate=self.estimate, spec=self.spec)

    @cached_property
    def point(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""
        return self._source.draws

    def fixef(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients of the fixed effects with t tests, as lmerTest's summary.

        Use it for the effects of the predictors.

        Parameters
        ----------
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row for each column of X: ``term``, ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` (by
            Student's t), ``t``, ``df`` (Satterthwaite's), ``p_value`` (two-sided). Where sigma has a formula,
            a first column ``parameter`` says whose predictor a row is of (``"mu"``, ``"sigma"``): those of
            sigma, on the scale of its logarithm, have normal tests from the curvature of the criterion.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        Standard errors are the roots of the diagonal of sigma^2 (X'V^-1 X)^-1, the variances taken as known;
        that they are estimated enters by the degrees of freedom.

        Examples
        --------
        >>> m.fixef()[["term", "value", "df"]].round(1)
        term      value df
        Intercept 251.4 17
        Days       10.5 17
        """
        return verbs.fixef(self._source, prob=prob)

    @uses("method", dict.fromkeys(("profile", "none"), ("correlations", "prob")), instead="boot")
    def varcorr(
        self,
        *,
        correlations: bool = False,
        prob: float = 0.95,
        method: VarianceIntervals = "profile",
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Variance components, or the correlations of random effects.

        Use it to see between what the responses vary.

        Parameters
        ----------
        correlations : bool, default False
            Whether correlations are given in place of standard deviations.
        prob : float, default 0.95
            Confidence level of the intervals.
        method : {"profile", "boot", "none"}, default "profile"
            Intervals by profile likelihood or by the parametric bootstrap; ``"none"`` leaves them NaN and
            is quick.
        seed : int, optional
            Repeats the bootstrap.

        Returns
        -------
        pandas.DataFrame
            ``group``, ``effect``, ``variance``, ``sd``, ``sd_2.5``, ``sd_97.5``, ``var_prop``; with
            `correlations`: ``group``, ``effect_1``, ``effect_2``, ``value``, ``se``, ``lower_2.5``,
            ``upper_97.5``, with ``se`` NaN, since its sampling distribution is far from normal. Rows are
            those of :meth:`bayesmixed.MixedFit.varcorr`; residual standard deviations that follow from a
            formula of sigma have no interval (:meth:`confint` has those of its coefficients), nor by profile
            do several correlations of residuals.

        Raises
        ------
        BayesmixedError
            When `method` or `prob` is not known.

        Examples
        --------
        >>> m.varcorr(method="none")[["group", "effect", "sd"]].round(1)
        group    effect      sd
        Subject  Intercept 24.7
        Subject  Days       5.9
        Residual           25.6
        """
        source = replace(self._source, method=method, seed=seed)
        return verbs.varcorr(source, correlations=correlations, prob=prob)

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
        """Confidence intervals of the parameters, as lme4's ``confint``.

        Use it for intervals of standard deviations and correlations, which are not normal.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Names as printed; ``"beta"`` stands for all coefficients, ``"theta"`` for everything else; all
            unless given.
        method : {"profile", "wald", "boot"}, default "profile"
            By profile likelihood; normal, of the coefficients alone; percentiles of a parametric bootstrap.
        prob : float, default 0.95
            Confidence level.
        n : int, default 500
            Number of bootstrap refits.
        seed : int, optional
            Repeats the bootstrap.
        progress : bool, default False
            Whether the bootstrap shows a progress bar.

        Returns
        -------
        pandas.DataFrame
            ``parameter``, ``kind`` (``"sd"``, ``"cor"``, ``"sigma"``, ``"beta"``), ``group``, ``effect``,
            ``estimate``, ``lower_2.5``, ``upper_97.5``; in the order of lme4 2.0: for every grouping factor
            its standard deviations and then its correlations, sigma, the coefficients.

        Raises
        ------
        BayesmixedError
            When `method`, `prob`, `n` or one of `parameters` is not known.
        EngineError
            When a profile finds a lower deviance than the estimate's.

        Notes
        -----
        The profile is of the ML deviance for an estimate by REML too, so that the estimate need not lie in
        the middle; the bootstrap refits by the estimate's own criterion.

        Examples
        --------
        >>> m.confint(method="wald").tail(2)[["parameter", "lower_2.5", "upper_97.5"]].round(1)
          parameter lower_2.5 upper_97.5
        4 Intercept     238.0      264.8
        5 Days            7.4       13.5
        """
        from bayesmixed.verbs.estimate.confint import confint

        return confint(
            self.estimate, method=method, prob=prob, parameters=parameters, n=n, seed=seed, progress=progress
        )

    def bootstrap(self, n: int = 500, *, seed: int | None = None, progress: bool = False) -> Bootstrap:
        """Refit a model to responses simulated from its estimate.

        Use it for the sampling distribution of anything that is computed from the estimates.

        Parameters
        ----------
        n : int, default 500
            Number of refits.
        seed : int, optional
            Repeats the refits; without it every call differs.
        progress : bool, default False
            Whether a progress bar is shown on the standard error stream.

        Returns
        -------
        Bootstrap
            The estimates of all refits.

        Raises
        ------
        BayesmixedError
            When `n` is not a whole number of at least 1, or `seed` is not a seed.

        Notes
        -----
        lme4's ``bootMer`` with its defaults: random effects and residuals are drawn anew.

        Examples
        --------
        >>> m.bootstrap(20, seed=1).arrays.beta.shape
        (20, 2)
        """
        from bayesmixed.verbs.estimate.bootstrap import bootstrap

        return bootstrap(self.estimate, n, seed, progress)

    def profile(self, parameter: str, *, prob: float = 0.99, n: int = 31) -> ProfileCurve:
        """Profile of one parameter's ML deviance, for an estimate by REML too.

        Use it to see where a Wald interval would be wrong: there the curve bends.

        Parameters
        ----------
        parameter : str
            Name of the parameter, e.g. ``"sd_Days|Subject"``.
        prob : float, default 0.99
            Confidence level of the interval that the curve covers.
        n : int, default 31
            Number of points.

        Returns
        -------
        ProfileCurve
            At equally spaced values.

        Raises
        ------
        BayesmixedError
            When the model does not have the parameter, or a correlation does not exist because an effect does
            not vary.

        Examples
        --------
        >>> m.profile("sigma", n=5).zeta.round(1).tolist()
        [-2.6, -1.0, 0.3, 1.5, 2.6]
        """
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
        """Intraclass correlation of every grouping factor, with its interval and its formula.

        Use it to say how much of the variance lies between groups.

        Parameters
        ----------
        kind : {"adjusted", "unadjusted", "conditional"}, default "adjusted"
            ``"adjusted"``: share of the variance that the fixed effects leave. ``"unadjusted"``: share of all
            variance, the fixed effects' included; ``"conditional"`` is R performance's old name of it.
        at : mapping of str to float or sequence of float, optional
            Values at which random slopes are held, e.g. ``{"Days": 3}``: with a random slope the share
            depends on them. Several values, ``{"Days": [0, 3, 9]}``, give a curve. Effects not
            named keep their values in the data.
        prob : float, default 0.95
            Confidence level of the percentile intervals.
        boot : int, default 0
            Number of bootstrap refits for the intervals; they are NaN with 0.
        seed : int, optional
            Repeats the bootstrap.

        Returns
        -------
        pandas.DataFrame
            ``group``, ``icc`` (at the estimate), ``lower_2.5``, ``upper_97.5``, ``formula``; one row for each
            grouping factor and, when there are several, a row ``all`` for their sum. A factor with a level
            for every row groups nothing and has no row: its variance is overdispersion. A curve has these
            rows for every combination of the values, which stand in columns of their own before them.
            ``attrs["legend"]`` says what the letters of the formulas stand for.

        Raises
        ------
        DataError
            When `at` names something that is not a random slope, or has no value for one.
        BayesmixedError
            When `kind` or `prob` is not known.

        Warns
        -----
        DesignWarning
            When no factor has a level with several rows, so that the table is empty.

        Notes
        -----
        Computed at the estimate, and for the intervals at those of the refits;
        :meth:`bayesmixed.MixedFit.icc` states the formula.

        Examples
        --------
        >>> m.icc()[["group", "icc"]].round(2)
        group    icc
        Subject 0.72
        """
        return verbs.icc(replace(self._source, boot=boot, seed=seed), kind=kind, at=at, prob=prob)

    def r2(self, *, prob: float = 0.95, boot: int = 0, seed: int | None = None) -> pd.DataFrame:
        """Nakagawa's marginal and conditional R2 with their intervals.

        Use it to say how much of the variance the model explains.

        Parameters
        ----------
        prob : float, default 0.95
            Confidence level of the percentile intervals.
        boot : int, default 0
            Number of bootstrap refits for the intervals; they are NaN with 0.
        seed : int, optional
            Repeats the bootstrap.

        Returns
        -------
        pandas.DataFrame
            ``type`` (``marginal``: by the fixed effects; ``conditional``: by fixed and random effects),
            ``r2`` (at the estimate), ``lower_2.5``, ``upper_97.5``, ``formula``. ``attrs["legend"]`` says
            what the letters of the formulas stand for.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        Computed at the estimate, and for the intervals at those of the refits; :meth:`bayesmixed.MixedFit.r2`
        states the formula.

        Examples
        --------
        >>> m.r2()[["type", "r2"]].round(2)
        type          r2
        marginal    0.28
        conditional 0.80
        """
        return verbs.r2(replace(self._source, boot=boot, seed=seed), prob=prob)

    def fitted(self, *, effects: Literal["all", "fixed"] = "all", prob: float = 0.95) -> pd.DataFrame:
        """Fitted value of every row with its interval.

        Use :meth:`predict` for new rows, new levels and new responses.

        Parameters
        ----------
        effects : {"all", "fixed"}, default "all"
            With the row's random effects, or the population's value without them.
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, ``df``, one row for every row used, under the
            data's index.

        Raises
        ------
        BayesmixedError
            When `effects` or `prob` is not known.

        Notes
        -----
        Intervals and ``df`` are those of :meth:`predict`: by Student's t
        with Satterthwaite's degrees of freedom for the population's value, normal where random effects take
        part.

        Examples
        --------
        >>> m.fitted(effects="fixed").head(2).round(1)
        value  se lower_2.5 upper_97.5 df
        251.4 6.8     237.0      265.8 17
        261.9 6.8     247.6      276.2 17
        """
        return verbs.fitted(self._source, effects=effects, prob=prob)

    def simulate(
        self,
        n: int = 1,
        *,
        newdata: IntoFrame | None = None,
        effects: SimulatedEffects = "new",
        weights: str | ArrayLike | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Simulate responses of every row, with the parameters at their estimates.

        Use it to see whether data like the ones observed could have come from the model, and to plan a study.

        Parameters
        ----------
        n : int, default 1
            Number of data sets.
        newdata : pandas, polars or Arrow frame, optional
            Predictors and grouping factors of the rows; by default those of the fit. Effects of levels that
            the model has not seen are drawn from N(0, S).
        effects : {"all", "new", "fixed"}, default "new"
            ``"all"``: the levels keep their own random effects (the posterior predictive distribution of the
            rows). ``"new"``, the default: every level gets new random effects from N(0, S), as if other
            groups of the same population had been observed, lme4's ``use.u = FALSE``. ``"fixed"``: residuals
            around the population's value alone.
        weights : str or array-like, optional
            For a model with weights, those of the rows of `newdata`.
        seed : int, optional
            Repeats the data sets; without it every call differs.

        Returns
        -------
        pandas.DataFrame
            Columns ``sim_1``, ``sim_2``, ...; one row for each row, under the index of the data. Each can
            take the place of the response in the data: of a proportion with its trials in ``weights=`` these
            are proportions, of ``prop(k, n)`` and ``cbind(k, n - k)`` the successes k. (Of ``cbind(k, m)``
            the failures m are then the trials less k.)

        Raises
        ------
        BayesmixedError
            When `n` is not a number of data sets, or `effects` or `seed` is not known.
        DataError
            When `newdata` do not fit the model.

        Notes
        -----
        The response is y = X b + Z u + offset + sigma / sqrt(w) times a standard normal.

        Examples
        --------
        >>> m.simulate(2, seed=1).shape
        (180, 2)
        """
        return verbs.simulate(self._source, n, newdata=newdata, effects=effects, weights=weights, seed=seed)

    @uses("method", dict.fromkeys(("profile", "none"), ("effects", "prob")), instead="boot")
    def tidy(
        self,
        *,
        effects: Sequence[TidyEffects] = ("fixed", "ran_pars"),
        prob: float = 0.95,
        method: VarianceIntervals = "none",
        seed: int | None = None,
    ) -> pd.DataFrame:
        """All parameters in one long table with broom.mixed's columns.

        Use it with code written for broom.

        Parameters
        ----------
        effects : sequence of {"fixed", "ran_pars", "ran_vals"}, default ("fixed", "ran_pars")
            Fixed effects; standard deviations and correlations; the random effects of every level.
        prob : float, default 0.95
            Confidence level of the intervals.
        method : {"profile", "boot", "none"}, default "none"
            Intervals of the standard deviations and correlations: by profile likelihood, by the parametric
            bootstrap, or, as in broom.mixed, not at all (NaN).
        seed : int, optional
            Repeats the bootstrap.

        Returns
        -------
        pandas.DataFrame
            ``effect``, ``group``, ``term``, ``estimate``, ``std_error``, ``statistic``, ``df``, ``p_value``,
            ``conf_low``, ``conf_high``; with ``"ran_vals"`` a column ``level`` after ``group``.

        Raises
        ------
        BayesmixedError
            When `effects` holds another word or is empty, or `prob` or `method` is not known.

        Examples
        --------
        >>> m.tidy()[["effect", "term", "estimate"]].round(1)
        effect   term                estimate
        fixed    Intercept              251.4
        fixed    Days                    10.5
        ran_pars sd__Intercept           24.7
        ran_pars sd__Days                 5.9
        ran_pars cor__Intercept.Days      0.1
        ran_pars sd__Observation         25.6
        """
        return verbs.tidy(replace(self._source, method=method, seed=seed), effects=effects, prob=prob)

    def glance(self) -> pd.DataFrame:
        """Put the estimate into one row.

        Use it to stack models under each other.

        Returns
        -------
        pandas.DataFrame
            One row: ``nobs``, ``sigma``, ``engine`` (``"reml"`` or ``"ml"``), ``npar``, ``log_likelihood``,
            ``AIC``, ``AICc``, ``BIC``, ``deviance`` (minus twice the log likelihood, restricted for REML),
            ``df_residual`` (rows less parameters), ``singular``.

        Examples
        --------
        >>> m.glance().loc[0, ["nobs", "npar", "AIC"]].round(1).tolist()
        [180.0, 6.0, 1755.6]
        """
        return verbs.estimate_glance(self.estimate)

    def predict(
        self,
        newdata: IntoFrame | None = None,
        *,
        effects: PredictEffects = "all",
        new_levels: NewLevels = "error",
        kind: PredictKind = "mean",
        prob: float = 0.95,
        weights: str | ArrayLike | None = None,
    ) -> pd.DataFrame:
        """Prediction of every row with the interval that lme4 does not give.

        Use it for new rows, new groups and new responses; without `newdata` it predicts the rows of the fit.

        Parameters
        ----------
        newdata : pandas, polars or Arrow frame, optional
            Predictors, offsets and the grouping factors that take part; m rows, by default those of the fit.
        effects : {"all", "fixed"} or sequence of str, default "all"
            Random effects that take part: all (lme4's ``re.form = NULL``), none (``re.form = NA``), or those
            of the grouping factors named.
        new_levels : {"error", "population", "sample"}, default "error"
            What happens to levels that the model has not seen: they are refused; or they get the effect 0,
            which is lme4's ``allow.new.levels = TRUE``; ``"sample"`` adds the variance of their effects to
            the interval.
        kind : {"mean", "link", "response"}, default "mean"
            The mean of the row given the effects that take part, which is its linear predictor too, or a new
            response, whose interval holds a residual.
        prob : float, default 0.95
            Confidence level of the intervals.
        weights : str or array-like, optional
            For ``kind="response"`` and a model with weights, those of the rows of `newdata`: a column, one
            number for each row (a Series by its index, all else by position), or one for all.

        Returns
        -------
        pandas.DataFrame
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, ``df`` under the index of `newdata`.

        Raises
        ------
        DataError
            For a missing column or value, a column of another kind, an unseen category or level, and where
            weights are needed.
        BayesmixedError
            When `effects`, `new_levels`, `kind` or `prob` is not known.

        Notes
        -----
        The standard error is the root of the variance of x'b + z'u - z'u_true from Henderson's mixed-model
        equations, x'vcov(b)x where no random effect takes part; z'Sz is added for a new level, the row's
        residual variance s^2 + sigma^2 / w, s a known error, for a new response (so that columns which the
        formula names in ``sigma ~``, ``se()`` and ``weights()`` are needed). Every row is predicted by
        itself, without the residuals of others that it may be correlated with. A row in which no random
        effect of a known level takes part has the interval of Student's t, as in `fixef` and emmeans: ``df``
        is Satterthwaite's for the row's whole variance. Any
        other row has the normal interval, which takes the variances as known: somewhat short where groups are
        few. Its ``df`` is infinite.

        Examples
        --------
        >>> m.predict(sleep.head(2), effects="fixed").round(1)
        value  se lower_2.5 upper_97.5 df
        251.4 6.8     237.0      265.8 17
        261.9 6.8     247.6      276.2 17
        """
        table = verbs.predict(
            self._source,
            newdata,
            effects=effects,
            new_levels=new_levels,
            kind=kind,
            prob=prob,
            weights=weights,
        )
        return cast("pd.DataFrame", table)

    def predictions_at(
        self,
        at: Mapping[str, Any],
        *,
        average: bool = False,
        effects: PredictEffects = "fixed",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Adjusted predictions: the mean at every combination of some values.

        Use it for a curve or a table of cells, as emmeans.

        Parameters
        ----------
        at : mapping of str to value or sequence
            Column to one value or several, e.g. ``{"Days": [0, 3, 9]}``.
        average : bool, default False
            False holds what `at` does not name at a typical value: other numbers at their mean over the rows,
            other categorical columns at their most frequent level, and grouping factors that take part run
            through the levels observed. True sets the columns of `at` in every row of the data, and averages
            over the rows.
        effects : {"all", "fixed"} or sequence of str, default "fixed"
            The population's value, or with the random effects named, as in :meth:`predict`.
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            The columns of the grid, ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, ``df``. A column of the
            data that has one of these names stands as ``at_value``.

        Raises
        ------
        DataError
            When a name is not a predictor or has no values, or the model has not seen a level.
        BayesmixedError
            When `effects` or `prob` is not known.

        Notes
        -----
        Means of the population, averages over the rows too, have the interval of Student's t with
        Satterthwaite's degrees of freedom, as in emmeans. Those that random effects take part in have the
        normal interval, and ``df`` is infinite.

        Examples
        --------
        >>> m.predictions_at({"Days": [0, 9]}).round(1)
        Days value   se lower_2.5 upper_97.5 df
           0 251.4  6.8     237.0      265.8 17
           9 345.6 14.6     314.7      376.5 17
        """
        table = verbs.predictions_at(self._source, at, average=average, effects=effects, prob=prob)
        return cast("pd.DataFrame", table)

    def comparisons(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        contrast: ContrastChoice = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Difference that a change of one predictor makes to the mean, all else being equal.

        Use it for contrasts, as emmeans and marginaleffects.

        Parameters
        ----------
        variable : str
            The predictor, a column of the data.
        at : mapping of str to value or sequence, optional
            Other columns to one value or several.
        contrast : number, pair, {"reference", "pairwise"}, optional
            For a number the size of a step up, 1 by default; for a categorical column every other level
            against the first (``"reference"``, the default) or all pairs (``"pairwise"``); for both a pair,
            low and high.
        average : bool, default True
            True averages the difference over the rows of the data, once for each combination of the values of
            `at`, which are set in every row. False gives every row of the data its difference, or, with `at`,
            every point of the grid of :meth:`predictions_at`.
        effects : {"all", "fixed"} or sequence of str, default "fixed"
            The population's value, or with the random effects named, as in :meth:`predict`.
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``term``, ``contrast``, the columns of `at` or of the rows, ``value``, ``se``, ``lower_2.5``,
            ``upper_97.5``, ``t``, ``df``, ``p_value`` (two-sided, not adjusted for several contrasts). A
            column of the data that has one of these names stands as ``at_term``, ``at_value``.

        Raises
        ------
        DataError
            When `variable` or a name of `at` is not a predictor, or `contrast` does not suit it.
        BayesmixedError
            When `effects` or `prob` is not known.

        Notes
        -----
        A comparison is linear in coefficients and random effects, so that its standard error follows from
        their joint covariance without a delta method, averages over the rows too. Intervals and tests of the
        population are by Student's t with Satterthwaite's degrees of freedom, as in emmeans; where random
        effects take part they are normal, and ``df`` is infinite.

        Examples
        --------
        >>> m.comparisons("Days", contrast=(0, 9))[["contrast", "value", "df"]].round(1)
        contrast value df
        9 - 0     94.2 17
        """
        table = verbs.comparisons(
            self._source, variable, at=at, contrast=contrast, average=average, effects=effects, prob=prob
        )
        return cast("pd.DataFrame", table)

    def slopes(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Slope of the mean in one numeric predictor, all else being equal.

        Use it for the effect of a number where it enters by a spline, a transform or an interaction.

        Parameters
        ----------
        variable : str
            The predictor, a column of numbers.
        at : mapping of str to value or sequence, optional
            Columns to one value or several; `variable` may be among them.
        average : bool, default True
            As in :meth:`comparisons`: the mean slope over the rows, or the slope of every row or point.
        effects : {"all", "fixed"} or sequence of str, default "fixed"
            The population's value, or with the random effects named, as in :meth:`predict`.
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            The columns of :meth:`comparisons`.

        Raises
        ------
        DataError
            When `variable` or a name of `at` is not a predictor.
        BayesmixedError
            When `variable` is categorical; when `effects` or `prob` is not known.

        Notes
        -----
        Intervals and tests are those of :meth:`comparisons`. A slope is that of the response as the formula
        transforms it.

        Examples
        --------
        >>> m.slopes("Days")[["term", "value", "df"]].round(1)
        term value df
        Days  10.5 17
        """
        table = verbs.slopes(self._source, variable, at=at, average=average, effects=effects, prob=prob)
        return cast("pd.DataFrame", table)

    def anova(self, *others: RemlFit, type: AnovaType = "III") -> pd.DataFrame:  # noqa: A002 (R's name)
        """F tests of the terms, or likelihood-ratio tests against other fits.

        Use it as R's ``anova``; :func:`bayesmixed.anova` says what the tests are, and has more arguments.

        Parameters
        ----------
        *others : RemlFit
            Fits of other models to the same rows; the F tests of this one unless given.
        type : {"III", "II", "I"}, default "III"
            Type of the F tests: a term averaged over the levels of the factors with which it interacts;
            adjusted for the terms that do not contain it; adjusted for the terms before it.

        Returns
        -------
        pandas.DataFrame
            Of one fit ``term``, ``sum_sq``, ``mean_sq``, ``NumDF``, ``DenDF`` (Satterthwaite's), ``F``,
            ``p_value``; of several ``model``, ``npar``, ``AIC``, ``BIC``, ``logLik``, ``deviance``,
            ``Chisq``, ``Df``, ``p_value``, ``p_mixture``.

        Raises
        ------
        BayesmixedError
            When `type` is not known.
        DataError
            When rows, responses or weights differ.

        Examples
        --------
        >>> m.anova().round(2)
        term sum_sq mean_sq NumDF DenDF     F p_value
        Days  30031   30031     1    17 45.85       0
        Type III, with Satterthwaite's degrees of freedom.
        """
        from bayesmixed.comparison.anova import anova

        return anova(self, *others, type=type)

    def drop1(self) -> pd.DataFrame:
        """Test every fixed term that can be left out, by maximum likelihood.

        Use it to see what each predictor adds to all others; :func:`bayesmixed.drop1` says more.

        Returns
        -------
        pandas.DataFrame
            First the model as it is, ``<none>``, then one row for each term: ``term``, ``npar`` (parameters
            that go with it), ``AIC`` (without it), ``LRT`` (likelihood-ratio statistic), ``p_value``.

        Examples
        --------
        >>> m.drop1()[["term", "LRT"]].round(2)
        term     LRT
        <none>   NaN
        Days   23.54
        """
        from bayesmixed.comparison.drop1 import drop1

        return drop1(self)

    def ranova(self, *, boot: int = 0, seed: int | None = None) -> pd.DataFrame:
        """Test every random-effect term that can be left out, by the fit's own criterion.

        Use it to see whether a variance component is needed; :func:`bayesmixed.ranova` says how terms are
        reduced.

        Parameters
        ----------
        boot : int, default 0
            Number of refits to data simulated from every reduced model, for ``p_boot``; none for 0.
        seed : int, optional
            Repeats the simulated data.

        Returns
        -------
        pandas.DataFrame
            First the model as it is, ``<none>``, then one row for each term: ``term``, ``npar``, ``logLik``,
            ``AIC``, ``LRT`` (likelihood-ratio statistic), ``Df``, ``p_value``, ``p_mixture`` and, when asked
            for, ``p_boot``.

        Examples
        --------
        >>> m.ranova()[["term", "npar", "LRT"]].round(2)
        term                     npar   LRT
        <none>                      6   NaN
        Days in (Days | Subject)    4 42.84
        """
        from bayesmixed.comparison.ranova import ranova

        return ranova(self, boot=boot, seed=seed)

    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the estimated coefficients.

        Use it for the standard error of a combination c'b: the root of c'Vc.

        Returns
        -------
        pandas.DataFrame
            Shape (p, p), by term, in the units of the coefficients: sigma^2 (X'V^-1 X)^-1, lme4's ``vcov``.

        Examples
        --------
        >>> m.vcov().round(1)
                  Intercept Days
        Intercept      46.6 -1.5
        Days           -1.5  2.4
        """
        terms = list(self.spec.design.fixed.terms)
        return pd.DataFrame(self.estimate.covariance, index=terms, columns=terms)

    def log_likelihood(self) -> float:
        """Log likelihood at the optimum, lme4's ``logLik``.

        Returns
        -------
        float
            Of the response in its own units; restricted for REML.

        Examples
        --------
        >>> round(m.log_likelihood(), 1)
        -871.8
        """
        return self.estimate.log_likelihood

    def deviance(self) -> float:
        """Minus twice the log likelihood at the optimum.

        Returns
        -------
        float
            For REML lme4's REML criterion.

        Examples
        --------
        >>> round(m.deviance(), 1)
        1743.6
        """
        return self.estimate.optimum.criterion

    def aic(self) -> float:
        """Akaike's information criterion; smaller is better.

        Returns
        -------
        float
            -2 log L + 2 k for k parameters; L is restricted for REML, as in lme4.

        Notes
        -----
        Akaike (1974), IEEE Transactions on Automatic Control 19:716. Compare REML fits with the same fixed
        part only.

        Examples
        --------
        >>> round(m.aic(), 1)
        1755.6
        """
        return self.estimate.aic

    def aicc(self) -> float:
        """Akaike's information criterion for small samples; smaller is better.

        Returns
        -------
        float
            AIC + 2 k (k + 1) / (n - k - 1) for k parameters and n rows; infinite when n <= k + 1.

        Notes
        -----
        Hurvich and Tsai (1989), Biometrika 76:297.

        Examples
        --------
        >>> round(m.aicc(), 1)
        1756.1
        """
        return self.estimate.aicc

    def bic(self) -> float:
        """Schwarz's information criterion; smaller is better.

        Returns
        -------
        float
            -2 log L + k log n for k parameters and n rows, as in lme4.

        Notes
        -----
        Schwarz (1978), Annals of Statistics 6:461.

        Examples
        --------
        >>> round(m.bic(), 1)
        1774.8
        """
        return self.estimate.bic


def reml_fit(spec: ModelSpec, by: Literal["reml", "ml"]) -> RemlFit:
    """Estimate a specified model by restricted or full maximum likelihood; warn where the data hardly do."""
    from bayesmixed.engines.reml.estimate import estimate, warn_of_flatness

    check_gaussian(spec, "Restricted or full maximum likelihood")
    found = estimate(spec.design, by)
    warn_of_flatness(found)
    return RemlFit(spec=spec, estimate=found)
