"""Cross-products of [Z X y]: all that a gaussian model needs of its rows, formed once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from bayesmixed.design.centring import inverse
from bayesmixed.design.meeting import Meeting
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray, PairSums, RowSums
from bayesmixed.engines.kernel.units import UnitFree, Units, unit_free
from bayesmixed.errors import DataError

BlockColumns = tuple[FloatArray, IntArray, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossProducts:
    """Z'Z, Z'X, Z'y, X'X, X'y, y'y of a unit-free design, blocks in the order of the design."""

    # Z_i'Z_j for i <= j, of shape (J_i k_i, J_j k_j), column (level, effect) at place `level * k + effect`
    gram: dict[tuple[int, int], sparse.csr_array]
    fixed: tuple[FloatArray, ...]  # Z_i'X, shape (J_i k_i, p)
    response: tuple[FloatArray, ...]  # Z_i'y, shape (J_i k_i,)
    fixed_gram: FloatArray  # X'X, shape (p, p)
    fixed_response: FloatArray  # X'y, shape (p,)
    response_squared: float  # y'y
    n_rows: int  # number of rows
    log_determinant: float  # of the structure R of the residuals
    # n_effects, n_levels: k and J of each block
    n_effects: tuple[int, ...]
    n_levels: tuple[int, ...]

    def between(self, i: int, j: int) -> sparse.csr_array:
        """Z_i'Z_j for any two blocks."""
        if i <= j:
            return self.gram[i, j]
        flipped = self.gram[j, i].T.tocsr()
        flipped.sort_indices()
        return flipped

    def shifted(self, coefficients: FloatArray) -> CrossProducts:
        """Cross-products with y - X m in place of y.

        Shapes: `coefficients` (p,).
        """
        moved = self.fixed_gram @ coefficients
        squared = self.response_squared - coefficients @ (2.0 * self.fixed_response - moved)
        return CrossProducts(
            gram=self.gram,
            fixed=self.fixed,
            response=tuple(r - f @ coefficients for r, f in zip(self.response, self.fixed, strict=True)),
            fixed_gram=self.fixed_gram,
            fixed_response=self.fixed_response - moved,
            response_squared=float(squared),
            n_rows=self.n_rows,
            log_determinant=self.log_determinant,
            n_effects=self.n_effects,
            n_levels=self.n_levels,
        )


def indicator(columns: FloatArray, codes: np.ndarray, n_levels: int) -> sparse.csr_array:
    """Z of one block as a sparse matrix with n k stored entries, structural zeros kept.

    Shapes: `columns` (n, k), `codes` (n,); returns (n, J k).
    """
    n, k = columns.shape
    index = (codes[:, None] * k + np.arange(k)).ravel()
    return sparse.csr_array((columns.ravel(), index, np.arange(0, n * k + 1, k)), shape=(n, n_levels * k))


def incidence(
    columns: FloatArray, meeting: Meeting, n_levels: int, root: FloatArray | None = None
) -> sparse.csr_array:
    """Z of one block of any kind, of independent effects where levels are related by a root.

    Shapes: `columns` (n, k), `root` (J, J); returns (n, J k).
    """
    every = range(meeting.codes.shape[1])
    weights = np.ones(meeting.codes.shape) if meeting.weights is None else meeting.weights
    parts = [indicator(columns * weights[:, m, None], meeting.codes[:, m], n_levels) for m in every]
    total = sum(parts[1:], parts[0])
    if root is not None:
        total = total @ sparse.kron(root, sparse.eye_array(columns.shape[1]), format="csr")
    return sparse.csr_array(total)


def touching(meeting: Meeting, n_levels: int, root: FloatArray | None) -> sparse.csr_array:
    """Which independent effects every row has a part of, shape (n, J)."""
    whole = replace(meeting, weights=None if meeting.is_one else np.ones(meeting.codes.shape))
    return incidence(np.ones((len(meeting.codes), 1)), whole, n_levels, None if root is None else abs(root))


