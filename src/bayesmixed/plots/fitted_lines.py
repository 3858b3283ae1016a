"""Fitted lines of the population and of groups, as tables for plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.encode import encode
from bayesmixed.design.lineage import lineage
from bayesmixed.design.prediction_rows import with_effects
from bayesmixed.design.predictors import Predictor, grouping_columns, predictor, predictors
from bayesmixed.design.records import Design, GroupBlock, IntArray
from bayesmixed.errors import DataError
from bayesmixed.plots.contract import PredictingFit
from bayesmixed.plots.intervals import bounds
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.grid import reference_grid, set_column

GRID_POINTS = 30


def population_line(fit: PredictingFit, x: str, *, prob: float = 0.95) -> pd.DataFrame:
    """Mean of the population along one predictor, the others at typical values.

    Other numbers stand at their mean, other categorical predictors at their most frequent level. Along a
    predictor that only random effects have the line is level.
    """
    design, along = with_effects(fit.spec.design, "fixed"), _along(fit.spec.design, x)
    if x in predictors(design):
        grid = reference_grid(design, {x: along})
    else:
        grid = reference_grid(design, {}).iloc[np.zeros(len(along), dtype=np.int64)].assign(**{x: along})
    return _predicted(fit, design, grid, x, effects="fixed", prob=prob)


def level_lines(
    fit: PredictingFit,
    x: str,
    *,
    group: str | None = None,
    levels: Sequence[str] | None = None,
    prob: float = 0.95,
) -> pd.DataFrame:
    """Mean of levels of one grouping factor along one predictor, the others as is typical of each level.

    The effects of the factors in which the levels are nested are added, a site's line has those of its range;
    the effects of factors that are crossed with them stand at zero, their average level. Other numbers stand
    at the mean of the level's rows, other categorical predictors at the value that is most frequent among
    them. Where nothing but `x` differs within levels and no factor is crossed, the line of a gaussian model
    runs through the mean of the level's fitted values.
    """
    block = chosen_blocks(fit.spec.design, group)[0]
    effects = lineage(fit.spec.design, block).groups
    design = with_effects(fit.spec.design, effects)
    grid = reference_grid(design, {x: _along(fit.spec.design, x)})
    place = [other.group for other in design.blocks].index(block.group)
    codes = encode(design, grid).codes[place]
    grid, codes = _on_own_range(predictor(design, x), block, grid, codes)
    grid = _at_own_values(design, block, grid, codes, x)
    labels = np.asarray(block.levels, dtype=object)[codes]
    absent = sorted(set(levels or ()) - set(labels))
    if absent:
        raise DataError(f"The random sample of the rows has none of {block.group} {', '.join(absent)}.")
    wanted = np.isin(labels, list(block.levels if levels is None else levels))
    lines = _predicted(fit, design, grid[wanted], x, effects=effects, prob=prob)
    lines.insert(0, "group", labels[wanted])
    return lines


def _on_own_range(
    column: Predictor, block: GroupBlock, grid: pd.DataFrame, codes: IntArray
) -> tuple[pd.DataFrame, IntArray]:
    """Grid whose x keeps to the range, or the levels, of the rows of each row's level, with its codes."""
    name = column.name
    if column.is_categorical:
        places = pd.Index(column.levels)
        seen = np.zeros((block.n_levels, len(places)), dtype=bool)
        seen[block.codes, places.get_indexer(pd.Index(np.asarray(column.values).tolist()))] = True
        kept = seen[codes, places.get_indexer(pd.Index(grid[name].tolist()))]
        return grid[kept].reset_index(drop=True), codes[kept]
    values = np.asarray(column.values, dtype=float)
    low, high = np.full(block.n_levels, np.inf), np.full(block.n_levels, -np.inf)
    np.minimum.at(low, block.codes, values)
    np.maximum.at(high, block.codes, values)
    share = (grid[name].to_numpy(dtype=float) - values.min()) / (np.ptp(values) or 1.0)
    return grid.assign(**{name: low[codes] + (high - low)[codes] * share}), codes


def _held(design: Design, x: str) -> dict[str, Predictor]:
    """Predictors that stand still along a line over x."""
    still = (x, *grouping_columns(design))
    return {name: column for name, column in predictors(design).items() if name not in still}


def _at_own_values(
    design: Design, block: GroupBlock, grid: pd.DataFrame, codes: IntArray, x: str
) -> pd.DataFrame:
    """Grid whose other predictors stand at the typical value of each row's level."""
    for column in _held(design, x).values():
        grid = set_column(grid, column, _typical_of_levels(column, block)[codes])
    return grid


def _typical_of_levels(column: Predictor, block: GroupBlock) -> NDArray[Any]:
    """Mean of a number, or most frequent value of a categorical predictor, in the rows of every level."""
    if not column.is_categorical:
        sums = np.bincount(block.codes, weights=np.asarray(column.values, dtype=float))
        return np.asarray(sums / np.maximum(np.bincount(block.codes), 1))
    values = pd.Categorical(column.values, categories=column.levels)
    counts = np.zeros((block.n_levels, len(column.levels)), dtype=np.int64)
    np.add.at(counts, (block.codes, values.codes), 1)
    return np.array(column.levels, dtype=object)[counts.argmax(axis=1)]


def _along(design: Design, x: str) -> list[Any]:
    """Values of the predictor at which lines are computed."""
    column = predictor(design, x)
    if column.is_categorical:
        return list(column.levels)
    values = np.asarray(column.values)
    return list(np.linspace(values.min(), values.max(), GRID_POINTS))


def _predicted(
    fit: PredictingFit, design: Design, grid: pd.DataFrame, x: str, *, effects: Any, prob: float
) -> pd.DataFrame:
    """Predictions for the rows of a grid."""
    table = fit.predict(grid, effects=effects, prob=prob)
    lower, upper = bounds(table)
    named = [name for name, column in _held(design, x).items() if column.is_categorical]
    columns = {"x": grid[x].to_numpy(), "value": table["value"].to_numpy(), "lower": lower, "upper": upper}
    held = [", ".join(f"{name} = {row[name]}" for name in named) for row in grid[named].to_dict("records")]
    return pd.DataFrame({**columns, "held": held})
