"""The lines that coefficients draw through a group's rows, and which groups to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.comparison.group_columns import lined_up
from bayesmixed.design.encode import Predictor, predictors
from bayesmixed.design.frame import pick
from bayesmixed.design.matrix import MatrixRecipe
from bayesmixed.design.nesting import Lineage
from bayesmixed.design.prediction_rows import prediction_rows
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.pooled.records import PooledGroups
from bayesmixed.verbs.grid import set_column

PLACES = 25
"""Values of a predictor at which a curve is taken; a straight line needs its ends alone."""
STRAIGHT = 1e-9
"""Relative distance from a straight line that is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLines:
    """What the lines of S groups are made of, whatever the coefficients."""

    predictor: str | None  # column of the data that the lines run over; None where none differs within groups
    ticks: tuple[str, ...]  # levels of a categorical predictor, at 0, 1, 2, ...; empty for numbers
    # places of the predictor along each line, shape (S, G); NaN at levels that a group does not have
    at: FloatArray
    # columns of the m coefficients, averaged over the rows of a group with the predictor set, shape (S, G, m)
    columns: FloatArray
    offset: FloatArray  # offsets, likewise, shape (S, G)
    rows_at: FloatArray  # the predictor in every row of the design, shape (n,); NaN without one

    def heights(self, coefficients: FloatArray) -> FloatArray:
        """Heights of the lines by some coefficients, shape (S, G), NaN where one that matters is not told.

        Shapes: `coefficients` (S, m).
        """
        parts = np.where(self.columns == 0.0, 0.0, self.columns * coefficients[:, None, :])
        return np.asarray(parts.sum(axis=2) + self.offset)


def group_lines(groups: PooledGroups, shown: Sequence[int] | IntArray, *, whole: bool = False) -> GroupLines:
    """Prepare the lines of some groups over a predictor, all else at the groups' own values.

    The predictor is set in the rows of a group and the columns are made anew by the formula, so that its
    transforms and interactions follow; with other predictors that differ within the group, the line is the
    mean of those of its rows.
    """
    predictor = predictor_of(groups)
    levels, n = np.asarray(shown), groups.design.n_rows
    if predictor is None:
        member = _members(groups.block.codes, levels, np.ones(n))
        columns, offset = member @ groups.columns.matrix, member @ groups.design.offset
        return GroupLines(
            predictor=None,
            ticks=(),
            at=np.tile([0.0, 1.0], (len(levels), 1)),
            columns=np.repeat(columns[:, None], 2, axis=1),
            offset=np.repeat(offset[:, None], 2, axis=1),
            rows_at=np.full(n, np.nan),
        )
    rows_at = _rows_at(predictor)
    at = _places(predictor, [rows_at if whole else rows_at[groups.block.codes == j] for j in levels])
    columns, offset = _columns_at(groups, levels, predictor, at)
    if not predictor.is_categorical and _is_straight(np.dstack([columns, offset])):
        at, columns, offset = at[:, [0, -1]], columns[:, [0, -1]], offset[:, [0, -1]]
    return GroupLines(
        predictor=predictor.name,
        ticks=tuple(str(level) for level in predictor.levels),
        at=at,
        columns=columns,
        offset=offset,
        rows_at=rows_at,
    )


def predictor_of(groups: PooledGroups) -> Predictor | None:
    """Choose the column of the data that the lines run over."""
    varying = [name for name in groups.kin.effects if name != names.INTERCEPT]
    known = predictors(groups.design)
    sources = _sources(groups.design, groups.kin)
    columns = dict.fromkeys(
        column
        for name in (*varying, *groups.columns.within)
        if name != names.INTERCEPT
        for column in sources[name]
    )
    found = [known[name] for name in columns if _differs_within(known[name], groups.block)]
    numbers = (column for column in found if not column.is_categorical)
    return next(numbers, next(iter(found), None))


def telling_groups(groups: PooledGroups, most: int) -> IntArray:
    """Choose groups that show all of shrinkage, when there are too many to draw."""
    n = groups.block.n_levels
    if n <= most:
        return np.arange(n)
    places = [groups.place(effect) for effect in groups.varying]
    moved = np.abs(groups.none.coefficients - groups.partial)[:, places]
    scale = np.nanstd(groups.partial[:, places], axis=0)
    distance = np.sum(moved / np.where(scale > 0.0, scale, 1.0), axis=1)
    order = np.argsort(np.where(np.isfinite(distance), distance, np.inf), kind="stable")
    return np.sort(order[np.linspace(0, n - 1, most).round().astype(int)])


