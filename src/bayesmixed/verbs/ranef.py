"""Random effects: what every level adds to the population's coefficients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.kept import keeps_moments, level_moments
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.moments import summary_of_moments
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import draw_matrix, stack, summarize, summary_columns


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

    Of a fit with ``keep_ranef="moments"`` the standard deviation and the quantiles are those of the mixture,
    over the draws of everything else, of the effects' exact distributions; see
    :func:`bayesmixed.verbs.moments.summary_of_moments`.
    """

    def summary(block: GroupBlock, effect: str) -> Summary:
        place = block.effects.index(effect)
        if keeps_moments(draws):
            return summary_of_moments(level_moments(draws, names.ranef(block.group))[:, :, place], prob)
        return summarize(draw_matrix(draws, names.ranef(block.group))[:, :, place], prob)

    return tabulate_levels(spec.design, group, prob, lambda block: block.effects, summary)


def tabulate_levels(
    design: Design,
    group: str | None,
    prob: float,
    names_of: Callable[[GroupBlock], tuple[str, ...]],
    summary_of: Callable[[GroupBlock, str], Summary],
) -> pd.DataFrame:
    """Table of a quantity that every level has, grouping factor by grouping factor.

    Shapes: `summary_of` (J,).
    """
    tables = []
    for block in chosen_blocks(design, group):
        effects = names_of(block)
        summary = stack(summary_of(block, effect) for effect in effects)
        tables.append(level_table(block, effects, summary, prob))
    return pd.concat(tables, ignore_index=True)


def level_table(block: GroupBlock, effects: tuple[str, ...], summary: Summary, prob: float) -> pd.DataFrame:
    """Table of a quantity that every effect and level of a grouping factor has.

    Shapes: `summary` (effects * levels,).
    """
    labels = {
        "group_var": block.group,
        "effect": np.repeat(np.asarray(effects, dtype=object), block.n_levels),
        "group": np.tile(np.asarray(block.levels, dtype=object), len(effects)),
    }
    table = pd.DataFrame({**labels, **summary_columns(summary, prob)})
    return table.astype(dict.fromkeys(labels, "str"))
