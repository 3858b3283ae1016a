"""Residuals against a number, and as boxes by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.errors import DataError
from bayesmixed.families.family import Family
from bayesmixed.options import ResidualKind, checked_count
from bayesmixed.plots.levels import spread_levels
from bayesmixed.plots.style import (
    LABELLED_LEVELS,
    PALETTE,
    ROW_HEIGHT,
    ink,
    muted,
    panel_axes,
    plain,
    point_style,
    single_axes,
    tidy_axes,
)
from bayesmixed.verbs.summaries import check_prob

if TYPE_CHECKING:
    from matplotlib.axes import Axes


RESIDUAL_NAMES: dict[ResidualKind, str] = {
    "response": "residual",
    "pearson": "Pearson residual",
    "standardized": "standardized residual",
    "quantile": "quantile residual",
    "normalized": "normalized residual",
}
MOST_BINS = 40
NORMAL_975 = 1.959963984540054
"""The standard normal's 97.5 % quantile."""


def shown_kind(family: Family, gaussian: ResidualKind) -> ResidualKind:
    """Kind of residuals that a picture shows unless told: `gaussian`, or what is normal in other families."""
    return gaussian if family.is_gaussian else "quantile"


def residual_scatter(
    x: FloatArray,
    residuals: FloatArray,
    *,
    xlabel: str = "fitted value",
    ylabel: str = "residual",
    trend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Residuals against fitted values or a numeric covariate, with the mean of the points nearby.

    Use it to look for curvature and for a spread that changes: the bins' means should stay near zero.

    Shapes: `x` (n,), `residuals` (n,).

    The means are those of the binned residual plot (Gelman and Hill 2007, Data Analysis Using Regression and
    Multilevel/Hierarchical Models, section 5.6), see :func:`binned_means`. The band is pointwise and takes
    residuals as independent.
    """
    ax = single_axes(ax)
    ax.axhline(0, color=ink(), linewidth=0.8, zorder=1)
    ax.scatter(x, residuals, **point_style(len(x)))
    if trend:
        bins = binned_means(x, residuals)
        ax.fill_between(
            bins["x"], bins["lower"], bins["upper"], color=PALETTE[1], alpha=0.25, linewidth=0, zorder=3
        )
        ax.plot(bins["x"], bins["mean"], color=PALETTE[1], linewidth=1.8, zorder=4)
    ax.set(xlabel=plain(xlabel), ylabel=plain(ylabel))
    return tidy_axes(ax)


COOKS_DISTANCES = {0.5: (1, 1.2), 1.0: (5, 2)}
"""Contours of Cook's distance, R's, with their dashes."""
NAMED_ROWS = 3


def influence_scatter(
    leverage: FloatArray,
    standardized: FloatArray,
    cooks: FloatArray,
    labels: Sequence[str],
    n_coefficients: int,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Standardized residuals against leverage, with contours of Cook's distance.

    Shapes: `leverage, standardized, cooks` (n,), NaN where a row determines its own fit. On a contour the
    residual is sqrt(D p (1 - h) / h); the rows of the largest distances are named.
    """
    ax = single_axes(ax)
    known = np.isfinite(standardized)
    h, r = leverage[known], standardized[known]
    ax.axhline(0, color=ink(), linewidth=0.8, zorder=1)
    ax.scatter(h, r, **point_style(len(h)))
    right, tall = 1.06 * float(h.max(initial=0.01)), 1.15 * float(np.abs(r).max(initial=1.0))
    at = np.linspace(1e-3 * right, min(right, 0.999), 200)
    for distance, dashes in COOKS_DISTANCES.items():
        height = np.sqrt(distance * n_coefficients * (1 - at) / at)
        style: dict[str, Any] = {"color": PALETTE[1], "linewidth": 1.2, "linestyle": (0, dashes)}
        ax.plot(at, height, label=f"Cook's distance {distance:g}", **style)
        ax.plot(at, -height, **style)
    for i in np.argsort(np.where(known, cooks, -np.inf))[::-1][: min(NAMED_ROWS, len(h))]:
        place = (leverage[i], standardized[i])
        ax.annotate(plain(labels[i]), place, xytext=(4, 3), textcoords="offset points", fontsize="small")
    ax.set(xlabel="leverage", ylabel="standardized residual", xlim=(0, right), ylim=(-tall, tall))
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return tidy_axes(ax)


def binned_means(x: FloatArray, y: FloatArray) -> pd.DataFrame:
    """Means of y in bins of x that hold about equally many points.

    Shapes: `x, y` (n,).

    There are about sqrt(n) bins, at most 40. Points with the same x stay together, so that a covariate of
    few values has one bin for each.
    """
    n_bins = min(MOST_BINS, max(1, int(np.sqrt(len(x)))))
    values, position = np.unique(x, return_inverse=True)
    if len(values) > n_bins:
        edges = np.unique(np.quantile(x, np.linspace(0, 1, n_bins + 1)[1:-1]))
        position = np.searchsorted(edges, x, side="right")
    binned = pd.DataFrame({"x": x, "y": y}).groupby(position)
    mean, se = binned["y"].mean(), binned["y"].sem()
    table = {"x": binned["x"].mean(), "mean": mean}
    return pd.DataFrame({**table, "lower": mean - NORMAL_975 * se, "upper": mean + NORMAL_975 * se})


def residual_boxes(
    codes: IntArray,
    levels: Sequence[str],
    residuals: FloatArray,
    *,
    name: str = "",
    xlabel: str = "residual",
    keep_order: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Boxes of the residuals of every level, sorted by their medians.

    Use it to find groups that the model misses, or whose residuals spread more than others'.

    Shapes: `codes` (n,), `residuals` (n,).

    Boxes, medians and whiskers are Tukey's (whiskers end at the last point within 1.5 interquartile ranges).
    More than 60 levels are drawn without names, as lines: thick between the quartiles, thin for the whiskers.
    """
    from matplotlib.cbook import boxplot_stats

    rows = pd.Series(residuals).groupby(codes)
    order = rows.median().index if keep_order else rows.median().sort_values(kind="stable").index
    boxes = boxplot_stats([rows.get_group(code).to_numpy() for code in order])
    labelled = len(boxes) <= LABELLED_LEVELS
    ax = single_axes(ax, height=1.1 + ROW_HEIGHT * max(len(boxes), 4) if labelled else 6.0)
    ax.axvline(0, color=ink(), linewidth=0.8, zorder=1)
    if labelled:
        _draw_boxes(ax, boxes, [plain(levels[code]) for code in order])
    else:
        _draw_lines(ax, boxes)
    ax.set_ylim(-0.8, len(boxes) - 0.2)
    ax.set(xlabel=plain(xlabel), ylabel=plain(name if labelled else f"{len(boxes)} levels of {name}, sorted"))
    return tidy_axes(ax)


def _draw_boxes(ax: Axes, boxes: list[dict[str, Any]], labels: list[str]) -> None:
    """Named boxes from the bottom up, outlying points beside them."""
    from matplotlib.colors import to_rgb

    ax.bxp(
        boxes,
        positions=range(len(boxes)),
        orientation="horizontal",
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": (*to_rgb(PALETTE[0]), 0.35), "edgecolor": PALETTE[0]},
        medianprops={"color": ink(), "linewidth": 1.5},
        whiskerprops={"color": PALETTE[0]},
        showcaps=False,
        flierprops={"marker": ".", "markersize": 4, "markerfacecolor": PALETTE[1], "markeredgewidth": 0},
    )
    ax.set_yticks(range(len(boxes)), labels=labels)


def _draw_lines(ax: Axes, boxes: list[dict[str, Any]]) -> None:
    """Boxes of many levels: a thick line, a thin line and a point each."""
    table = pd.DataFrame(boxes)
    at = np.arange(len(boxes))
    ax.hlines(at, table["whislo"], table["whishi"], color=muted(0.35), linewidth=0.5, rasterized=True)
    ax.hlines(at, table["q1"], table["q3"], color=PALETTE[0], linewidth=1.2, rasterized=True)
    ax.scatter(table["med"], at, s=4, color=ink(), linewidth=0, zorder=3)
    ax.set_yticks([])


MOST_PANELS = 20


MOST_LAGS = 20


def autocorrelations(
    residuals: FloatArray, codes: IntArray, times: FloatArray, lags: int | None, prob: float
) -> pd.DataFrame:
    """Autocorrelation of residuals within series by lag, with the band of independent ones.

    Shapes: `residuals`, `codes`, `times` (n,).

    Returns: columns ``lag``, ``value``, ``pairs``, ``bound``.
    """
    from scipy import stats

    check_prob(prob)
    order = np.lexsort((times, codes))
    r, series = residuals[order], codes[order]
    longest = int(np.bincount(series).max()) - 1
    if longest < 1:
        raise DataError("No series has two rows, so that no residual follows another. Name series by group=.")
    found = []
    for lag in range(1, min(MOST_LAGS if lags is None else checked_count(lags, "lags"), longest) + 1):
        same = series[lag:] == series[:-lag]
        n = int(same.sum())
        value = float(np.mean((r[lag:] * r[:-lag])[same]) / np.mean(r**2))
        found.append((lag, value, n, float(stats.norm.ppf(0.5 + prob / 2)) / n**0.5))
    return pd.DataFrame(found, columns=["lag", "value", "pairs", "bound"])


def autocorrelation_bars(table: pd.DataFrame, name: str, ax: Axes | None) -> Axes:
    """Bars of autocorrelations; those outside the band are coloured."""
    axes = single_axes(ax)
    lag, value, bound = (table[column].to_numpy(float) for column in ("lag", "value", "bound"))
    outside = np.abs(value) > bound
    axes.fill_between(lag, -bound, bound, color=muted(0.15), linewidth=0, step="mid")
    axes.axhline(0, color=muted(0.45), linewidth=0.8)
    for chosen, color in ((~outside, muted(0.55)), (outside, PALETTE[0])):
        axes.vlines(lag[chosen], 0, value[chosen], color=color, linewidth=3)
    axes.set_xlim(0.3, lag[-1] + 0.7)
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("lag")
    axes.set_ylabel(f"autocorrelation of the {name}")
    return tidy_axes(axes)


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
