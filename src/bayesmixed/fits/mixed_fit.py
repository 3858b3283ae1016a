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
from bayesmixed.fits.reml_fit import RemlFit, reml_fit
from bayesmixed.fits.row_sample import SampleMethods
from bayesmixed.model.prior_table import PriorTable, prior_table
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import (
    IccKind,
    RanefDiagnosis,
    SimulatedEffects,
    TidyEffects,
)
from bayesmixed.printing.records import Text
from bayesmixed.report.methods import ReportMethods
from bayesmixed.surface import no_such_attribute, public_methods
from bayesmixed.tables.fit_methods import TableMethods

if TYPE_CHECKING:
    import pymc as pm
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.records import Design
    from bayesmixed.plots.methods import FitPlots
    from bayesmixed.posterior.diagnostics import Diagnosis


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class MixedFit(PosteriorMethods, TableMethods, ReportMethods, SampleMethods):
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
        """Tabulate the fixed effects with their intervals, the population's part of the model.

        Parameters
        ----------
        exponentiate : bool
            Whether ratios are given: of odds (logit link), of rates or means (log), of hazards (cloglog), of
            medians (lognormal). The intercept's is the odds or the mean itself.
        prob : float
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            One row for each column of X: ``term``, ``value`` (posterior median), ``se`` (posterior standard
            deviation), ``lower_2.5``, ``upper_97.5``, ``p_direction`` (the larger of P(> 0) and P(< 0)).
            Exponentiated, ``attrs["legend"]`` says what the values are; ``p_direction`` stays that of the
            coefficient, so that it compares with 1.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.
        FamilyError
            When exponentials of the coefficients mean nothing with the model's link.

        Notes
        -----
        The probability of direction is near one minus half of a two-sided p-value when the prior is wide
        (Makowski et al. 2019, Frontiers in Psychology 10:2767).
        """
        return verbs.fixef(self._source, exponentiate=exponentiate, prob=prob)

    def varcorr(self, *, correlations: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Variance components, or the correlations among random effects.

        Parameters
        ----------
        prob : float
            Probability inside the equal-tailed intervals.
        correlations : bool
            The correlations in place of the standard deviations.

        Returns
        -------
        pandas.DataFrame
            ``group``, ``effect``, ``variance``, ``sd``, ``sd_2.5``, ``sd_97.5``, ``var_prop``: one row for
            every effect of every grouping factor, then ``Residual`` with an empty effect where the family has
            a ``sigma``. With `correlations`: ``group``, ``effect_1``, ``effect_2``, ``value``, ``se``,
            ``lower_2.5``, ``upper_97.5``, one row for every pair of effects that are correlated in the model;
            no rows when there is none.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        ``sd`` is the posterior median and ``variance`` its square, which is the median of the variance.
        ``var_prop`` is the variance of the row divided by the sum of the column, as in mixedup, so that the
        rows add to one. It compares variances at the point where every predictor is one unit; for a share
        with an interval, and for models with random slopes, use :meth:`icc`.
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

        Parameters
        ----------
        kind : {"adjusted", "unadjusted", "conditional"}
            ``"adjusted"``: share of the variance that the fixed effects leave. ``"unadjusted"``: share of all
            variance, the fixed effects' included; ``"conditional"`` is R performance's old name of it.
        at : Mapping, optional
            Values at which random slopes are held, e.g. ``{"Days": 3}``: with a random slope the share
            depends on where one looks. Several values, ``{"Days": [0, 3, 9]}``, give a curve. Effects not
            named keep their values in the data.
        prob : float
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
            When `at` names no random slope, or has no value for one.
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
        of a row of weight one. Of a family other than gaussian, the distribution-specific variance stands in
        place of sigma^2, and the variance of a factor with a level for every row beside it, as V_over: see
        :func:`~bayesmixed.verbs.distribution_variance.distribution_variance`.
        """
        return verbs.icc(self._source, kind=kind, at=at, prob=prob)

    def r2(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Nakagawa's marginal and conditional R2 with their intervals.

        Parameters
        ----------
        prob : float
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
        than gaussian, the distribution-specific variance stands in place of sigma^2. The variance of a factor
        with a level for every row, V_over, is not V_all's: it is overdispersion, and part of V_total alone.
        See :func:`~bayesmixed.verbs.distribution_variance.distribution_variance`.
        """
        return verbs.r2(self._source, prob=prob)

    def fitted(
        self,
        *,
        effects: Literal["all", "fixed"] = "all",
        scale: Literal["response", "link"] = "response",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Fitted value of every row with its interval, the mean that the model gives the row.

        Parameters
        ----------
        effects : {"all", "fixed"}
            With the row's random effects, or the population's value without them.
        scale : {"response", "link"}
            The mean (of successes out of trials the mean proportion), or the linear predictor.
        prob : float
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
        n : int
            Number of data sets.
        newdata : pandas, polars or Arrow frame, optional
            Predictors and grouping factors of the rows; by default those of the fit. Effects of levels that
            the model has not seen are drawn from N(0, S).
        effects : {"all", "new", "fixed"}
            ``"all"``: the levels keep their own random effects (the posterior predictive distribution of the
            rows). ``"new"``: every level gets new random effects from N(0, S), as if other groups of the same
            population had been observed, lme4's ``use.u = FALSE``. ``"fixed"``: residuals around the
            population's value alone.
        weights : str or array-like, optional
            For a model with weights, those of the rows of `newdata`.
        seed : int, optional
            Repeats the data sets.

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
        + Z u + offset + sigma / sqrt(w) times a standard normal, or a draw from the family's distribution.
        """
        return verbs.simulate(
            self._source, n, newdata=newdata, effects=effects, weights=weights, seed=self._seed(seed)
        )

    def tidy(
        self, *, effects: Sequence[TidyEffects] = ("fixed", "ran_pars"), prob: float = 0.95
    ) -> pd.DataFrame:
        """All parameters in one long table with broom.mixed's columns, for joining and comparing models.

        Parameters
        ----------
        effects : sequence of {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations; the random effects of every level.
        prob : float
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``effect``, ``group``, ``term``, ``estimate`` (posterior median), ``std_error`` (posterior
            standard deviation), ``conf_low``, ``conf_high``; with ``"ran_vals"`` a column ``level`` after
            ``group``. Terms are ``sd__Intercept``, ``cor__Intercept.Days`` and, in the group ``Residual``,
            ``sd__Observation``. What does not apply is ``""``.

        Raises
        ------
        BayesmixedError
            When `effects` holds another word or none, or `prob` is not between 0 and 1.
        """
        return verbs.tidy(self._source, effects=effects, prob=prob)

    def glance(self, *, loo: bool = False) -> pd.DataFrame:
        """Put a fit into one row, to stack fits under each other.

        Parameters
        ----------
        loo : bool
            Whether the expected log predictive density by leave-one-out cross-validation is there too; it
            costs a pass over rows times draws.

        Returns
        -------
        pandas.DataFrame
            One row: ``nobs``, ``sigma`` (posterior median, NaN for a family without it), ``engine``,
            ``chains``, ``draws`` (of each chain), ``max_rhat``, ``min_ess`` (the smallest of all bulk and
            tail effective sample sizes) and, with `loo`, ``elpd_loo``.
        """
        elpd = None
        if loo:
            import arviz_stats

            elpd = float(arviz_stats.loo(self.add_groups("log_likelihood")).elpd)
        return verbs.glance(self.draws, self.spec, self.run, self.diagnosis.table(), elpd_loo=elpd)

    def diagnostics(self, *, ranef: RanefDiagnosis = "screen") -> pd.DataFrame:
        """R-hat and effective sample sizes; see :func:`bayesmixed.posterior.diagnostics.diagnose`.

        Random effects of which moments are kept are left out.
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
            When the random effects were sampled and not integrated out, so that their draws are gone.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> data = bm.load_dataset("Dyestuff")
        >>> fit = bm.lmer("Yield ~ 1 + (1 | Batch)", data, keep_ranef="moments", seed=1)
        >>> dict(fit.with_ranef_draws().draws["posterior"]["ranef_Batch"].sizes)
        {'chain': 4, 'draw': 1000, 'Batch': 6, 'Batch_effect': 1}
        """
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
