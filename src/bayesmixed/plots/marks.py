"""Points and texts as every plot of checks draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
