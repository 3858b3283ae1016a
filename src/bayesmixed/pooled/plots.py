"""Pictures of shrinkage: where partial pooling moves the groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.comparison.group_columns import rows_of_levels
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import one_or_several
from bayesmixed.plots.style import (
    LABELLED_LEVELS,
    PALETTE,
    ROW_HEIGHT,
    draw_line,
    muted,
    panel_axes,
    plain,
    point_style,
    single_axes,
    tidy_axes,
)
from bayesmixed.pooled.group_lines import GroupLines, group_lines, telling_groups
from bayesmixed.pooled.records import PooledGroups
from bayesmixed.surface import pictures, public_methods
from bayesmixed.verbs.blocks import chosen_effect, chosen_levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


NONE, PARTIAL, COMPLETE = PALETTE[1], PALETTE[0], PALETTE[2]
"""Colours of the three ways, in every picture the same."""
STYLES: dict[str, tuple[str, Any, float]] = {
    "complete": (COMPLETE, (0, (1, 1.2)), 1.4),
    "none": (NONE, (0, (5, 2)), 1.4),
    "partial": (PARTIAL, "-", 2.0),
}
"""Colour, dashes and width of their lines."""
SHARES = (0.5, 0.95)
"""Of the groups, inside the ellipses."""


def shrinkage(
    groups: PooledGroups, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Arrows from every group's own estimate to its partially pooled one."""
    chosen = _chosen_effects(groups, effects)
    if len(chosen) == 1:
        return _dots(groups, chosen[0], ax)
    return _plane(groups, chosen, ax)


