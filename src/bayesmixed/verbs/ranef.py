"""Random effects and coefficients of every level of the grouping factors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.fixef import beside
from bayesmixed.verbs.lines import coefficient_names
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import stack, summary_columns


def ranef(source: Source, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Random effects of every level with their intervals, deviations from the population."""
    return _of_levels(source.spec.design, group, prob, lambda block: block.effects, source.effects)


def coef(source: Source, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Coefficients of every level, fixed plus random, the line that each group has."""
    design = source.spec.design
    return _of_levels(
        design, group, prob, lambda block: coefficient_names(design, block), source.level_coefficients
    )


def _of_levels(
    design: Design,
    group: str | None,
    prob: float,
    names_of: Callable[[GroupBlock], tuple[str, ...]],
    summary_of: Callable[[GroupBlock, str, float], Summary],
) -> pd.DataFrame:
    """Table of what every level has under some names; by grouping factor, then name, then level."""
    if not design.others or not design.all_blocks:
        return _of_blocks(chosen_blocks(design, group), prob, names_of, summary_of)
    every = replace(design, blocks=design.all_blocks)
    key = None if group is None else chosen_blocks(every, group)[0].group_key
    wanted = [
        [block for block in each.blocks if key in (None, block.group_key)]
        for each in design.predictors.values()
    ]
    return beside(design, [_of_blocks(blocks, prob, names_of, summary_of) for blocks in wanted])


def _of_blocks(
    blocks: Sequence[GroupBlock],
    prob: float,
    names_of: Callable[[GroupBlock], tuple[str, ...]],
    summary_of: Callable[[GroupBlock, str, float], Summary],
) -> pd.DataFrame:
    """The same for some grouping factors."""
    tables = []
    for block in blocks:
        effects = names_of(block)
        summary = stack(summary_of(block, effect, prob) for effect in effects)
        labels = {
            "group_var": block.group,
            "effect": np.repeat(np.asarray(effects, dtype=object), block.n_levels),
            "group": np.tile(np.asarray(block.levels, dtype=object), len(effects)),
        }
        table = pd.DataFrame({**labels, **summary_columns(summary, prob)})
        tables.append(table.astype(dict.fromkeys(labels, "str")))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
