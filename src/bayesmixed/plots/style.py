"""The look that all plots share; it takes ink and paper from matplotlib's settings, for dark styles too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