def lines(
    groups: PooledGroups,
    *,
    levels: object = None,
    most: int = 12,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Rows of single groups with their lines under complete, no and partial pooling, shape (groups,)."""
    block = groups.block
    if levels is None:
        shown = telling_groups(groups, most).tolist()
    else:
        shown = [block.levels.index(level) for level in chosen_levels(groups.design, block.group, levels)]
    axes = panel_axes(ax, len(shown), columns=4)
    curves, whole = group_lines(groups, shown), group_lines(groups, shown, whole=True)
    ways = {
        "complete": (whole.at, whole.heights(groups.complete.coefficients[shown])),
        "none": (curves.at, curves.heights(groups.none.coefficients[shown])),
        "partial": (curves.at, curves.heights(groups.partial[shown])),
    }
    for i, (panel, level) in enumerate(zip(axes, shown, strict=True)):
        _panel(
            panel, groups, level, curves, {way: (at[i], heights[i]) for way, (at, heights) in ways.items()}
        )
    chosen = f"{len(shown)} of {block.n_levels} groups" if len(shown) < block.n_levels else ""
    _label_panels(axes, groups, curves, chosen if levels is None else "", own_figure=ax is None)
    return axes


def by_size(groups: PooledGroups, *, effect: str | None = None, ax: Axes | None = None) -> Axes:
    """Reliability of the groups' effects against their numbers of rows."""
    chosen = groups.varying if effect is None else _chosen_effects(groups, effect)
    ax = tidy_axes(single_axes(ax))
    n = np.asarray(groups.n_rows)
    jitter = np.random.default_rng(0).uniform(-0.12, 0.12, len(n))
    for color, name in zip((PARTIAL, NONE, COMPLETE, *PALETTE[3:]), chosen, strict=False):
        style = {**point_style(len(n), color), "s": 26}
        ax.scatter(n + jitter, groups.reliability[:, groups.place(name)], label=plain(name), **style)
    if groups.varying == (names.INTERCEPT,) and groups.design.weights is None:
        variance = float(groups.estimate.optimum.covariances[groups.index][0, 0])
        sizes = np.linspace(1, n.max(), 200)
        ratio = sizes * variance / (sizes * variance + groups.estimate.optimum.sigma**2)
        ax.plot(sizes, ratio, color=muted(), zorder=1, linewidth=1)
    ax.set(xlabel=f"rows of the {plain(groups.block.group)}", ylabel="reliability", ylim=(0, 1.02))
    ax.set_xlim(0, 1.03 * n.max() + 0.3)
    if len(chosen) > 1:
        ax.legend(frameon=False, loc="lower right")
    return ax


def _chosen_effects(groups: PooledGroups, effects: str | Sequence[str] | None) -> tuple[str, ...]:
    """One or two varying effects."""
    wanted = groups.varying[:2] if effects is None else one_or_several(effects, "effects")
    chosen = tuple(chosen_effect(groups.block, name) for name in wanted)
    if len(chosen) > 2:
        raise BayesmixedError("A plane has two axes; choose one or two effects.")
    return tuple(map(str, chosen))


def _plane(groups: PooledGroups, effects: tuple[str, ...], ax: Axes | None) -> Axes:
    """Arrows in the plane of two effects."""
    ax = tidy_axes(single_axes(ax, height=4.8))
    places = [groups.place(effect) for effect in effects]
    start, end = groups.none.coefficients[:, places], groups.partial[:, places]
    known = np.isfinite(start).all(axis=1)
    _ellipses(ax, groups, effects, groups.population[places])
    many = len(end) > LABELLED_LEVELS
    ax.quiver(
        *start[known].T,
        *(end - start)[known].T,
        angles="xy",
        scale_units="xy",
        scale=1,
        color=muted(0.55),
        width=0.0035 if not many else 0.0015,
        zorder=2,
    )
    size = 22 if not many else 8
    ax.scatter(
        start[known, 0],
        start[known, 1],
        s=size,
        facecolor="none",
        edgecolor=NONE,
        zorder=3,
        label="no pooling",
    )
    ax.scatter(end[:, 0], end[:, 1], s=size, color=PARTIAL, zorder=4, label="partial pooling")
    ax.scatter(
        float(groups.complete.coefficients[0, places[0]]),
        float(groups.complete.coefficients[0, places[1]]),
        s=80,
        marker="X",
        color=COMPLETE,
        edgecolor=ax.get_facecolor(),
        zorder=5,
        label="complete pooling",
    )
    ax.set(xlabel=plain(effects[0]), ylabel=plain(effects[1]))
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax


def _ellipses(ax: Axes, groups: PooledGroups, effects: tuple[str, ...], centre: FloatArray) -> None:
    """Ellipses that hold shares of the groups by the mixed model's distribution, that of parents in it."""
    covariance = np.zeros((len(effects), len(effects)))
    for place, block in zip(groups.kin.places, groups.kin.blocks, strict=True):
        have = [i for i, effect in enumerate(effects) if effect in block.effects]
        chosen = [block.effects.index(effects[i]) for i in have]
        covariance[np.ix_(have, have)] += groups.estimate.optimum.covariances[place][np.ix_(chosen, chosen)]
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.vstack([np.cos(turn), np.sin(turn)])
    for share in SHARES:
        points = centre[:, None] + np.sqrt(-2 * np.log1p(-share)) * (root @ circle)
        label = "50, 95 % of groups" if share == SHARES[0] else None
        ax.plot(*points, color=PARTIAL, linewidth=1, alpha=0.45, zorder=1, label=label)


def _dots(groups: PooledGroups, effect: str, ax: Axes | None) -> Axes:
    """Own and partially pooled estimates of one effect, a row for each group."""
    block, place = groups.block, groups.place(effect)
    labelled = block.n_levels <= LABELLED_LEVELS
    ax = tidy_axes(single_axes(ax, height=1.2 + ROW_HEIGHT * min(block.n_levels, 45)))
    order = np.argsort(groups.partial[:, place], kind="stable")
    start, end = groups.none.coefficients[order, place], groups.partial[order, place]
    height = np.arange(len(order))
    known = np.isfinite(start)
    size = 22 if labelled else 6
    ax.hlines(height[known], start[known], end[known], color=muted(0.45), linewidth=1, zorder=1)
    ax.scatter(
        start, height, s=size, facecolor="none", edgecolor=NONE, linewidth=1, label="no pooling", zorder=2
    )
    ax.scatter(end, height, s=size, color=PARTIAL, label="partial pooling", zorder=3)
    ax.axvline(
        groups.complete.coefficients[0, place],
        color=COMPLETE,
        label="complete pooling",
        zorder=0,
        linewidth=1.2,
    )
    ax.set_yticks(height if labelled else [])
    if labelled:
        ax.set_yticklabels([f"{plain(block.levels[j])} ({groups.n_rows[j]})" for j in order])
    ax.set(xlabel=plain(effect), ylabel=f"{plain(block.group)}{' (rows)' if labelled else ''}")
    ax.margins(y=0.02)
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, columnspacing=1.0)
    return ax