def _sources(design: Design, kin: Lineage) -> dict[str, list[str]]:
    """Columns of the data behind every coefficient."""
    recipes: list[MatrixRecipe] = [bar.matrix for block in kin.blocks for bar in block.recipes]
    out: dict[str, list[str]] = {}
    for recipe in (*recipes, design.fixed.recipe.matrix):
        columns = {expression.text: expression.columns for expression in recipe.expressions}
        for term in recipe.spec.structure:
            behind = [name for factor in term.term.factors for name in columns.get(str(factor), ())]
            out |= {str(name): behind for name in term.columns}
    return out


def _differs_within(column: Predictor, block: GroupBlock) -> bool:
    """Whether a column of the data has two values in some group."""
    values = pd.factorize(np.asarray(column.values))[0]
    first = np.unique(block.codes, return_index=True)[1]
    return bool(np.any(values != values[first][block.codes]))


def _rows_at(column: Predictor) -> FloatArray:
    """Place of every row: the number, or that of its level among the levels."""
    if not column.is_categorical:
        return np.asarray(column.values, dtype=np.float64)
    places = {level: float(i) for i, level in enumerate(column.levels)}
    return np.array([places[value] for value in np.asarray(column.values).tolist()])


def _places(column: Predictor, members: Sequence[FloatArray]) -> FloatArray:
    """Places along each line by those of its members, shape (S, G)."""
    if not column.is_categorical:
        return np.array([np.linspace(part.min(), part.max(), PLACES) for part in members])
    every = np.arange(len(column.levels), dtype=np.float64)
    return np.array([np.where(np.isin(every, part), every, np.nan) for part in members])


def _columns_at(
    groups: PooledGroups, levels: IntArray, column: Predictor, at: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Columns of the coefficients with offsets, a predictor set, averaged by group: (S, G, m), (S, G)."""
    design, block, kin = groups.design, groups.block, groups.kin
    rows = np.flatnonzero(np.isin(block.codes, levels))
    frame = pd.DataFrame(pick(design.frame, list(predictors(design)))).iloc[rows].reset_index(drop=True)
    others = [name for name in frame if name != column.name]
    same = frame.groupby(others, sort=False, observed=True).ngroup().to_numpy()
    first, counts = np.unique(same, return_index=True, return_counts=True)[1:]
    codes = block.codes[rows[first]]
    parts = [set_column(frame.iloc[first], column, values) for values in _values(column, levels, codes, at)]
    wanted = prediction_rows(design, pd.concat(parts, ignore_index=True), effects=kin.groups)
    data, shape = wanted.data, (len(parts), len(first))
    by_group = dict(zip([b.group for b in wanted.design.blocks], data.columns, strict=True))
    matrix = lined_up(design, kin.blocks, data.fixed, [by_group[group] for group in kin.groups])
    member = _members(codes, levels, counts.astype(np.float64))
    columns = np.einsum("su,gum->sgm", member, matrix.reshape(*shape, -1))
    columns[(member @ ~wanted.told.reshape(shape).T) > 0.0] = np.nan
    return columns, member @ data.offset.reshape(shape).T


def _values(column: Predictor, levels: IntArray, codes: IntArray, at: FloatArray) -> Iterator[Any]:
    """Values of the predictor at each place along the lines: a level, or a number for every row."""
    if column.is_categorical:
        yield from column.levels
        return
    line = {level: i for i, level in enumerate(levels.tolist())}
    yield from at[[line[code] for code in codes.tolist()]].T


def _members(codes: IntArray, levels: IntArray, counts: FloatArray) -> FloatArray:
    """Share of every row in the mean of its group, shape (S, rows)."""
    member = (codes == levels[:, None]) * counts
    return np.asarray(member / member.sum(axis=1, keepdims=True))


def _is_straight(columns: FloatArray) -> bool:
    """Whether all columns are straight lines over even steps; shape (S, G, m)."""
    share = np.linspace(0.0, 1.0, columns.shape[1])[:, None]
    line = columns[:, :1] * (1.0 - share) + columns[:, -1:] * share
    scale = np.abs(columns).max(axis=(0, 1), initial=1e-300)
    return bool(np.all(np.abs(columns - line) <= STRAIGHT * scale))
