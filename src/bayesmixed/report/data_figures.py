"""Groups' lines on their data, for a report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.plots.style import PALETTE, ink, panel_axes, plain, tidy_axes
from bayesmixed.report.figures import WIDTH, svg_of

PANELS = 12
COLUMNS = 4
VECTOR_POINTS = 2000


def slope_variable(design: Design) -> str | None:
    """Column over which the groups' lines are drawn."""
    frame = design.frame
    wanted = (*design.blocks[0].effects, *design.fixed.terms)
    return next((name for name in wanted if name in frame and _is_number(frame[name])), None)


def group_lines_svg(design: Design, fitted: FloatArray, variable: str) -> str:
    """Data of the first levels of the first grouping factor with their fitted values.

    Shapes: `fitted` (n,).
    """
    label = f"Data and fitted values of {design.blocks[0].group}"
    return svg_of(lambda: _group_lines(design, fitted, variable), label, width=WIDTH)


def _group_lines(design: Design, fitted: FloatArray, variable: str) -> NDArray[Any]:
    """A panel for each of the first levels."""
    block = design.blocks[0]
    x = design.frame[variable].to_numpy(dtype=float)
    axes = panel_axes(None, min(block.n_levels, PANELS), columns=COLUMNS, width=1.8, height=1.5)
    for level, ax in enumerate(axes):
        rows = np.flatnonzero(block.codes == level)
        rows = rows[np.argsort(x[rows], kind="stable")]
        many = len(rows) > VECTOR_POINTS // PANELS
        ax.scatter(x[rows], design.response.observed[rows], s=6, color=ink(), linewidth=0, rasterized=many)
        ax.plot(x[rows], fitted[rows], color=PALETTE[0], linewidth=1.2, rasterized=many)
        tidy_axes(ax).set_title(plain(block.levels[level]), fontsize=8)
    axes[0].figure.supxlabel(variable, fontsize=9)
    axes[0].figure.supylabel(design.response.name, fontsize=9)
    return axes


def _is_number(values: pd.Series) -> bool:
    """Whether a column holds numbers other than truth values."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
