"""Fitted lines of the population and of groups on the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.encode import Predictor, encode, grouping_columns, predictor, predictors
from bayesmixed.design.frame import pick, to_pandas
from bayesmixed.design.levels import find_level, level_label
from bayesmixed.design.nesting import lineage
from bayesmixed.design.prediction_rows import with_effects
from bayesmixed.design.records import Design, GroupBlock, IntArray
from bayesmixed.errors import DataError, near_names
from bayesmixed.options import one_or_several
from bayesmixed.plots.levels import labelled, present_levels
from bayesmixed.plots.style import (
    MANY_POINTS,
    PALETTE,
    bounds,
    draw_line,
    ink,
    legend_above,
    muted,
    panel_axes,
    plain,
    point_style,
    single_axes,
    tidy_axes,
)
from bayesmixed.verbs.blocks import chosen_blocks, chosen_levels, level_of
from bayesmixed.verbs.contract import Fit
from bayesmixed.verbs.grid import reference_grid, set_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals.typing import IntoFrame


MOST_FACETS = 24
FEW_FACETS = 6
MOST_HELD = 3


def group_facets(
    fit: Fit,
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
    fit = fit._with_rows
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
    fit: Fit,
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
    fit = fit._with_rows
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


def smooth(fit: Fit, x: str, *, prob: float = 0.95, ax: Axes | None = None) -> Axes:
    """The smooths of one column, with the band of every point and, wider, of the whole curve.

    The same as ``fit.plot.smooth()``, whose help says more.

    Parameters
    ----------
    fit : MixedFit or RemlFit
        A fit.
    x : str
        The column, or the name of one smooth.
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
    >>> bm.plots.smooth(trend, "Days").get_xlabel()
    'Days'
    """
    curves = fit.smooth_curve(x, prob=prob)
    column, axes = str(curves.columns[1]), single_axes(ax)
    parts = [(str(name), curve) for name, curve in curves.groupby("smooth", sort=False)]
    for i, (name, curve) in enumerate(parts):
        at, color = curve[column].to_numpy(), PALETTE[i % len(PALETTE)]
        low, high = (curve[f"{end}_simultaneous"].to_numpy() for end in ("lower", "upper"))
        axes.fill_between(at, low, high, color=color, alpha=0.12, linewidth=0)
        point = curve.drop(columns=["lower_simultaneous", "upper_simultaneous"])
        axes.fill_between(at, *bounds(point), color=color, alpha=0.22, linewidth=0)
        draw_line(axes, at, curve["value"].to_numpy(), color=color, label=plain(name))
    axes.axhline(0.0, color=muted(0.3), linewidth=0.8, zorder=0)
    if len(parts) > 1:
        legend_above(axes)
    axes.set(xlabel=plain(column), ylabel=plain(parts[0][0] if len(parts) == 1 else f"s({column})"))
    return tidy_axes(axes)


def population_and_groups(
    fit: Fit,
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
    fit = fit._with_rows
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


def _facet_levels(fit: Fit, block: GroupBlock, levels: object) -> list[str]:
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


def _draw_points(ax: Axes, fit: Fit, x: str, rows: NDArray[np.bool_], color: Any) -> None:
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


GRID_POINTS = 30


def population_line(fit: Fit, x: str, *, prob: float = 0.95) -> pd.DataFrame:
    """Mean of the population along one predictor, the others at typical values.

    Other numbers stand at their mean, other categorical predictors at their most frequent level. Along a
    predictor that only random effects have the line is level.
    """
    design, along = with_effects(fit.spec.design, "fixed"), _along(fit.spec.design, x)
    if x in predictors(design):
        grid = reference_grid(design, {x: along})
    else:
        grid = reference_grid(design, {}).iloc[np.zeros(len(along), dtype=np.int64)].assign(**{x: along})
    return _predicted(fit, design, grid, x, effects="fixed", prob=prob)


def level_lines(
    fit: Fit,
    x: str,
    *,
    group: str | None = None,
    levels: Sequence[str] | None = None,
    prob: float = 0.95,
) -> pd.DataFrame:
    """Mean of levels of one grouping factor along one predictor, the others as is typical of each level.

    The effects of the factors in which the levels are nested are added, a site's line has those of its range;
    the effects of factors that are crossed with them stand at zero, their average level. Other numbers stand
    at the mean of the level's rows, other categorical predictors at the value that is most frequent among
    them. Where nothing but `x` differs within levels and no factor is crossed, the line of a gaussian model
    runs through the mean of the level's fitted values.
    """
    block = chosen_blocks(fit.spec.design, group)[0]
    effects = lineage(fit.spec.design, block).groups
    design = with_effects(fit.spec.design, effects)
    grid = reference_grid(design, {x: _along(fit.spec.design, x)})
    place = [other.group for other in design.blocks].index(block.group)
    codes = encode(design, grid).meetings[place].one(block.group)
    grid, codes = _on_own_range(predictor(design, x), block, grid, codes)
    grid = _at_own_values(design, block, grid, codes, x)
    labels = np.asarray(block.levels, dtype=object)[codes]
    absent = sorted(set(levels or ()) - set(labels))
    if absent:
        raise DataError(f"The random sample of the rows does not include {block.group} {', '.join(absent)}.")
    wanted = np.isin(labels, list(block.levels if levels is None else levels))
    lines = _predicted(fit, design, grid[wanted], x, effects=effects, prob=prob)
    lines.insert(0, "group", labels[wanted])
    return lines


def _on_own_range(
    column: Predictor, block: GroupBlock, grid: pd.DataFrame, codes: IntArray
) -> tuple[pd.DataFrame, IntArray]:
    """Grid whose x keeps to the range, or the levels, of the rows of each row's level, with its codes."""
    name = column.name
    if column.is_categorical:
        places = pd.Index(column.levels)
        seen = np.zeros((block.n_levels, len(places)), dtype=bool)
        seen[block.codes, places.get_indexer(pd.Index(np.asarray(column.values).tolist()))] = True
        kept = seen[codes, places.get_indexer(pd.Index(grid[name].tolist()))]
        return grid[kept].reset_index(drop=True), codes[kept]
    values = np.asarray(column.values, dtype=float)
    low, high = np.full(block.n_levels, np.inf), np.full(block.n_levels, -np.inf)
    np.minimum.at(low, block.codes, values)
    np.maximum.at(high, block.codes, values)
    share = (grid[name].to_numpy(dtype=float) - values.min()) / (np.ptp(values) or 1.0)
    return grid.assign(**{name: low[codes] + (high - low)[codes] * share}), codes


