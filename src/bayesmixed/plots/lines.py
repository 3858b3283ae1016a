"""Fitted lines of the population and of groups on the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.predictors import predictor
from bayesmixed.design.records import GroupBlock
from bayesmixed.options import one_or_several
from bayesmixed.plots.contract import PredictingFit
from bayesmixed.plots.fitted_lines import level_lines, population_line
from bayesmixed.plots.intervals import legend_above
from bayesmixed.plots.marks import draw_line, plain, point_style
from bayesmixed.plots.samples import labelled, present_levels
from bayesmixed.plots.style import PALETTE, ink, muted, panel_axes, single_axes, tidy_axes
from bayesmixed.verbs.blocks import chosen_blocks, chosen_levels, level_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FACETS = 24
FEW_FACETS = 6
MOST_HELD = 3


def group_facets(
    fit: PredictingFit,
    x: str,
    *,
    group: str | None = None,
    levels: object = None,
    prob: float = 0.95,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Data of every level with its fitted line, a panel for each; the population's line is dashed.

    The same as ``fit.plot.groups()``, whose help says where the other predictors stand.

    Parameters
    ----------
    fit : MixedFit or RemlFit
        A fit.
    x : str
        Predictor on the horizontal axis.
    group : str, optional
        Grouping factor; the one with the most levels unless given.
    levels : level or sequence of levels, optional
        Levels to show, by label or value, e.g. ``["308", "335"]`` or 308; all unless given, and of more than
        24 levels those evenly spread over the order of their first random effect.
    prob : float, default 0.95
        Probability inside the bands, between 0 and 1.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_levels,).

    Raises
    ------
    DataError
        When the model does not have the predictor `x`, the grouping factor `group` or one of `levels`.

    Examples
    --------
    >>> [ax.get_title() for ax in bm.plots.group_facets(fit, "Days", levels=["308", "335"])]
    ['308', '335']
    """
    fit = fit.with_rows
    block = chosen_blocks(fit.spec.design, group)[0]
    shown = _facet_levels(fit, block, levels)
    population = population_line(fit, x, prob=prob)
    lines = level_lines(fit, x, group=block.group, levels=shown, prob=prob)
    common = _all_held_alike(population, lines)
    size = 2.4 if len(shown) <= FEW_FACETS else 1.7
    axes = panel_axes(ax, len(shown), width=size, height=size)
    for panel, level in zip(axes, shown, strict=True):
        rows = block.codes == block.levels.index(level)
        _draw_points(panel, fit, x, rows, muted(0.75))
        panel.plot(population["x"], population["value"], color=muted(0.5), linewidth=1, linestyle="--")
        line = lines[lines["group"] == level]
        _draw_line(panel, line, PALETTE[0])
        own = "" if common else line["held"].iloc[0]
        panel.set_title(plain(f"{level}\n{own}" if own else level), fontsize="small" if own else "medium")
        tidy_axes(panel)
    note = population["held"].iloc[0] if common else f"population: {population['held'].iloc[0]}"
    _name_figure(axes, _noted(x, note), fit.spec.design.response.name, own_figure=ax is None)
    return labelled(fit, axes)


