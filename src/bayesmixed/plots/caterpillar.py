"""Caterpillar plot: the random effects of every level, sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.errors import DataError, near_names
from bayesmixed.options import one_or_several
from bayesmixed.plots.intervals import bounds, clear_of, draw_intervals, label_rows, mark_zero
from bayesmixed.plots.marks import plain
from bayesmixed.plots.style import LABELLED_LEVELS, PALETTE, ROW_HEIGHT, muted, panel_axes, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_ROWS = 5


def caterpillar(
    ranef: pd.DataFrame,
    *,
    effect: str | Sequence[str] | None = None,
    sort_by: str | None = None,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
) -> NDArray[Any]:
    """Random effects with their intervals from the lowest to the highest, a panel for each effect.

    Use it for a table of random effects that is at hand, also one that another program made;
    ``fit.plot.ranef()`` draws those of a fit. Intervals that leave zero out are coloured. More than 60 levels
    are drawn without their names.

    Parameters
    ----------
    ranef : pandas.DataFrame
        Table of ``fit.ranef()``: ``group_var``, ``effect``, ``group``, ``value`` and bounds.
    effect : str or sequence of str, optional
        These effects only, e.g. ``"Days"``; all unless given.
    sort_by : str, optional
        Effect that sorts the levels in all panels of its grouping factor; each panel sorts by its own values
        unless given.
    ax : Axes or sequence of Axes, optional
        Where to draw, one for each panel; a new figure unless given.

    Returns
    -------
    NDArray of Axes
        Shape (n_panels,), one for each effect of each grouping factor.

    Raises
    ------
    DataError
        When no effect is named `effect` or `sort_by`.

    Examples
    --------
    >>> [ax.get_title() for ax in bm.plots.caterpillar(fit.ranef())]
    ['Intercept', 'Days']
    """
    shown = ranef if effect is None else _of_effect(ranef, effect)
    if sort_by is not None:
        _of_effect(ranef, sort_by)
    panels = [rows for _, rows in shown.groupby(["group_var", "effect"], sort=False, observed=True)]
    tallest = max(len(rows) for rows in panels)
    height = 1.0 + ROW_HEIGHT * min(max(tallest, FEWEST_ROWS), 0.55 * LABELLED_LEVELS)
    axes = panel_axes(ax, len(panels), columns=3, width=3.4, height=height, share=False)
    for panel, rows in zip(axes, panels, strict=True):
        _draw_panel(panel, _sorted(rows, ranef, sort_by))
    return axes


def _of_effect(ranef: pd.DataFrame, effect: object) -> pd.DataFrame:
    """Rows of one effect or of several."""
    chosen, known = one_or_several(effect, "effect"), list(dict.fromkeys(ranef["effect"]))
    for name in chosen:
        if name not in known:
            raise DataError(f"No random effect is named {name!r}. {near_names(name, known)}")
    return ranef[ranef["effect"].isin(chosen)]


def _sorted(rows: pd.DataFrame, ranef: pd.DataFrame, sort_by: str | None) -> pd.DataFrame:
    """Rows of one panel by their own values, or by those of another effect of the same levels."""
    same = ranef[(ranef["group_var"] == rows["group_var"].iloc[0]) & (ranef["effect"] == sort_by)]
    if same.empty:
        return rows.sort_values("value", kind="stable")
    order = same.sort_values("value", kind="stable")["group"]
    sorted_rows: pd.DataFrame = rows.set_index("group").loc[order].reset_index()
    return sorted_rows


def _draw_panel(ax: Axes, rows: pd.DataFrame) -> None:
    """One effect of one grouping factor."""
    clear = clear_of(*bounds(rows))
    colors = np.array([muted(0.5), _rgb(PALETTE[0])])[clear.astype(int)]
    mark_zero(ax)
    draw_intervals(ax, rows, np.arange(len(rows), dtype=float), colors=colors)
    label_rows(ax, list(rows["group"]))
    group = plain(rows["group_var"].iloc[0])
    ax.set_ylabel(group if len(rows) <= LABELLED_LEVELS else f"{group} ({len(rows)} levels)")
    ax.set_title(plain(rows["effect"].iloc[0]))
    ax.set_xlabel("deviation from the population")
    tidy_axes(ax)


def _rgb(color: str) -> tuple[float, float, float]:
    """Colour as red, green, blue."""
    from matplotlib.colors import to_rgb

    return to_rgb(color)
