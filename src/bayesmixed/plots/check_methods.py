"""Checks of a fit as methods of ``fit.plot``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bayesmixed.options import Envelope, EssKind, GroupStatistic, ResidualKind
from bayesmixed.plots.contract import PlottedFit
from bayesmixed.surface import pictures, public_methods

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None


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

    fit: PlottedFit

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
        kind : {"response", "pearson", "standardized", "quantile"}, optional
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
        from bayesmixed.plots.checks import residuals

        return residuals(self.fit, by=by, kind=kind, trend=trend, ax=ax)

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
        kind : {"response", "pearson", "standardized", "quantile"}, optional
            Kind of residual, as in ``fit.resid``; unless given ``"standardized"`` of a gaussian
            model and ``"quantile"`` of another family.
        prob : float, default 0.95
            Probability of the envelope, between 0 and 1.
        envelope : {"simultaneous", "pointwise", "none"}, default "simultaneous"
            Whether all points of a normal sample lie inside with probability `prob`, each one does, or there
            is no envelope.
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
        from bayesmixed.plots.checks import residual_quantiles

        return residual_quantiles(self.fit, kind=kind, prob=prob, envelope=envelope, ax=ax)

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
            Whether all points of a normal sample lie inside with probability `prob`, each one does, or there
            is no envelope.
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
        from bayesmixed.plots.checks import ranef_quantiles

        return ranef_quantiles(self.fit, group=group, prob=prob, envelope=envelope, ax=ax)

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
        from bayesmixed.plots.checks import ranef_scatter

        return ranef_scatter(self.fit, group=group, prob=prob, ax=ax)

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
        from bayesmixed.plots.checks import observed

        return observed(self.fit, group=group, max_panels=max_panels, ax=ax)

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
        from bayesmixed.plots.posterior_checks import predictive_density

        return predictive_density(self.fit, group=group, max_panels=max_panels, seed=seed, ax=ax)

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
        from bayesmixed.plots.posterior_checks import predictive_groups

        return predictive_groups(self.fit, group=group, statistic=statistic, prob=prob, seed=seed, ax=ax)

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
        from bayesmixed.plots.posterior_checks import prior_predictive_of

        return prior_predictive_of(self.fit, seed=seed, ax=ax)

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
        from bayesmixed.plots.posterior_checks import prior_beside_posterior

        return prior_beside_posterior(self.fit, parameters=parameters, ax=ax)

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
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import trace

        return trace(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, ax=ax)

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
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import rank

        return rank(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, ax=ax)

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
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import ess

        return ess(sampled(self.fit).draws, self.fit.spec.design, parameters=parameters, kind=kind, ax=ax)

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
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.sampler import energy

        return energy(sampled(self.fit).draws, ax=ax)
