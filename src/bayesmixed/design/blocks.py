"""Blocks of random effects: columns, codes and levels, never a dense Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.covariances.covariance import Covariances
from bayesmixed.design.centring import block_diagonal
from bayesmixed.design.checks import check_columns_near_zero
from bayesmixed.design.evaluate import evaluate_numbers
from bayesmixed.design.fixed import column_scales, matrix_centring
from bayesmixed.design.frame import ABSENT, Column
from bayesmixed.design.levels import level_codes
from bayesmixed.design.matrix import MatrixRecipe, build_matrix
from bayesmixed.design.meeting import KnownCovariance, Meeting, one_level
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.design.related import check_known_levels
from bayesmixed.errors import DataError
from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.formula.grouping import Grouping
from bayesmixed.formula.terms import RandomTerm
from bayesmixed.options import Center
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRecipe:
    """What encodes new data for one bar.

    Attributes
    ----------
    matrix : MatrixRecipe
        Of its effects.
    group : Grouping
        Its grouping factor.
    """

    matrix: MatrixRecipe
    group: Grouping

    __repr__ = short_repr

    def meet(self, columns: Mapping[str, Column], n: int) -> tuple[Meeting, tuple[str, ...]]:
        """Levels that every row meets, with their labels."""
        return meeting_of(self.group, columns, n)


def build_blocks(
    bars: Sequence[RandomTerm],
    columns: Mapping[str, Column],
    n: int,
    known: Mapping[str, KnownCovariance],
    *,
    center: Center = True,
    parameter: str = names.MU,
) -> tuple[GroupBlock, ...]:
    """Build one block for each grouping factor.

    Returns: by decreasing number of levels, then as written.
    """
    blocks = [_build_block(same, columns, n, known, center) for same in bars_by_group(bars)]
    blocks = [replace(block, parameter=parameter) for block in blocks]
    return tuple(sorted(blocks, key=lambda block: -block.n_levels))


def bars_by_group(bars: Sequence[RandomTerm]) -> list[list[RandomTerm]]:
    """Gather the bars that share a grouping factor, in the order written."""
    by_group: dict[ColumnKey, list[RandomTerm]] = {}
    for bar in bars:
        same = by_group.setdefault(bar.group.key, [])
        if same and same[0].group.source != bar.group.source and bar.group.is_several:
            raise DataError(
                f"{same[0].text} and {bar.text} give the levels of one grouping factor different weights. "
                "Write both in one bar, or copy a column under another name."
            )
        same.append(bar)
    return list(by_group.values())


def is_centred(bar: RandomTerm, center: Center) -> bool:
    """Whether the priors of the effects of a bar stand at the means of its columns."""
    return center is True and bar.structure.can_be_centred


def _build_block(
    bars: Sequence[RandomTerm],
    columns: Mapping[str, Column],
    n: int,
    known: Mapping[str, KnownCovariance],
    center: Center,
) -> GroupBlock:
    built = [build_matrix(bar.effects, columns, n) for bar in bars]
    matrix = np.ascontiguousarray(np.hstack([part for part, _ in built]))
    centrings = [
        matrix_centring(part, recipe, center=is_centred(bar, center))
        for bar, (part, recipe) in zip(bars, built, strict=True)
    ]
    scales = np.concatenate(
        [_scales(part, recipe, each) for (part, recipe), each in zip(built, centrings, strict=True)]
    )
    empty = describe_block(bars, [recipe for _, recipe in built], block_diagonal(centrings), scales)
    check_columns_near_zero(empty.effects, matrix)
    group = bars[0].group
    meeting, levels = meeting_of(group, columns, n)
    if not group.cov:
        return replace(empty, columns=matrix, meeting=meeting, levels=levels)
    relation = known[group.cov]
    check_known_levels(group.name, group.cov, relation, levels)
    codes = pd.Index(relation.labels).get_indexer(pd.Index(levels))[meeting.codes]
    return replace(
        empty,
        columns=matrix,
        meeting=meeting.with_codes(codes.astype(np.int64)),
        levels=relation.labels,
        root=relation.root,
    )


def meeting_of(group: Grouping, columns: Mapping[str, Column], n: int) -> tuple[Meeting, tuple[str, ...]]:
    """Levels that every row meets, with their labels."""
    if not group.is_several:
        codes, levels = level_codes(group.factors, columns, n)
        return one_level(codes), levels
    coded = [level_codes((factor,), columns, n) for factor in group.factors]
    labels = sorted({level for _, own in coded for level in own})
    places = pd.Index(labels)
    codes = np.column_stack([places.get_indexer(pd.Index(own))[codes] for codes, own in coded])
    return Meeting(codes.astype(np.int64), _member_weights(group, columns, n)), tuple(labels)


def _member_weights(group: Grouping, columns: Mapping[str, Column], n: int) -> FloatArray:
    """Weights of the levels of every row, shape (n, m)."""
    if not group.weights:
        return np.full((n, len(group.factors)), 1.0 / len(group.factors) if group.is_scaled else 1.0)
    weights = np.column_stack([evaluate_numbers(each, columns, n, {}) for each in group.weights])
    if np.any(weights < 0.0):
        raise DataError(f"{group.source} has weights below zero.")
    total = weights.sum(axis=1)
    if group.is_scaled and np.any(total == 0.0):
        raise DataError(
            f"{group.source} has rows whose weights are all zero, which cannot be divided by their sum. "
            "Leave these rows out, or write scale=FALSE."
        )
    return np.asarray(weights / total[:, None] if group.is_scaled else weights)


def describe_block(
    bars: Sequence[RandomTerm], recipes: Sequence[MatrixRecipe], centring: FloatArray, scales: FloatArray
) -> GroupBlock:
    """Describe the effects of one grouping factor, its levels and rows left open.

    Shapes: `centring` (k, k), `scales` (k,).
    """
    group, effects = bars[0].group.name, tuple(name for recipe in recipes for name in recipe.names)
    _check_effects(effects, scales, group)
    for bar, recipe in zip(bars, recipes, strict=True):
        _check_levels_alone(bar, recipe)
    covariances = Covariances(
        tuple(
            each
            for bar, recipe in zip(bars, recipes, strict=True)
            for each in bar.structure.of_bar(len(recipe.names))
        )
    )
    return GroupBlock(
        group=group,
        effects=effects,
        columns=ABSENT,
        meeting=Meeting(ABSENT),
        levels=(),
        covariances=covariances,
        centring=centring,
        scales=covariances.pooled(scales),
        recipes=tuple(BarRecipe(matrix=recipe, group=bars[0].group) for recipe in recipes),
        keys=tuple(column.key for recipe in recipes for column in recipe.columns),
        group_key=bars[0].group.key,
    )


def _scales(matrix: FloatArray, recipe: MatrixRecipe, centring: FloatArray) -> FloatArray:
    scales = column_scales(matrix, centring)
    if recipe.has_intercept:
        scales[0] = 1.0
    return scales


def _check_effects(effects: Sequence[str], scales: FloatArray, group: str) -> None:
    for name, scale in zip(effects, scales, strict=True):
        if effects.count(name) > 1:
            raise DataError(f"Two effects that vary over {group!r} are called {name!r}.")
        if scale == 0:
            cells = "; make one factor of the cells that have rows" if ":" in name else ""
            raise DataError(
                f"The effect {name!r} that varies over {group!r} is zero in every row; leave it out of the "
                f"bar{cells}."
            )


def _check_levels_alone(bar: RandomTerm, recipe: MatrixRecipe) -> None:
    """Refuse effects that are not the levels of one factor where a structure stands on their order."""
    if not bar.structure.is_of_levels:
        return
    states, named = recipe.spec.encoder_state, [term for term in bar.effects.terms if term.factors]
    alone = len(named) == 1 and len(named[0].factors) == 1
    is_factor = alone and "categories" in states.get(named[0].name, (None, {}))[1]
    if is_factor and not bar.effects.has_intercept:
        return
    what = "f" if not alone else named[0].source if is_factor else f"factor({named[0].source})"
    raise DataError(
        f"{bar.text}: {bar.covariance}() runs over the levels of one factor, in their order. Write "
        f"{bar.structure.written(f'0 + {what}', bar.group.source)}{'' if alone else ', with a factor f'}."
    )
