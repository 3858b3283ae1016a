"""The figures of a report that show the data beside the fit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.report.figures import ACCENT, HALF_WIDTH, INK, VECTOR_POINTS, WIDTH, drawing, svg_text

PANELS = 12
COLUMNS = 4


def quantile_svg(residuals: FloatArray) -> str:
    """Quantiles of the residuals against those of a normal distribution.

    Parameters
    ----------
    residuals : FloatArray
        Shape (n,).

    Returns
    -------
    str
        An ``<svg>`` element; the line goes through the quartiles, as R's ``qqline`` does.

    Notes
    -----
    Plotting positions are (i - 1/2) / n.
    """
    from scipy.special import ndtri

    ordered = np.sort(residuals)
    n = len(ordered)
    normal = ndtri((np.arange(n) + 0.5) / n)
    low, high = np.quantile(ordered, [0.25, 0.75])
    slope = (high - low) / (ndtri(0.75) - ndtri(0.25))
    with drawing() as figure:
        figure.set_size_inches(HALF_WIDTH, 3.2)
        ax = figure.subplots()
        ax.axline((0, (low + high) / 2), slope=slope, color=INK, linewidth=0.8)
        many = n > VECTOR_POINTS
        ax.scatter(normal, ordered, s=4 if many else 14, color=ACCENT, linewidth=0, rasterized=many)
        ax.set(xlabel="normal quantile", ylabel="residual")
        return svg_text(figure, "Quantiles of the residuals")


def observed_svg(design: Design, fitted: FloatArray) -> str:
    """Observed values against fitted values.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    fitted : FloatArray
        Shape (n,).

    Returns
    -------
    str
        An ``<svg>`` element; on the line both are equal.
    """
    many = len(fitted) > VECTOR_POINTS
    with drawing() as figure:
        figure.set_size_inches(HALF_WIDTH, 3.2)
        ax = figure.subplots()
        middle = float(np.mean(fitted))
        ax.axline((middle, middle), slope=1, color=INK, linewidth=0.8)
        alpha = float(np.clip(60 / np.sqrt(len(fitted)), 0.08, 0.7))
        observed = design.response.values
        ax.scatter(
            fitted, observed, s=4 if many else 14, color=ACCENT, alpha=alpha, linewidth=0, rasterized=many
        )
        ax.set(xlabel="fitted", ylabel=design.response.name)
        return svg_text(figure, "Observed against fitted values")


def slope_variable(design: Design) -> str | None:
    """Column over which the groups' lines are drawn.

    Parameters
    ----------
    design : Design
        The design that was fitted.

    Returns
    -------
    str or None
        The first random slope of the first grouping factor that is a column of numbers in the data, else the
        first such coefficient; None when there is none.
    """
    frame = design.frame
    wanted = (*design.blocks[0].effects, *design.fixed.terms)
    return next((name for name in wanted if name in frame and _is_number(frame[name])), None)


def group_lines_svg(design: Design, fitted: FloatArray, variable: str) -> str:
    """Data of the first levels of the first grouping factor with their fitted values.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    fitted : FloatArray
        Shape (n,).
    variable : str
        What :func:`slope_variable` gives.

    Returns
    -------
    str
        An ``<svg>`` element with a panel for each level.
    """
    block = design.blocks[0]
    x = design.frame[variable].to_numpy(dtype=float)
    shown = range(min(block.n_levels, PANELS))
    n_rows = -(-len(shown) // COLUMNS)
    with drawing() as figure:
        figure.set_size_inches(WIDTH, 0.5 + 1.5 * n_rows)
        axes = figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
        for ax, level in zip(axes, shown, strict=False):
            rows = np.flatnonzero(block.codes == level)
            rows = rows[np.argsort(x[rows], kind="stable")]
            many = len(rows) > VECTOR_POINTS // PANELS
            ax.scatter(x[rows], design.response.values[rows], s=6, color=INK, linewidth=0, rasterized=many)
            ax.plot(x[rows], fitted[rows], color=ACCENT, linewidth=1.2, rasterized=many)
            ax.set_title(block.levels[level], fontsize=8)
        for ax in axes[len(shown) :]:
            ax.set_visible(False)
        for ax in axes[max(0, len(shown) - COLUMNS) : len(shown)]:
            ax.tick_params(labelbottom=True)
        figure.supxlabel(variable, fontsize=9)
        figure.supylabel(design.response.name, fontsize=9)
        return svg_text(figure, f"Data and fitted values of {block.group}")


def _is_number(values: pd.Series) -> bool:
    """Whether a column holds numbers other than truth values."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
