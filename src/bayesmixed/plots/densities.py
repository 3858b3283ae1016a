"""Distributions: replicated data against the observed, the prior against the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, IntArray
from bayesmixed.plots.levels import spread_levels
from bayesmixed.plots.sampler import (
    OWN_TITLES,
    QUANTITY,
    VALUE,
    collection,
    finished,
    name_colors,
    quantity_dataset,
)
from bayesmixed.plots.style import PALETTE, ink, panel_axes, plain, single_axes, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None

LINES = 50
REPLICATED_LINE: dict[str, Any] = {"color": PALETTE[0], "alpha": 0.25, "width": 0.7}
PANEL = "panel"
SAMPLE = "sample"
GROUP = "group"


def predictive_density(
    observed: FloatArray, replicated: FloatArray, *, response: str = "response", ax: SomeAxes = None
) -> Axes:
    """Densities of replicated data behind that of the observed.

    Shapes: `observed` (n,), `replicated` (replicates, n).
    """
    from arviz_plots import plot_ppc_dist

    drawn = _some(replicated, LINES)
    dims = (PANEL, names.CHAIN, names.DRAW, names.ROW)
    coords = {PANEL: [0], names.CHAIN: [0], names.DRAW: np.arange(len(drawn))}
    data = xr.Dataset({names.RESPONSE: (dims, drawn[None, None])}, coords)
    seen = xr.Dataset({names.RESPONSE: ((PANEL, names.ROW), observed[None])}, {PANEL: [0]})
    stacked = data.stack({SAMPLE: (names.CHAIN, names.DRAW)})  # noqa: PD013 (xarray's)
    plots = collection(stacked, PANEL, ax, overlaid=SAMPLE, width=6.0, height=3.6)
    styles = {"predictive_dist": REPLICATED_LINE, "observed_dist": {"color": ink(), "width": 1.8}}
    plot_ppc_dist(
        xr.DataTree.from_dict({"posterior_predictive": data, "observed_data": seen}),
        num_samples=len(drawn),
        kind="kde",
        plot_collection=plots,
        visuals=OWN_TITLES | styles,
    )
    panel: Axes = finished(plots, titles=[""], xlabel=plain(response))[0]
    panel.legend(*_legend("replicated"), frameon=False)
    return panel


def predictive_distributions(
    observed: FloatArray,
    replicated: FloatArray,
    codes: IntArray,
    levels: Sequence[str],
    *,
    response: str = "response",
    max_panels: int = 12,
    ax: SomeAxes = None,
) -> NDArray[Any]:
    """Distribution functions of replicated data behind that of the observed, level by level.

    Shapes: `observed` (n,), `replicated` (replicates, n), `codes` (n,).
    """
    means = pd.Series(observed).groupby(codes).mean()
    shown = means.index.to_numpy()[spread_levels(np.asarray(means, dtype=np.float64), max_panels)]
    axes = panel_axes(ax, len(shown), width=2.2, height=1.7)
    few = _some(replicated, LINES)
    for panel, code in zip(axes, shown, strict=True):
        rows = codes == code
        _draw_distributions(panel, observed[rows], few[:, rows])
        panel.set_title(plain(levels[code]), fontsize="medium")
    if ax is None:
        some = "" if len(axes) == len(levels) else f" ({len(axes)} of {len(levels)} levels, by their means)"
        axes[0].figure.supxlabel(plain(response) + some)
        axes[0].figure.supylabel("share below")
        axes[0].figure.legend(*_legend("replicated"), loc="outside upper right", ncols=2, frameon=False)
    return axes


def prior_predictive(tree: xr.DataTree, *, response: str = "response", ax: Axes | None = None) -> Axes:
    """Distribution functions of data drawn from the prior behind that of the observed.

    Use it before fitting, to see whether the priors make data that could be: they should be wider than what
    was observed, but not by orders of magnitude.

    Parameters
    ----------
    tree : xarray.DataTree
        With ``prior_predictive`` and ``observed_data``, as :func:`bayesmixed.simulate_prior` returns it.
    response : str, default "response"
        Name of the response, for the axis.
    ax : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        What was drawn on: at most 50 data sets from the prior. The axis is cut at twice the observed range to
        either side, since priors on a log scale reach far.

    Examples
    --------
    >>> tree = bm.simulate_prior("Reaction ~ Days + (Days | Subject)", sleep, n=20, seed=1)
    >>> bm.plots.prior_predictive(tree, response="Reaction").get_xlabel()
    'Reaction'
    """
    observed = tree["observed_data"][names.RESPONSE].to_numpy().astype(np.float64)
    drawn = tree["prior_predictive"][names.RESPONSE].transpose(..., names.ROW).to_numpy()
    drawn = np.nan_to_num(drawn.reshape(-1, len(observed)).astype(np.float64))
    low, high = _reach(drawn, observed)
    margin = 0.05 * (high - low)
    ax = single_axes(ax)
    # What lies outside the axis would make the lines' coordinates overflow.
    _draw_distributions(ax, observed, np.clip(_some(drawn, LINES), low - 2 * margin, high + 2 * margin))
    ax.set(xlim=(low - margin, high + margin), xlabel=plain(response), ylabel="share below")
    ax.legend(*_legend("drawn from the prior"), frameon=False, loc="lower right")
    return ax


def _reach(prior: FloatArray, posterior: FloatArray) -> tuple[float, float]:
    """Ends of the axis: the posterior with twice its range to either side, where the prior goes that far."""
    low, high = posterior.min(), posterior.max()
    width = 2 * (high - low)
    inner = np.quantile(prior, (0.01, 0.99))
    return min(low, max(low - width, inner[0])), max(high, min(high + width, inner[1]))


def _some(replicated: FloatArray, most: int) -> FloatArray:
    """Some of the replicated data sets, evenly spaced, shape (replicates, n)."""
    return replicated[
        np.linspace(0, len(replicated) - 1, min(most, len(replicated))).round().astype(np.int64)
    ]


def _draw_distributions(ax: Axes, observed: FloatArray, replicated: FloatArray) -> None:
    """Empirical distribution function of one level before those of its replicates."""
    from matplotlib.collections import LineCollection

    height = np.repeat(np.linspace(0, 1, len(observed) + 1), 2)[1:-1]
    lines = [np.column_stack([np.repeat(np.sort(values), 2), height]) for values in replicated]
    style = {"colors": PALETTE[0], "alpha": REPLICATED_LINE["alpha"], "linewidths": REPLICATED_LINE["width"]}
    ax.add_collection(LineCollection(lines, **style))
    ax.plot(np.repeat(np.sort(observed), 2), height, color=ink(), linewidth=1.4)
    ax.set_yticks([0, 0.5, 1])
    ax.tick_params(labelsize="small")
    tidy_axes(ax)


def _legend(replicated: str) -> tuple[list[Any], list[str]]:
    """Lines of a legend and what they stand for."""
    from matplotlib.lines import Line2D

    seen = Line2D([], [], color=ink(), linewidth=1.8)
    drawn = Line2D([], [], color=REPLICATED_LINE["color"], linewidth=REPLICATED_LINE["width"])
    return [seen, drawn], ["observed", replicated]


def prior_posterior(
    prior: xr.DataTree,
    draws: xr.DataTree,
    design: Design,
    *,
    parameters: Sequence[str] | None = None,
    ax: SomeAxes = None,
) -> NDArray[Any]:
    """Prior and posterior density of every parameter."""
    from arviz_plots import plot_prior_posterior

    before, after = (quantity_dataset(tree, design, parameters) for tree in (prior, draws))
    kinds = after.isel({names.CHAIN: 0, names.DRAW: 0}, drop=True).expand_dims(
        {GROUP: ["prior", "posterior"]}
    )
    plots = collection(kinds, QUANTITY, ax, colored=GROUP)
    plot_prior_posterior(
        xr.DataTree.from_dict({"prior": before, "posterior": after}),
        kind="kde",
        plot_collection=plots,
        visuals=OWN_TITLES,
    )
    axes = finished(plots)
    plots.viz[f"legend/{GROUP}"].item().remove()  # its place is right only in a new figure
    if ax is None:
        name_colors(axes, ["prior", "posterior"])
    for i, panel in enumerate(axes):
        panel.set_xlim(_reach(before[VALUE][..., i].to_numpy(), after[VALUE][..., i].to_numpy()))
    return axes
