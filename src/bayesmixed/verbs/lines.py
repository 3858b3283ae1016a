"""The lines of levels: their coefficients, fixed plus random effects, draw by draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.nesting import Lineage
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import keeps_moments, level_moments, ranef_draws
from bayesmixed.verbs.drawn import n_draws
from bayesmixed.verbs.moments import MEAN, MEDIAN
from bayesmixed.verbs.summaries import draw_matrix, summarize_blocks


def coefficient_names(design: Design, block: GroupBlock) -> tuple[str, ...]:
    """Names of the coefficients of a grouping factor's levels.

    Returns: the fixed terms, then the effects that are only random.
    """
    terms = design.predictors[block.parameter].fixed.terms
    return (*terms, *(effect for effect in block.effects if effect not in terms))


def coefficient_draws(
    draws: xr.DataTree,
    spec: ModelSpec,
    name: str,
    levels: Sequence[tuple[GroupBlock, IntArray | slice]],
    parameter: str = names.MU,
) -> FloatArray:
    """Draws of one coefficient of a predictor, the effects of some levels of one or several factors added.

    Shape (chains * draws, levels), or (chains * draws, 1) for a coefficient that varies by none of them.
    """
    terms = spec.design.predictors[parameter].fixed.terms
    beta = draw_matrix(draws, names.beta(parameter))
    total: FloatArray = beta[:, [terms.index(name)]] if name in terms else np.zeros((len(beta), 1))
    for block, at in levels:
        if name in block.effects:
            random = ranef_draws(draws["posterior"].to_dataset(), block)
            own = random[:, :, at, block.effects.index(name)].to_numpy()
            total = total + own.reshape(len(beta), -1)
    return total


def line_names(design: Design, kin: Lineage) -> tuple[str, ...]:
    """Names of the coefficients of a grouping factor's lines: its own, then what varies by parents alone."""
    own = coefficient_names(design, kin.blocks[0])
    return (*own, *(effect for effect in kin.effects if effect not in own))


def line_points(
    draws: xr.DataTree, spec: ModelSpec, kin: Lineage, levels: IntArray | None = None
) -> FloatArray:
    """Coefficients of the lines of some levels, all unless given, effects of the parents added, shape (L, m).

    Posterior medians, or means of sums of effects of which moments are kept; other factors stand
    at zero, their average level.
    """
    wanted = line_names(spec.design, kin)
    levels = np.arange(kin.blocks[0].n_levels) if levels is None else levels
    places = [(block, at[levels]) for block, at in zip(kin.blocks, kin.levels, strict=True)]
    columns = [_line_points(draws, spec, name, places) for name in wanted]
    return np.column_stack([np.broadcast_to(column, len(levels)) for column in columns])


def _line_points(
    draws: xr.DataTree, spec: ModelSpec, name: str, levels: Sequence[tuple[GroupBlock, IntArray]]
) -> FloatArray:
    """One coefficient of the lines of some levels, shape (L,), or (1,) where it does not vary."""
    varying = [(block, at) for block, at in levels if name in block.effects]
    if varying and keeps_moments(draws):
        kinds = [names.coef, *[names.ranef] * (len(varying) - 1)]
        moment = MEDIAN if len(varying) == 1 else MEAN
        points = [
            level_moments(draws, kind(block.group))[moment, at, block.effects.index(name)]
            for kind, (block, at) in zip(kinds, varying, strict=True)
        ]
        return np.asarray(np.sum(points, axis=0))
    return summarize_blocks(
        lambda part: coefficient_draws(draws, spec, name, [(block, at[part]) for block, at in varying]),
        len(levels[0][1]) if varying else 1,
        n_draws(draws),
    ).value
