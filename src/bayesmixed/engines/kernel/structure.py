"""The elimination order of the integrated random effects, worked out once from the cross-products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.cross_products import CrossProducts
from bayesmixed.engines.kernel.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """The levels of one chain factor as nodes of the elimination forest."""

    n_effects: int  # k
    # level of the next chain factor that contains each level, or -1 when the parent is the root, shape (J,)
    parent: IntArray
    n_columns: IntArray  # later columns that each level's row touches, shape (J,)
    rows: FloatArray  # the rows [K_jj K_jF], one after the other, each k x (k + c_j)
    place: IntArray  # for each column its place in the parent's front, one level after the other
    column: IntArray  # for each column its place among all integrated columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Everything integrated: chain factors as nodes, the rest as the root."""

    nodes: tuple[Nodes, ...]  # one for each chain factor
    root: FloatArray  # raw cross-products of dense random effects and coefficients, shape (q, q)
    response: FloatArray  # cross-products of all integrated columns with y, shape (N,)
    # for each chain and dense factor the place of its first column among the integrated ones
    first_columns: tuple[int, ...]
    first_dense: int  # place of the first column that belongs to the root


def build_structure(products: CrossProducts, plan: Plan) -> Structure:
    """Arrange cross-products for elimination."""
    chain = [f.block for f in plan.factors if f.role == at.CHAIN]
    dense = [f.block for f in plan.factors if f.role == at.DENSE]
    sizes = [products.n_levels[i] * products.n_effects[i] for i in chain + dense]
    first_columns = tuple(int(c) for c in np.concatenate([[0], np.cumsum(sizes)])[:-1])
    with_fixed = not plan.coefficients_sampled
    response = [products.response[i] for i in chain + dense] + (
        [products.fixed_response] if with_fixed else []
    )
    patterns = [_dense_part(products, i, dense) for i in chain]
    nodes: list[Nodes] = []
    for depth in range(len(chain)):
        nodes.append(_chain_nodes(products, chain, depth, patterns, first_columns, with_fixed))
    return Structure(
        nodes=tuple(nodes),
        root=_root(products, dense, with_fixed),
        response=np.concatenate([*response, np.empty(0)]),
        first_columns=first_columns,
        first_dense=sum(sizes[: len(chain)]),
    )


def _dense_part(products: CrossProducts, i: int, dense: list[int]) -> sparse.csr_array:
    """Z_i'Z_d for all dense factors side by side."""
    n_rows = products.n_levels[i] * products.n_effects[i]
    if not dense:
        return sparse.csr_array((n_rows, 0))
    stacked: sparse.csr_array = sparse.hstack([products.between(i, d) for d in dense], format="csr")
    stacked.sort_indices()
    return stacked


def _root(products: CrossProducts, dense: list[int], with_fixed: bool) -> FloatArray:
    """Raw cross-products of dense random effects and coefficients."""
    fixed = [products.fixed[d] for d in dense]
    size = sum(len(f) for f in fixed)
    p = len(products.fixed_gram) if with_fixed else 0
    root = np.zeros((size + p, size + p))
    if dense:
        grid = [[products.between(i, j) for j in dense] for i in dense]
        root[:size, :size] = sparse.block_array(grid).toarray()
    if with_fixed:
        root[size:, size:] = products.fixed_gram
        if dense:
            root[:size, size:] = np.concatenate(fixed)
            root[size:, :size] = root[:size, size:].T
    return root


