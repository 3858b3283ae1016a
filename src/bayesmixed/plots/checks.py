"""Checks of a fit: what the plots need is taken from it, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed.design.lookup import group_of
from bayesmixed.design.records import Design
from bayesmixed.errors import DataError, near_names
from bayesmixed.options import Envelope, ResidualKind
from bayesmixed.plots.contract import EstimatedFit, PlottedFit, labelled, present_levels
from bayesmixed.plots.observed import observed_against_fitted
from bayesmixed.plots.posterior_checks import sampled
from bayesmixed.plots.quantiles import normal_quantiles, point_covariance, ranef_matrix
from bayesmixed.plots.residuals import RESIDUAL_NAMES, residual_boxes, residual_scatter, shown_kind
from bayesmixed.plots.style import panel_axes, plain
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.summaries import check_prob

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None


def residuals(
    fit: PlottedFit,
    *,
    by: str | None = None,
    kind: ResidualKind | None = None,
    trend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Residuals of a fit against its fitted values, against a column, or as boxes by level."""
    fit = fit.with_rows
    return labelled(fit, _residuals(fit, by, kind, trend, ax))


def _residuals(
    fit: PlottedFit, by: str | None, kind: ResidualKind | None, trend: bool, ax: Axes | None
) -> Axes:
    """Residuals of the rows at hand."""
    kind = shown_kind(fit.spec.family, "response") if kind is None else kind
    values = fit.resid(kind=kind)["value"].to_numpy()
    design, label = fit.spec.design, RESIDUAL_NAMES[kind]
    if by is None:
        fitted = fit.fitted()["value"].to_numpy()
        return residual_scatter(
            fitted, values, xlabel=f"fitted {design.response.name}", ylabel=label, trend=trend, ax=ax
        )
    group = group_of(design, by)
    if group is not None:
        return residual_boxes(*present_levels(design.block(group)), values, name=group, xlabel=label, ax=ax)
    column = _column(design, by)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        x = column.to_numpy(dtype=float)
        known = np.isfinite(x)
        return residual_scatter(x[known], values[known], xlabel=by, ylabel=label, trend=trend, ax=ax)
    codes, levels = pd.factorize(column, sort=True)
    known = codes >= 0
    return residual_boxes(
        codes[known],
        [str(level) for level in levels],
        values[known],
        name=by,
        xlabel=label,
        keep_order=True,
        ax=ax,
    )


def residual_quantiles(
    fit: PlottedFit,
    *,
    kind: ResidualKind | None = None,
    prob: float = 0.95,
    envelope: Envelope = "simultaneous",
    ax: Axes | None = None,
) -> Axes:
    """Sorted residuals of a fit against normal quantiles."""
    fit = fit.with_rows
    kind = shown_kind(fit.spec.family, "standardized") if kind is None else kind
    table = fit.resid(kind=kind)
    axes = normal_quantiles(
        table["value"].to_numpy(),
        labels=[str(row) for row in table.index],
        ylabel=RESIDUAL_NAMES[kind],
        prob=prob,
        envelope=envelope,
        ax=ax,
    )
    return labelled(fit, axes)


def ranef_quantiles(
    fit: PlottedFit,
    *,
    group: str | None = None,
    prob: float = 0.95,
    envelope: Envelope = "simultaneous",
    ax: SomeAxes = None,
) -> NDArray[Any]:
    """Sorted random effects of a fit against normal quantiles, a panel for each effect."""
    check_prob(prob)
    panels = list(fit.ranef(group=group).groupby(["group_var", "effect"], sort=False))
    axes = panel_axes(ax, len(panels), columns=3, width=3.6, height=3.4, share=False)
    for panel, ((factor, effect), rows) in zip(axes, panels, strict=True):
        normal_quantiles(
            rows["value"].to_numpy(),
            se=rows["se"].to_numpy(),
            labels=list(rows["group"]),
            ylabel="random effect",
            prob=prob,
            envelope=envelope,
            ax=panel,
        )
        panel.set_title(plain(f"{factor}: {effect}"), fontsize="medium")
    return axes


def ranef_scatter(
    fit: PlottedFit, *, group: str | None = None, prob: float = 0.95, ax: SomeAxes = None
) -> NDArray[Any]:
    """Scatter matrix of the random effects of one grouping factor of a fit.

    Returns shape (k, k).
    """
    blocks = chosen_blocks(fit.spec.design, group)
    block = max(blocks, key=lambda block: block.n_effects > 1)
    return ranef_matrix(fit.ranef(group=block.group, prob=prob), point_covariance(_tree(fit), block), ax=ax)


def observed(
    fit: PlottedFit, *, group: str | None = None, max_panels: int = 20, ax: SomeAxes = None
) -> NDArray[Any]:
    """Observed against fitted values of a fit, a panel for each level."""
    fit = fit.with_rows
    codes, levels = present_levels(chosen_blocks(fit.spec.design, group)[0])
    response, fitted = fit.spec.design.response, fit.fitted()["value"].to_numpy()
    axes = observed_against_fitted(
        fitted, response.observed, codes, levels, name=response.name, max_panels=max_panels, ax=ax
    )
    return labelled(fit, axes)


def _tree(fit: PlottedFit) -> xr.DataTree:
    """Posterior of a fit, or its estimate laid out like one."""
    return fit.point if isinstance(fit, EstimatedFit) else sampled(fit).draws


def _column(design: Design, name: str) -> pd.Series[Any]:
    """A column of the rows used."""
    if not isinstance(name, str) or name not in design.frame.columns:
        known = [*(block.group for block in design.blocks), *map(str, design.frame.columns)]
        raise DataError(f"The data have no column {name!r}. {near_names(str(name), dict.fromkeys(known))}")
    return design.frame[name]
