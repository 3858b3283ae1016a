"""Points with intervals, as every plot of estimates draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.plots.marks import MANY_POINTS, plain
from bayesmixed.plots.style import LABELLED_LEVELS, PALETTE, muted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = ("o", "s", "^", "D", "v", "P")
DODGE = 0.72
"""Share of the room of a label that the intervals of several methods take up."""


def bounds(table: pd.DataFrame, stems: tuple[str, str] = ("lower", "upper")) -> tuple[FloatArray, FloatArray]:
    """Ends of the intervals of a table, whatever their probability.

    Parameters
    ----------
    table : pandas.DataFrame
        With a column for each end, named by its stem or by stem and percentage.
    stems : tuple[str, str]
        Stems of the two names; equal stems stand for two columns in this order, ``sd_2.5`` and ``sd_97.5``.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Lower and upper ends, each of shape (n,).

    Examples
    --------
    >>> bounds(pd.DataFrame({"value": [1.0], "lower_5": [0.5], "upper_95": [2.0]}))
    (array([0.5]), array([2.]))
    >>> bounds(pd.DataFrame({"sd": [1.0], "sd_5": [0.5], "sd_95": [2.0]}), ("sd", "sd"))
    (array([0.5]), array([2.]))
    """
    lower, upper = (
        [name for name in table.columns if str(name).startswith(f"{stem}_")] or [stem] for stem in stems
    )
    return table[lower[0]].to_numpy(dtype=float), table[upper[-1]].to_numpy(dtype=float)


def clear_of(lower: FloatArray, upper: FloatArray, value: float = 0.0) -> NDArray[np.bool_]:
    """Whether each interval leaves a value out.

    Parameters
    ----------
    lower, upper : FloatArray
        Shape (n,).
    value : float
        Usually zero.

    Returns
    -------
    NDArray
        Shape (n,), of bool.

    Examples
    --------
    >>> clear_of(np.array([-1.0, 0.5]), np.array([1.0, 2.0]))
    array([False,  True])
    """
    return np.asarray((lower > value) | (upper < value))


def draw_intervals(
    ax: Axes,
    table: pd.DataFrame,
    at: FloatArray,
    *,
    colors: Any = PALETTE[0],
    marker: str = "o",
    label: str | None = None,
    stems: tuple[str, str] = ("lower", "upper"),
    value: str = "value",
    rows: int | None = None,
) -> None:
    """Point and interval of every row of a table, lying at given heights.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    table : pandas.DataFrame
        A column of values, and the ends of the intervals; an interval of NaN is left out.
    at : FloatArray
        Height of every row, shape (n,).
    colors : str or array
        One colour, or one for every row.
    marker : str
        Of the points.
    label : str, optional
        For the legend.
    stems : tuple[str, str]
        Names of the ends; see :func:`bounds`.
    value : str
        Name of the column of values.
    rows : int, optional
        Number of rows that share the height of the axes, which sets the size of the marks; those of the
        table unless given.
    """
    lower, upper = bounds(table, stems)
    n = len(table) if rows is None else rows
    many = n > MANY_POINTS // 4
    width = float(np.clip(110 / max(n, 1), 0.5, 1.8))
    ax.hlines(at, lower, upper, colors=colors, linewidth=width, rasterized=many, zorder=2)
    ax.scatter(
        table[value],
        at,
        s=float(np.clip(1300 / max(n, 1), 2, 26)),
        c=colors,
        marker=marker,
        label=None if label is None else plain(label),
        linewidth=0,
        rasterized=many,
        zorder=3,
    )


def label_rows(ax: Axes, labels: Sequence[object], at: FloatArray | None = None) -> None:
    """Write the names of rows beside the vertical axis, where they are few enough to be read.

    Parameters
    ----------
    ax : Axes
        Where the rows lie.
    labels : sequence
        One for each row, from the bottom up.
    at : FloatArray, optional
        Heights of the rows, shape (n,); 0, 1, 2 ... unless given.
    """
    n = len(labels)
    heights = np.arange(n, dtype=float) if at is None else at
    if n <= LABELLED_LEVELS:
        ax.set_yticks(heights, labels=[plain(label) for label in labels])
    else:
        ax.set_yticks([])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.7, n - 0.3)


def mark_zero(ax: Axes) -> None:
    """Thin vertical line at zero, behind everything else.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    """
    ax.axvline(0, color=muted(0.45), linewidth=0.8, zorder=1)


def draw_dodged(ax: Axes, table: pd.DataFrame, rows: str, by: str, methods: Sequence[str]) -> None:
    """Intervals of several methods beside each other under every label, the first label on top.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    table : pandas.DataFrame
        Columns `rows`, `by`, ``value`` and the ends of the intervals.
    rows : str
        Column of the labels.
    by : str
        Column that says the method.
    methods : sequence of str
        The methods in the order of the legend; each keeps its colour when it is missing here.
    """
    labels = list(dict.fromkeys(table[rows]))
    height = {label: len(labels) - 1 - i for i, label in enumerate(labels)}
    step = DODGE / max(len(methods), 1)
    for i, method in enumerate(methods):
        part = table[table[by] == method]
        at = part[rows].map(height).to_numpy(dtype=float) + step * ((len(methods) - 1) / 2 - i)
        color, marker = PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]
        draw_intervals(ax, part, at, colors=color, marker=marker, label=method, rows=len(table))
    label_rows(ax, labels[::-1])


def legend_above(ax: Axes, *, columns: int = 4) -> None:
    """Legend on top of the axes, where it hides nothing.

    Parameters
    ----------
    ax : Axes
        Axes with labelled marks.
    columns : int
        Most entries on one line.
    """
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.2)


def legend_of_panels(axes: NDArray[Any], *, own_figure: bool) -> None:
    """One legend for all panels: above them in an own figure, otherwise in the first panel.

    Parameters
    ----------
    axes : NDArray
        Panels that share their labels, shape (n_panels,).
    own_figure : bool
        Whether the figure holds nothing else.
    """
    marks: dict[str, Any] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        marks = dict(zip(labels, handles, strict=True)) | marks
    if own_figure:
        axes[0].figure.legend(
            marks.values(), marks.keys(), loc="outside upper center", ncols=4, frameon=False
        )
    else:
        axes[0].legend(marks.values(), marks.keys(), frameon=False)
