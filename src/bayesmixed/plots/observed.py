"""Observed against fitted values, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.plots.contract import spread_levels
from bayesmixed.plots.style import ink, panel_axes, plain, point_style, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 20


def observed_against_fitted(
    fitted: FloatArray,
    observed: FloatArray,
    codes: IntArray,
    levels: Sequence[str],
    *,
    name: str = "observed",
    max_panels: int = MOST_PANELS,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Observed against fitted values in one panel for each level, best fitted first.

    Shapes: `fitted, observed` (n,), `codes` (n,).

    Examples
    --------
    >>> y, fitted = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0])
    >>> axes = observed_against_fitted(fitted, y, np.array([1, 1, 0, 0]), ["a", "b"])
    >>> [panel.get_title() for panel in axes]
    ['b  (rms 0)', 'a  (rms 1)']
    """
    counts = np.bincount(codes, minlength=len(levels))
    squares = np.bincount(codes, weights=(observed - fitted) ** 2, minlength=len(levels))
    rms = np.sqrt(squares / np.maximum(counts, 1))
    shown = spread_levels(rms, max_panels)
    axes = panel_axes(ax, len(shown), width=1.9, height=1.8)
    for panel, code in zip(axes, shown, strict=True):
        rows = codes == code
        panel.axline(
            (float(fitted.mean()), float(fitted.mean())), slope=1, color=ink(), linewidth=0.8, zorder=1
        )
        panel.scatter(fitted[rows], observed[rows], **point_style(int(counts[code])))
        panel.set_title(f"{plain(levels[code])}  (rms {rms[code]:.3g})", fontsize="small")
        tidy_axes(panel)
    figure = axes[0].figure
    if ax is None:
        figure.supxlabel("fitted value" if len(shown) == len(levels) else _fraction(len(shown), len(levels)))
        figure.supylabel(plain(name))
    return axes


def _fraction(shown: int, total: int) -> str:
    """Label that says how many of the levels are shown."""
    return f"fitted value ({shown} of {total} levels, from the best fitted to the worst)"
