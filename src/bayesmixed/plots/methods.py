"""Plots as methods of a fit: ``fit.plot.ranef()``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from bayesmixed.comparison.versus import versus as versus_table
from bayesmixed.habits import PLOT
from bayesmixed.options import ConfintMethod, IccKind, one_or_several
from bayesmixed.plots import estimates, lines
from bayesmixed.plots.check_methods import CheckPlots, sampled
from bayesmixed.plots.forest import forest
from bayesmixed.surface import method_names, public_methods, uses
from bayesmixed.verbs.blocks import spelled_effects
from bayesmixed.verbs.contract import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FitPlots(CheckPlots):
    """Pictures of a fit, each a method that takes ``ax=`` and returns the axes.

    ``fit.plot`` is one: ``fit.plot.ranef()``, ``fit.plot.residuals()``. All work for posteriors and, unless
    they say otherwise, for REML and ML estimates.

    Attributes
    ----------
    fit : MixedFit or RemlFit
        What is drawn.
    """

    fit: Fit

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Refuse to draw without the name of a picture."""
        raise TypeError(f"{PLOT}, or one of {', '.join(method_names(FitPlots))}.")

    def ranef(
        self,
        group: str | None = None,
        *,
        effect: str | Sequence[str] | None = None,
        prob: float = 0.95,
        sort_by: str | None = None,
        ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
    ) -> NDArray[Any]:
        """Random effects of every level with their intervals, sorted: a caterpillar plot.

        Use it to see which groups differ from the population. Intervals that leave zero out are coloured;
        more than 60 levels are drawn without their names.

        Parameters
        ----------
        group : str, optional
            One grouping factor; all unless given.
        effect : str or sequence of str, optional
            These effects only, e.g. ``"Days"``; all unless given.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        sort_by : str, optional
            Effect that sorts the levels in all panels of its grouping factor; each panel sorts by its own
            values unless given.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_panels,), one for each effect of each grouping factor.

        Raises
        ------
        DataError
            When there is no grouping factor `group`, or no effect `effect` or `sort_by`.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.ranef(sort_by="Days")]
        ['Intercept', 'Days']
        """
        design, table = self.fit.spec.design, self.fit.ranef(group=group, prob=prob)
        shown = None if effect is None else spelled_effects(design, one_or_several(effect, "effect"))
        order = None if sort_by is None else spelled_effects(design, [sort_by])[0]
        return estimates.caterpillar(table, effect=shown, sort_by=order, ax=ax)

    def fixef(self, *, intercept: bool | None = None, prob: float = 0.95, ax: Axes | None = None) -> Axes:
        """Coefficients with their intervals.

        Use :func:`bayesmixed.plots.coefficients` to set several fits side by side.

        Parameters
        ----------
        intercept : bool, optional
            Whether the intercept is shown; unless given, only where it is the only coefficient, since it
            would set the scale.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            With the terms from the top down.

        Examples
        --------
        >>> [label.get_text() for label in fit.plot.fixef(intercept=True).get_yticklabels()]
        ['Days', 'Intercept']
        """
        return estimates.coefficients(
            {self.fit.spec.design.formula.text: self.fit}, intercept=intercept, prob=prob, ax=ax
        )

    def forest(self, *, group: str | None = None, prob: float = 0.95, ax: Axes | None = None) -> Axes:
        """Estimates with known standard errors, what the model makes of them, and their mean: a forest plot.

        Use it for a meta-analysis, ``y | se(s) ~ 1 + (1 | study)``: the squares are the studies' own
        estimates, larger where they are surer, with normal intervals; the points below them are the values
        that the model gives the studies, drawn towards the mean; the last rows are the mean and the interval
        in which the true value of another study lies.

        Parameters
        ----------
        group : str, optional
            Grouping factor whose levels are the studies; the only one unless given.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            With the studies from the top down in the order of the data.

        Raises
        ------
        DataError
            When the formula does not have known standard errors, or several grouping factors and no `group`.

        Notes
        -----
        With moderators the mean and the prediction are those of a study with the mean of every numeric column
        of the data and the commonest value of every other.

        Examples
        --------
        >>> schools = bm.lmer("effect | se(se) ~ 1 + (1 | school)", bm.load_dataset("eight_schools"), seed=1)
        >>> [label.get_text() for label in schools.plot.forest().get_yticklabels()][:3]
        ['new school', 'mean', 'H']
        """
        return forest(self.fit, group, prob, ax)

    def varcorr(
        self, *, prob: float = 0.95, ax: Sequence[Axes] | NDArray[Any] | Axes | None = None
    ) -> NDArray[Any]:
        """Standard deviations of random effects beside the residual's, each effect on its own scale.

        Use it to see between what the data vary most. Intercepts and the residual share the units of the
        response, and so a panel; every slope has its own units and its own panel.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_panels,): intercepts with the residual, then the slopes in the order of
            ``fit.varcorr()``.

        Notes
        -----
        Of a posterior densities stand above the intervals: kernel estimates of ArviZ, cut off at the smallest
        and the largest draw, so that none reaches below zero.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.varcorr()]
        ['Intercept', 'Days']
        """
        return estimates.variance_components(
            self.fit.varcorr(prob=prob), draws=estimates.sd_draws(self.fit), ax=ax
        )

    def icc(
        self,
        *,
        kind: IccKind = "adjusted",
        at: Mapping[str, float] | None = None,
        prob: float = 0.95,
        ax: Axes | None = None,
    ) -> Axes:
        """Share of the variance that lies between groups, on a scale from 0 to 1.

        Use it to compare grouping factors; ``fit.icc()`` gives the table.

        Parameters
        ----------
        kind : {"adjusted", "unadjusted", "conditional"}, default "adjusted"
            What the variance between groups is divided by; see :meth:`bayesmixed.MixedFit.icc`.
        at : mapping of str to float, optional
            Values of predictors that have random slopes, e.g. ``{"Days": 3}``.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            With the grouping factors from the top down.

        Examples
        --------
        >>> [label.get_text() for label in fit.plot.icc(at={"Days": 3}).get_yticklabels()]
        ['Subject']
        """
        return estimates.intraclass_correlations(self.fit.icc(kind=kind, at=at, prob=prob), ax=ax)

    def groups(
        self,
        x: str,
        *,
        group: str | None = None,
        levels: object = None,
        facets: bool = True,
        prob: float = 0.95,
        ax: Any = None,
    ) -> Any:
        """Fitted lines of groups on their data, a panel for each group or all in one.

        Use it to see whether the lines of single groups fit their points. A level's line stops where its rows
        do, and has the effects of the levels in which it is nested; factors that are crossed with it stand at
        zero, their average level. Of the other predictors, numbers stand at the mean of the level's rows,
        categorical ones at their most frequent value, and the picture says which.

        Parameters
        ----------
        x : str
            Predictor on the horizontal axis.
        group : str, optional
            Grouping factor; the one with the most levels unless given.
        levels : level or sequence of levels, optional
            Levels to show, by label or value, e.g. ``["308", "335"]`` or 308; all unless given, and in facets
            of more than 24 levels those evenly spread over the order of their first random effect.
        facets : bool, default True
            Whether every level has a panel, where the population's line is dashed, or all share one.
        prob : float, default 0.95
            Probability inside the bands, between 0 and 1.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes, or Axes
            Shape (n_levels,) of facets; one when all levels share it.

        Raises
        ------
        DataError
            When the model does not have the predictor `x`, the grouping factor `group` or one of `levels`.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.groups("Days", levels=["308", "335"])]
        ['308', '335']
        >>> fit.plot.groups("Days", facets=False).get_xlabel()
        'Days'
        """
        draw = lines.group_facets if facets else lines.group_lines
        return draw(self.fit, x, group=group, levels=levels, prob=prob, ax=ax)

    def line(
        self,
        x: str,
        group: object = None,
        *,
        group_var: str | None = None,
        prob: float = 0.95,
        ax: Axes | None = None,
    ) -> Axes:
        """The population's line with its band, and the lines of chosen groups with their data.

        Use it to see how much single groups differ from the population. Other predictors stand as in
        :meth:`groups`.

        Parameters
        ----------
        x : str
            Predictor on the horizontal axis.
        group : level or sequence of levels, optional
            By label or value, e.g. ``"308"`` or ``[308, 335]``; the population alone unless given.
        group_var : str, optional
            Grouping factor, needed when several have a level of that name.
        prob : float, default 0.95
            Probability inside the bands, between 0 and 1.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            The population's line first, then those of the levels as given.

        Raises
        ------
        DataError
            When the model does not have the predictor `x`, or no grouping factor has the level.

        Examples
        --------
        >>> [text.get_text() for text in fit.plot.line("Days", 308).get_legend().get_texts()]
        ['population', '308']
        """
        return lines.population_and_groups(self.fit, x, group=group, group_var=group_var, prob=prob, ax=ax)

    def smooth(self, x: str, *, prob: float = 0.95, ax: Axes | None = None) -> Axes:
        """The smooths of one column, with the band of every point and, wider, of the whole curve.

        Use it to see the shape of a trend: where no horizontal line fits into the wider band, there is one.

        Parameters
        ----------
        x : str
            The column, e.g. ``"Time"``, or the name of one smooth, e.g. ``"s(Time)"``.
        prob : float, default 0.95
            Probability inside the bands, between 0 and 1.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            One line for each smooth of the column.

        Raises
        ------
        DataError
            When the model does not have a smooth of `x`.

        Examples
        --------
        >>> trend = bm.lmer("Reaction ~ s(Days, k=5) + (1 | Subject)", sleep, method="reml")
        >>> trend.plot.smooth("Days").get_ylabel()
        's(Days)'
        """
        return lines.smooth(self.fit, x, prob=prob, ax=ax)

    @uses("method", dict.fromkeys(("profile", "wald"), ("parameters", "prob", "ax")), instead="boot")
    def versus(
        self,
        *,
        method: ConfintMethod = "profile",
        prob: float = 0.95,
        parameters: str | Sequence[str] | None = None,
        seed: int | None = None,
        ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
    ) -> NDArray[Any]:
        """Estimates of no pooling, REML and the posterior side by side; needs a posterior.

        Use it to see what the priors and the pooling change. :meth:`bayesmixed.MixedFit.versus` gives the
        table and says what its methods are.

        Parameters
        ----------
        method : {"profile", "wald", "boot"}, default "profile"
            How the intervals of REML are made: from the profiled deviance, from standard errors, or from
            parametric bootstrap refits.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        parameters : str or sequence of str, optional
            Some of the parameters, e.g. ``"Days"``; all unless given.
        seed : int, optional
            Repeats the refits of ``method="boot"``.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (n_panels,), one for each family of parameters.

        Raises
        ------
        BayesmixedError
            When the fit is an estimate, not a posterior.

        Examples
        --------
        >>> [ax.get_title() for ax in fit.plot.versus(method="wald", parameters="Days")]
        ['Days']
        """
        draws = sampled(self.fit).draws
        table = versus_table(draws, self.fit.spec, method=method, prob=prob, parameters=parameters, seed=seed)
        return estimates.versus(table.set_axis([*table.columns[:-2], "lower", "upper"], axis=1), ax=ax)