def _held(design: Design, x: str) -> dict[str, Predictor]:
    """Predictors that stand still along a line over x."""
    still = (x, *grouping_columns(design))
    return {name: column for name, column in predictors(design).items() if name not in still}


def _at_own_values(
    design: Design, block: GroupBlock, grid: pd.DataFrame, codes: IntArray, x: str
) -> pd.DataFrame:
    """Grid whose other predictors stand at the typical value of each row's level."""
    for column in _held(design, x).values():
        grid = set_column(grid, column, _typical_of_levels(column, block)[codes])
    return grid


def _typical_of_levels(column: Predictor, block: GroupBlock) -> NDArray[Any]:
    """Mean of a number, or most frequent value of a categorical predictor, in the rows of every level."""
    if not column.is_categorical:
        sums = np.bincount(block.codes, weights=np.asarray(column.values, dtype=float))
        return np.asarray(sums / np.maximum(np.bincount(block.codes), 1))
    values = pd.Categorical(column.values, categories=column.levels)
    counts = np.zeros((block.n_levels, len(column.levels)), dtype=np.int64)
    np.add.at(counts, (block.codes, values.codes), 1)
    return np.array(column.levels, dtype=object)[counts.argmax(axis=1)]


def _along(design: Design, x: str) -> list[Any]:
    """Values of the predictor at which lines are computed."""
    column = predictor(design, x)
    if column.is_categorical:
        return list(column.levels)
    values = np.asarray(column.values)
    return list(np.linspace(values.min(), values.max(), GRID_POINTS))


