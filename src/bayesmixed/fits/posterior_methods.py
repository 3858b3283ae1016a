"""What users ask of a posterior alone: predictions with draws, hypotheses, checks, cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import pandas as pd
import xarray as xr

from bayesmixed import verbs
from bayesmixed.engines.records import RunInfo
from bayesmixed.fits.methods import FitMethods
from bayesmixed.options import ConfintMethod, NewLevels, PredictKind
from bayesmixed.surface import uses
from bayesmixed.verbs.sources import Posterior

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDData
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.comparison.bayes_factor import BayesFactor
    from bayesmixed.design.prediction_rows import PredictEffects
    from bayesmixed.verbs.contrasts import ContrastChoice
    from bayesmixed.verbs.hypothesis import Hypothesis, Rope
    from bayesmixed.verbs.marginal_likelihood import LogMarginalLikelihood


class EffectOptions(TypedDict, total=False):
    """Options of every verb that predicts."""

    effects: PredictEffects
    new_levels: NewLevels
    prob: float
    seed: int | None


class RowOptions(EffectOptions, total=False):
    """Options of :meth:`PosteriorMethods.predict`."""

    kind: PredictKind
    weights: str | ArrayLike | None
    progress: bool | None


class GridOptions(EffectOptions, total=False):
    """Options of :meth:`PosteriorMethods.predictions_at`."""

    average: bool


class SlopeOptions(GridOptions, total=False):
    """Options of :meth:`PosteriorMethods.slopes`."""

    at: Mapping[str, Any] | None


class ContrastOptions(SlopeOptions, total=False):
    """Options of :meth:`PosteriorMethods.comparisons`."""

    contrast: ContrastChoice


class PosteriorMethods(FitMethods):
    """Verbs of a fit that has draws.

    Attributes
    ----------
    draws : xarray.DataTree
        Posterior draws.
    run : RunInfo
        Its seed is used unless another is given.
    """

    draws: xr.DataTree
    run: RunInfo

    @property
    def _source(self) -> Posterior:
        """Where the numbers come from."""
        return Posterior(draws=self.draws, spec=self.spec, seed=self.run.seed)

    def _seeded(self, seed: int | None, progress: bool | None = False) -> Posterior:
        """The same with another seed, where one is given."""
        return replace(self._source, seed=self._seed(seed), progress=progress)

    def _seed(self, seed: int | None) -> int:
        """The seed that is given, or the fit's own."""
        return self.run.seed if seed is None else seed

    @overload
    def predict(
        self,
        newdata: IntoFrame | None = None,
        *,
        draws: Literal[False] = False,
        **options: Unpack[RowOptions],
    ) -> pd.DataFrame: ...
    @overload
    def predict(
        self, newdata: IntoFrame | None = None, *, draws: Literal[True], **options: Unpack[RowOptions]
    ) -> xr.DataArray: ...
    @overload
    def predict(
        self, newdata: IntoFrame | None = None, *, draws: bool, **options: Unpack[RowOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
    def predict(
        self,
        newdata: IntoFrame | None = None,
        *,
        effects: PredictEffects = "all",
        new_levels: NewLevels = "error",
        kind: PredictKind = "mean",
        prob: float = 0.95,
        weights: str | ArrayLike | None = None,
        draws: bool = False,
        seed: int | None = None,
        progress: bool | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Prediction of every row with its interval.

        Use it for new rows, new groups and new responses; without `newdata` it predicts the rows of the fit.

        Parameters
        ----------
        newdata : pandas, polars or Arrow frame, optional
            Predictors, offsets and the grouping factors that take part; m rows, by default those of the fit.
        effects : {"all", "fixed"} or sequence of str, default "all"
            Random effects that take part: all, none (the population's value), or those of the grouping
            factors named.
        new_levels : {"error", "population", "sample"}, default "error"
            What happens to levels that the model has not seen: they are refused; they get the effect 0, as in
            lme4's ``allow.new.levels``; or they get effects drawn from N(0, S) with each draw's S, once for
            each level, shared by all its rows.
        kind : {"mean", "link", "response"}, default "mean"
            The mean of the row given the effects that take part, the linear predictor, or a new response,
            which has that mean. Of successes out of trials both are proportions, however the formula writes
            them.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.
        weights : str or array-like, optional
            For ``kind="response"`` and a model with weights, those of the rows of `newdata` (of proportions
            the trials): a column, one number for each row (a Series by its index, all else by position), or
            one for all.
        draws : bool, default False
            Whether the draws come back in place of the table.
        seed : int, optional
            Of new levels and residuals: the same seed gives a level, or a row's index label, the same random
            numbers, whatever the other rows are and in which order they stand.
        progress : bool, optional
            Whether a progress bar is shown; by default for a long job on a terminal.

        Returns
        -------
        pandas.DataFrame or xarray.DataArray
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` under the index of `newdata`; or draws with
            dimensions (chain, draw, row). NaN in rows that need a coefficient that the fixed effects leave
            out.

        Raises
        ------
        DataError
            For a missing column or value, a column of another kind, an unseen category or level, and where
            weights or trials are needed.
        FamilyError
            For the mean of a family that does not have one.
        BayesmixedError
            When `effects`, `new_levels`, `kind`, `prob` or `seed` is not known; when the fit keeps moments of
            its random effects, and the draws of those that the rows have would not fit in memory or cannot be
            made.

        Notes
        -----
        X b + Z u + offset, draw by draw, and the mean that the family has there: the inverse link, but for a
        lognormal, zero-inflated, hurdle, ex-gaussian or asymmetric Laplace response; plus, for a response, a
        normal with the standard deviation of the row, sqrt(s^2 + sigma^2 / w) with s a known error, or a draw
        from the family's distribution. Columns that ``sigma ~``, ``se()`` and ``weights()`` of the formula
        name are then columns of `newdata` too. Every row is predicted by itself: where residuals are
        correlated, neither its mean nor its new response makes use of the residuals of other rows, as in
        nlme's ``predict`` (:meth:`simulate` draws the rows of the fit together). For the table, rows
        are computed a block at a time, so that memory does not grow with rows times draws. With
        ``keep_ranef="moments"`` the draws of the levels that the rows have are made again.

        Examples
        --------
        >>> fit.predict(sleep.head(2), prob=0.9).round(0)
        value se lower_5 upper_95
          253 14     230      275
          272 12     253      291
        >>> new = sleep.head(1).assign(Subject="another")
        >>> fit.predict(new, new_levels="sample", draws=True).sizes["draw"]
        1000
        """
        return verbs.predict(
            self._seeded(seed, progress),
            newdata,
            effects=effects,
            new_levels=new_levels,
            kind=kind,
            prob=prob,
            weights=weights,
            as_draws=draws,
        )

    @overload
    def predictions_at(
        self, at: Mapping[str, Any], *, draws: Literal[False] = False, **options: Unpack[GridOptions]
    ) -> pd.DataFrame: ...
    @overload
    def predictions_at(
        self, at: Mapping[str, Any], *, draws: Literal[True], **options: Unpack[GridOptions]
    ) -> xr.DataArray: ...
    @overload
    def predictions_at(
        self, at: Mapping[str, Any], *, draws: bool, **options: Unpack[GridOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
    def predictions_at(
        self,
        at: Mapping[str, Any],
        *,
        average: bool = False,
        effects: PredictEffects = "fixed",
        new_levels: NewLevels = "error",
        prob: float = 0.95,
        draws: bool = False,
        seed: int | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Adjusted predictions: the mean at every combination of some values.

        Use it for a curve or a table of cells; plot the answer against its first column.

        Parameters
        ----------
        at : Mapping
            Column to one value or several, e.g. ``{"Days": [0, 3, 9]}``.
        average : bool, default False
            False holds what `at` does not name at a typical value: other numbers at their mean over the rows,
            other categorical columns at their most frequent level, and grouping factors that take part run
            through the levels observed. True sets the columns of `at` in every row of the data, and averages
            over the rows.
        effects : {"all", "fixed"} or sequence of str, default "fixed"
            The population's value, or with the random effects named, as in :meth:`predict`.
        new_levels : {"error", "population", "sample"}, default "error"
            What happens to levels that the model has not seen: an error, the effect 0, or effects drawn from
            N(0, S).
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.
        draws : bool, default False
            Whether the draws come back in place of the table.
        seed : int, optional
            Repeats the effects of new levels; the fit's own seed unless given.

        Returns
        -------
        pandas.DataFrame or xarray.DataArray
            The columns of the grid, ``value``, ``se``, ``lower_2.5``, ``upper_97.5``; or draws with
            dimensions (chain, draw, row) and the grid's columns as coordinates of the rows. NaN where a row
            needs a coefficient that the fixed effects leave out, such as that of a cell without rows. A
            column of the data that has one of these names stands as ``at_value``, ``at_row``.

        Raises
        ------
        DataError
            When a name is not a predictor or has no values, or the model has not seen a level.
        BayesmixedError
            When `effects`, `new_levels` or `prob` is not known.

        Notes
        -----
        The grid is that of R's marginaleffects, ``predictions(newdata = datagrid(...))``, and with `average`
        its counterfactual grid.

        Examples
        --------
        >>> fit.predictions_at({"Days": [0, 9]})[["Days", "value"]].round(0)
        Days value
           0   252
           9   346
        """
        return verbs.predictions_at(
            self._seeded(seed),
            at,
            average=average,
            effects=effects,
            new_levels=new_levels,
            prob=prob,
            as_draws=draws,
        )

    @overload
    def comparisons(
        self, variable: str, *, draws: Literal[False] = False, **options: Unpack[ContrastOptions]
    ) -> pd.DataFrame: ...
    @overload
    def comparisons(
        self, variable: str, *, draws: Literal[True], **options: Unpack[ContrastOptions]
    ) -> xr.DataArray: ...
    @overload
    def comparisons(
        self, variable: str, *, draws: bool, **options: Unpack[ContrastOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
    def comparisons(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        contrast: ContrastChoice = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        new_levels: NewLevels = "error",
        prob: float = 0.95,
        draws: bool = False,
        seed: int | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Difference that a change of one predictor makes to the mean, all else being equal.

        Use it where an interaction, a spline or a transform keeps a coefficient from saying it.

        Parameters
        ----------
        variable : str
            The predictor, a column of the data.
        at : Mapping, optional
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
        new_levels : {"error", "population", "sample"}, default "error"
            What happens to levels that the model has not seen: an error, the effect 0, or effects drawn from
            N(0, S).
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.
        draws : bool, default False
            Whether the draws come back in place of the table.
        seed : int, optional
            Repeats the effects of new levels; the fit's own seed unless given.

        Returns
        -------
        pandas.DataFrame or xarray.DataArray
            ``term``, ``contrast``, the columns of `at` or of the rows, ``value``, ``se``, ``lower_2.5``,
            ``upper_97.5``; or draws with dimensions (chain, draw, row). NaN where the difference needs a
            coefficient that the fixed effects leave out. A column of the data that has one of these names
            stands as ``at_term``, ``at_value``.

        Raises
        ------
        DataError
            When `variable` or a name of `at` is not a predictor, or `contrast` does not suit it.
        BayesmixedError
            When `effects`, `new_levels` or `prob` is not known.

        Notes
        -----
        As ``avg_comparisons`` and ``comparisons`` of R's marginaleffects: the prediction at the high value
        minus the one at the low value, draw by draw.

        Examples
        --------
        >>> fit.comparisons("Days", contrast=(0, 9))[["contrast", "value"]].round(0)
        contrast value
        9 - 0       94
        """
        return verbs.comparisons(
            self._seeded(seed),
            variable,
            at=at,
            contrast=contrast,
            average=average,
            effects=effects,
            new_levels=new_levels,
            prob=prob,
            as_draws=draws,
        )

    @overload
    def slopes(
        self, variable: str, *, draws: Literal[False] = False, **options: Unpack[SlopeOptions]
    ) -> pd.DataFrame: ...
    @overload
    def slopes(
        self, variable: str, *, draws: Literal[True], **options: Unpack[SlopeOptions]
    ) -> xr.DataArray: ...
    @overload
    def slopes(
        self, variable: str, *, draws: bool, **options: Unpack[SlopeOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
    def slopes(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        new_levels: NewLevels = "error",
        prob: float = 0.95,
        draws: bool = False,
        seed: int | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Slope of the mean in one numeric predictor, all else being equal.

        Use it for the effect of a number where it enters by a spline, a transform or an interaction.

        Parameters
        ----------
        variable : str
            The predictor, a column of numbers.
        at : Mapping, optional
            Columns to one value or several; `variable` may be among them.
        average : bool, default True
            As in :meth:`comparisons`: the mean slope over the rows, or the slope of every row or point.
        effects : {"all", "fixed"} or sequence of str, default "fixed"
            The population's value, or with the random effects named, as in :meth:`predict`.
        new_levels : {"error", "population", "sample"}, default "error"
            What happens to levels that the model has not seen: an error, the effect 0, or effects drawn from
            N(0, S).
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.
        draws : bool, default False
            Whether the draws come back in place of the table.
        seed : int, optional
            Repeats the effects of new levels; the fit's own seed unless given.

        Returns
        -------
        pandas.DataFrame or xarray.DataArray
            The columns of :meth:`comparisons`, in units of the response for one unit of the predictor.

        Raises
        ------
        DataError
            When `variable` or a name of `at` is not a predictor.
        BayesmixedError
            When `variable` is categorical; when `effects`, `new_levels` or `prob` is not known.

        Notes
        -----
        A central difference over a millionth of the predictor's range, one-sided at its ends, where splines
        end.

        Examples
        --------
        >>> fit.slopes("Days")[["term", "value"]].round(0)
        term value
        Days    10
        """
        return verbs.slopes(
            self._seeded(seed),
            variable,
            at=at,
            average=average,
            effects=effects,
            new_levels=new_levels,
            prob=prob,
            as_draws=draws,
        )

    def population_mean(self, newdata: IntoFrame | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Mean of the response over all groups of the population, for every row.

        Use it where the link is not linear: the mean over groups of exp(x'b + u) is not exp(x'b), the value
        of a group whose random effects are zero, which ``predict(effects="fixed")`` gives.

        Parameters
        ----------
        newdata : pandas, polars or Arrow frame, optional
            The predictors, those of the random effects among them; by default the rows of the fit. Grouping
            factors are not read: the mean is over new groups of all of them.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals.

        Returns
        -------
        pandas.DataFrame
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` under the index of `newdata`.

        Raises
        ------
        DataError
            For a missing column or value.
        FamilyError
            For a family that does not have a mean, and where the mean over groups does not exist: with the
            links ``inverse`` and ``inverse_squared``, and of a hurdle lognormal family with a log link.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        E h(eta + sqrt(v) Z) with h the mean at a linear predictor, Z standard normal, eta = X b + offset and
        v = sum_k z' S_k z over all grouping factors k, draw by draw. Where the mean is the inverse link: eta
        for the identity, exp(eta + v / 2) for the logarithm, Phi(eta / sqrt(1 + v)) for a probit; by
        quadrature to 1e-6 elsewhere.

        Examples
        --------
        >>> herds.population_mean().head(2)["value"].round(1).tolist()
        [0.2, 0.1]
        """
        from bayesmixed.verbs.population_mean import population_mean

        return population_mean(self.draws, self.spec, newdata, prob=prob)

    def check_overdispersion(self, *, prob: float = 0.95, seed: int | None = None) -> pd.DataFrame:
        """Compare the scatter of the responses with that of responses drawn from the model.

        Use it after a binomial or Poisson fit: a ratio above 1 with a small p says that the counts scatter
        more than the model allows; a random effect of every row, or the negative binomial family, can take
        that up.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the interval of the ratio.
        seed : int, optional
            Repeats the responses drawn; the fit's own seed unless given.

        Returns
        -------
        pandas.DataFrame
            One row: ``observed`` and ``expected`` (posterior medians of the Pearson statistic of the data and
            of drawn responses, each divided by the number of rows), ``ratio`` (median of the one over the
            other), ``lower_2.5``, ``upper_97.5`` and ``p_value`` (share of draws whose responses scatter as
            much or more).

        Raises
        ------
        FamilyError
            For a family that does not state its variance.

        Notes
        -----
        Pearson's sum of (y - mean)^2 / variance, given the random effects, as a realized discrepancy (Gelman,
        Meng and Stern 1996, Statistica Sinica 6:733); at most 1,000 draws take part.

        Examples
        --------
        >>> herds.check_overdispersion(seed=1).columns.tolist()
        ['observed', 'expected', 'ratio', 'lower_2.5', 'upper_97.5', 'p_value']
        """
        from bayesmixed.verbs.model_checks import check_overdispersion

        return check_overdispersion(self.draws, self.spec, prob=prob, seed=self._seed(seed))

    def check_zeros(self, *, prob: float = 0.95, seed: int | None = None) -> pd.DataFrame:
        """Compare the number of zeros among the responses with that of responses drawn from the model.

        Use it after a fit of counts: a ratio above 1 with a small p says that the data have more zeros than
        the model makes; then try a zero-inflated or negative binomial family.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the interval of the ratio.
        seed : int, optional
            Repeats the responses drawn; the fit's own seed unless given.

        Returns
        -------
        pandas.DataFrame
            One row: ``observed`` (zeros in the data), ``expected`` (posterior median of those of drawn
            responses), ``ratio``, ``lower_2.5``, ``upper_97.5`` (of the ratio), ``p_value`` (share of draws
            with as many zeros or more).

        Raises
        ------
        FamilyError
            For a family that is not one of counts.

        Examples
        --------
        >>> herds.check_zeros(seed=1)["observed"].tolist()
        [22.0]
        """
        from bayesmixed.verbs.model_checks import check_zeros

        return check_zeros(self.draws, self.spec, prob=prob, seed=self._seed(seed))

    def loo(self, *, group: str | None = None) -> ELPDData:
        """Expected log predictive density by leave-one-out cross-validation.

        Use it to see how well the model predicts: without `group` another row of a group that it knows, with
        `group` a whole group that it has never seen. :func:`bayesmixed.compare` sets fits beside each other.

        Parameters
        ----------
        group : str, optional
            A grouping factor, or any column of the data, whose groups are left out; single rows unless given.

        Returns
        -------
        arviz_stats.ELPDData
            ArviZ's own record: ``elpd``, ``se``, ``p``, and for every row or group ``elpd_i`` and
            ``pareto_k``.

        Raises
        ------
        DataError
            When `group` is neither a grouping factor nor a column.
        EngineError
            When `group` is given and the random effects cannot be integrated out exactly.

        Notes
        -----
        ``sum_i log p(y_i | y_-i)`` by Pareto-smoothed importance sampling (Vehtari, Gelman and Gabry 2017,
        Statistics and Computing 27:1413), each row's density given the random effects of its groups and,
        where residuals are correlated, given the responses of the other rows too (Buerkner, Gabry and Vehtari
        2021, Computational Statistics 36:1243).

        Of groups: ``log p(y_g | y_-g) = log p(y) - log p(y_-g)``, random effects and coefficients integrated
        out exactly given theta (standard deviations, correlations, sigma), theta by importance sampling from
        a multivariate t with the mean and twice the covariance of the draws, the same points for both
        densities. Draws of random effects are not reweighted, which fails for whole groups (Merkle, Furr and
        Rabe-Hesketh 2019, Psychometrika 84:802). Points are added until the Monte Carlo error of a group is
        0.03, at most 40,000. Priors stay those of the fit. ``p`` is by how much the densities of the groups
        are higher when theta has seen them.

        Examples
        --------
        >>> round(fit.loo(group="Subject").elpd)
        -886
        """
        from bayesmixed.verbs.loo import loo

        return loo(self.draws, self.spec, group=group)

    def log_marginal_likelihood(self, *, seed: int | None = None) -> LogMarginalLikelihood:
        """Log of the density that a model, with its priors, gave to the data before they were seen.

        Use it to weigh models: differences are log Bayes factors, see :func:`bayesmixed.bayes_factor`. Look
        at ``fit.priors`` first: unlike an interval, a marginal likelihood depends on the width of every
        prior.

        Parameters
        ----------
        seed : int, optional
            Repeats the Monte Carlo points; the fit's own seed unless given.

        Returns
        -------
        LogMarginalLikelihood
            Value and Monte Carlo standard error.

        Raises
        ------
        PriorError
            When a prior is improper: then the marginal likelihood does not exist.
        EngineError
            When the random effects cannot be integrated out exactly.

        Warns
        -----
        ConvergenceWarning
            When the importance weights have so heavy a tail that the error cannot be trusted.

        Notes
        -----
        p(y) = integral of p(y | theta) p(theta), where p(y | theta) has the random effects and the
        coefficients integrated out exactly, and theta (logs of standard deviations, logits of partial
        correlations, log sigma) by importance sampling with a multivariate t proposal of 3 degrees of freedom
        at the mean and covariance of the draws. The error is sd(w) / (mean(w) sqrt(S)) of the S weights w;
        points are added until it is 0.005, at most 40,000.

        Examples
        --------
        >>> round(fit.log_marginal_likelihood().value)
        -892
        """
        from bayesmixed.verbs.marginal_likelihood import log_marginal_likelihood

        return log_marginal_likelihood(self.draws, self.spec, seed=self._seed(seed))

    def bayes_factor_of(
        self, group: str, effect: str | None = None, *, seed: int | None = None
    ) -> BayesFactor:
        """Bayes factor for a variance component: the model with it against the model in which it is zero.

        Use it where users of lme4 test a random effect by a likelihood ratio; the boundary is not special
        here. The model without it does not need a fit, and may not have any random effects.

        Parameters
        ----------
        group : str
            Grouping factor of the component.
        effect : str, optional
            One varying effect, e.g. ``"Days"``; all of the factor's unless given.
        seed : int, optional
            Repeats the Monte Carlo points; the fit's own seed unless given.

        Returns
        -------
        BayesFactor
            Of the model with the component against that without; print it, or take its numbers.

        Raises
        ------
        DataError
            When the model does not have the factor or the effect.
        PriorError, EngineError
            When the marginal likelihoods cannot be computed.

        Notes
        -----
        A standard deviation of zero is the limit of the collapsed likelihood, at which its prior and that of
        its correlations are taken out; all other priors stay. The intercept of a correlated bar is the one at
        the means of the bar's columns, where its prior stands; for the intercept at zero compare the fit with
        one whose bar is ``(0 + x | g)`` by :func:`bayesmixed.bayes_factor`. The rest (sigma and further
        components) is integrated by importance sampling around its mode.

        Examples
        --------
        >>> fit.bayes_factor_of("Subject", "Days").evidence
        'very strong'
        """
        from bayesmixed.comparison.bayes_factor import bayes_factor_of

        return bayes_factor_of(self.draws, self.spec, group, effect=effect, seed=self._seed(seed))

    def hypothesis(self, expression: str, *, prob: float = 0.95) -> Hypothesis:
        """Posterior probability of a statement about parameters.

        Use it for directed questions: is the slope above 8, is one spread larger than another.

        Parameters
        ----------
        expression : str
            Two sides of arithmetic with ``<``, ``>``, ``<=`` or ``>=`` between them, e.g. ``"Days > 8"``,
            ``"Intercept + 9*Days > 300"``, ``"abs(Days) < 1"``, ``"sd_Subject[Intercept] >
            sd_Subject[Days]"``. Names are coefficients as :meth:`fixef` lists them,
            ``sd_<group>[<effect>]`` (or ``sd_<group>`` when one effect varies), ``corr_<group>[<effect>,
            <effect>]`` and ``sigma``; backquotes around a name are allowed. Blanks, quotes and the order in
            an interaction do not matter. A coefficient named like a call, e.g. ``log(x)``, goes before the
            function, which ``log(b_x)`` asks for. Where a column is called like a parameter, ``b_sigma`` is
            the coefficient and ``family_sigma`` the parameter.
        prob : float, default 0.95
            Probability inside the interval of the left side minus the right side.

        Returns
        -------
        Hypothesis
            Print it, or take its numbers.

        Raises
        ------
        BayesmixedError
            When a name is not in the model, when there is not one comparison, or when it is an equality: a
            point has probability 0.
        FormulaError
            When the text cannot be read.

        Notes
        -----
        Computed draw by draw: probability is the share of draws in which the statement holds. These are
        posterior odds, not a Bayes factor.

        Examples
        --------
        >>> round(fit.hypothesis("Days > 8").probability, 1)
        0.9
        """
        from bayesmixed.verbs.hypothesis import hypothesis

        return hypothesis(self.draws, self.spec, expression, prob=prob)

    def rope(self, expression: str, region: tuple[float, float]) -> Rope:
        """Share of the posterior inside a region of practical equivalence.

        Use it to say that an effect is too small to matter, which no test of a point null can.

        Parameters
        ----------
        expression : str
            Arithmetic of parameters, e.g. ``"Days"`` or ``"sd_Subject[Intercept] - sd_Subject[Days]"``, in
            the language of :meth:`hypothesis`, without a comparison.
        region : tuple of float
            Lower and upper end, in the units of the expression, e.g. ``(-1, 1)``.

        Returns
        -------
        Rope
            Print it, or take its numbers.

        Raises
        ------
        BayesmixedError
            When a name is not in the model, the expression compares, or `region` is not a pair in increasing
            order.

        Notes
        -----
        The whole posterior is counted, not an interval of it (Kruschke 2018, Advances in Methods and
        Practices in Psychological Science 1:270).

        Examples
        --------
        >>> round(fit.rope("Days", (-1, 1)).inside, 3)
        0.0
        """
        from bayesmixed.verbs.hypothesis import rope

        return rope(self.draws, self.spec, expression, region)

    def p_direction(self, expression: str) -> float:
        """Probability that an expression of parameters has the sign that it most probably has.

        Use it as the posterior's counterpart of a p-value: near one minus half of a two-sided one, for a wide
        prior.

        Parameters
        ----------
        expression : str
            Arithmetic of parameters, e.g. ``"Days"`` or ``"sd_Subject[Intercept] - sd_Subject[Days]"``, in
            the language of :meth:`hypothesis`, without a comparison.

        Returns
        -------
        float
            The larger of P(> 0) and P(< 0).

        Raises
        ------
        BayesmixedError
            When a name is not in the model, or the expression compares.

        Notes
        -----
        Makowski et al. (2019), Frontiers in Psychology 10:2767.

        Examples
        --------
        >>> fit.p_direction("Days")
        1.0
        """
        from bayesmixed.verbs.hypothesis import p_direction

        return p_direction(self.draws, self.spec, expression)

    def prior_sensitivity(self) -> pd.DataFrame:
        """Tabulate how the posterior moves when the priors, or the likelihood, are made a little stronger.

        Use it before believing an interval of a parameter about which the data say little, e.g. a standard
        deviation over five groups.

        Returns
        -------
        pandas.DataFrame
            One row for each coefficient, standard deviation and correlation, and sigma: ``term``, ``prior``
            and ``likelihood`` (sensitivities; 0.05 and more is much), ``diagnosis`` in ArviZ's words.

        Notes
        -----
        The cumulative Jensen-Shannon distance between the posterior and itself with the priors, or the
        likelihood, raised to a power near 1, by importance sampling (Kallioinen et al. 2024, Statistics and
        Computing 34:57); computed by ArviZ. The distribution of the random effects counts as part of the
        model, not as a prior.

        Examples
        --------
        >>> fit.prior_sensitivity().columns.tolist()
        ['term', 'prior', 'likelihood', 'diagnosis']
        """
        from bayesmixed.verbs.prior_sensitivity import prior_sensitivity

        return prior_sensitivity(self.draws, self.spec)

    @uses("method", dict.fromkeys(("profile", "wald"), ("parameters", "prob")), instead="boot")
    def versus(
        self,
        *,
        method: ConfintMethod = "profile",
        prob: float = 0.95,
        parameters: str | Sequence[str] | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Every parameter by no pooling, by REML with its interval, by the posterior with its interval.

        Use it to show what lme4 says and what the posterior says from one formula; where they differ, groups
        are few or a variance is near zero.

        Parameters
        ----------
        method : {"profile", "wald", "boot"}, default "profile"
            Kind of the intervals of REML, as in :meth:`bayesmixed.RemlFit.confint`.
        prob : float, default 0.95
            Probability inside the intervals.
        parameters : str or sequence of str, optional
            Names as printed; ``"beta"`` for all coefficients, ``"theta"`` for everything else. All unless
            given.
        seed : int, optional
            Repeats the bootstrap.

        Returns
        -------
        pandas.DataFrame
            ``parameter``, ``kind`` (``"sd"``, ``"cor"``, ``"sigma"``, ``"beta"``), ``group``, ``effect``,
            ``method``, ``value``, ``lower_2.5``, ``upper_97.5``: two or three rows for each parameter.

        Raises
        ------
        BayesmixedError
            When `method`, `prob` or one of `parameters` is not known.
        EngineError
            When crossed random effects are too many for REML, or the family is not gaussian.

        Notes
        -----
        The value of REML is its optimum, that of the posterior its median. Rows of no pooling stand where a
        model has one grouping factor and every level determines its own coefficients: regressions of the
        single levels, then the mean, standard deviation and correlation of their coefficients (Laird and Ware
        1982, Biometrics 38:963). These standard deviations are too large, since they include the sampling
        error of every level's coefficient.

        Examples
        --------
        >>> fit.versus(parameters="Days").round(0)[["method", "value", "lower_2.5"]]
        method     value lower_2.5
        no pooling    10         7
        REML          10         7
        posterior     10         7
        """
        from bayesmixed.comparison.versus import versus

        return versus(self.draws, self.spec, method=method, prob=prob, parameters=parameters, seed=seed)
