"""Estimates with known standard errors beside what the model makes of them: a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesmixed.design.records import GroupBlock
from bayesmixed.errors import DataError
from bayesmixed.plots.style import (
    PALETTE,
    ROW_HEIGHT,
    bounds,
    label_rows,
    legend_above,
    mark_zero,
    muted,
    plain,
    single_axes,
    tidy_axes,
)
from bayesmixed.verbs.contract import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmixed.design.records import FloatArray

APART = 0.16
"""Distance of a study's own estimate and its shrunken value from the middle of its row."""
NEW = "(new)"


def forest(fit: Fit, group: str | None, prob: float, ax: Axes | None) -> Axes:
    """Rows of a fit with known errors, their shrunken values, the mean and the next study's interval."""
    from scipy import stats

    design = fit.spec.design
    errors = design.residual.errors
    if errors is None:
        raise DataError(
            "A forest plot shows estimates with known standard errors: write y | se(s) ~ ... in the formula."
        )
    block = _block(fit, group)
    z = float(stats.norm.ppf(0.5 + prob / 2.0))
    y = design.response.values
    shrunken, mean, next_one = fit.fitted(prob=prob), _typical(fit, prob), _new_level(fit, block, prob)
    labels = [*(block.levels[code] for code in block.codes), "mean", f"new {plain(block.group)}"]
    rows = np.arange(len(labels), dtype=float)[::-1]
    axes = single_axes(ax, height=1.2 + ROW_HEIGHT * 1.3 * len(labels))
    mark_zero(axes)
    size = 18.0 + 60.0 * (np.min(errors) / errors) ** 2
    own = rows[: len(y)] + APART
    axes.hlines(own, y - z * errors, y + z * errors, color=muted(0.55), linewidth=1.0, zorder=2)
    axes.scatter(y, own, s=size, marker="s", color=muted(0.55), label="estimate", linewidth=0, zorder=3)
    _draw(axes, shrunken, rows[: len(y)] - APART, "o", PALETTE[0], "shrunken")
    _draw(axes, mean, rows[-2:-1], "D", PALETTE[1], "mean")
    _draw(axes, next_one, rows[-1:], "|", PALETTE[1], "prediction")
    axes.axhline(float(np.mean(rows[-3:-1])), color=muted(0.3), linewidth=0.8)
    axes.axvline(float(mean["value"].iloc[0]), color=PALETTE[1], linewidth=0.8, linestyle=":", zorder=1)
    label_rows(axes, [plain(label) for label in labels[::-1]])
    axes.set_xlabel(plain(design.response.name))
    axes.set_ylabel(plain(block.group))
    legend_above(axes)
    return tidy_axes(axes)


def _draw(ax: Axes, table: pd.DataFrame, at: FloatArray, marker: str, color: str, label: str) -> None:
    """Points and intervals of a table at some heights."""
    lower, upper = bounds(table)
    ax.hlines(at, lower, upper, color=color, linewidth=1.6, zorder=2)
    ax.scatter(table["value"], at, s=26, marker=marker, color=color, label=label, zorder=3)


def _block(fit: Fit, group: str | None) -> GroupBlock:
    """Grouping factor whose levels the rows are."""
    blocks = {block.group: block for block in fit.spec.design.blocks}
    if group is None and len(blocks) == 1:
        return next(iter(blocks.values()))
    if group in blocks:
        return blocks[group]
    raise DataError(
        f"A forest plot has a row for each level of one grouping factor. Name it: group="
        f"{next(iter(blocks), 'the factor')!r} or another of {', '.join(blocks) or 'none'}."
    )


def _typical_row(fit: Fit) -> pd.DataFrame:
    """One row: means of numeric columns, commonest values of the others."""
    frame = fit.spec.design.frame
    row = {
        name: [column.mean()] if pd.api.types.is_numeric_dtype(column) else [column.mode().iloc[0]]
        for name, column in frame.items()
    }
    return pd.DataFrame(row)


def _typical(fit: Fit, prob: float) -> pd.DataFrame:
    """Mean of the studies, moderators at their means."""
    return fit.predict(_typical_row(fit), effects="fixed", prob=prob)


def _new_level(fit: Fit, block: GroupBlock, prob: float) -> pd.DataFrame:
    """True value of the next study, moderators at their means."""
    (factor,) = {*fit.spec.design.formula.columns} & {*block.group.split(":")} or {block.group}
    row = _typical_row(fit).assign(**{factor: NEW})
    return fit.predict(row, new_levels="sample", prob=prob)
