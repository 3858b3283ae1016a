"""Several methods' estimates of the same parameters beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.errors import DataError
from bayesmixed.plots.intervals import draw_dodged, legend_of_panels, mark_zero
from bayesmixed.plots.marks import plain
from bayesmixed.plots.style import ROW_HEIGHT, panel_axes, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("parameter", "method", "value", "lower", "upper")


def versus(frame: pd.DataFrame, *, ax: Sequence[Axes] | NDArray[Any] | Axes | None = None) -> NDArray[Any]:
    """Estimates with intervals by method, one panel with its own scale for each family of parameters.

    Use it for estimates of any methods, also of other programs; ``fit.plot.versus()`` draws those of a fit.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``parameter``, ``method``, ``value``, ``lower``, ``upper``; an interval of NaN is left out. A
        column ``family`` says which parameters share a panel; without it each has its own.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_panels,), one for each family in the order of the frame.

    Raises
    ------
    DataError
        When a column is missing or there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"parameter": ["Days", "Days", "sigma"], "method": ["REML", "posterior", "REML"],
    ...      "value": [10.5, 10.4, 25.6], "lower": [7.2, 7.0, 22.9], "upper": [13.8, 13.6, 28.9]})
    >>> [ax.get_title() for ax in bm.plots.versus(frame)]
    ['Days', 'sigma']
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise DataError(f"versus() needs the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing.")
    if frame.empty:
        raise DataError("There is nothing to draw; the frame has no rows.")
    methods = list(dict.fromkeys(frame["method"]))
    by = "family" if "family" in frame.columns else "parameter"
    panels = list(frame.groupby(by, sort=False, observed=True))
    most = max(rows["parameter"].nunique() for _, rows in panels)
    height = 0.9 + 0.8 * ROW_HEIGHT * min(max(most * len(methods), 4), 60)
    axes = panel_axes(ax, len(panels), columns=3, width=3.3, height=height, share=False)
    for panel, (family, rows) in zip(axes, panels, strict=True):
        _draw_panel(panel, str(family), rows, methods)
    legend_of_panels(axes, own_figure=ax is None)
    return axes


def _draw_panel(ax: Axes, family: str, rows: pd.DataFrame, methods: Sequence[str]) -> None:
    """One family of parameters; its zero is marked where it lies among the values."""
    reached = rows[["value", "lower", "upper"]].to_numpy(dtype=float)
    draw_dodged(ax, rows, "parameter", "method", methods)
    if np.nanmin(reached) <= 0 <= np.nanmax(reached):
        mark_zero(ax)
    if set(rows["parameter"]) == {family}:
        ax.set_yticks([])
    ax.set_title(plain(family))
    tidy_axes(ax)
