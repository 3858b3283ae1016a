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

    Returns shape (n,).
    """
    lower, upper = (
        [name for name in table.columns if str(name).startswith(f"{stem}_")] or [stem] for stem in stems
    )
    return table[lower[0]].to_numpy(dtype=float), table[upper[-1]].to_numpy(dtype=float)


def clear_of(lower: FloatArray, upper: FloatArray, value: float = 0.0) -> NDArray[np.bool_]:
    """Whether each interval leaves a value out.

    Shapes: `lower, upper` (n,); returns (n,).
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

    Shapes: `at` (n,).
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

    Shapes: `at` (n,).
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
    """Thin vertical line at zero, behind everything else."""
    ax.axvline(0, color=muted(0.45), linewidth=0.8, zorder=1)


def draw_dodged(ax: Axes, table: pd.DataFrame, rows: str, by: str, methods: Sequence[str]) -> None:
    """Intervals of several methods beside each other under every label, the first label on top."""
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
    """Legend on top of the axes, where it hides nothing."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.2)


def legend_of_panels(axes: NDArray[Any], *, own_figure: bool) -> None:
    """One legend for all panels: above them in an own figure, otherwise in the first panel.

    Shapes: `axes` (n_panels,).
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
