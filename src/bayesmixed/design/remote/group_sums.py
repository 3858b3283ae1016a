"""Sums of products by the levels of grouping factors, formed where the rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesmixed.design.frame import tidy
from bayesmixed.design.levels import level_codes
from bayesmixed.design.records import FixedDesign, FloatArray, GroupBlock, IntArray, PairSums
from bayesmixed.design.remote.model_columns import ShiftedColumns
from bayesmixed.design.remote.rows import ONE
from bayesmixed.design.remote.sums import TARGET, add_by_code
from bayesmixed.formula.expression import Expression


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockSums:
    """One grouping factor with the sums of its levels, unit-free and weighted."""

    block: GroupBlock  # with levels, its rows absent
    group: tuple[Expression, ...]  # parts of the grouping factor
    names: list[str]  # its k effects, by their names within queries
    gram: FloatArray  # Z'Z level by level, shape (J, k, k)
    # fixed, response: Z'X of shape (J k, p), Z'y of shape (J k,); columns of both centred as their priors are
    fixed: FloatArray
    response: FloatArray

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns of the data that the grouping factor is made of."""
        return tuple(dict.fromkeys(name for part in self.group for name in part.columns))


def sum_block(
    block: GroupBlock,
    group: tuple[Expression, ...],
    names: list[str],
    fixed: FixedDesign,
    x: Sequence[str],
    shifted: ShiftedColumns,
) -> BlockSums:
    """Sum by the levels of one grouping factor, in one query at most."""
    left, right = list(dict.fromkeys([ONE, *names])), list(dict.fromkeys([ONE, *names, *x, TARGET]))
    keys = tuple(dict.fromkeys(name for part in group for name in part.columns))
    found = shifted.products(keys, left, right)
    codes, levels = _codes(group, found.keys)
    sums = add_by_code(codes, found.matrix(left, right), len(levels))
    to_z = shifted.standardizing(names, block.centring, block.scales, left)
    gram_right = shifted.standardizing(names, block.centring, block.scales, right)
    to_x = shifted.standardizing(x, fixed.centring, fixed.scales, right)
    to_y = shifted.target(centred=fixed.has_intercept, over=right)
    rows = to_z @ sums
    return BlockSums(
        block=replace(block, levels=levels),
        group=group,
        names=names,
        gram=rows @ gram_right.T,
        fixed=(rows @ to_x.T).reshape(len(levels) * len(names), len(x)),
        response=(rows @ to_y.T).ravel(),
    )


def pair_sums(blocks: Sequence[BlockSums], shifted: ShiftedColumns) -> dict[tuple[int, int], PairSums]:
    """Z_i'Z_j of all pairs of grouping factors, one query at most for each two different ones."""
    out = {}
    for i, first in enumerate(blocks):
        own = np.arange(first.block.n_levels)
        out[i, i] = PairSums(first=own, second=own, products=first.gram)
        for j in range(i + 1, len(blocks)):
            out[i, j] = _pair(first, blocks[j], shifted)
    return out


def _pair(first: BlockSums, second: BlockSums, shifted: ShiftedColumns) -> PairSums:
    """Sums by the pairs of levels of two grouping factors that some row has."""
    left, right = (list(dict.fromkeys([ONE, *each.names])) for each in (first, second))
    keys = tuple(dict.fromkeys([*first.keys, *second.keys]))
    found = shifted.products(keys, left, right)
    n = second.block.n_levels
    pairs, codes = np.unique(
        _places(first, found.keys) * n + _places(second, found.keys), return_inverse=True
    )
    sums = add_by_code(codes, found.matrix(left, right), len(pairs))
    to_first = shifted.standardizing(first.names, first.block.centring, first.block.scales, left)
    to_second = shifted.standardizing(second.names, second.block.centring, second.block.scales, right)
    return PairSums(first=pairs // n, second=pairs % n, products=to_first @ sums @ to_second.T)


def _codes(group: Sequence[Expression], keys: pd.DataFrame) -> tuple[IntArray, tuple[str, ...]]:
    """Levels of the cells, coded and labelled as those of rows."""
    return level_codes(group, {str(name): tidy(str(name), keys[name]) for name in keys}, len(keys))


def _places(sums: BlockSums, keys: pd.DataFrame) -> IntArray:
    """Levels of the cells, by their places among the levels of a block."""
    codes, labels = _codes(sums.group, keys[list(sums.keys)])
    return np.asarray(pd.Index(sums.block.levels).get_indexer(pd.Index(labels)), dtype=np.int64)[codes]
