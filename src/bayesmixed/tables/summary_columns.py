"""Columns and lines that the printed summaries of all kinds of fits share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from itertools import count as count_from

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.printing.table import Column, clean, format_fixed, format_numbers
from bayesmixed.verbs.summaries import bound_names

RESIDUAL_HEADERS = ("Min", "1Q", "Median", "3Q", "Max")
MAX_DECIMALS = 8


def data_text(design: Design) -> str:
    """Describe the rows used."""
    trials = design.response.trials
    weighted = "" if design.weights is None else ", weighted"
    if trials is not None:
        weighted = f", {count(int(trials.sum()), 'trial')}"
    return f"{count(design.n_rows, 'row')}, {count(design.n_columns, 'column')}{weighted}"


def observations_text(design: Design) -> str:
    """Count rows and levels as lme4 does."""
    groups = "; ".join(f"{clean(block.group)}, {block.n_levels}" for block in design.groups)
    return f"Number of obs: {design.n_rows}{', groups: ' if groups else ''}{groups}"


def residual_columns(scaled: FloatArray) -> tuple[Column, ...]:
    """Give the five numbers of the scaled residuals, shape (n,)."""
    cells = format_fixed(np.quantile(scaled, [0, 0.25, 0.5, 0.75, 1]), 4)
    return tuple(Column(header=h, cells=(cell,)) for h, cell in zip(RESIDUAL_HEADERS, cells, strict=True))


def random_columns(
    design: Design, table: pd.DataFrame, pairs: pd.DataFrame, prob: float | None
) -> tuple[Column, ...]:
    """Lay out variances, standard deviations and correlations bar by bar, as lme4 does.

    Returns: one row for each standard deviation, the residual's last; no columns where there are none.

    Effects that are correlated stand together under a name of their own, a grouping factor's second set under
    ``Subject.1``: a correlation belongs to the set's rows above it and to no others.
    """
    if not len(table):
        return ()
    return (
        left("Groups", _group_labels(design, table)),
        left("Name", [clean(effect) for effect in table["effect"]]),
        Column(header="Variance", cells=format_numbers(table["variance"])),
        Column(header="Std.Dev.", cells=format_numbers(table["sd"])),
        *(() if prob is None else _interval_column(table, prob)),
        *_correlation_columns(design, table, pairs),
    )


def _group_labels(design: Design, table: pd.DataFrame) -> list[str]:
    """Names of the grouping factors, the residual's beside its rows; those of other predictors say whose."""
    n_own, n_others = (sum(len(block.deviations) for block in blocks) for blocks in _blocks_of(design))
    residual = table["group"].iloc[n_own : len(table) - n_others]
    mean, others = map(_set_labels, _blocks_of(design))
    return [*mean, *map(clean, residual), *others]


def _blocks_of(design: Design) -> tuple[tuple[GroupBlock, ...], tuple[GroupBlock, ...]]:
    """Blocks of the mean's predictor, and of the others."""
    return design.blocks, design.all_blocks[len(design.blocks) :]


def _set_labels(blocks: Sequence[GroupBlock]) -> list[str]:
    """Name of every set of correlated effects beside its first effect, told apart as R's make.unique does."""
    taken, labels = {_of_table(block) for block in blocks}, []
    for block in blocks:
        numbered = (f"{_of_table(block)}.{number}" for number in count_from(1))
        free = chain([_of_table(block)], (name for name in numbered if name not in taken))
        for each, name in zip(block.covariances.sets, free, strict=False):
            labels += [clean(name), *[""] * (each.n_deviations - 1)]
    return labels


def _of_table(block: GroupBlock) -> str:
    """What the printed table calls a grouping factor."""
    return block.group if block.parameter == names.MU else f"{block.parameter}: {block.group}"


def _interval_column(table: pd.DataFrame, prob: float) -> tuple[Column]:
    """Lay out the intervals of the standard deviations."""
    lower, upper = bound_names(prob, "sd", "sd")
    sds = format_numbers(table["sd"])
    ends = (padded(bounds(table[name], sds)) for name in (lower, upper))
    cells = [f"[{low}, {high}]" for low, high in zip(*ends, strict=True)]
    return (left(f"[{100 * prob:.6g}% interval]", cells),)


def _correlation_columns(design: Design, table: pd.DataFrame, pairs: pd.DataFrame) -> tuple[Column, ...]:
    """Lay out the correlations beside the standard deviations, those of a matrix as its lower triangle."""
    rows: list[list[str]] = [[] for _ in range(len(table))]
    first, values = 0, iter(pairs["value"][pairs["group"] != names.RESIDUAL])
    others = _blocks_of(design)[1]
    n_residual = len(table) - sum(block.covariances.n_deviations for block in design.all_blocks)
    for block in design.all_blocks:
        if others and block is others[0]:
            first += n_residual
        for covariance, each in block.correlations:
            note = f" ({covariance.name})" if len(each.names) == 1 else ""
            place = first + block.covariances.of_effect[each.row]
            rows[place].append(f"{format_fixed([next(values)], 2)[0]}{note}")
        first += block.covariances.n_deviations
    width = max(len(row) for row in rows)
    filled = [row + [""] * (width - len(row)) for row in rows]
    return tuple(
        Column(header="" if i else "Corr", cells=column) for i, column in enumerate(zip(*filled, strict=True))
    )


def left_out_text(design: Design) -> tuple[str, ...]:
    """Say which columns of X and how many rows were left out, if any were."""
    terms, notes = design.fixed.left_out, []
    if terms:
        what = "is a combination" if len(terms) == 1 else "are combinations"
        listed = ", ".join(map(clean, terms))
        notes.append(f"Left out of the fixed effects: {listed}, which {what} of other columns.")
    if design.n_dropped:
        verb = "was" if design.n_dropped == 1 else "were"
        notes.append(f"{count(design.n_dropped, 'row')} {verb} left out because a value is missing.")
    return tuple(notes)


def estimates(values: pd.Series, decimals: int | None) -> tuple[str, ...]:
    """Format one column of estimates."""
    return format_numbers(values) if decimals is None else format_fixed(values, decimals)


def decimals_for(se: np.ndarray, digits: int) -> int | None:
    """Count the decimals with which the smallest standard error shows `digits` digits, None when too many."""
    positive = se[se > 0]
    if not positive.size:
        return None
    decimals = max(1, digits - 1 - math.floor(math.log10(positive.min())))
    return decimals if decimals <= MAX_DECIMALS else None


def bounds(values: pd.Series, like: Sequence[str]) -> tuple[str, ...]:
    """Format ends of intervals with the decimals of their middles."""
    if any("e" in cell for cell in like):
        return format_numbers(values)
    return format_fixed(values, max((len(cell.partition(".")[2]) for cell in like), default=0))


def padded(cells: Sequence[str]) -> list[str]:
    """Pad cells to one width."""
    width = max(len(cell) for cell in cells)
    return [cell.rjust(width) for cell in cells]


def left(header: str, cells: Sequence[str]) -> Column:
    """Make a column of text."""
    return Column(header=header, cells=tuple(cells), align="left")


def count(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