def _chain_nodes(
    products: CrossProducts,
    chain: list[int],
    depth: int,
    patterns: list[sparse.csr_array],
    first_columns: tuple[int, ...],
    with_fixed: bool,
) -> Nodes:
    """Nodes of the chain factor at one depth."""
    block = chain[depth]
    k, n_levels = products.n_effects[block], products.n_levels[block]
    ancestors = [products.between(block, a) for a in chain[depth + 1 :]]
    ancestor_k = [products.n_effects[a] for a in chain[depth + 1 :]]
    dense = patterns[depth]
    n_dense = np.diff(dense.indptr)[::k].astype(np.int64)
    p = len(products.fixed_gram) if with_fixed else 0
    n_columns = sum(ancestor_k) + n_dense + p
    width = k + n_columns
    starts = np.concatenate([[0], np.cumsum(k * width)])
    rows = np.empty(starts[-1])
    at_row = (starts[:-1, None] + np.arange(k) * width[:, None]).ravel()
    rows[at_row[:, None] + np.arange(k)] = products.between(block, block).data.reshape(-1, k)
    offset = k
    levels = []
    for matrix, ka in zip(ancestors, ancestor_k, strict=True):
        rows[at_row[:, None] + offset + np.arange(ka)] = matrix.data.reshape(-1, ka)
        levels.append(matrix.indices.reshape(n_levels, k, ka)[:, 0, 0].astype(np.int64) // ka)
        offset += ka
    dense_rank = np.arange(dense.nnz) - np.repeat(dense.indptr[:-1], np.diff(dense.indptr))
    rows[np.repeat(at_row, np.diff(dense.indptr)) + offset + dense_rank] = dense.data
    if with_fixed:
        at_fixed = at_row + offset + np.repeat(n_dense, k)
        rows[at_fixed[:, None] + np.arange(p)] = products.fixed[block]
    first_dense, n_total = _integrated_extent(products, chain, dense.shape[1], p)
    column, place = _columns(
        k_later=ancestor_k,
        first_later=first_columns[depth + 1 : depth + 1 + len(ancestor_k)],
        levels=levels,
        dense=(dense, k),
        parent_dense=(patterns[depth + 1], ancestor_k[0]) if ancestor_k else None,
        extent=(first_dense, n_total - p, p),
    )
    return Nodes(
        n_effects=k,
        parent=levels[0] if levels else np.full(n_levels, -1, dtype=np.int64),
        n_columns=n_columns,
        rows=rows,
        place=place,
        column=column,
    )


def _integrated_extent(products: CrossProducts, chain: list[int], n_dense: int, p: int) -> tuple[int, int]:
    """Place of the first dense column, and the number of integrated columns."""
    first = sum(products.n_levels[i] * products.n_effects[i] for i in chain)
    return first, first + n_dense + p


def _level_pattern(pattern: tuple[sparse.csr_array, int]) -> tuple[IntArray, IntArray]:
    """For each level the number of dense columns it touches, and those columns one level after the other."""
    matrix, k = pattern
    counts = np.diff(matrix.indptr).astype(np.int64)
    keep = np.repeat(np.arange(len(counts)) % k == 0, counts)
    return counts[::k], matrix.indices[keep].astype(np.int64)


def _columns(
    *,
    k_later: list[int],
    first_later: tuple[int, ...],
    levels: list[IntArray],
    dense: tuple[sparse.csr_array, int],
    parent_dense: tuple[sparse.csr_array, int] | None,
    extent: tuple[int, int, int],
) -> tuple[IntArray, IntArray]:
    """For each column of each node its place among all integrated columns and in the parent's front.

    A parent's front holds the parent's own effects, then its ancestors', then the dense columns it touches,
    then the coefficients; the root holds all dense columns, then the coefficients.
    """
    first_dense, first_fixed, p = extent
    counts, touched = _level_pattern(dense)
    n_levels = len(counts)
    n_ancestor = sum(k_later)
    width = n_ancestor + counts + p
    starts = np.concatenate([[0], np.cumsum(width)])
    column, place = np.empty(starts[-1], dtype=np.int64), np.empty(starts[-1], dtype=np.int64)
    offset = 0
    for k, first, level in zip(k_later, first_later, levels, strict=True):
        index = starts[:-1, None] + offset + np.arange(k)
        column[index] = first + level[:, None] * k + np.arange(k)
        place[index] = offset + np.arange(k)
        offset += k
    owner = np.repeat(np.arange(n_levels), counts)
    rank = np.arange(len(touched)) - np.repeat(np.cumsum(counts) - counts, counts)
    index = starts[owner] + n_ancestor + rank
    column[index] = first_dense + touched
    fixed_index = (starts[:-1] + n_ancestor + counts)[:, None] + np.arange(p)
    column[fixed_index] = first_fixed + np.arange(p)
    if parent_dense is None:
        place[index] = touched
        place[fixed_index] = first_fixed - first_dense + np.arange(p)
        return column, place
    parent_counts, parent_touched = _level_pattern(parent_dense)
    parent_owner = np.repeat(np.arange(len(parent_counts)), parent_counts)
    size = max(first_fixed - first_dense, 1)
    parent_start = np.cumsum(parent_counts) - parent_counts
    parent = levels[0]
    found = np.searchsorted(parent_owner * size + parent_touched, parent[owner] * size + touched)
    place[index] = n_ancestor + found - parent_start[parent[owner]]
    place[fixed_index] = (n_ancestor + parent_counts[parent])[:, None] + np.arange(p)
    return column, place
