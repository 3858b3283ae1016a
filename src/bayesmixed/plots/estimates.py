"""Estimates with intervals: coefficients, random effects, components of variance, several methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import DataError, near_names
from bayesmixed.options import one_or_several
from bayesmixed.plots.style import (
    LABELLED_LEVELS,
    PALETTE,
    ROW_HEIGHT,
    bounds,
    clear_of,
    draw_dodged,
    draw_intervals,
    label_rows,
    legend_above,
    legend_of_panels,
    mark_zero,
    muted,
    panel_axes,
    plain,
    single_axes,
    tidy_axes,
)
from bayesmixed.verbs.contract import Fit, PosteriorFit
from bayesmixed.verbs.summaries import draw_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DENSITY_HEIGHT = 0.8
"""Height of the highest density, in the distance between two rows."""

Densities = Mapping[tuple[str, str], FloatArray]


def variance_components(
    varcorr: pd.DataFrame,
    *,
    draws: Densities | None = None,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Standard deviations of random effects beside the residual's, each effect on its own scale.

    Use it for a table that is at hand; ``fit.plot.varcorr()`` draws that of a fit, with densities. Intercepts
    and the residual share the units of the response, and so a panel; every slope has its own units and its
    own panel.

    Parameters
    ----------
    varcorr : pandas.DataFrame
        Table of ``fit.varcorr()``: ``group``, ``effect``, ``sd`` and bounds.
    draws : mapping of (str, str) to array, optional
        Draws of each standard deviation by (group, effect), each of shape (draws,), whose densities are drawn
        above the intervals: kernel estimates of ArviZ, cut off at the smallest and the largest draw.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_panels,): intercepts with the residual, then the slopes in the table's order.

    Raises
    ------
    DataError
        When the table does not have a row, as that of a count regression without random effects.

    Examples
    --------
    >>> axes = bm.plots.variance_components(fit.varcorr())
    >>> [label.get_text() for label in axes[0].get_yticklabels()]
    ['Residual', 'Subject']
    """
    units = varcorr["effect"].where(varcorr["effect"] != "", names.INTERCEPT)
    panels = sorted(varcorr.groupby(units, sort=False), key=lambda panel: panel[0] != names.INTERCEPT)
    row = ROW_HEIGHT * (3.0 if draws else 1.4)
    if not panels:
        raise DataError("The model has neither random effects nor a residual standard deviation to draw.")
    tallest = max(len(rows) for _, rows in panels)
    axes = panel_axes(ax, len(panels), columns=3, width=3.4, height=1.1 + row * tallest, share=False)
    for panel, (effect, rows) in zip(axes, panels, strict=True):
        _draw_panel(panel, str(effect), rows.iloc[::-1], draws or {})
    return axes


def sd_draws(fit: Fit) -> Densities | None:
    """Posterior draws of every standard deviation of a fit, None where it has no posterior.

    Returns shape (S,).
    """
    if not isinstance(fit, PosteriorFit):
        return None
    draws = {
        (block.group, each.name): draw_matrix(fit.draws, names.sd(block.group))[:, each.effects.start]
        for block in fit.spec.design.blocks
        for each in block.deviations
    }
    if names.SIGMA in fit.draws["posterior"]:
        draws[names.RESIDUAL, ""] = draw_matrix(fit.draws, names.SIGMA)
    return draws


