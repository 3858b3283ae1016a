"""Coefficient plot of one fit or of several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed import names
from bayesmixed.errors import DataError
from bayesmixed.plots.contract import PlottedFit
from bayesmixed.plots.intervals import draw_dodged, legend_above, mark_zero
from bayesmixed.plots.style import ROW_HEIGHT, single_axes, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def coefficients(
    fits: Mapping[str, PlottedFit | pd.DataFrame],
    *,
    intercept: bool | None = None,
    prob: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Coefficients of one fit or several with their intervals, dodged under each term.

    Use it to see how estimates change from model to model, or how the posterior stands beside REML.

    Parameters
    ----------
    fits : mapping of str to MixedFit, RemlFit or pandas.DataFrame
        Name for the legend to a fit, or to its table of ``fixef()``.
    intercept : bool, optional
        Whether the intercept is shown; unless given, only where it is the only term, since it would set the
        scale.
    prob : float, default 0.95
        Probability inside the intervals of fits; a table keeps its own.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        With the terms from the top down in the order of the first fit.

    Raises
    ------
    DataError
        When `fits` is empty, or none of the models has fixed effects.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Examples
    --------
    >>> ax = bm.plots.coefficients({"posterior": fit, "REML": fit.reml()})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['posterior', 'REML']
    """
    if not fits:
        raise DataError('There is nothing to draw; give fits by name: coefficients({"REML": fit}).')
    table = _stacked(fits, prob)
    if table.empty:
        raise DataError("There is nothing to draw: the model has no fixed effects.")
    if intercept is None:
        intercept = bool((table["term"] == names.INTERCEPT).all())
    shown = table if intercept else table[table["term"] != names.INTERCEPT]
    room = shown["term"].nunique() * max(1.0, 0.62 * len(fits))
    axes = single_axes(ax, height=1.2 + 1.4 * ROW_HEIGHT * max(room, 2))
    mark_zero(axes)
    draw_dodged(axes, shown, "term", "fit", list(fits))
    axes.set_xlabel("coefficient")
    if len(fits) > 1:
        legend_above(axes)
    return tidy_axes(axes)


def _stacked(fits: Mapping[str, PlottedFit | pd.DataFrame], prob: float) -> pd.DataFrame:
    """Tables of all fits under each other, terms in the order in which they appear."""
    tables = [
        (fit if isinstance(fit, pd.DataFrame) else fit.fixef(prob=prob)).assign(fit=name)
        for name, fit in fits.items()
    ]
    return pd.concat(tables, ignore_index=True)