def group_lines(
    fit: PredictingFit,
    x: str,
    *,
    group: str | None = None,
    levels: object = None,
    prob: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Fitted lines of all levels of a grouping factor on the data, in one panel.

    The same as ``fit.plot.groups(facets=False)``, whose help says where the other predictors stand.

    Parameters
    ----------
    fit : MixedFit or RemlFit
        A fit.
    x : str
        Predictor on the horizontal axis.
    group : str, optional
        Grouping factor; the one with the most levels unless given.
    levels : level or sequence of levels, optional
        Levels to show, by label or value, e.g. ``["308", "335"]`` or 308; all unless given.
    prob : float, default 0.95
        Probability inside the bands, between 0 and 1.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        One line for each level, then the population's.

    Raises
    ------
    DataError
        When the model does not have the predictor `x`, the grouping factor `group` or one of `levels`.

    Examples
    --------
    >>> bm.plots.group_lines(fit, "Days").get_xlabel()
    'Days'
    """
    fit = fit.with_rows
    block = chosen_blocks(fit.spec.design, group)[0]
    shown = None if levels is None else chosen_levels(fit.spec.design, block.group, levels)
    lines = level_lines(fit, x, group=block.group, levels=shown, prob=prob)
    n_lines = lines["group"].nunique()
    axes = single_axes(ax)
    wanted = np.isin(np.asarray(block.levels)[block.codes], list(shown or block.levels))
    _draw_points(axes, fit, x, wanted, muted(0.4))
    width, alpha = float(np.clip(25 / n_lines, 0.5, 1.3)), float(np.clip(7 / np.sqrt(n_lines), 0.3, 0.9))
    for _, line in lines.groupby("group", sort=False):
        at = _on_axis(line["x"])
        draw_line(axes, at, line["value"], color=PALETTE[0], linewidth=width, alpha=alpha, zorder=3)
    population = population_line(fit, x, prob=prob)
    _draw_line(axes, population, ink(), label=_with_held("population", population))
    legend_above(axes)
    note = "" if _all_held_alike(population, lines) else _own_held(block.group, lines)
    axes.set(xlabel=plain(_noted(x, note)), ylabel=plain(fit.spec.design.response.name))
    return labelled(fit, tidy_axes(axes))


def population_and_groups(
    fit: PredictingFit,
    x: str,
    *,
    group: object = None,
    group_var: str | None = None,
    prob: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """The population's line with its band, and the lines of chosen levels with their data.

    The same as ``fit.plot.line()``.

    Parameters
    ----------
    fit : MixedFit or RemlFit
        A fit.
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
    >>> ax = bm.plots.population_and_groups(fit, "Days", group="308")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['population', '308']
    """
    fit = fit.with_rows
    wanted = () if group is None else one_or_several(group, "group")
    levels = [level_of(fit.spec.design, level, group_var) for level in wanted]
    population = population_line(fit, x, prob=prob)
    axes = single_axes(ax)
    _draw_points(axes, fit, x, np.ones(fit.spec.design.n_held, dtype=bool), muted(0.3))
    _draw_line(axes, population, ink(), label=_with_held("population", population))
    for i, (block, level) in enumerate(levels):
        color = PALETTE[i % len(PALETTE)]
        _draw_points(axes, fit, x, block.codes == block.levels.index(level), color)
        line = level_lines(fit, x, group=block.group, levels=[level], prob=prob)
        _draw_line(axes, line, color, label=_with_held(level, line))
    legend_above(axes, columns=2 if population["held"].iloc[0] else 7)
    axes.set(xlabel=plain(x), ylabel=plain(fit.spec.design.response.name))
    return labelled(fit, tidy_axes(axes))


def _facet_levels(fit: PredictingFit, block: GroupBlock, levels: object) -> list[str]:
    """Levels that get a panel."""
    if levels is not None:
        return chosen_levels(fit.spec.design, block.group, levels)
    _, present = present_levels(block)
    if len(present) <= MOST_FACETS:
        return list(present)
    effects = fit.ranef(group=block.group)
    effects = effects[(effects["effect"] == block.effects[0]) & effects["group"].isin(present)]
    first = effects.sort_values("value", kind="stable")
    places = np.linspace(0, len(first) - 1, MOST_FACETS).round().astype(int)
    return list(first["group"].iloc[places])


def _on_axis(values: pd.Series) -> pd.Series:
    """Numbers as they are, anything else as text."""
    return values if pd.api.types.is_numeric_dtype(values) else values.astype("str")


def _draw_points(ax: Axes, fit: PredictingFit, x: str, rows: NDArray[np.bool_], color: Any) -> None:
    """Observations of some rows."""
    design = fit.spec.design
    column = predictor(design, x)
    if column.is_categorical:
        # the axis takes categories in the order in which it meets them
        ax.plot(list(column.levels), np.full(len(column.levels), np.nan))[0].remove()
    values = design.frame[x][rows]
    ax.scatter(_on_axis(values), design.response.observed[rows], **point_style(int(rows.sum()), color))


def _draw_line(ax: Axes, line: pd.DataFrame, color: Any, label: str | None = None) -> None:
    """Line of means with its band."""
    at = _on_axis(line["x"])
    if len(set(at)) > 1:
        ax.fill_between(at, line["lower"], line["upper"], color=color, alpha=0.18, linewidth=0, zorder=2)
    else:
        ax.vlines(at, line["lower"], line["upper"], color=color, alpha=0.18, linewidth=4, zorder=2)
    draw_line(ax, at, line["value"], color=color, linewidth=1.8, label=label, zorder=4)


def _all_held_alike(population: pd.DataFrame, lines: pd.DataFrame) -> bool:
    """Whether all lines hold the other categorical predictors where the population's does."""
    return bool((lines["held"] == population["held"].iloc[0]).all())


def _own_held(group: str, lines: pd.DataFrame) -> str:
    """Where the lines of levels hold other categorical predictors."""
    places = lines["held"].unique()
    if len(places) > MOST_HELD:
        return f"each {group} at the levels most frequent in its own rows"
    return f"each {group} at its own: {' or '.join(places)}"


def _with_held(name: str, line: pd.DataFrame) -> str:
    """Name of a line with the levels at which it holds other predictors."""
    held = line["held"].iloc[0]
    return plain(f"{name} ({held})" if held else name)


def _noted(x: str, note: str) -> str:
    """Name of the axis with a note on what is held."""
    return f"{x}\n({note})" if note else x


def _name_figure(axes: NDArray[Any], x: str, y: str, *, own_figure: bool) -> None:
    """Names of the axes, once for a figure of its own."""
    if own_figure:
        axes[0].figure.supxlabel(plain(x), fontsize="medium")
        axes[0].figure.supylabel(plain(y), fontsize="medium")
    else:
        axes[0].set(xlabel=plain(x), ylabel=plain(y))
