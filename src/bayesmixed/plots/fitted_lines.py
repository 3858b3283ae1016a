"""Fitted lines of the population and of groups, as tables for plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.encode import encode
from bayesmixed.design.prediction_rows import with_effects
from bayesmixed.design.predictors import Predictor, grouping_columns, predictor, predictors
from bayesmixed.design.records import Design, GroupBlock, IntArray
from bayesmixed.errors import DataError
from bayesmixed.extract.blocks import chosen_blocks
from bayesmixed.extract.grid import reference_grid, set_column
from bayesmixed.plots.contract import PredictingFit
from bayesmixed.plots.intervals import bounds

GRID_POINTS = 30


def population_line(fit: PredictingFit, x: str, *, prob: float = 0.95) -> pd.DataFrame:
    """Mean of the population along one predictor, the others at typical values.

    Parameters
    ----------
    fit : PredictingFit
        A Bayesian, REML or ML fit.
    x : str
        Column that the line runs along.
    prob : float
        Probability inside the band.

    Returns
    -------
    pandas.DataFrame
        ``x``, ``value``, ``lower``, ``upper`` in the units of the response.

    Raises
    ------
    DataError
        When the model does not predict from `x`.

    Notes
    -----
    Other numbers stand at their mean, other categorical predictors at their most frequent level.
    """
    design = with_effects(fit.spec.design, "fixed")
    grid = reference_grid(design, {x: _along(fit.spec.design, x)})
    return _predicted(fit, grid, x, effects="fixed", prob=prob)


def level_lines(
    fit: PredictingFit,
    x: str,
    *,
    group: str | None = None,
    levels: Sequence[str] | None = None,
    prob: float = 0.95,
) -> pd.DataFrame:
    """Mean of levels of one grouping factor along one predictor, the others as is typical of each level.

    Parameters
    ----------
    fit : PredictingFit
        A Bayesian, REML or ML fit.
    x : str
        Column that the lines run along.
    group : str, optional
        Grouping factor; the one with the most levels unless given. Other factors' effects are left out.
    levels : sequence of str, optional
        All levels unless given.
    prob : float
        Probability inside the bands.

    Returns
    -------
    pandas.DataFrame
        ``group`` (the level), ``x``, ``value``, ``lower``, ``upper``.

    Raises
    ------
    DataError
        When the model does not predict from `x`, has no grouping factor `group`, or is seen through a random
        sample of the rows that has none of one of `levels`.

    Notes
    -----
    Other numbers stand at the mean of the level's rows, other categorical predictors at the value that is
    most frequent among them.
    """
    block = chosen_blocks(fit.spec.design, group)[0]
    design = with_effects(fit.spec.design, [block.group])
    grid = reference_grid(design, {x: _along(fit.spec.design, x)})
    codes = encode(design, grid).codes[0]
    grid = _at_own_values(design, block, grid, codes, x)
    labels = np.asarray(block.levels, dtype=object)[codes]
    absent = sorted(set(levels or ()) - set(labels))
    if absent:
        raise DataError(f"The random sample of the rows has none of {block.group} {', '.join(absent)}.")
    wanted = np.isin(labels, list(block.levels if levels is None else levels))
    lines = _predicted(fit, grid[wanted], x, effects=[block.group], prob=prob)
    lines.insert(0, "group", labels[wanted])
    return lines


def _at_own_values(
    design: Design, block: GroupBlock, grid: pd.DataFrame, codes: IntArray, x: str
) -> pd.DataFrame:
    """Grid whose other predictors stand at the typical value of each row's level."""
    held = [name for name in predictors(design) if name not in (x, *grouping_columns(design))]
    for name in held:
        column = predictor(design, name)
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


def _predicted(fit: PredictingFit, grid: pd.DataFrame, x: str, *, effects: Any, prob: float) -> pd.DataFrame:
    """Predictions for the rows of a grid."""
    table = cast(pd.DataFrame, fit.predict(grid, effects=effects, prob=prob))
    lower, upper = bounds(table)
    return pd.DataFrame(
        {"x": grid[x].to_numpy(), "value": table["value"].to_numpy(), "lower": lower, "upper": upper}
    )
