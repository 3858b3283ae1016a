"""Sorted values against the quantiles of a normal distribution, with an envelope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import FloatArray, GroupBlock, IntArray
from bayesmixed.errors import DataError
from bayesmixed.options import Envelope, one_of
from bayesmixed.plots.style import (
    LABELLED_LEVELS,
    PALETTE,
    ink,
    muted,
    panel_axes,
    plain,
    point_style,
    single_axes,
    tidy_axes,
)
from bayesmixed.verbs.summaries import check_prob, draw_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SIMULATIONS = 8000
POSITIONS = 400
NAMED_POINTS = 3
SEED = 20261121


def normal_quantiles(
    values: FloatArray,
    *,
    se: FloatArray | None = None,
    labels: Sequence[str] | None = None,
    ylabel: str = "residual",
    prob: float = 0.95,
    envelope: Envelope = "simultaneous",
    ax: Axes | None = None,
) -> Axes:
    """Sorted values against normal quantiles, with the line of their mean and standard deviation.

    Shapes: `values` (n,), at least 3, `se` (n,).
    """
    one_of(envelope, Envelope, "envelope")
    if len(values) < 3:
        raise DataError(f"Normal quantiles need at least 3 values, and there are {len(values)}.")
    order = np.argsort(values, kind="stable")
    x, ordered = normal_positions(len(values)), np.asarray(values, dtype=np.float64)[order]
    ax = single_axes(ax, width=4.8, height=4.4)
    ax.axline(
        (0, float(ordered.mean())), slope=float(ordered.std(ddof=1)), color=ink(), linewidth=0.8, zorder=1
    )
    outside = np.zeros(len(x))
    if envelope != "none":
        band = normal_envelope(ordered, prob=prob, simultaneous=envelope == "simultaneous")
        ax.fill_between(x, band["lower"], band["upper"], color=muted(0.18), linewidth=0, zorder=0)
        outside = np.maximum(band["lower"] - ordered, ordered - band["upper"]).to_numpy().clip(0)
    if se is not None and len(x) <= LABELLED_LEVELS:
        ends = ordered - se[order], ordered + se[order]
        ax.vlines(x, *ends, color=PALETTE[0], alpha=0.4, linewidth=0.8, zorder=1.5)
    if labels is not None:
        _name_points(ax, x, ordered, outside, [labels[i] for i in order])
    ax.scatter(x, ordered, **point_style(len(x)) | {"color": np.where(outside > 0, PALETTE[1], PALETTE[0])})
    ax.set(xlabel="normal quantile", ylabel=plain(ylabel))
    return tidy_axes(ax)


def normal_positions(n: int) -> FloatArray:
    """Standard normal quantiles of sorted values, at (i - 1/2) / n, shape (n,)."""
    from scipy.special import ndtri

    positions: FloatArray = ndtri((np.arange(n) + 0.5) / n)
    return positions


def normal_envelope(ordered: FloatArray, *, prob: float = 0.95, simultaneous: bool = True) -> pd.DataFrame:
    """Envelope of the sorted values of a normal sample about the line of their mean and standard deviation.

    Shapes: `ordered` (n,).

    8,000 normal samples, each standardized by its own mean and standard deviation, so that the estimated line
    is accounted for. Pointwise bounds are their quantiles; the simultaneous ones are the pointwise bounds of
    the one local level at which a share `prob` of the samples lies inside everywhere (Aldor-Noiman, Brown,
    Buja, Rolke and Stine 2013, The American Statistician 67:249). Of more than 400 values some 400
    order statistics are simulated, exactly, as ratios of sums of exponentials, and bounds between them are
    interpolated: large normal samples lie inside a little less often than `prob` (measured at 700, 3,000
    and 20,000 values: 0.91 to 0.95 in place of 0.95).
    """
    check_prob(prob)
    at = _simulated_positions(len(ordered))
    samples = _standard_samples(len(ordered), at)
    level = _local_level(samples, prob) if simultaneous else (1 - prob) / 2
    lower, upper = np.quantile(samples, [level, 1 - level], axis=0)
    x, mean, sd = normal_positions(len(ordered)), ordered.mean(), ordered.std(ddof=1)
    bounds = {"lower": mean + sd * lower, "upper": mean + sd * upper}
    return pd.DataFrame({name: np.interp(x, x[at], bound) for name, bound in bounds.items()})


def _simulated_positions(n: int) -> IntArray:
    """Positions of the order statistics that are simulated, denser in the tails."""
    if n <= POSITIONS:
        return np.arange(n)
    ends = np.arange(POSITIONS // 8)
    spread = np.linspace(len(ends), n - 1 - len(ends), POSITIONS - 2 * len(ends)).round().astype(np.int64)
    return np.unique(np.concatenate([ends, spread, n - 1 - ends]))


def _standard_samples(n: int, at: IntArray) -> FloatArray:
    """Order statistics of standardized normal samples, shape (simulations, positions)."""
    from scipy.special import ndtri

    rng = np.random.default_rng(SEED)
    steps = np.diff(at, prepend=-1, append=n)
    sums = np.cumsum(rng.standard_gamma(steps, size=(SIMULATIONS, len(steps))), axis=1)
    samples = ndtri(sums[:, :-1] / sums[:, -1:])
    weights = _interpolation_weights(n, at)
    mean = samples @ weights / n
    variance = ((samples - mean[:, None]) ** 2 @ weights) / (n - 1)
    standard: FloatArray = (samples - mean[:, None]) / np.sqrt(variance)[:, None]
    return standard


def _interpolation_weights(n: int, at: IntArray) -> FloatArray:
    """Share of n sorted values that each simulated one stands for, shape (positions,), sum n."""
    right = np.clip(np.searchsorted(at, np.arange(n)), 1, len(at) - 1)
    share = (np.arange(n) - at[right - 1]) / (at[right] - at[right - 1])
    return np.bincount(right, share, len(at)) + np.bincount(right - 1, 1 - share, len(at))


def _local_level(samples: FloatArray, prob: float) -> float:
    """Tail probability at each position that leaves a share `prob` of the samples inside everywhere."""
    ranks = samples.argsort(axis=0).argsort(axis=0)
    depth = np.minimum(ranks, SIMULATIONS - 1 - ranks).min(axis=1)
    return float(np.quantile(depth, 1 - prob)) / (SIMULATIONS - 1)


def _name_points(ax: Axes, x: FloatArray, y: FloatArray, outside: FloatArray, labels: Sequence[str]) -> None:
    """Names of the outermost points where they lie outside the envelope."""
    n = len(labels)
    for i in [*range(min(NAMED_POINTS, n // 2)), *range(n - min(NAMED_POINTS, n // 2), n)]:
        if outside[i] <= 0:
            continue
        side, shift = ("left", 5) if x[i] < 0 else ("right", -5)
        ax.annotate(
            plain(labels[i]),
            (x[i], y[i]),
            xytext=(shift, -3),
            textcoords="offset points",
            ha=side,
            fontsize="small",
        )


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
