"""The raw data of every group as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.design.frame import pick, to_pandas
from bayesmixed.design.levels import find_level, level_label
from bayesmixed.errors import DataError, near_names
from bayesmixed.options import one_or_several
from bayesmixed.plots.intervals import legend_above
from bayesmixed.plots.marks import MANY_POINTS, plain
from bayesmixed.plots.style import PALETTE, ink, muted, single_axes, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals.typing import IntoFrame

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
