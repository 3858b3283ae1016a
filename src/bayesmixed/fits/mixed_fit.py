"""The fit that ``lmer`` returns: methods that delegate, nothing computed here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import pandas as pd
import xarray as xr

from bayesmixed import verbs
from bayesmixed.engines.records import RunInfo
from bayesmixed.fits.posterior_methods import PosteriorMethods
from bayesmixed.fits.regression_fit import estimate_fit
from bayesmixed.fits.reml_fit import RemlFit
from bayesmixed.fits.row_sample import SampleMethods
from bayesmixed.model.prior_set import PriorTable, prior_table
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import (
    IccKind,
    RanefDiagnosis,
    SimulatedEffects,
    TidyEffects,
)
from bayesmixed.printing.records import Text
from bayesmixed.surface import no_such_attribute, public_methods
from bayesmixed.tables.fit_methods import TableMethods
from bayesmixed.tables.summary_parts import SummaryParts, summary_parts

if TYPE_CHECKING:
    import pymc as pm
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.records import Design
    from bayesmixed.plots.methods import FitPlots
    from bayesmixed.posterior.diagnostics import Diagnosis


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class MixedFit(PosteriorMethods, TableMethods, SampleMethods):
    """A fitted Bayesian linear or generalized linear mixed model, with lme4's verbs; print it.

    :func:`bayesmixed.lmer` and :func:`bayesmixed.glmer` make one, and so do :func:`bayesmixed.lm` and
    :func:`bayesmixed.glm` of a model without random effects. Examples of its methods use ``sleep =
    bm.load_dataset("sleepstudy")``, ``fit = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, seed=1)``
    and ``herds = bm.glmer("prop(incidence, size) ~ period + (1 | herd)", bm.load_dataset("cbpp"), "binomial",
    seed=1)``.

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
        return self._summary().text()

    __repr__ = __str__

    def __getattr__(self, name: str) -> NoReturn:
        from bayesmixed.habits import POSTERIOR

        no_such_attribute(self, name, POSTERIOR)

    def _repr_html_(self) -> str:
        """Summary as a notebook shows it."""
        return self._summary().html()

    def _summary(self) -> SummaryParts:
        """What the printed summary says."""
        diagnosis = self.diagnosis
        return summary_parts(
            self.draws, self.spec, self.run, diagnosis.table(), problems=diagnosis.problems()
        )

    def _page(self, title: str | None, prob: float) -> str:
        """Report as HTML."""
        from bayesmixed.report.page import report_html

        return report_html(self, title=title, prob=prob)

    def _at_design(self, design: Design) -> MixedFit:
        """The same draws over another look at the data; see :mod:`bayesmixed.fits.row_sample`."""
        return replace(self, spec=replace(self.spec, design=design))

    @property
    def plan(self) -> Text:
        """What was integrated and what was sampled, and why."""
        return Text("\n".join(self.run.plan))

    @property
    def priors(self) -> PriorTable:
        """The prior of every parameter with the numbers used; print it, or call its ``table()``.

        By default, with s the sample standard deviation (n - 1) over the rows used and y the response less
        the offset: intercept at the column means ~ Normal(mean(y), 2.5 s_y); coefficient j ~ Normal(0, 2.5
        s_y / s_xj); random-effect sd of column z ~ HalfStudentT(3, s_y / s_z), s_z = 1 for an intercept, and
        the root mean square over columns that have one sd; correlation matrices ~ LKJ(2), a correlation from
        which all others of a bar follow ~ Normal(0, 0.5) on its support; residual sd ~ HalfStudentT(3, s_y).
        Without an intercept the coefficients carry the level of y, so their scale uses the root mean square
        of y in place of s_y. With a link g other than the identity, g(mean(y)) stands in place of mean(y) and
        1 in place of s_y. Of the families' own parameters alpha and kappa ~ InverseGamma(0.4, 0.3), nu of t ~
        Gamma(2, 0.1); other families have Bambi's.
        """
        return prior_table(self.spec.design, self.spec.priors, self.spec.family)

    @property
    def plot(self) -> FitPlots:
        """Pictures of the fit: ``fit.plot.ranef()`` and others; ``fit.plot`` lists them."""
        from bayesmixed.plots.methods import FitPlots

        return FitPlots(fit=self)

    @cached_property
    def pymc_model(self) -> pm.Model:
        """The hierarchical PyMC model, to look at, to extend, to sample."""
        from bayesmixed.model.build import build_pymc_model

        return build_pymc_model(self.spec)

    def fixef(self, *, exponentiate: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients of the fixed effects with their intervals.

        Use it for the effects of the predictors.

        Parameters
        ----------
        exponentiate : bool, default False
            Whether ratios are given: of odds (logit link), of rates or means (log), of hazards (cloglog), of
            medians (lognormal). The intercept's is the odds or the mean itself.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            One row for each column of X: ``term``, ``value`` (posterior median), ``se`` (posterior standard
            deviation), ``lower_2.5``, ``upper_97.5``, ``p_direction`` (the larger of P(> 0) and P(< 0)).
            Where sigma has a formula, a first column ``parameter`` says whose predictor a row is of
            (``"mu"``, ``"sigma"``): coefficients of sigma are those of its logarithm.
            Exponentiated, ``attrs["legend"]`` says what the values are; ``p_direction`` stays that of the
            coefficient, so that it compares with 1.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.
        FamilyError
            When `exponentiate` is given and exponentials of the coefficients are not ratios, by the link of
            the model.

        Notes
        -----
        The probability of direction is near one minus half of a two-sided p-value when the prior is wide
        (Makowski et al. 2019, Frontiers in Psychology 10:2767).

        Examples
        --------
        >>> fit.fixef().round(1)
        term      value  se lower_2.5 upper_97.5 p_direction
        Intercept 251.6 8.1     236.0      268.0           1
        Days       10.4 1.6       7.2       13.6           1
        """
        return verbs.fixef(self._source, exponentiate=exponentiate, prob=prob)

    def varcorr(self, *, correlations: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Variance components, or the correlations of random effects.

        Use it to see between what the responses vary.

        Parameters
        ----------
        correlations : bool, default False
            Whether correlations are given in place of standard deviations.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``group``, ``effect``, ``variance``, ``sd``, ``sd_2.5``, ``sd_97.5``, ``var_prop``: one row for
            every effect of every grouping factor (for all effects that share one standard deviation), then
            ``Residual`` with an empty effect where the family has a ``sigma``. Where sigma has a formula
            there is a first column ``parameter``, and ``Residual`` has a row for each combination of the
            columns that sigma is predicted from, if they are few and there are no bars, else one for the root
            of the mean variance over the rows; deviations in the predictor of sigma are those of its
            logarithm. With `correlations`: ``group``, ``effect_1``, ``effect_2``, ``value``, ``se``,
            ``lower_2.5``, ``upper_97.5``, one row for every pair of effects that are correlated in the model,
            or ``rho`` with an empty second effect where all correlations of a bar follow from one number;
            those of residuals under ``Residual``; no rows when there are none.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        ``sd`` is the posterior median and ``variance`` its square, which is the median of the variance.
        ``var_prop`` is the variance of the row divided by the sum of the column, as in mixedup, so that the
        rows add to one; where rows have a residual variance of their own, its mean over the rows, known
        errors included, is a part of the sum. It compares variances at the point where every predictor is one
        unit; for a share with an interval, and for models with random slopes, use :meth:`icc`.

        Examples
        --------
        >>> fit.varcorr()[["group", "effect", "sd"]].round(0)
        group    effect    sd
        Subject  Intercept 30
        Subject  Days       6
        Residual           26
        >>> fit.varcorr(correlations=True)[["effect_1", "effect_2", "value"]].round(1)
        effect_1  effect_2 value
        Intercept Days      -0.1
        """
        return verbs.varcorr(self._source, correlations=correlations, prob=prob)

    def icc(
        self,
        *,
        kind: IccKind = "adjusted",
        at: Mapping[str, float | Sequence[float]] | None = None,
        prob: float = 0.95,
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
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``group``, ``icc`` (posterior median), ``lower_2.5``, ``upper_97.5``, ``formula``; one row for
            each grouping factor and, when there are several, a row ``all`` for their sum. A factor with a
            level for every row groups nothing and has no row: its variance is overdispersion. A curve has
            these rows for every combination of the values, which stand in columns of their own before them.
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
        Computed draw by draw: V / (V_all + sigma^2), unadjusted V / (V_fix + V_all + sigma^2). V is the mean
        over the rows of z' S z (Johnson 2014, Methods in Ecology and Evolution 5:944) of the row's grouping
        factor, the variance of the intercepts where only they vary; V_all is its sum over all grouping
        factors, which is V in the row ``all``; V_fix is the sample variance of X beta over the rows
        (Nakagawa, Johnson and Schielzeth 2017, J. R. Soc. Interface 14:20170213). With weights, sigma is that
        of a row of weight one.

        Of a family other than gaussian the distribution-specific variance stands in place of sigma^2
        (Nakagawa et al. 2017). lognormal: sigma^2, of the logarithm; t: sigma^2 nu / (nu - 2). bernoulli and
        binomial: that of the link's latent distribution, pi^2/3 (logit), 1 (probit), pi^2/6 (cloglog). With a
        log link poisson log(1 + 1/lambda), negativebinomial log(1 + 1/lambda + 1/alpha), gamma log(1 +
        1/alpha), with the expected count lambda = exp(m + (V_fix + V_all + V_over) / 2), m the mean over the
        rows of X beta + offset. All others by the delta method, Var(y) (d link / d mean)^2 at m. The variance
        of a factor with a level for every row, V_over, is overdispersion: it stands in the denominator only.

        Examples
        --------
        >>> fit.icc(at={"Days": [0, 9]})[["Days", "icc"]].round(1)
        Days icc
           0 0.6
           9 0.8
        """
        return verbs.icc(self._source, kind=kind, at=at, prob=prob)

    def r2(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Nakagawa's marginal and conditional R2 with their intervals.

        Use it to say how much of the variance the model explains.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``type`` (``marginal``: by the fixed effects; ``conditional``: by fixed and random effects),
            ``r2`` (posterior median), ``lower_2.5``, ``upper_97.5``, ``formula``. ``attrs["legend"]`` says
            what the letters of the formulas stand for.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        Computed draw by draw. V_fix is the sample variance of X beta over the rows, V_all the sum over the
        grouping factors of the mean over the rows of z' S z (Nakagawa and Schielzeth 2013, Methods in Ecology
        and Evolution 4:133; Johnson 2014, 5:944), and V_total = V_fix + V_all + sigma^2. Of a family other
        than gaussian, the distribution-specific variance of :meth:`icc` stands in place of sigma^2. The
        variance of a factor with a level for every row, V_over, is overdispersion: part of V_total, not of
        V_all.

        Examples
        --------
        >>> fit.r2()[["type", "r2"]].round(1)
        type         r2
        marginal    0.3
        conditional 0.8
        """
        return verbs.r2(self._source, prob=prob)

    def fitted(
        self,
        *,
        effects: Literal["all", "fixed"] = "all",
        scale: Literal["response", "link"] = "response",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Fitted value of every row with its interval: the mean that the model gives the row.

        Use :meth:`predict` for new rows, new levels and new responses.

        Parameters
        ----------
        effects : {"all", "fixed"}, default "all"
            With the row's random effects, or the population's value without them.
        scale : {"response", "link"}, default "response"
            The mean (of successes out of trials the mean proportion), or the linear predictor.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's
            index.

        Raises
        ------
        BayesmixedError
            When `effects`, `scale` or `prob` is not known.
        FamilyError
            For the mean of a family that does not have one.

        Notes
        -----
        The intervals are of the mean without the residual: the inverse link of X beta + Z u + offset or, of a
        family whose location is not its mean, the mean there. Rows are computed a block at a time, so that
        memory does not grow with them.

        ============================================  ==================================================
        family                                        mean, of the location m
        ============================================  ==================================================
        lognormal                                     exp(m + sigma^2 / 2)
        zero-inflated; hurdle gamma                   psi m
        hurdle_lognormal                              psi exp(m + sigma^2 / 2)
        hurdle_poisson                                psi m / (1 - exp(-m))
        hurdle_negativebinomial                       psi m / (1 - (alpha / (alpha + m))^alpha)
        exgaussian                                    m + nu
        asymmetriclaplace                             m + (1 / kappa - kappa) / b
        all others but vonmises (no mean)             m
        ============================================  ==================================================

        Examples
        --------
        >>> fit.fitted(effects="fixed").head(2).round(0)
        value se lower_2.5 upper_97.5
          252  8       236        268
          262  8       247        278
        """
        return verbs.fitted(self._source, effects=effects, scale=scale, prob=prob)

    def simulate(
        self,
        n: int = 1,
        *,
        newdata: IntoFrame | None = None,
        effects: SimulatedEffects = "all",
        weights: str | ArrayLike | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Simulate responses of every row, each data set from one draw of the parameters.

        Use it to see whether data like the ones observed could have come from the model, and to plan a study.

        Parameters
        ----------
        n : int, default 1
            Number of data sets.
        newdata : pandas, polars or Arrow frame, optional
            Predictors and grouping factors of the rows; by default those of the fit. Effects of levels that
            the model has not seen are drawn from N(0, S).
        effects : {"all", "new", "fixed"}, default "all"
            ``"all"``: the levels keep their own random effects (the posterior predictive distribution of the
            rows). ``"new"``: every level gets new random effects from N(0, S), as if other groups of the same
            population had been observed, lme4's ``use.u = FALSE``. ``"fixed"``: residuals around the
            population's value alone.
        weights : str or array-like, optional
            For a model with weights, those of the rows of `newdata`.
        seed : int, optional
            Repeats the data sets; the fit's own seed unless given.

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
        The draws used are chosen at random without repetition while there are enough. The response is y = X b
        + Z u + offset + e, e normal with the standard deviation of the row, sqrt(s^2 + sigma^2 / w), and with
        the correlations of the model within its series (which new rows do not belong to: these are refused);
        or a draw from the family's distribution.

        Examples
        --------
        >>> fit.simulate(2, seed=1).shape
        (180, 2)
        """
        return verbs.simulate(
            self._source, n, newdata=newdata, effects=effects, weights=weights, seed=self._seed(seed)
        )

    def tidy(
        self, *, effects: Sequence[TidyEffects] = ("fixed", "ran_pars"), prob: float = 0.95
    ) -> pd.DataFrame:
        """All parameters in one long table with broom.mixed's columns.

        Use it with code written for broom.

        Parameters
        ----------
        effects : sequence of {"fixed", "ran_pars", "ran_vals"}, default ("fixed", "ran_pars")
            Fixed effects; standard deviations and correlations; the random effects of every level.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``effect``, ``group``, ``term``, ``estimate`` (posterior median), ``std_error`` (posterior
            standard deviation), ``conf_low``, ``conf_high``; with ``"ran_vals"`` a column ``level`` after
            ``group``. Terms are ``sd__Intercept``, ``cor__Intercept.Days`` and, in the group ``Residual``,
            ``sd__Observation``, and correlations of residuals, ``cor__ar``. What does not apply is ``""``.
            Where sigma has a formula, a column ``component`` after ``effect`` is ``"mu"`` or ``"sigma"``.

        Raises
        ------
        BayesmixedError
            When `effects` holds another word or is empty, or `prob` is not between 0 and 1.

        Examples
        --------
        >>> fit.tidy()[["effect", "term", "estimate"]].round(0)
        effect   term                estimate
        fixed    Intercept                252
        fixed    Days                      10
        ran_pars sd__Intercept             30
        ran_pars sd__Days                   6
        ran_pars cor__Intercept.Days        0
        ran_pars sd__Observation           26
        """
        return verbs.tidy(self._source, effects=effects, prob=prob)

    def glance(self, *, loo: bool = False) -> pd.DataFrame:
        """Put the fit into one row.

        Use it to stack fits under each other.

        Parameters
        ----------
        loo : bool, default False
            Whether the expected log predictive density by leave-one-out cross-validation is added; it
            costs a pass over rows times draws.

        Returns
        -------
        pandas.DataFrame
            One row: ``nobs``, ``sigma`` (posterior median, NaN for a family without it), ``engine``,
            ``chains``, ``draws`` (of each chain), ``max_rhat``, ``min_ess`` (the smallest of all bulk and
            tail effective sample sizes) and, with `loo`, ``elpd_loo``.

        Examples
        --------
        >>> fit.glance().loc[0, ["nobs", "engine", "draws"]].tolist()
        [np.int64(180), 'collapsed', np.int64(1000)]
        """
        elpd = None
        if loo:
            import arviz_stats

            elpd = float(arviz_stats.loo(self.add_groups("log_likelihood")).elpd)
        return verbs.glance(self.draws, self.spec, self.run, self.diagnosis.table(), elpd_loo=elpd)

    def diagnostics(self, *, ranef: RanefDiagnosis = "screen") -> pd.DataFrame:
        """Convergence statistics: R-hat and effective sample sizes.

        Use it to see whether the draws are good; a warning of the fit names what is not. ``fit.diagnosis`` is
        the verdict.

        Parameters
        ----------
        ranef : {"screen", "all"}, default "screen"
            ``"screen"``: the 12 random effects of every grouping factor that look worst to a cheap statistic.
            ``"all"``: every random effect.

        Returns
        -------
        pandas.DataFrame
            ``r_hat`` (rank-normalized, split; good up to 1.01), ``ess_bulk``, ``ess_tail`` (of the 5 % and 95
            % tails; good from 400), by quantity. Random effects of which only moments are kept are left out.

        Raises
        ------
        BayesmixedError
            When `ranef` is another word, or all random effects are asked for and the fit keeps their moments.

        Notes
        -----
        Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), Bayesian Analysis 16:667. ArviZ's statistics
        cost 2 to 3 ms a quantity, the screen 0.4 s for 4,100 random effects. It keeps the order of the
        effective sample sizes, and spares a good posterior a false alarm: among thousands of noisy estimates
        the smallest lies far below the truth.

        Examples
        --------
        >>> fit.diagnostics().index.tolist()[:2]
        ['beta[Intercept]', 'beta[Days]']
        """
        from bayesmixed.posterior.diagnostics import diagnose

        return (self.diagnosis if ranef == "screen" else diagnose(self.draws, ranef=ranef)).table()

    def with_ranef_draws(self) -> MixedFit:
        """Posterior with the draws of its random effects, where a fit keeps their moments.

        Use it when a verb needs draws of all random effects, e.g. ``loo`` or ``fitted``, and there is memory
        for them: 8 bytes for each draw and effect.

        Returns
        -------
        MixedFit
            A new fit, up to rounding the same as with ``keep_ranef="draws"``: given the kept draws of the
            variances, the seed gives the same conditional draws. The same draws where the fit has them.

        Raises
        ------
        BayesmixedError
            When the random effects were sampled, not integrated out, so that their draws are gone.

        Examples
        --------
        >>> dyes = bm.load_dataset("Dyestuff")
        >>> moments = bm.lmer("Yield ~ 1 + (1 | Batch)", dyes, keep_ranef="moments", seed=1)
        >>> dict(moments.with_ranef_draws().draws["posterior"]["ranef_Batch"].sizes)
        {'chain': 4, 'draw': 1000, 'Batch': 6, 'Batch_effect': 1}
        """
        from bayesmixed.engines.moments import MOMENTS_KEPT
        from bayesmixed.verbs.redraw import redraw

        plan = tuple(sentence for sentence in self.run.plan if sentence != MOMENTS_KEPT)
        return replace(self, draws=redraw(self.draws, self.spec), run=replace(self.run, plan=plan))

    def reml(self) -> RemlFit:
        """Estimate the same model by restricted maximum likelihood, as lme4 does.

        Use it to set lme4's estimates beside the posterior, and for F tests and tests of variances. Without
        random effects these are least squares.

        Returns
        -------
        RemlFit or RegressionFit
            The estimate; the priors are not used.

        Raises
        ------
        EngineError
            When the family is not gaussian, or crossed random effects are too many to be integrated out
            together.
        DataError
            When the data do not determine every parameter.

        Warns
        -----
        DesignWarning
            When the data hardly determine the variances and correlations.

        Examples
        --------
        >>> fit.reml().fixef()["value"].round(1).tolist()
        [251.4, 10.5]
        """
        return estimate_fit(self.spec, "reml")

    def ml(self) -> RemlFit:
        """Estimate the same model by maximum likelihood.

        Use it for likelihood-ratio tests of fixed effects, AIC and BIC.

        Returns
        -------
        RemlFit or RegressionFit
            The estimate; the priors are not used.

        Raises
        ------
        EngineError
            When the family is not gaussian, or crossed random effects are too many to be integrated out
            together.
        DataError
            When the data do not determine every parameter.

        Warns
        -----
        DesignWarning
            When the data hardly determine the variances and correlations.

        Examples
        --------
        >>> round(fit.ml().deviance(), 1)
        1751.9
        """
        return estimate_fit(self.spec, "ml")

    def to_bambi(self) -> Any:
        """Model of Bambi's with the same formula, data, family and priors.

        Use it to go on in Bambi; ``bm.from_bambi`` goes the other way.

        Returns
        -------
        bambi.Model
            Not yet fitted.

        Raises
        ------
        BayesmixedError
            When Bambi is not installed.
        DataError
            For weights that divide the residual variance, which Bambi does not have.
        FormulaError
            When Bambi cannot read the formula, or codes a term in another way.
        PriorError
            When the columns of one term have priors of several distributions, or priors stand at means where
            Bambi's stand at zero: those of a correlated bar and of the lower terms of an interaction, unless
            the model has ``center="fixed"``.

        Warns
        -----
        DesignWarning
            When correlations of random effects are left out, which Bambi does not have.

        Examples
        --------
        >>> herds.to_bambi().formula
        Formula('prop(incidence, size) ~ period + (1 | herd)')
        """
        from bayesmixed.bridge.to_bambi import to_bambi

        return to_bambi(self.spec)

    def add_groups(self, *groups: str, seed: int | None = None) -> xr.DataTree:
        """Add groups to `draws` that functions of ArviZ need.

        Use it before e.g. ``arviz.loo(fit.draws)`` or ``arviz.plot_ppc_dist(fit.draws)``.

        Parameters
        ----------
        *groups : str
            Of ``"log_likelihood"``, ``"log_prior"``, ``"posterior_predictive"``, ``"prior"`` and
            ``"prior_predictive"``.
        seed : int, optional
            Repeats predictive and prior draws; the fit's own seed unless given.

        Returns
        -------
        xarray.DataTree
            The fit's `draws`, to which the groups are added.

        Raises
        ------
        BayesmixedError
            When a group is not one of these.

        Examples
        --------
        >>> "log_likelihood" in fit.add_groups("log_likelihood").children
        True
        """
        from bayesmixed.posterior.prior_draws import add_groups

        new = add_groups(self.draws, self.spec, groups, seed=self.run.seed if seed is None else seed)
        for name in set(new.children) - set(self.draws.children) | set(groups):
            self.draws[name] = xr.DataTree(new[name].to_dataset())
        return self.draws

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit to one file, whole or not at all; :func:`bayesmixed.load` reads it back.

        Use it to keep a posterior; the file holds data and draws, without pickle.

        Parameters
        ----------
        path : str or path
            Where; an existing file is replaced once the new one is complete, and keeps its permissions. A new
            one is the user's alone to read, since it holds all rows of the data.

        Raises
        ------
        FileError
            When the place cannot be written, or is a folder or a device.

        Examples
        --------
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit.save(os.path.join(folder, "sleep.fit"))
        ...     bm.load(os.path.join(folder, "sleep.fit")).formula
        'Reaction ~ Days + (Days | Subject)'
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
            known=design.known,
        )
        write_fit(path, saved)
