"""The sampler's diagnostics, drawn by ArviZ under our labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import EssKind, one_of
from bayesmixed.plots.arviz_axes import (
    QUANTITY,
    collection,
    color_legend,
    finished,
    name_colors,
    quantity_dataset,
)
from bayesmixed.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None

OWN_TITLES: dict[Any, Any] = {"title": False}
"""Arguments that leave ArviZ's titles out, ours standing in."""


def trace(
    draws: xr.DataTree, design: Design, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None
) -> NDArray[Any]:
    """Draws of every parameter in their order, a colour for each chain."""
    from arviz_plots import plot_trace

    data = quantity_dataset(draws, design, parameters)
    plots = collection(data, QUANTITY, ax, colored=names.CHAIN, overlaid=names.CHAIN)
    tree = xr.DataTree.from_dict({"posterior": data, "sample_stats": draws["sample_stats"].to_dataset()})
    plot_trace(
        tree, plot_collection=plots, visuals=OWN_TITLES | {"trace": {"width": 0.4, "rasterized": True}}
    )
    return _with_chains(finished(plots, xlabel="draw"), data, ax)


def rank(
    draws: xr.DataTree, design: Design, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None
) -> NDArray[Any]:
    """Distribution of the ranks of every chain's draws among those of all chains."""
    from arviz_plots import plot_rank

    data = quantity_dataset(draws, design, parameters)
    plots = collection(data, QUANTITY, ax, colored=names.CHAIN, overlaid=names.CHAIN)
    plot_rank(xr.DataTree.from_dict({"posterior": data}), plot_collection=plots, visuals=OWN_TITLES)
    return _with_chains(finished(plots, xlabel="fractional rank"), data, ax)


def ess(
    draws: xr.DataTree,
    design: Design,
    *,
    parameters: Sequence[str] | None = None,
    kind: EssKind = "quantile",
    ax: SomeAxes = None,
) -> NDArray[Any]:
    """Effective sample size of the quantiles of every parameter."""
    from arviz_plots import plot_ess

    one_of(kind, EssKind, "kind")
    data = quantity_dataset(draws, design, parameters)
    plots = collection(data, QUANTITY, ax)
    plot_ess(
        xr.DataTree.from_dict({"posterior": data}),
        kind=kind,
        plot_collection=plots,
        visuals=OWN_TITLES | {"ess": {"color": PALETTE[0]}},
    )
    return finished(plots, xlabel="quantile")


def energy(draws: xr.DataTree, *, ax: SomeAxes = None) -> NDArray[Any]:
    """Energy of the sampler: its distribution beside that of its steps, with each chain's BFMI."""
    from arviz_plots import plot_energy

    if "sample_stats" not in draws or "energy" not in draws["sample_stats"]:
        raise BayesmixedError(
            "These draws do not include the energy, which only a gradient-based sampler keeps."
        )
    kinds = {"column": ["bfmi", "energy"], "energy": ["marginal", "transition"]}
    panels = xr.Dataset({"of": (tuple(kinds), np.zeros((2, 2)))}, kinds)
    plots = collection(panels, "column", ax, colored="energy", columns=2, width=3.2, height=2.8)
    plot_energy(draws, plot_collection=plots, visuals=OWN_TITLES | {"legend": False})
    axes = finished(plots)
    axes[0].set(title="BFMI of every chain", ylabel="chain", yticks=draws["sample_stats"][names.CHAIN].values)
    axes[1].legend(*color_legend(["centred energy", "its steps"]), frameon=False, fontsize="small")
    return axes


def _with_chains(axes: NDArray[Any], data: xr.Dataset, ax: SomeAxes) -> NDArray[Any]:
    """The same axes, a new figure with a legend of its chains."""
    if ax is None:
        name_colors(axes, data[names.CHAIN].values.tolist(), "chain")
    return axes
