"""The figures of a report, as SVG that takes its ink from the page."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#010203"  # replaced by currentColor, so that the page decides
ACCENT = "#3a7bd5"
WIDTH = 7.0
HALF_WIDTH = 3.9
LABELLED_LEVELS = 60
VECTOR_POINTS = 2000
TRACED_EFFECTS = 12


def coefficient_svg(fixef: pd.DataFrame) -> str:
    """Coefficients with their intervals, the intercept left out when there are others.

    Parameters
    ----------
    fixef : pandas.DataFrame
        Table of ``fixef``.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    slopes = fixef[fixef["term"] != names.INTERCEPT]
    shown = slopes if len(slopes) else fixef
    with drawing() as figure:
        figure.set_size_inches(WIDTH, 0.9 + 0.32 * len(shown))
        ax = figure.subplots()
        draw_intervals(ax, shown.iloc[::-1], list(shown["term"].iloc[::-1]))
        ax.set_xlabel("coefficient")
        return svg_text(figure, "Coefficients with intervals")


def caterpillar_svg(ranef: pd.DataFrame) -> str:
    """Random effects of one grouping factor, sorted, one panel for each effect.

    Parameters
    ----------
    ranef : pandas.DataFrame
        Rows of ``ranef`` of one grouping factor.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    effects = list(dict.fromkeys(ranef["effect"]))
    n_levels = ranef["group"].nunique()
    with drawing() as figure:
        figure.set_size_inches(WIDTH, 1.0 + 0.16 * min(max(n_levels, 6), LABELLED_LEVELS))
        for ax, effect in zip(np.atleast_1d(figure.subplots(1, len(effects))), effects, strict=True):
            rows = ranef[ranef["effect"] == effect].sort_values("value")
            draw_intervals(ax, rows, list(rows["group"]) if n_levels <= LABELLED_LEVELS else None)
            ax.set_title(effect)
        return svg_text(figure, f"Random effects of {ranef['group_var'].iloc[0]}")


def residual_svg(fitted: FloatArray, residuals: FloatArray) -> str:
    """Residuals against fitted values.

    Parameters
    ----------
    fitted, residuals : FloatArray
        Shape (n,), in the units of the response.

    Returns
    -------
    str
        An ``<svg>`` element; the points are a picture inside it when there are many.
    """
    many = len(fitted) > VECTOR_POINTS
    with drawing() as figure:
        figure.set_size_inches(HALF_WIDTH, 3.2)
        ax = figure.subplots()
        alpha = float(np.clip(60 / np.sqrt(len(fitted)), 0.08, 0.7))
        ax.scatter(
            fitted, residuals, s=4 if many else 14, color=ACCENT, alpha=alpha, linewidth=0, rasterized=many
        )
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set(xlabel="fitted", ylabel="residual")
        return svg_text(figure, "Residuals against fitted values")


def trace_svg(draws: xr.DataTree, groups: list[str]) -> str:
    """Traces of coefficients and standard deviations, drawn by ArviZ.

    Parameters
    ----------
    draws : xarray.DataTree
        The posterior.
    groups : list[str]
        Grouping factors whose standard deviations are shown.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    import arviz_plots
    import matplotlib.pyplot as plt

    posterior = draws["posterior"].to_dataset()
    shown = posterior[[names.BETA, names.SIGMA, *(names.sd(group) for group in groups)]]
    shown = shown.isel({names.TERM: slice(TRACED_EFFECTS)})
    panels = sum(int(np.prod(shown[name].shape[2:])) for name in shown)
    with _style():
        plots = arviz_plots.plot_trace(
            xr.DataTree.from_dict({"/posterior": shown}),
            backend="matplotlib",
            col_wrap=2,
            figure_kwargs={"figsize": (WIDTH, 0.6 + 1.4 * ((panels + 1) // 2))},
            visuals={
                "trace": {"width": 0.4, "rasterized": True},
                "title": {"color": INK},
                "xlabel": {"color": INK},
            },
        )
        figure = plots.viz["figure"].item()
        figure.set_layout_engine("constrained")
        try:
            return svg_text(figure, "Traces of the chains")
        finally:
            plt.close(figure)


def draw_intervals(ax: Axes, table: pd.DataFrame, labels: list[str] | None) -> None:
    """Point and interval of every row, from the bottom up, with a line at zero.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        Column ``value``, and bounds named ``lower_...`` and ``upper_...``.
    labels : list[str] or None
        One for each row; None when there are too many to print.
    """
    at: NDArray[np.int64] = np.arange(len(table))
    many = len(table) > VECTOR_POINTS // 4
    lower, upper = table.filter(regex="^lower_").iloc[:, 0], table.filter(regex="^upper_").iloc[:, 0]
    ax.axvline(0, color=INK, linewidth=0.8, alpha=0.5)
    ax.hlines(at, lower, upper, color=ACCENT, linewidth=0.4 if many else 1.4, rasterized=many)
    ax.scatter(table["value"], at, s=2 if many else 14, color=INK, zorder=3, linewidth=0, rasterized=many)
    ax.set_yticks(at if labels else [], labels=labels or [])
    ax.set_ylim(-0.7, len(table) - 0.3)


@contextmanager
def drawing() -> Iterator[Figure]:
    """Empty figure that belongs to no window, under the report's style."""
    from matplotlib.figure import Figure

    with _style():
        yield Figure(layout="constrained")


@contextmanager
def _style() -> Iterator[None]:
    """Style of the report's figures: transparent, text as text, no formulas in labels."""
    import matplotlib as mpl

    ink = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    style: dict[Any, Any] = dict.fromkeys(ink, INK)
    style |= {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "savefig.facecolor": "none",
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "axes.unicode_minus": True,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # the browser sets the text, in whatever script the labels are
        warnings.filterwarnings("ignore", message=".*Glyph .* missing from")
        yield


def svg_text(figure: Figure, label: str) -> str:
    """Figure as an ``<svg>`` element that says what it is and takes the page's ink."""
    import matplotlib as mpl

    buffer = StringIO()
    with mpl.rc_context({"svg.hashsalt": label}):
        figure.savefig(buffer, format="svg", dpi=150, metadata={"Date": None})
    text = buffer.getvalue()
    element = text[text.index("<svg") :].replace(INK, "currentColor")
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)
