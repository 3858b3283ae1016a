"""Replicated data of every group against the observed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import GroupStatistic, one_of
from bayesmixed.plots.style import (
    LABELLED_LEVELS,
    PALETTE,
    ROW_HEIGHT,
    bounds,
    clear_of,
    draw_intervals,
    label_rows,
    legend_above,
    muted,
    plain,
    single_axes,
    tidy_axes,
)
from bayesmixed.posterior.response import posterior_predictive
from bayesmixed.verbs.summaries import summarize, summary_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPLICATES = 500
STATISTICS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "mean": lambda y: y.mean(axis=-1),
    "sd": lambda y: y.std(axis=-1, ddof=1),
    "min": lambda y: y.min(axis=-1),
    "max": lambda y: y.max(axis=-1),
}


def replicates(draws: xr.DataTree, spec: ModelSpec, *, seed: int, n: int = REPLICATES) -> FloatArray:
    """Responses drawn from the posterior predictive distribution, for some of the draws.

    Returns shape (replicates, rows).

    Checks need some hundred replicates; those of all draws would take draws x rows numbers.
    """
    posterior = draws["posterior"].to_dataset()
    chains, kept = posterior.sizes[names.CHAIN], posterior.sizes[names.DRAW]
    each = min(kept, max(1, n // chains))
    some = posterior.isel({names.DRAW: np.linspace(0, kept - 1, each).round().astype(np.int64)})
    response = posterior_predictive(xr.DataTree.from_dict({"posterior": some}), spec, seed=seed)
    values = response[names.RESPONSE].transpose(names.CHAIN, names.DRAW, names.ROW).values
    trials = 1.0 if spec.design.response.trials is None else spec.design.response.trials
    return np.asarray(values.reshape(-1, values.shape[-1]) / trials)


def group_statistics(
    observed: FloatArray,
    replicated: FloatArray,
    codes: IntArray,
    levels: Sequence[str],
    *,
    statistic: GroupStatistic = "mean",
    prob: float = 0.95,
) -> pd.DataFrame:
    """Statistic of every level in the observed data beside its distribution in replicated data.

    Shapes: `observed` (n,), `replicated` (replicates, n), `codes` (n,).

    ``p_above`` is the posterior predictive p-value (Gelman, Meng and Stern 1996, Statistica Sinica 6:733).
    """
    one_of(statistic, GroupStatistic, "statistic")
    needed = 2 if statistic == "sd" else 1
    kept = [code for code, count in enumerate(np.bincount(codes, minlength=len(levels))) if count >= needed]
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(codes, minlength=len(levels)))[:-1])
    compute = STATISTICS[statistic]
    seen = np.array([compute(observed[rows[code]]) for code in kept])
    drawn = np.column_stack([compute(replicated[:, rows[code]]) for code in kept])
    above = (drawn > seen).mean(axis=0) + 0.5 * (drawn == seen).mean(axis=0)
    columns = summary_columns(summarize(drawn, prob), prob)
    return pd.DataFrame(
        {"group": [levels[code] for code in kept], "observed": seen, **columns, "p_above": above}
    )


def predictive_groups(
    table: pd.DataFrame,
    *,
    name: str = "",
    statistic: str = "mean",
    response: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Observed statistic of every level on the interval of its replicates, sorted.

    Use it to see whether the model makes groups like those observed; observed values outside their interval
    have another colour.
    """
    shown = table.sort_values("observed", kind="stable")
    n = len(shown)
    at = np.arange(n, dtype=float)
    ax = single_axes(ax, height=1.3 + ROW_HEIGHT * max(n, 4) if n <= LABELLED_LEVELS else 6.0)
    draw_intervals(ax, shown, at, colors=[muted(0.45)], label="replicated")
    observed = shown["observed"].to_numpy()
    lower, upper = bounds(shown)
    outside = clear_of(lower - observed, upper - observed)
    size = float(np.clip(1500 / max(n, 1), 5, 30))
    for chosen, color, label in ((~outside, PALETTE[0], "observed"), (outside, PALETTE[1], "outside")):
        if chosen.any():
            ax.scatter(
                observed[chosen], at[chosen], s=size, c=color, marker="D", linewidth=0, label=label, zorder=4
            )
    label_rows(ax, list(shown["group"]))
    legend_above(ax)
    ax.set(
        xlabel=plain(f"{statistic} of {response}"),
        ylabel=plain(name if n <= LABELLED_LEVELS else f"{n} levels of {name}, sorted"),
    )
    return tidy_axes(ax)
