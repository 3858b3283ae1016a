"""Random effects: what every level adds to the population's coefficients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.extract.blocks import chosen_blocks
from bayesmixed.extract.records import Summary
from bayesmixed.extract.summaries import draw_matrix, stack, summarize_blocks, summary_columns
from bayesmixed.model.spec import ModelSpec


def ranef(
    draws: xr.DataTree, spec: ModelSpec, *, group: str | None = None, prob: float = 0.95
) -> pd.DataFrame:
    """Random effects of every level with their intervals, deviations from the population.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    group : str, optional
        One grouping factor only.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``group_var``, ``effect``, ``group`` (the level), ``value``, ``se``, ``lower_2.5``, ``upper_97.5``; by
        grouping factor, then effect, then level.

    Raises
    ------
    DataError
        When the model has no grouping factor `group`.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    The intervals carry the uncertainty of the coefficients and of the variances; lme4's conditional
    standard deviations take both as known.
    """
    tables = [_block_table(draws, block, prob) for block in chosen_blocks(spec.design, group)]
    return pd.concat(tables, ignore_index=True)


def level_table(block: GroupBlock, effects: tuple[str, ...], summary: Summary, prob: float) -> pd.DataFrame:
    """Table of a quantity that every effect and level of a grouping factor has.

    Parameters
    ----------
    block : GroupBlock
        The grouping factor.
    effects : tuple[str, ...]
        Names of the effects.
    summary : Summary
        Of shape (effects * levels,), the levels running fastest.
    prob : float
        Probability inside the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`ranef`.
    """
    labels = {
        "group_var": block.group,
        "effect": np.repeat(np.asarray(effects, dtype=object), block.n_levels),
        "group": np.tile(np.asarray(block.levels, dtype=object), len(effects)),
    }
    table = pd.DataFrame({**labels, **summary_columns(summary, prob)})
    return table.astype(dict.fromkeys(labels, "str"))


def _block_table(draws: xr.DataTree, block: GroupBlock, prob: float) -> pd.DataFrame:
    """Random effects of one grouping factor."""
    values = draw_matrix(draws, names.ranef(block.group))
    parts = (
        summarize_blocks(_effect_columns(values, e), block.n_levels, len(values), prob)
        for e in range(block.n_effects)
    )
    return level_table(block, block.effects, stack(parts), prob)


def _effect_columns(values: FloatArray, effect: int) -> Callable[[slice], FloatArray]:
    """Give the draws of one effect for a slice of the levels."""
    return lambda levels: values[:, levels, effect]