def _predicted(
    fit: Fit, design: Design, grid: pd.DataFrame, x: str, *, effects: Any, prob: float
) -> pd.DataFrame:
    """Predictions for the rows of a grid."""
    table = fit.predict(grid, effects=effects, prob=prob)
    lower, upper = bounds(table)
    named = [name for name, column in _held(design, x).items() if column.is_categorical]
    columns = {"x": grid[x].to_numpy(), "value": table["value"].to_numpy(), "lower": lower, "upper": upper}
    held = [", ".join(f"{name} = {row[name]}" for name in named) for row in grid[named].to_dict("records")]
    return pd.DataFrame({**columns, "held": held})


COLOURED_GROUPS = len(PALETTE)
MEAN_POINTS = 60


def spaghetti(
    data: IntoFrame,
    x: str,
    y: str,
    group: str,
    *,
    highlight: object = None,
    mean: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Raw data, the points of each group joined by a line.

    Use it before fitting, to see what varies between groups. Up to six groups have colours of their own; more
    become thin lines, with the mean over all of them.

    Parameters
    ----------
    data : pandas, polars or Arrow frame
        The data, in any order.
    x, y, group : str
        Columns: of the horizontal and the vertical axis, and of the groups.
    highlight : level or sequence of levels, optional
        Groups to set off in colour, by label or value; none unless given.
    mean : bool, default True
        Whether the mean of `y` at each `x` is drawn where there are more than six groups and at most 60
        different values of `x`.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        One line for each group.

    Raises
    ------
    DataError
        When a column is missing, or `highlight` names a group that is not in the data.

    Examples
    --------
    >>> ax = bm.plots.spaghetti(sleep, "Days", "Reaction", "Subject", highlight=["308"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['308', 'mean']
    """
    columns = pd.DataFrame(pick(to_pandas(data), list(dict.fromkeys([x, y, group])))).dropna()
    columns = columns.sort_values(x, kind="stable")
    lines = {level_label(level): rows for level, rows in columns.groupby(group, observed=True)}
    chosen = _chosen(lines, highlight, group)
    axes = single_axes(ax)
    for level, rows in lines.items():
        axes.plot(rows[x], rows[y], **_line_style(level, chosen, len(lines), len(columns)))
    if mean and len(lines) > COLOURED_GROUPS and columns[x].nunique() <= MEAN_POINTS:
        means = columns.groupby(x, observed=True)[y].mean()
        axes.plot(means.index, means, color=ink(), linewidth=2.2, zorder=4, label="mean")
    if axes.get_legend_handles_labels()[0]:
        legend_above(axes, columns=7)
    axes.set(xlabel=plain(x), ylabel=plain(y))
    return tidy_axes(axes)


def _chosen(lines: dict[str, pd.DataFrame], highlight: object, group: str) -> dict[str, str]:
    """Colour of every group that is set off; of all groups when they are few."""
    wanted = []
    for level in () if highlight is None else one_or_several(highlight, "highlight"):
        label = find_level(level, list(lines))
        if label is None:
            raise DataError(f"{level!r} is not a level of {group}. {near_names(level, lines)}")
        wanted.append(label)
    if not wanted and len(lines) <= COLOURED_GROUPS:
        wanted = list(lines)
    return {level: PALETTE[i % len(PALETTE)] for i, level in enumerate(wanted)}


def _line_style(level: str, chosen: dict[str, str], n_groups: int, n_rows: int) -> dict[str, Any]:
    """Arguments of ``plot`` for one group's line."""
    if level in chosen:
        return {"color": chosen[level], "linewidth": 1.8, "zorder": 3, "label": plain(level)}
    return {
        "color": muted(0.55),
        "linewidth": float(np.clip(20 / n_groups, 0.5, 1.1)),
        "alpha": float(np.clip(8 / np.sqrt(n_groups), 0.25, 0.9)),
        "rasterized": n_rows > MANY_POINTS,
        "zorder": 2,
    }
