"""A design with the effects of one grouping factor in another order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayesmixed.design.records import Design, FloatArray, IntArray, PairSums, RowSums


def reorder_effects(design: Design, i: int, order: IntArray) -> Design:
    """The same model, the effects of one block in another order."""
    block, with_one = design.blocks[i], np.array([0, *(order + 1)])
    moved = replace(
        block,
        effects=tuple(block.effects[e] for e in order),
        keys=tuple(block.keys[e] for e in order),
        columns=block.columns if design.sums is not None else block.columns[:, order],
        centring=block.centring[np.ix_(order, order)],
        scales=block.scales[order],
        moments=None if block.moments is None else block.moments[np.ix_(with_one, with_one)],
    )
    return replace(
        design,
        blocks=(*design.blocks[:i], moved, *design.blocks[i + 1 :]),
        sums=None if design.sums is None else _reordered_sums(design.sums, i, order),
    )


def _reordered_sums(sums: RowSums, i: int, order: IntArray) -> RowSums:
    """Sums whose rows and columns of one block are in another order."""

    def pair(first: int, second: int) -> PairSums:
        old = sums.pairs[first, second]
        products = old.products[:, order] if first == i else old.products
        return replace(old, products=products[:, :, order] if second == i else products)

    def rows(values: FloatArray) -> FloatArray:
        levels = values.reshape(len(values) // len(order), len(order), *values.shape[1:])
        return levels[:, order].reshape(values.shape)

    return replace(
        sums,
        pairs={places: pair(*places) for places in sums.pairs},
        fixed=tuple(rows(each) if j == i else each for j, each in enumerate(sums.fixed)),
        response=tuple(rows(each) if j == i else each for j, each in enumerate(sums.response)),
    )
