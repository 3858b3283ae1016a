"""Pictures of the sampler, and ArviZ's plots with our titles and ink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.parameters import parameter_named, parameters_of
from bayesmixed.design.records import Design
from bayesmixed.errors import BayesmixedError, DataError, near_names
from bayesmixed.options import EssKind, one_of, one_or_several
from bayesmixed.plots.style import PALETTE, ink, panel_axes, plain, tidy_axes
from bayesmixed.verbs.quantities import own_variables, quantities

if TYPE_CHECKING:
    from arviz_plots.plot_collection import PlotCollection
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


QUANTITY = "quantity"
VALUE = "value"
WIDEST_TITLE = 24


def quantity_dataset(draws: xr.DataTree, design: Design, parameters: object = None) -> xr.Dataset:
    """Draws of coefficients, standard deviations and correlations under the labels that a user writes."""
    columns = quantities(draws, design)
    chosen = list(columns)
    if parameters is not None:
        chosen = _known_labels(one_or_several(parameters, "parameters"), draws, design)
    posterior = draws["posterior"]
    coords = {dim: posterior[dim].values for dim in (names.CHAIN, names.DRAW)} | {QUANTITY: chosen}
    values = np.stack([columns[label] for label in chosen], axis=-1)
    return xr.Dataset({VALUE: ((names.CHAIN, names.DRAW, QUANTITY), values)}, coords=coords)


def _known_labels(wanted: Sequence[object], draws: xr.DataTree, design: Design) -> list[str]:
    """Labels that names stand for."""
    known = parameters_of(design, own_variables(draws["posterior"].to_dataset(), design))
    labels = []
    for text in wanted:
        found = parameter_named(known, text)
        if found is None:
            near = near_names(text, [parameter.label for parameter in known])
            raise DataError(f"The model has no parameter {text!r}. {near}")
        labels.append(found.label)
    return labels


def collection(
    data: xr.Dataset,
    dim: str,
    ax: Sequence[Axes] | NDArray[Any] | Axes | None,
    *,
    colored: str | None = None,
    overlaid: str | None = None,
    columns: int | None = None,
    width: float = 2.6,
    height: float = 1.9,
    share: bool = False,
) -> PlotCollection:
    """ArviZ's record of a figure, over our axes: one panel for each coordinate of a dimension."""
    from arviz_plots.plot_collection import PlotCollection

    coordinates = list(dict.fromkeys(data[dim].values.tolist()))
    axes = panel_axes(ax, len(coordinates), columns=columns, width=width, height=height, share=share)
    viz = xr.Dataset(
        {"figure": ((), axes[0].figure), "plot": ((dim,), axes), "row_index": ((dim,), np.arange(len(axes)))},
        coords={dim: coordinates},
    )
    aes = {"color": [colored]} if colored else {}
    cycle = {"color": list(PALETTE)} if colored else {}
    if overlaid:
        aes["overlay"] = [overlaid]
    untyped: Any = PlotCollection
    made: PlotCollection = untyped(data, xr.DataTree(viz), aes=aes, backend="matplotlib", **cycle)
    return made


def finished(
    plots: PlotCollection, *, titles: Sequence[object] | None = None, xlabel: str | None = None
) -> NDArray[Any]:
    """Axes of an ArviZ plot with our titles and ink, shape (panels,)."""
    panels = plots.viz["plot"]
    axes = panels.values
    coordinates = panels[panels.dims[0]].values
    for panel, title in zip(axes, coordinates if titles is None else titles, strict=True):
        panel.set_title(_broken(plain(title)), fontsize="medium", color=ink())
        if xlabel is not None:
            panel.set_xlabel(xlabel)
        panel.tick_params(labelsize="small")
        tidy_axes(panel)
    return np.asarray(axes)


def _broken(title: str) -> str:
    """Title on several lines when it is long: ``corr_Subject``, below it the effects."""
    first, bracket, effects = title.partition("[")
    if len(title) <= WIDEST_TITLE or not bracket:
        return title
    lines = effects if len(effects) < WIDEST_TITLE else effects.replace(", ", ",\n")
    return f"{first}\n[{lines}"


def name_colors(axes: NDArray[Any], entries: Sequence[object], title: str | None = None) -> None:
    """Legend of the colours of a new figure."""
    axes[0].figure.legend(
        *color_legend(entries),
        title=title,
        loc="outside right upper",
        frameon=False,
        fontsize="small",
        title_fontsize="small",
    )


def color_legend(entries: Sequence[object]) -> tuple[list[Any], list[str]]:
    """Lines in the colours of the palette and what they stand for, as ``legend`` takes them.

    Returns: handles and labels.
    """
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=PALETTE[i % len(PALETTE)]) for i in range(len(entries))]
    return lines, [plain(entry) for entry in entries]
