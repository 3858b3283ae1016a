"""The look that all plots share: axes, points, intervals, texts.

Ink and paper are those of matplotlib's settings, for dark styles too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed_program import ctrl_c_waits

if TYPE_CHECKING:
    from matplotlib.axes import Axes


PALETTE = ("#3a7bd5", "#d9822b", "#2a9d6f", "#c2528b", "#8a6fd1", "#b5a12d")
"""Colours that are told apart on white and on black paper, by the colour-blind too."""
WIDTH = 6.4
ROW_HEIGHT = 0.22
LABELLED_LEVELS = 60
"""More levels than this are drawn without their names."""


def ink() -> str:
    """Colour of text and axes in matplotlib's present settings."""
    import matplotlib as mpl

    return str(mpl.rcParams["text.color"])


def muted(share: float = 0.5) -> tuple[float, float, float]:
    """Ink mixed with paper, for what should stand back.

    Returns: red, green, blue.
    """
    import matplotlib as mpl
    from matplotlib.colors import to_rgb

    mixed = share * np.array(to_rgb(ink())) + (1 - share) * np.array(to_rgb(mpl.rcParams["axes.facecolor"]))
    return float(mixed[0]), float(mixed[1]), float(mixed[2])


def single_axes(ax: Axes | None, *, width: float = WIDTH, height: float = 4.0) -> Axes:
    """The axes given, or the only ones of a new figure."""
    if ax is not None:
        return ax
    with ctrl_c_waits():
        import matplotlib.pyplot as plt
    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def panel_axes(
    ax: Sequence[Axes] | NDArray[Any] | Axes | None,
    n_panels: int,
    *,
    columns: int | None = None,
    width: float = 2.4,
    height: float = 2.0,
    share: bool = True,
) -> NDArray[Any]:
    """Axes for a number of panels: those given, or a new grid whose spare places stay empty.

    Returns shape (n_panels,).
    """
    if ax is not None:
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(given) < n_panels:
            raise ValueError(
                f"This plot has {n_panels} panels but ax holds {len(given)} axes; give {n_panels}."
            )
        return given[:n_panels]
    with ctrl_c_waits():
        import matplotlib.pyplot as plt
    n_columns = min(n_panels, columns or int(np.ceil(np.sqrt(n_panels * 1.4))))
    n_rows = -(-n_panels // n_columns)
    figure, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(width * n_columns, height * n_rows),
        sharex=share,
        sharey=share,
        squeeze=False,
        layout="constrained",
    )
    for spare in grid.ravel()[n_panels:]:
        figure.delaxes(spare)
    for lowest in grid.ravel()[max(0, n_panels - n_columns) : n_panels]:
        lowest.tick_params(labelbottom=True)
    return np.asarray(grid.ravel()[:n_panels])


def tidy_axes(ax: Axes) -> Axes:
    """Axes without the frame's upper and right line."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax


MANY_POINTS = 2000
"""More points than this become a picture in a vector file."""


def point_style(n_points: int, color: str = PALETTE[0]) -> dict[str, Any]:
    """Arguments of ``scatter`` for a cloud that stays readable whatever its size."""
    many = n_points > MANY_POINTS
    return {
        "s": float(np.clip(2400 / max(n_points, 1), 4, 20)),
        "alpha": float(np.clip(40 / np.sqrt(max(n_points, 1)), 0.08, 0.8)),
        "color": color,
        "linewidth": 0,
        "rasterized": many,
        "zorder": 2,
    }


def draw_line(ax: Axes, x: Any, y: Any, **style: Any) -> None:
    """Draw a line through points, arrays of shape (G,), or a short dash where all have one place."""
    marks: dict[str, Any] = (
        {} if len(set(x)) > 1 else {"marker": "_", "markersize": 12, "markeredgewidth": 2.0}
    )
    ax.plot(x, y, **style, **marks)


def plain(text: object) -> str:
    r"""Text that matplotlib prints as it stands, dollar signs included."""
    import matplotlib as mpl

    return str(text).replace("$", r"\$") if mpl.rcParams["text.parse_math"] else str(text)


MARKERS = ("o", "s", "^", "D", "v", "P")
DODGE = 0.72
"""Share of the room of a label that the intervals of several methods take up."""


def bounds(table: pd.DataFrame, stems: tuple[str, str] = ("lower", "upper")) -> tuple[FloatArray, FloatArray]:
    """Ends of the intervals of a table, whatever their probability, shape (n,)."""
    lower, upper = (
        [name for name in table.columns if str(name).startswith(f"{stem}_")] or [stem] for stem in stems
    )
    return table[lower[0]].to_numpy(dtype=float), table[upper[-1]].to_numpy(dtype=float)


def clear_of(lower: FloatArray, upper: FloatArray, value: float = 0.0) -> NDArray[np.bool_]:
    """Whether each interval leaves a value out. Shapes: `lower, upper` (n,); returns (n,)."""
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
    """Point and interval of every row of a table, lying at given heights. Shapes: `at` (n,)."""
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