def intraclass_correlations(icc: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of the variance that lies between groups, on a scale from 0 to 1.

    Use it for a table that is at hand; ``fit.plot.icc()`` draws that of a fit.

    Parameters
    ----------
    icc : pandas.DataFrame
        Table of ``fit.icc()``; without intervals, as of a REML fit without bootstrap, only points are drawn.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        With the grouping factors from the top down in the order of the table.

    Examples
    --------
    >>> bm.plots.intraclass_correlations(fit.icc()).get_xlabel()
    'intraclass correlation'
    """
    axes = single_axes(ax, height=1.2 + 1.4 * ROW_HEIGHT * max(len(icc), 2))
    rows = icc.iloc[::-1]
    draw_intervals(axes, rows, np.arange(len(rows), dtype=float), value="icc")
    label_rows(axes, list(rows["group"]))
    axes.set(xlim=(0.0, 1.0), xlabel="intraclass correlation")
    return tidy_axes(axes)


def _draw_panel(ax: Axes, effect: str, rows: pd.DataFrame, draws: Densities) -> None:
    """Standard deviations in the same units, from the bottom up."""
    at = np.arange(len(rows), dtype=float)
    for height, group, name in zip(at, rows["group"], rows["effect"], strict=True):
        if (group, name) in draws:
            _draw_density(ax, draws[group, name], float(height))
    draw_intervals(ax, rows, at, stems=("sd", "sd"), value="sd")
    label_rows(ax, list(rows["group"]))
    if draws:
        ax.set_ylim(-0.35, len(rows) - 0.05)
    ax.set_xlim(left=0)
    ax.set_title(plain(effect))
    ax.set_xlabel("standard deviation")
    tidy_axes(ax)


def _draw_density(ax: Axes, draws: FloatArray, height: float) -> None:
    """Posterior density of one standard deviation, standing on its row."""
    from arviz_stats.base.array import array_stats

    grid, density, _ = array_stats.kde(draws, grid_len=256)
    top = height + DENSITY_HEIGHT * density / density.max()
    ax.fill_between(grid, height, top, color=PALETTE[0], alpha=0.3, linewidth=0, zorder=1)
    ax.plot(grid, top, color=PALETTE[0], linewidth=0.8, zorder=1)


FEWEST_ROWS = 5


def caterpillar(
    ranef: pd.DataFrame,
    *,
    effect: str | Sequence[str] | None = None,
    sort_by: str | None = None,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Random effects with their intervals from the lowest to the highest, a panel for each effect.

    Use it for a table of random effects that is at hand, also one that another program made;
    ``fit.plot.ranef()`` draws those of a fit. Intervals that leave zero out are coloured. More than 60 levels
    are drawn without their names.

    Parameters
    ----------
    ranef : pandas.DataFrame
        Table of ``fit.ranef()``: ``group_var``, ``effect``, ``group``, ``value`` and bounds.
    effect : str or sequence of str, optional
        These effects only, e.g. ``"Days"``; all unless given.
    sort_by : str, optional
        Effect that sorts the levels in all panels of its grouping factor; each panel sorts by its own values
        unless given.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_panels,), one for each effect of each grouping factor.

    Raises
    ------
    DataError
        When no effect is named `effect` or `sort_by`.

    Examples
    --------
    >>> [ax.get_title() for ax in bm.plots.caterpillar(fit.ranef())]
    ['Intercept', 'Days']
    """
    shown = ranef if effect is None else _of_effect(ranef, effect)
    if sort_by is not None:
        _of_effect(ranef, sort_by)
    panels = [rows for _, rows in shown.groupby(["group_var", "effect"], sort=False, observed=True)]
    tallest = max(len(rows) for rows in panels)
    height = 1.0 + ROW_HEIGHT * min(max(tallest, FEWEST_ROWS), 0.55 * LABELLED_LEVELS)
    axes = panel_axes(ax, len(panels), columns=3, width=3.4, height=height, share=False)
    for panel, rows in zip(axes, panels, strict=True):
        _draw_effect(panel, _sorted(rows, ranef, sort_by))
    return axes


def _of_effect(ranef: pd.DataFrame, effect: object) -> pd.DataFrame:
    """Rows of one effect or of several."""
    chosen, known = one_or_several(effect, "effect"), list(dict.fromkeys(ranef["effect"]))
    for name in chosen:
        if name not in known:
            raise DataError(f"No random effect is named {name!r}. {near_names(name, known)}")
    return ranef[ranef["effect"].isin(chosen)]


def _sorted(rows: pd.DataFrame, ranef: pd.DataFrame, sort_by: str | None) -> pd.DataFrame:
    """Rows of one panel by their own values, or by those of another effect of the same levels."""
    same = ranef[(ranef["group_var"] == rows["group_var"].iloc[0]) & (ranef["effect"] == sort_by)]
    if same.empty:
        return rows.sort_values("value", kind="stable")
    order = same.sort_values("value", kind="stable")["group"]
    sorted_rows: pd.DataFrame = rows.set_index("group").loc[order].reset_index()
    return sorted_rows


def _draw_effect(ax: Axes, rows: pd.DataFrame) -> None:
    """One effect of one grouping factor."""
    clear = clear_of(*bounds(rows))
    colors = np.array([muted(0.5), _rgb(PALETTE[0])])[clear.astype(int)]
    mark_zero(ax)
    draw_intervals(ax, rows, np.arange(len(rows), dtype=float), colors=colors)
    label_rows(ax, list(rows["group"]))
    group = plain(rows["group_var"].iloc[0])
    ax.set_ylabel(group if len(rows) <= LABELLED_LEVELS else f"{group} ({len(rows)} levels)")
    ax.set_title(plain(rows["effect"].iloc[0]))
    ax.set_xlabel("deviation from the population")
    tidy_axes(ax)


def _rgb(color: str) -> tuple[float, float, float]:
    """Colour as red, green, blue."""
    from matplotlib.colors import to_rgb

    return to_rgb(color)


def coefficients(
    fits: Mapping[str, Fit | pd.DataFrame],
    *,
    intercept: bool | None = None,
    prob: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Coefficients of one fit or several with their intervals, dodged under each term.

    Use it to see how estimates change from model to model, or how the posterior stands beside REML.

    Parameters
    ----------
    fits : mapping of str to MixedFit, RemlFit or pandas.DataFrame
        Name for the legend to a fit, or to its table of ``fixef()``.
    intercept : bool, optional
        Whether the intercept is shown; unless given, only where it is the only term, since it would set the
        scale.
    prob : float, default 0.95
        Probability inside the intervals of fits; a table keeps its own.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        With the terms from the top down in the order of the first fit.

    Raises
    ------
    DataError
        When `fits` is empty, or none of the models has fixed effects.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Examples
    --------
    >>> ax = bm.plots.coefficients({"posterior": fit, "REML": fit.reml()})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['posterior', 'REML']
    """
    if not fits:
        raise DataError('There is nothing to draw; give fits by name: coefficients({"REML": fit}).')
    table = _stacked(fits, prob)
    if table.empty:
        raise DataError("There is nothing to draw: the model has no fixed effects.")
    if intercept is None:
        intercept = bool((table["term"] == names.INTERCEPT).all())
    shown = table if intercept else table[table["term"] != names.INTERCEPT]
    room = shown["term"].nunique() * max(1.0, 0.62 * len(fits))
    axes = single_axes(ax, height=1.2 + 1.4 * ROW_HEIGHT * max(room, 2))
    mark_zero(axes)
    draw_dodged(axes, shown, "term", "fit", list(fits))
    axes.set_xlabel("coefficient")
    if len(fits) > 1:
        legend_above(axes)
    return tidy_axes(axes)


def _stacked(fits: Mapping[str, Fit | pd.DataFrame], prob: float) -> pd.DataFrame:
    """Tables of all fits under each other, terms in the order in which they appear."""
    tables = [
        (fit if isinstance(fit, pd.DataFrame) else fit.fixef(prob=prob)).assign(fit=name)
        for name, fit in fits.items()
    ]
    return pd.concat(tables, ignore_index=True)


COLUMNS = ("parameter", "method", "value", "lower", "upper")


def versus(frame: pd.DataFrame, *, ax: Sequence[Axes] | NDArray[Any] | Axes | None = None) -> NDArray[Any]:
    """Estimates with intervals by method, one panel with its own scale for each family of parameters.

    Use it for estimates of any methods, also of other programs; ``fit.plot.versus()`` draws those of a fit.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``parameter``, ``method``, ``value``, ``lower``, ``upper``; an interval of NaN is left out. A
        column ``family`` says which parameters share a panel; without it each has its own.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_panels,), one for each family in the order of the frame.

    Raises
    ------
    DataError
        When a column is missing or there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"parameter": ["Days", "Days", "sigma"], "method": ["REML", "posterior", "REML"],
    ...      "value": [10.5, 10.4, 25.6], "lower": [7.2, 7.0, 22.9], "upper": [13.8, 13.6, 28.9]})
    >>> [ax.get_title() for ax in bm.plots.versus(frame)]
    ['Days', 'sigma']
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise DataError(f"versus() needs the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing.")
    if frame.empty:
        raise DataError("There is nothing to draw; the frame has no rows.")
    methods = list(dict.fromkeys(frame["method"]))
    by = "family" if "family" in frame.columns else "parameter"
    panels = list(frame.groupby(by, sort=False, observed=True))
    most = max(rows["parameter"].nunique() for _, rows in panels)
    height = 0.9 + 0.8 * ROW_HEIGHT * min(max(most * len(methods), 4), 60)
    axes = panel_axes(ax, len(panels), columns=3, width=3.3, height=height, share=False)
    for panel, (family, rows) in zip(axes, panels, strict=True):
        _draw_family(panel, str(family), rows, methods)
    legend_of_panels(axes, own_figure=ax is None)
    return axes


def _draw_family(ax: Axes, family: str, rows: pd.DataFrame, methods: Sequence[str]) -> None:
    """One family of parameters; its zero is marked where it lies among the values."""
    reached = rows[["value", "lower", "upper"]].to_numpy(dtype=float)
    draw_dodged(ax, rows, "parameter", "method", methods)
    if np.nanmin(reached) <= 0 <= np.nanmax(reached):
        mark_zero(ax)
    if set(rows["parameter"]) == {family}:
        ax.set_yticks([])
    ax.set_title(plain(family))
    tidy_axes(ax)
