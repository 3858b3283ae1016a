"""Cross-products of a design, from its rows or from sums that were formed where the rows lie."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from bayesmixed.design.centring import inverse
from bayesmixed.design.records import Design, FloatArray, GroupBlock, PairSums, RowSums
from bayesmixed.engines.kernel.cross_products import CrossProducts, form_cross_products
from bayesmixed.engines.kernel.units import Units, unit_free


def cross_products_of(design: Design, units: Units) -> CrossProducts:
    """Unit-free cross-products of a design."""
    if design.sums is None:
        return form_cross_products(unit_free(design, units))
    return _from_sums(design.sums, design, units)


def _from_sums(sums: RowSums, design: Design, units: Units) -> CrossProducts:
    """Cross-products that the engine of the data has summed, of the columns that the units ask for."""
    n_levels = tuple(block.n_levels for block in design.blocks)
    moves = [_move(block, units, i) for i, block in enumerate(design.blocks)]

    def moved(i: int, rows: FloatArray) -> FloatArray:
        levels = rows.reshape(n_levels[i], len(moves[i]), -1)
        return (moves[i].T @ levels).reshape(rows.shape)

    return CrossProducts(
        gram={
            (i, j): _sparse(pair, moves[i].T @ pair.products @ moves[j], n_levels[i], n_levels[j])
            for (i, j), pair in sums.pairs.items()
        },
        fixed=tuple(moved(i, rows) for i, rows in enumerate(sums.fixed)),
        response=tuple(moved(i, rows) for i, rows in enumerate(sums.response)),
        fixed_gram=sums.fixed_gram,
        fixed_response=sums.fixed_response,
        response_squared=sums.response_squared,
        n_rows=sums.n_rows,
        log_weights=sums.log_weights,
        n_effects=tuple(block.n_effects for block in design.blocks),
        n_levels=n_levels,
    )


def _move(block: GroupBlock, units: Units, i: int) -> FloatArray:
    """Map from the columns that were summed, centred and scaled, to those of the units, shape (k, k)."""
    back = inverse(block.centring) @ units.effect_centrings[i]
    return np.asarray(block.scales[:, None] * back / units.effects[i])


def _sparse(pair: PairSums, products: FloatArray, n_first: int, n_second: int) -> sparse.csr_array:
    """Z_i'Z_j with a k_i x k_j block for every observed pair, zeros within the blocks stored."""
    starts = np.searchsorted(pair.first, np.arange(n_first + 1))
    _, rows, columns = products.shape
    blocks = (products, pair.second, starts)
    product = sparse.bsr_array(blocks, shape=(n_first * rows, n_second * columns)).tocsr()
    product.sort_indices()
    return product
