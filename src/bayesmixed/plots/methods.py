"""Plots as methods of a fit: ``fit.plot.ranef()``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from bayesmixed.habits import PLOT
from bayesmixed.options import ConfintMethod, IccKind, one_or_several
from bayesmixed.plots.check_methods import CheckPlots
from bayesmixed.plots.contract import PredictingFit
from bayesmixed.surface import method_names, public_methods, uses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FitPlots(CheckPlots):
    """The plots of a fit, each a method that takes ``ax=`` and gives the axes back.

    Attributes
    ----------
    fit : PlottedFit
        What is drawn.
    """

    fit: PredictingFit

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
        """Random effects, sorted; see :func:`bayesmixed.plots.caterpillar`."""
        from bayesmixed.plots.caterpillar import caterpillar
        from bayesmixed.verbs.blocks import spelled_effects

        design, table = self.fit.spec.design, self.fit.ranef(group=group, prob=prob)
        shown = None if effect is None else spelled_effects(design, one_or_several(effect, "effect"))
        order = None if sort_by is None else spelled_effects(design, [sort_by])[0]
        return caterpillar(table, effect=shown, sort_by=order, ax=ax)

    def fixef(self, *, intercept: bool | None = None, prob: float = 0.95, ax: Axes | None = None) -> Axes:
        """Coefficients with their intervals; see :func:`bayesmixed.plots.coefficients`."""
        from bayesmixed.plots.coefficients import coefficients

        return coefficients(
            {self.fit.spec.design.formula.text: self.fit}, intercept=intercept, prob=prob, ax=ax
        )

    def varcorr(
        self, *, prob: float = 0.95, ax: Sequence[Axes] | NDArray[Any] | Axes | None = None
    ) -> NDArray[Any]:
        """Standard deviations of random effects; see :func:`bayesmixed.plots.variance_components`."""
        from bayesmixed.plots.components import sd_draws, variance_components

        return variance_components(self.fit.varcorr(prob=prob), draws=sd_draws(self.fit), ax=ax)

    def icc(
        self,
        *,
        kind: IccKind = "adjusted",
        at: Mapping[str, float] | None = None,
        prob: float = 0.95,
        ax: Axes | None = None,
    ) -> Axes:
        """Share of variance between groups; see :func:`bayesmixed.plots.intraclass_correlations`."""
        from bayesmixed.plots.components import intraclass_correlations

        return intraclass_correlations(self.fit.icc(kind=kind, at=at, prob=prob), ax=ax)

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
        """Fitted lines of groups on the data.

        A level's line has the effects of the levels in which it lies; crossed factors stand at zero.
        Facets are by :func:`bayesmixed.plots.group_facets` (array of axes), one panel by
        :func:`bayesmixed.plots.group_lines` (axes).
        """
        from bayesmixed.plots.lines import group_facets, group_lines

        draw = group_facets if facets else group_lines
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
        """Population's line beside those of groups; see :func:`bayesmixed.plots.population_and_groups`."""
        from bayesmixed.plots.lines import population_and_groups

        return population_and_groups(self.fit, x, group=group, group_var=group_var, prob=prob, ax=ax)

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
        """No pooling, REML and the posterior side by side; see :func:`bayesmixed.plots.versus`."""
        from bayesmixed.comparison.versus import versus as versus_table
        from bayesmixed.plots.posterior_checks import sampled
        from bayesmixed.plots.versus import versus

        draws = sampled(self.fit).draws
        table = versus_table(draws, self.fit.spec, method=method, prob=prob, parameters=parameters, seed=seed)
        return versus(table.set_axis([*table.columns[:-2], "lower", "upper"], axis=1), ax=ax)