def _panel(
    ax: Axes,
    groups: PooledGroups,
    level: int,
    curves: GroupLines,
    ways: dict[str, tuple[FloatArray, FloatArray]],
) -> None:
    """Rows of one group with the three lines; a line of one place is a mark."""
    rows = rows_of_levels(groups.block)[level]
    at = np.linspace(0.3, 0.7, len(rows)) if curves.predictor is None else curves.rows_at[rows]
    ax.scatter(at, groups.design.response.values[rows], s=9, color=muted(0.75), zorder=2, linewidth=0)
    for way, (places, heights) in ways.items():
        color, style, width = STYLES[way]
        label = f"{way} pooling".replace("none", "no")
        known = np.isfinite(places)
        draw_line(
            ax,
            places[known],
            heights[known],
            color=color,
            linestyle=style,
            linewidth=width,
            label=label,
            zorder=3,
        )
    note = f", {groups.notes[level]}" if groups.notes[level] else ""
    ax.set_title(
        f"{plain(groups.block.levels[level])} ({groups.n_rows[level]}{plain(note)})", fontsize="small"
    )
    tidy_axes(ax)


def _label_panels(
    axes: NDArray[Any], groups: PooledGroups, curves: GroupLines, chosen: str, *, own_figure: bool
) -> None:
    """Names of the axes with how many groups were chosen, once for the figure, and one legend."""
    x = curves.predictor
    for ax in axes if x is None or curves.ticks else ():
        ax.set_xticks(range(len(curves.ticks)), [plain(tick) for tick in curves.ticks])
    if not own_figure:
        axes[0].legend(frameon=False, fontsize="x-small")
        return
    figure = axes[0].figure
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    named = "" if x is None else plain(x)
    below = f"{named} ({chosen})" if named and chosen else named or chosen
    figure.supxlabel(below, fontsize="medium")
    figure.supylabel(plain(groups.design.response.name), fontsize="medium")


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True)
class PoolingPlots:
    """Pictures of a comparison of pooling: ``pooled.plot``; called itself, it draws :meth:`shrinkage`.

    Attributes
    ----------
    groups : PooledGroups
        What is drawn.
    """

    groups: PooledGroups

    def __repr__(self) -> str:
        return pictures(type(self), self.groups.design.formula.text)

    def __call__(self, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Draw :meth:`shrinkage`."""
        return self.shrinkage(effects=effects, ax=ax)

    def shrinkage(self, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Arrows from every group's own estimate to its partially pooled one.

        Use it to show where the mixed model moves the groups. Two effects span a plane, with the ellipses
        that hold 50 and 95 % of groups by the mixed model; one effect gives a dot plot.

        Parameters
        ----------
        effects : str or sequence of str, optional
            One or two varying effects to draw; the first two unless given.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        BayesmixedError
            When there are more than two effects.
        DataError
            When an effect does not vary.

        Examples
        --------
        >>> ax = pooled.plot.shrinkage()
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('Intercept', 'Days')
        """
        return shrinkage(self.groups, effects=effects, ax=ax)

    def lines(
        self,
        *,
        levels: object = None,
        most: int = 12,
        ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
    ) -> NDArray[Any]:
        """Rows of single groups with their lines under complete, no and partial pooling.

        Use it to see how the three ways fit the same points. A group's own lines stop where its rows do; that
        of complete pooling runs on.

        Parameters
        ----------
        levels : level or sequence of levels, optional
            Groups to draw, by label or value; unless given up to `most`, from those that are hardly moved to
            those that are moved most, and the figure says how many of all.
        most : int, default 12
            How many groups are chosen at most.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each group; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (groups,).

        Raises
        ------
        DataError
            When a group is not among the levels.

        Examples
        --------
        >>> len(pooled.plot.lines(levels=["308", "335"]))
        2
        """
        return lines(self.groups, levels=levels, most=most, ax=ax)

    def by_size(self, *, effect: str | None = None, ax: Axes | None = None) -> Axes:
        """Reliability of the groups' effects against their numbers of rows.

        Use it to show that small groups are pooled most: a reliability of 0 pools completely, 1 not at all.

        Parameters
        ----------
        effect : str, optional
            One varying effect; all unless given.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            For one random intercept, where the reliability is the weight of a group's own mean, with the
            curve n tau^2 / (n tau^2 + sigma^2).

        Raises
        ------
        DataError
            When the effect does not vary.

        Examples
        --------
        >>> pooled.plot.by_size(effect="Days").get_ylabel()
        'reliability'
        """
        return by_size(self.groups, effect=effect, ax=ax)