def block_product(left: BlockColumns, right: BlockColumns) -> sparse.csr_array:
    """Z_i'Z_j with a k_i x k_j block for every pair of levels that some row has.

    Returns shape (J_i k_i, J_j k_j).
    """
    (a, a_codes, n_a), (b, b_codes, n_b) = left, right
    pairs, owner = np.unique(a_codes * n_b + b_codes, return_inverse=True)
    outer = (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)
    sums = indicator(np.ones((len(a), 1)), owner, len(pairs)).T @ outer
    starts = np.searchsorted(pairs, np.arange(n_a + 1) * n_b)
    blocks = (sums.reshape(len(pairs), a.shape[1], b.shape[1]), pairs % n_b, starts)
    product = sparse.bsr_array(blocks, shape=(n_a * a.shape[1], n_b * b.shape[1])).tocsr()
    product.sort_indices()
    return product


def coupled_product(data: UnitFree, i: int, j: int) -> sparse.csr_array:
    """The same of blocks whose rows have several levels, or whose levels are related."""
    left, right = (columns_of(data, each) for each in (i, j))
    met = [touching(data.meetings[each], data.n_levels[each], data.roots[each]) for each in (i, j)]
    pairs = sparse.csr_array(met[0].T @ met[1])
    pairs.sort_indices()
    k, other = data.columns[i].shape[1], data.columns[j].shape[1]
    values = (left.T @ right).toarray().reshape(data.n_levels[i], k, data.n_levels[j], other)
    owner = np.repeat(np.arange(data.n_levels[i]), np.diff(pairs.indptr))
    blocks = (values[owner, :, pairs.indices], pairs.indices, pairs.indptr)
    product = sparse.bsr_array(blocks, shape=(left.shape[1], right.shape[1])).tocsr()
    product.sort_indices()
    return product


def columns_of(data: UnitFree, i: int) -> sparse.csr_array:
    """Z of one block, of independent effects, shape (n, J k)."""
    return incidence(data.columns[i], data.meetings[i], data.n_levels[i], data.roots[i])


def form_cross_products(data: UnitFree) -> CrossProducts:
    """Form the cross-products in one pass over the rows."""
    every = range(len(data.columns))
    is_plain = [data.meetings[i].is_one and data.roots[i] is None for i in every]
    transposed = [columns_of(data, i).T.tocsr() for i in every]

    def product(i: int, j: int) -> sparse.csr_array:
        if not (is_plain[i] and is_plain[j]):
            return coupled_product(data, i, j)
        first, second = ((data.columns[b], data.meetings[b].codes[:, 0], data.n_levels[b]) for b in (i, j))
        return block_product(first, second)

    return CrossProducts(
        gram={(i, j): product(i, j) for i in every for j in every if i <= j},
        fixed=tuple(left @ data.fixed for left in transposed),
        response=tuple(left @ data.response for left in transposed),
        fixed_gram=data.fixed.T @ data.fixed,
        fixed_response=data.fixed.T @ data.response,
        response_squared=float(data.response @ data.response),
        n_rows=len(data.response),
        log_determinant=data.log_determinant,
        n_effects=tuple(c.shape[1] for c in data.columns),
        n_levels=data.n_levels,
    )


LEAST_RESIDUAL = 1e-5
"""Residual standard deviation over that of the response below which a sum of squares has lost its digits."""


def check_residual(relative_sigma: float) -> None:
    """Refuse a fit that explains the response completely.

    The residual sum of squares comes from cross-products, whose 16 digits are relative to the sum of squares
    of the response: 16 + 2 log10(relative_sigma) are left, six at 1e-5.
    """
    if not relative_sigma >= LEAST_RESIDUAL:
        raise DataError(
            "The model explains the response completely: the residual standard deviation is below "
            f"{LEAST_RESIDUAL:g} of the response's, where a fit loses precision. Look for a predictor that "
            "is a copy of the response, or for an outlier that dwarfs everything else."
        )


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
        log_determinant=design.residual.log_determinant,
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
