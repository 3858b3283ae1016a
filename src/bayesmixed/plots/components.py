"""Variance components and intraclass correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.plots.contract import PlottedFit, SampledFit
from bayesmixed.plots.intervals import draw_intervals, label_rows
from bayesmixed.plots.marks import plain
from bayesmixed.plots.style import PALETTE, ROW_HEIGHT, panel_axes, single_axes, tidy_axes
from bayesmixed.verbs.summaries import draw_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DENSITY_HEIGHT = 0.8
"""Height of the highest density, in the distance between two rows."""

Densities = Mapping[tuple[str, str], FloatArray]


def variance_components(
    varcorr: pd.DataFrame,
    *,
    draws: Densities | None = None,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Standard deviations of random effects beside the residual's, each effect on its own scale.

    Use it for a table that is at hand; ``fit.plot.varcorr()`` draws that of a fit, with densities. Intercepts
    and the residual share the units of the response, and so a panel; every slope has its own units and its
    own panel.

    Parameters
    ----------
    varcorr : pandas.DataFrame
        Table of ``fit.varcorr()``: ``group``, ``effect``, ``sd`` and bounds.
    draws : mapping of (str, str) to array, optional
        Draws of each standard deviation by (group, effect), each of shape (draws,), whose densities are drawn
        above the intervals: kernel estimates of ArviZ, cut off at the smallest and the largest draw.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_panels,): intercepts with the residual, then the slopes in the table's order.

    Examples
    --------
    >>> axes = bm.plots.variance_components(fit.varcorr())
    >>> [label.get_text() for label in axes[0].get_yticklabels()]
    ['Residual', 'Subject']
    """
    units = varcorr["effect"].where(varcorr["effect"] != "", names.INTERCEPT)
    panels = sorted(varcorr.groupby(units, sort=False), key=lambda panel: panel[0] != names.INTERCEPT)
    row = ROW_HEIGHT * (3.0 if draws else 1.4)
    tallest = max(len(rows) for _, rows in panels)
    axes = panel_axes(ax, len(panels), columns=3, width=3.4, height=1.1 + row * tallest, share=False)
    for panel, (effect, rows) in zip(axes, panels, strict=True):
        _draw_panel(panel, str(effect), rows.iloc[::-1], draws or {})
    return axes


def sd_draws(fit: PlottedFit) -> Densities | None:
    """Posterior draws of every standard deviation of a fit, None where it has no posterior.

    Returns shape (S,).
    """
    if not isinstance(fit, SampledFit):
        return None
    draws = {
        (block.group, effect): draw_matrix(fit.draws, names.sd(block.group))[:, e]
        for block in fit.spec.design.blocks
        for e, effect in enumerate(block.effects)
    }
    if names.SIGMA in fit.draws["posterior"]:
        draws[names.RESIDUAL, ""] = draw_matrix(fit.draws, names.SIGMA)
    return draws


def intraclass_correlations(icc: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of the variance that lies between groups, on a scale from 0 to 1.

    Use it for a table that is at hand; ``fit.plot.icc()`` draws that of a fit.

    Parameters
    ----------
    icc : pandas.DataFrame
        Table of ``fit.icc()``; without intervals, as of a REML fit without bootstrap, only points are drawn.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        With the grouping factors from the top down in the order of the table.

    Examples
    --------
    >>> bm.plots.intraclass_correlations(fit.icc()).get_xlabel()
    'intraclass correlation'
    """
    axes = single_axes(ax, height=1.2 + 1.4 * ROW_HEIGHT * max(len(icc), 2))
    rows = icc.iloc[::-1]
    draw_intervals(axes, rows, np.arange(len(rows), dtype=float), value="icc")
    label_rows(axes, list(rows["group"]))
    axes.set(xlim=(0.0, 1.0), xlabel="intraclass correlation")
    return tidy_axes(axes)


def _draw_panel(ax: Axes, effect: str, rows: pd.DataFrame, draws: Densities) -> None:
    """Standard deviations in the same units, from the bottom up."""
    at = np.arange(len(rows), dtype=float)
    for height, group, name in zip(at, rows["group"], rows["effect"], strict=True):
        if (group, name) in draws:
            _draw_density(ax, draws[group, name], float(height))
    draw_intervals(ax, rows, at, stems=("sd", "sd"), value="sd")
    label_rows(ax, list(rows["group"]))
    if draws:
        ax.set_ylim(-0.35, len(rows) - 0.05)
    ax.set_xlim(left=0)
    ax.set_title(plain(effect))
    ax.set_xlabel("standard deviation")
    tidy_axes(ax)


def _draw_density(ax: Axes, draws: FloatArray, height: float) -> None:
    """Posterior density of one standard deviation, standing on its row."""
    from arviz_stats.base.array import array_stats

    grid, density, _ = array_stats.kde(draws, grid_len=256)
    top = height + DENSITY_HEIGHT * density / density.max()
    ax.fill_between(grid, height, top, color=PALETTE[0], alpha=0.3, linewidth=0, zorder=1)
    ax.plot(grid, top, color=PALETTE[0], linewidth=0.8, zorder=1)
