"""Random effects against each other, with the covariance that the model gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.errors import DataError
from bayesmixed.plots.marks import plain, point_style
from bayesmixed.plots.style import LABELLED_LEVELS, PALETTE, ink, panel_axes, tidy_axes
from bayesmixed.verbs.summaries import draw_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ELLIPSES = (0.5, 0.95)
"""Probabilities inside the ellipses."""
CURVE_POINTS = 121


def ranef_matrix(
    ranef: pd.DataFrame,
    covariance: FloatArray,
    *,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Scatter matrix of the random effects of a grouping factor, with ellipses of their distribution.

    Shapes: `covariance` (k, k), in the order of the effects; returns (k, k).
    """
    effects = list(dict.fromkeys(ranef["effect"]))
    k = len(effects)
    if k < 2:
        raise DataError("A scatter matrix needs two effects; for one write fit.plot.ranef_quantiles().")
    by_effect = {effect: rows.set_index("group") for effect, rows in ranef.groupby("effect", sort=False)}
    panels = panel_axes(ax, k * k, columns=k, width=2.6, height=2.4, share=False)
    axes: NDArray[Any] = panels.reshape(k, k)
    for (i, j), panel in zip(np.ndindex(k, k), panels, strict=True):
        pair = covariance[np.ix_([j, i], [j, i])]
        if i > j:
            _draw_pair(panel, by_effect[effects[j]], by_effect[effects[i]], pair)
        elif i == j:
            _draw_distribution(panel, by_effect[effects[i]]["value"], float(covariance[i, i]))
        else:
            _write_correlation(panel, pair)
    _label_matrix(axes, effects)
    return np.asarray(axes)


def point_covariance(draws: xr.DataTree, block: GroupBlock) -> FloatArray:
    """Covariance matrix of a grouping factor's effects at the numbers that ``varcorr`` prints.

    Returns shape (k, k).
    """
    sd = np.median(draw_matrix(draws, names.sd(block.group)), axis=0)
    if not block.has_correlation:
        return np.diag(sd**2)
    # beside a variance of zero a correlation is unknown, and the covariance zero all the same
    corr = np.nan_to_num(np.median(draw_matrix(draws, names.corr(block.group)), axis=0))
    return np.asarray(np.outer(sd, sd) * corr)


def _draw_pair(ax: Axes, x: pd.DataFrame, y: pd.DataFrame, covariance: FloatArray) -> None:
    """Levels as points with their intervals, and the ellipses of two effects."""
    y = y.loc[x.index]
    if len(x) <= LABELLED_LEVELS:
        line: dict[str, Any] = {"color": PALETTE[0], "alpha": 0.3, "linewidth": 0.8, "zorder": 1.5}
        ax.hlines(y["value"], *_bounds(x), **line)
        ax.vlines(x["value"], *_bounds(y), **line)
    ax.scatter(x["value"], y["value"], **point_style(len(x)))
    angle = np.linspace(0, 2 * np.pi, CURVE_POINTS)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    values, vectors = np.linalg.eigh(covariance)
    shape = vectors * np.sqrt(values.clip(0))
    for inside in ELLIPSES:
        ax.plot(
            *(np.sqrt(-2 * np.log1p(-inside)) * shape @ circle), color=PALETTE[1], linewidth=1.3, zorder=3
        )
    tidy_axes(ax)


def _bounds(rows: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[float]]:
    """Ends of the intervals."""
    return rows.filter(regex="^lower_").iloc[:, 0], rows.filter(regex="^upper_").iloc[:, 0]


def _draw_distribution(ax: Axes, values: pd.Series[float], variance: float) -> None:
    """Histogram of an effect under the normal density of its standard deviation."""
    ax.hist(values, bins="auto", density=True, color=PALETTE[0], alpha=0.45, linewidth=0)
    if variance > 0:
        sd = np.sqrt(variance)
        x = np.linspace(-3 * sd, 3 * sd, CURVE_POINTS)
        ax.plot(x, np.exp(-0.5 * (x / sd) ** 2) / (sd * np.sqrt(2 * np.pi)), color=PALETTE[1], linewidth=1.3)
    ax.set_yticks([])
    tidy_axes(ax).spines["left"].set_visible(False)


def _write_correlation(ax: Axes, covariance: FloatArray) -> None:
    """Correlation of two effects as a number."""
    scale = np.sqrt(covariance[0, 0] * covariance[1, 1])
    text = f"{covariance[0, 1] / scale:.2f}" if scale > 0 else "-"
    ax.text(0.5, 0.56, text, ha="center", va="center", fontsize="xx-large", transform=ax.transAxes)
    ax.text(0.5, 0.36, "correlation", ha="center", va="center", color=ink(), transform=ax.transAxes)
    ax.set_axis_off()


def _label_matrix(axes: NDArray[Any], effects: list[str]) -> None:
    """Names of the effects along the lower and the left edge."""
    for k, effect in enumerate(effects):
        axes[-1, k].set_xlabel(plain(effect))
        axes[k, 0].set_ylabel(plain(effect))
