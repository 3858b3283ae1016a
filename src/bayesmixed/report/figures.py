"""The figures of a report: the package's plots as SVG that takes its ink from the page."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import plots
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.verbs.quantities import quantities

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#010203"  # replaced by currentColor, so that the page decides
PAPER = "#ffffff00"  # what stands back is mixed with it, and readable on dark pages too
WIDTH, HALF_WIDTH, HALF_HEIGHT = 7.0, 3.9, 3.2
TRACED_COEFFICIENTS = 12


def coefficient_svg(fixef: pd.DataFrame) -> str:
    """Coefficients with their intervals, the intercept left out when there are others."""
    return svg_of(lambda: plots.coefficients({"": fixef}), "Coefficients with intervals", width=WIDTH)


def caterpillar_svg(ranef: pd.DataFrame) -> str:
    """Random effects of one grouping factor, sorted, one panel for each effect."""
    label = f"Random effects of {ranef['group_var'].iloc[0]}"
    return svg_of(lambda: plots.caterpillar(ranef), label, width=WIDTH)


def residual_svg(fitted: FloatArray, residuals: FloatArray, ylabel: str = "residual") -> str:
    """Residuals against fitted values.

    Shapes: `fitted, residuals` (n,).
    """
    from bayesmixed.plots.residuals import residual_scatter

    label = "Residuals against fitted values"
    return svg_of(
        lambda: residual_scatter(fitted, residuals, ylabel=ylabel),
        label,
        width=HALF_WIDTH,
        height=HALF_HEIGHT,
    )


def quantile_svg(residuals: FloatArray, ylabel: str = "residual") -> str:
    """Sorted residuals against normal quantiles, with the envelope in which normal residuals would lie.

    Shapes: `residuals` (n,).
    """
    from bayesmixed.plots.quantiles import normal_quantiles

    label = "Quantiles of the residuals"
    return svg_of(
        lambda: normal_quantiles(residuals, ylabel=ylabel), label, width=HALF_WIDTH, height=HALF_HEIGHT
    )


def observed_svg(design: Design, fitted: FloatArray, panels: int) -> str:
    """Observed against fitted values of some levels of the first grouping factor, from best to worst fitted.

    Shapes: `fitted` (n,).
    """
    from bayesmixed.plots.residuals import observed_against_fitted

    block = design.blocks[0]
    return svg_of(
        lambda: observed_against_fitted(
            fitted,
            design.response.observed,
            block.codes,
            block.levels,
            name=design.response.name,
            max_panels=panels,
        ),
        "Observed against fitted values",
        width=WIDTH,
    )


def trace_svg(draws: xr.DataTree, design: Design) -> str:
    """Traces of the first coefficients, the standard deviations and the correlations."""
    from bayesmixed.plots.sampler import trace

    labels, n = list(quantities(draws, design)), len(design.fixed.terms)
    shown = [*labels[: min(n, TRACED_COEFFICIENTS)], *labels[n:]]
    return svg_of(lambda: trace(draws, design, parameters=shown), "Traces of the chains", width=WIDTH)


def svg_of(
    draw: Callable[[], Any], label: str, *, width: float | None = None, height: float | None = None
) -> str:
    """What a plot draws, as an ``<svg>`` element in the report's style."""
    import matplotlib.pyplot as plt

    with drawing():
        figure = np.ravel(draw())[0].figure
        own_width, own_height = figure.get_size_inches()
        figure.set_size_inches(width or own_width, height or own_height)
        try:
            return svg_text(figure, label)
        finally:
            plt.close(figure)


@contextmanager
def drawing() -> Iterator[None]:
    """Style of the report's figures: transparent, text as text, no formulas in labels."""
    import matplotlib as mpl

    ink = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    paper = ("savefig.facecolor", "axes.facecolor", "figure.facecolor")
    style: dict[Any, Any] = dict.fromkeys(ink, INK) | dict.fromkeys(paper, PAPER)
    style |= {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",
        "text.parse_math": False,
        "axes.unicode_minus": True,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # the browser sets the text, in any script
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
