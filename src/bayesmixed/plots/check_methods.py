"""Checks of a fit as methods of ``fit.plot``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.covariances.serial import in_order
from bayesmixed.design.lookup import group_of
from bayesmixed.design.records import Design, FloatArray, IntArray
from bayesmixed.engines.regression import Regression
from bayesmixed.errors import BayesmixedError, DataError, near_names
from bayesmixed.options import Envelope, EssKind, GroupStatistic, ResidualKind, checked_seed
from bayesmixed.plots import densities, predictive, sampler
from bayesmixed.plots.levels import labelled, present_levels
from bayesmixed.plots.quantiles import normal_quantiles, point_covariance, ranef_matrix
from bayesmixed.plots.residuals import (
    RESIDUAL_NAMES,
    autocorrelation_bars,
    autocorrelations,
    influence_scatter,
    observed_against_fitted,
    residual_boxes,
    residual_scatter,
    shown_kind,
)
from bayesmixed.plots.style import panel_axes, plain
from bayesmixed.posterior.prior_draws import prior_predictive, prior_tree
from bayesmixed.surface import pictures, public_methods
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.contract import EstimateFit, Fit, PosteriorFit
from bayesmixed.verbs.regressed import influence
from bayesmixed.verbs.summaries import check_prob

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None

PRIOR_DATA_SETS = 200


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlots:
    """Pictures that check a fit: residuals, predictive checks, the sampler.

    They are methods of ``fit.plot`` and of ``fit.sample_rows().plot``. Where the rows of a fit are not in
    memory, pictures of rows show a random sample of them.

    Attributes
    ----------
    fit : MixedFit or RemlFit
        What is drawn.
    """

    fit: Fit

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
        """Residuals against fitted values, against a column, or as boxes by level.

        Use it to look for curvature, for a spread that changes, and for groups that the model misses: the
        means of nearby points should stay near zero.

        Parameters
        ----------
        by : str, optional
            A grouping factor or a column of the data; the fitted values unless given. A column of numbers
            gives a scatter plot, anything else boxes, sorted by their medians where they are of a grouping
            factor.
        kind : {"response", "pearson", "standardized", "quantile", "normalized"}, optional
            Kind of residual, as in ``fit.resid``; unless given ``"response"`` of a gaussian
            model and ``"quantile"`` of another family, whose other residuals are not normal even where the
            model is right.
        trend : bool, default True
            Whether a scatter plot shows the means of bins of nearby points, with a band of 95 %.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        DataError
            When neither a grouping factor nor a column is named `by`.

        Notes
        -----
        The means are those of the binned residual plot (Gelman and Hill 2007, Data Analysis Using Regression
        and Multilevel/Hierarchical Models, section 5.6), in about sqrt(n) bins; the band takes residuals as
        independent. Boxes and whiskers are Tukey's.

        Examples
        --------
        >>> fit.plot.residuals(by="Subject").get_ylabel()
        'Subject'
        """
        fit = self.fit._with_rows
        return labelled(fit, _residuals(fit, by, kind, trend, ax))

    def leverage(self, *, ax: Axes | None = None) -> Axes:
        """Standardized residuals against leverage, with contours of Cook's distance, of a regression.

        Use it to find rows on which an estimate hangs: those beyond a contour, of which the three of the
        largest distance are named.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        DataError
            When the fit is not a regression by least squares or maximum likelihood of a family with a
            deviance, which have a hat matrix.

        Notes
        -----
        The fifth picture of R's ``plot`` of ``lm``: contours at Cook's distances of 0.5 and 1.

        Examples
        --------
        >>> line.plot.leverage().get_xlabel()
        'leverage'
        """
        fit = self.fit._with_rows
        estimate = getattr(fit, "estimate", None)
        if not (isinstance(estimate, Regression) and estimate.family.is_exponential):
            raise DataError(
                "Leverage is that of a regression without random effects by least squares or maximum "
                "likelihood: bm.lm(..., method='ols') or bm.glm(..., method='ml')."
            )
        found, design = influence(estimate), fit.spec.design
        axes = influence_scatter(
            found["leverage"],
            fit.resid("standardized")["value"].to_numpy(),
            found["cooks_distance"],
            [str(label) for label in design.frame.index],
            len(design.fixed.terms),
            ax=ax,
        )
        return labelled(fit, axes)

    def residual_quantiles(
        self,
        *,
        kind: ResidualKind | None = None,
        prob: float = 0.95,
        envelope: Envelope = "simultaneous",
        ax: Axes | None = None,
    ) -> Axes:
        """Sorted residuals against normal quantiles: a QQ plot.

        Use it to see whether residuals are normal: points outside the envelope have another colour, and the
        outermost three at either end are named by their rows.

        Parameters
        ----------
        kind : {"response", "pearson", "standardized", "quantile", "normalized"}, optional
            Kind of residual, as in ``fit.resid``; unless given ``"standardized"`` of a gaussian
            model and ``"quantile"`` of another family.
        prob : float, default 0.95
            Probability of the envelope, between 0 and 1.
        envelope : {"simultaneous", "pointwise", "none"}, default "simultaneous"
            Whether all points of a normal sample lie inside with probability `prob`, each one does, or
            nothing is drawn.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        DataError
            When there are fewer than 3 rows.

        Notes
        -----
        The line is mean + sd x. The envelope is that of independent normal values (8,000 simulated samples;
        Aldor-Noiman, Brown, Buja, Rolke and Stine 2013, The American Statistician 67:249). Residuals and
        random effects of a mixed model are only nearly so: random effects are shrunk, those of small groups
        more.

        Examples
        --------
        >>> fit.plot.residual_quantiles().get_ylabel()
        'standardized residual'
        """
        fit = self.fit._with_rows
        kind = shown_kind(fit.spec.family, "standardized") if kind is None else kind
        table = fit.resid(kind=kind)
        axes = normal_quantiles(
            table["value"].to_numpy(),
            labels=[str(row) for row in table.index],
            ylabel=RESIDUAL_NAMES[kind],
            prob=prob,
            envelope=envelope,
            ax=ax,
        )
        return labelled(fit, axes)

    def acf(
        self,
        *,
        group: str | None = None,
        time: str | None = None,
        kind: ResidualKind = "normalized",
        lags: int | None = None,
        prob: float = 0.95,
        ax: Axes | None = None,
    ) -> Axes:
        """Autocorrelation of the residuals within series, by lag.

        Use it to see whether residuals that follow each other are alike, and, with ``ar(...)`` in the
        formula, whether anything of that is left: the bars should stay inside the band.

        Parameters
        ----------
        group : str, optional
            Grouping factor or column whose values are the series; unless given those of ``ar``, ``cosy`` or
            ``unstr`` in the formula, else the grouping factor with the most levels.
        time : str, optional
            Column that orders the rows of a series; unless given the order of the formula's term, else that
            of the data.
        kind : {"response", "pearson", "standardized", "quantile", "normalized"}, default "normalized"
            Kind of residual, as in ``fit.resid``; ``"standardized"`` shows what the correlation has to
            explain.
        lags : int, optional
            Largest lag; unless given 20, or what the longest series has.
        prob : float, default 0.95
            Probability of the band at each lag.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            With a bar for each lag.

        Raises
        ------
        DataError
            When there is no column `group` or `time`, or no series has two rows.

        Notes
        -----
        The autocorrelation at lag k is the mean of r_j r_(j+k) over all pairs of rows of one series that are
        k places apart, over the mean of r_j^2, as nlme's ``ACF``; the band is normal, +- z / sqrt(N_k) with
        N_k pairs, for independent residuals.

        Examples
        --------
        >>> fit.plot.acf(lags=5).get_xlabel()
        'lag'
        """
        fit = self.fit._with_rows
        codes, times = _series(fit.spec.design, group, time)
        table = autocorrelations(fit.resid(kind=kind)["value"].to_numpy(), codes, times, lags, prob)
        return labelled(fit, autocorrelation_bars(table, RESIDUAL_NAMES[kind], ax))

    def ranef_quantiles(
        self,
        *,
        group: str | None = None,
        prob: float = 0.95,
        envelope: Envelope = "simultaneous",
        ax: SomeAxes = None,
    ) -> NDArray[Any]:
        """Sorted random effects against normal quantiles, a panel for each effect.

        Use it to see whether random effects are normal; see :meth:`residual_quantiles` for the envelope.

        Parameters
        ----------
        group : str, optional
            One grouping factor; all unless given.
        prob : float, default 0.95
            Probability of the envelope, between 0 and 1.
        envelope : {"simultaneous", "pointwise", "none"}, default "simultaneous"
            Whether all points of a normal sample lie inside with probability `prob`, each one does, or
            nothing is drawn.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_panels,). Of at most 60 levels lines show one standard error to either side.

        Raises
        ------
        DataError
            When there is no grouping factor `group`, or it has fewer than 3 levels.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.ranef_quantiles()]
        ['Subject: Intercept', 'Subject: Days']
        """
        check_prob(prob)
        panels = list(self.fit.ranef(group=group).groupby(["group_var", "effect"], sort=False))
        axes = panel_axes(ax, len(panels), columns=3, width=3.6, height=3.4, share=False)
        for panel, ((factor, effect), rows) in zip(axes, panels, strict=True):
            normal_quantiles(
                rows["value"].to_numpy(),
                se=rows["se"].to_numpy(),
                labels=list(rows["group"]),
                ylabel="random effect",
                prob=prob,
                envelope=envelope,
                ax=panel,
            )
            panel.set_title(plain(f"{factor}: {effect}"), fontsize="medium")
        return axes

    def ranef_matrix(
        self, *, group: str | None = None, prob: float = 0.95, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Random effects of one grouping factor against each other, with ellipses of their distribution.

        Use it to see how intercepts go with slopes, and which levels lie apart.

        Parameters
        ----------
        group : str, optional
            Grouping factor; the first with several effects unless given.
        prob : float, default 0.95
            Probability inside the intervals of the effects, between 0 and 1.
        ax : sequence of Axes, optional
            k x k axes, row by row; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (k, k) for k effects: distributions on the diagonal, points below it, correlations above.

        Raises
        ------
        DataError
            When the factor has only one effect.

        Notes
        -----
        Ellipses hold 50 % and 95 % of N(0, S), S at the numbers of ``fit.varcorr()``: u' S^-1 u up to
        -2 log(1 - p), a quantile of the chi-squared distribution with 2 degrees of freedom. Estimated effects
        are shrunk, so that more of them than that lie inside.

        Examples
        --------
        >>> fit.plot.ranef_matrix().shape
        (2, 2)
        """
        fit, blocks = self.fit, chosen_blocks(self.fit.spec.design, group)
        block = max(blocks, key=lambda block: block.n_effects > 1)
        tree = fit.point if isinstance(fit, EstimateFit) else sampled(fit).draws
        return ranef_matrix(fit.ranef(group=block.group, prob=prob), point_covariance(tree, block), ax=ax)

    def observed(
        self, *, group: str | None = None, max_panels: int = 20, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Observed against fitted values, a panel for each level, best fitted first.

        Use it to see whether the model holds in every group: the points should follow the line of equality.

        Parameters
        ----------
        group : str, optional
            Grouping factor; the one with the most levels unless given.
        max_panels : int, default 20
            Of more levels than this, some are shown, evenly spaced from the best fitted to the worst.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_panels,), sorted by the root mean square of the residuals, which each title gives, in the
            units of the response.

        Raises
        ------
        DataError
            When there is no grouping factor `group`.

        Examples
        --------
        >>> len(fit.plot.observed(max_panels=6))
        6
        """
        fit = self.fit._with_rows
        codes, levels = present_levels(chosen_blocks(fit.spec.design, group)[0])
        response, fitted = fit.spec.design.response, fit.fitted()["value"].to_numpy()
        axes = observed_against_fitted(
            fitted, response.observed, codes, levels, name=response.name, max_panels=max_panels, ax=ax
        )
        return labelled(fit, axes)

    def predictive_density(
        self, *, group: str | None = None, max_panels: int = 12, seed: int | None = None, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Data replicated from the posterior behind the observed; needs a posterior.

        Use it to see whether the model makes data of the observed shape: all data as densities, or groups as
        distribution functions, since many are too small for densities.

        Parameters
        ----------
        group : str, optional
            Grouping factor whose levels have a panel each; all rows in one panel unless given.
        max_panels : int, default 12
            Of more levels than this, some are shown, evenly spaced from the lowest mean to the highest.
        seed : int, optional
            Repeats the replicated data; the fit's own seed unless given.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_panels,); each with at most 50 replicated data sets.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.

        Notes
        -----
        Densities are drawn by ``arviz_plots.plot_ppc_dist``.

        Examples
        --------
        >>> len(fit.plot.predictive_density(group="Subject", max_panels=4))
        4
        """
        fit, replicated = self._replicated(seed)
        response = fit.spec.design.response
        if group is None:
            panel = densities.predictive_density(response.observed, replicated, response=response.name, ax=ax)
            return labelled(fit, np.array([panel]))
        codes, levels = present_levels(chosen_blocks(fit.spec.design, group)[0])
        axes = densities.predictive_distributions(
            response.observed, replicated, codes, levels, response=response.name, max_panels=max_panels, ax=ax
        )
        return labelled(fit, axes)

    def predictive_groups(
        self,
        *,
        group: str | None = None,
        statistic: GroupStatistic = "mean",
        prob: float = 0.95,
        seed: int | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """A statistic of every group on the interval of its replicates, sorted; needs a posterior.

        Use it to see whether the model makes groups like those observed: observed values outside their
        interval have another colour.

        Parameters
        ----------
        group : str, optional
            Grouping factor; the one with the most levels unless given.
        statistic : {"mean", "sd", "min", "max"}, default "mean"
            What is computed of the rows of every group.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        seed : int, optional
            Repeats the replicated data; the fit's own seed unless given.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior, or `statistic` is not known.

        Examples
        --------
        >>> fit.plot.predictive_groups(statistic="sd").get_xlabel()
        'sd of Reaction'
        """
        fit, replicated = self._replicated(seed)
        block, response = chosen_blocks(fit.spec.design, group)[0], fit.spec.design.response
        codes, levels = present_levels(block)
        table = predictive.group_statistics(
            response.observed, replicated, codes, levels, statistic=statistic, prob=prob
        )
        axes = predictive.predictive_groups(
            table, name=block.group, statistic=statistic, response=response.name, ax=ax
        )
        return labelled(fit, axes)

    def prior_predictive(self, *, seed: int | None = None, ax: Axes | None = None) -> Axes:
        """Data drawn from the prior behind the observed; needs a posterior.

        Use it to see whether the priors make data that could be; before fitting,
        :func:`bayesmixed.plots.prior_predictive` draws the same of :func:`bayesmixed.simulate_prior`.

        Parameters
        ----------
        seed : int, optional
            Repeats the data sets; the fit's own seed unless given.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            Distribution functions of at most 50 data sets, the axis cut at twice the observed range to either
            side.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.

        Examples
        --------
        >>> fit.plot.prior_predictive().get_xlabel()
        'Reaction'
        """
        bayes, fit = sampled(self.fit), self.fit._with_rows
        chosen = bayes.run.seed if seed is None else checked_seed(seed)
        tree = prior_tree(fit.spec, draws=PRIOR_DATA_SETS, seed=chosen)
        return labelled(fit, densities.prior_predictive(tree, response=fit.spec.design.response.name, ax=ax))

    def prior_posterior(
        self, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Prior and posterior density of every parameter; needs a posterior.

        Use it to see what the data have taught: a posterior like its prior means little.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Some of the parameters, e.g. ``["Days", "sd_Subject[Days]"]``; all but the random effects unless
            given.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_parameters,), one for each parameter.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.
        DataError
            When the model does not have one of `parameters`.

        Notes
        -----
        Drawn by ``arviz_plots.plot_prior_posterior``. The axis is cut where the prior is much wider than the
        posterior.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.prior_posterior(parameters=["Days", "sigma"])]
        ['Days', 'sigma']
        """
        fit = sampled(self.fit)
        draws, spec = fit.draws, self.fit._with_rows.spec
        made = "prior" in draws.children
        prior = draws["prior"].to_dataset() if made else prior_predictive(spec, seed=fit.run.seed)[0]
        tree = xr.DataTree.from_dict({"posterior": prior})
        return densities.prior_posterior(tree, draws, spec.design, parameters=parameters, ax=ax)

    def trace(self, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None) -> NDArray[Any]:
        """Draws of every parameter in their order, a colour for each chain; needs a posterior.

        Use it to see whether the chains stay in one place and mix; divergences are marked below.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Some of the parameters, e.g. ``["Days", "sd_Subject[Days]"]``; all but the random effects unless
            given.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_parameters,), one for each parameter.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.
        DataError
            When the model does not have one of `parameters`.

        Notes
        -----
        Drawn by ``arviz_plots.plot_trace``.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.trace(parameters=["Days", "sigma"])]
        ['Days', 'sigma']
        """
        return sampler.trace(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, ax=ax)

    def rank(self, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None) -> NDArray[Any]:
        """Distribution of the ranks of every chain's draws among those of all chains; needs a posterior.

        Use it to see whether the chains sample the same posterior: then the lines stay near zero.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Some of the parameters, e.g. ``["Days", "sd_Subject[Days]"]``; all but the random effects unless
            given.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_parameters,), one for each parameter.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.
        DataError
            When the model does not have one of `parameters`.

        Notes
        -----
        Drawn by ``arviz_plots.plot_rank``: the empirical distribution function of the fractional ranks minus
        that of a uniform distribution, with the p-value of its multi-chain test.

        Examples
        --------
        >>> fit.plot.rank(parameters="Days")[0].get_xlabel()
        'fractional rank'
        """
        return sampler.rank(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, ax=ax)

    def ess(
        self, *, parameters: Sequence[str] | None = None, kind: EssKind = "quantile", ax: SomeAxes = None
    ) -> NDArray[Any]:
        """Effective sample size of the quantiles of every parameter; needs a posterior.

        Use it to see whether the ends of an interval are as well known as its middle; the dashed line is 400.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Some of the parameters, e.g. ``["Days", "sd_Subject[Days]"]``; all but the random effects unless
            given.
        kind : {"quantile", "local"}, default "quantile"
            Of a quantile, or of the probability of a small range of values.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_parameters,), one for each parameter.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.
        DataError
            When the model does not have one of `parameters`.

        Notes
        -----
        Drawn by ``arviz_plots.plot_ess``.

        Examples
        --------
        >>> fit.plot.ess(parameters="Days")[0].get_xlabel()
        'quantile'
        """
        draws = sampled(self.fit).draws
        return sampler.ess(draws, self.fit.spec.design, parameters=parameters, kind=kind, ax=ax)

    def energy(self, *, ax: SomeAxes = None) -> NDArray[Any]:
        """Energy of the sampler: its distribution beside that of its steps, with each chain's BFMI.

        Use it to see whether the sampler reaches the tails: then the two distributions are much alike. Needs
        a posterior.

        Parameters
        ----------
        ax : sequence of Axes, optional
            Two axes; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (2,): the Bayesian fraction of missing information, and the energy.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior, or its sampler kept no energy.

        Notes
        -----
        Drawn by ``arviz_plots.plot_energy``; Betancourt (2016), arXiv:1604.00695. A BFMI under 0.3 is bad.

        Examples
        --------
        >>> fit.plot.energy()[0].get_title()
        'BFMI of every chain'
        """
        return sampler.energy(sampled(self.fit).draws, ax=ax)

    def _replicated(self, seed: int | None) -> tuple[Fit, FloatArray]:
        """A Bayesian fit with rows at hand, and replicated data of them, shape (replicates, n)."""
        bayes, fit = sampled(self.fit), self.fit._with_rows
        chosen = bayes.run.seed if seed is None else checked_seed(seed)
        return fit, predictive.replicates(sampled(fit).draws, fit.spec, seed=chosen)


def _residuals(fit: Fit, by: str | None, kind: ResidualKind | None, trend: bool, ax: Axes | None) -> Axes:
    """Residuals of the rows at hand."""
    kind = shown_kind(fit.spec.family, "response") if kind is None else kind
    values = fit.resid(kind=kind)["value"].to_numpy()
    design, label = fit.spec.design, RESIDUAL_NAMES[kind]
    if by is None:
        fitted = fit.fitted()["value"].to_numpy()
        return residual_scatter(
            fitted, values, xlabel=f"fitted {design.response.name}", ylabel=label, trend=trend, ax=ax
        )
    group = group_of(design, by)
    if group is not None:
        return residual_boxes(*present_levels(design.block(group)), values, name=group, xlabel=label, ax=ax)
    column = _column(design, by)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        x = column.to_numpy(dtype=float)
        known = np.isfinite(x)
        return residual_scatter(x[known], values[known], xlabel=by, ylabel=label, trend=trend, ax=ax)
    codes, levels = pd.factorize(column, sort=True)
    known = codes >= 0
    return residual_boxes(
        codes[known],
        [str(level) for level in levels],
        values[known],
        name=by,
        xlabel=label,
        keep_order=True,
        ax=ax,
    )


def _series(design: Design, group: str | None, time: str | None) -> tuple[IntArray, FloatArray]:
    """Series of every row and its place in time."""
    serial = design.residual.correlation
    if group is None and not design.residual.is_independent:
        codes, times = serial.codes, serial.times
    else:
        if group is None and not design.blocks:
            raise DataError("The model does not have groups: name the column of the series, group='...'.")
        name = None if group is None else group_of(design, group)
        if group is None or name is not None:
            codes = chosen_blocks(design, name)[0].codes
        else:
            codes = pd.factorize(_column(design, group))[0].astype(np.int64)
        times = in_order(codes)
    if time is None:
        return codes, times
    return codes, pd.factorize(_column(design, time), sort=True)[0].astype(np.float64)


def _column(design: Design, name: str) -> pd.Series[Any]:
    """A column of the rows used."""
    if not isinstance(name, str) or name not in design.frame.columns:
        known = [*(block.group for block in design.blocks), *map(str, design.frame.columns)]
        raise DataError(f"The data have no column {name!r}. {near_names(str(name), dict.fromkeys(known))}")
    return design.frame[name]


def sampled(fit: Fit) -> PosteriorFit:
    """The same fit, known to have a posterior."""
    if not isinstance(fit, PosteriorFit):
        raise BayesmixedError("This plot needs a posterior; fit the model with method='bayes'.")
    return fit
