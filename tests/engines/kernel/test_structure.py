"""The elimination order against the dense cross-products that it arranges."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.structure import build_structure


def gram(case: Any) -> tuple[np.ndarray, np.ndarray]:
    """Cross-products of everything integrated in the plan's order, among themselves and with y."""
    products = case.problem.products
    order = [f.block for f in case.plan.factors if f.role != at.SAMPLED]
    rows = [[products.between(i, j).toarray() for j in order] for i in order]
    response = [products.response[i] for i in order]
    if not case.plan.coefficients_sampled:
        rows = [[*row, products.fixed[i]] for row, i in zip(rows, order, strict=True)]
        rows.append([*(products.fixed[i].T for i in order), products.fixed_gram])
        response.append(products.fixed_response)
    return (np.block(rows), np.concatenate(response)) if rows else (np.zeros((0, 0)), np.zeros(0))


def test_rows_and_root_hold_all_cross_products(case: Any) -> None:
    structure = build_structure(case.problem.products, case.plan)
    square, response = gram(case)
    np.testing.assert_array_equal(structure.response, response)
    first_root = structure.first_dense
    rebuilt = np.zeros_like(square)
    rebuilt[first_root:, first_root:] = structure.root
    for depth, nodes in enumerate(structure.nodes):
        k = case.problem.products.n_effects[case.plan.blocks[depth]]
        rows = column = 0
        for level, count in enumerate(nodes.n_columns):
            own = structure.first_columns[depth] + level * k + np.arange(k)
            columns = np.concatenate([own, nodes.column[column : column + count]])
            row = nodes.rows[rows : rows + k * len(columns)].reshape(k, -1)
            rebuilt[np.ix_(own, columns)] = row
            rebuilt[np.ix_(columns, own)] = row.T
            rows, column = rows + row.size, column + count
        assert rows == len(nodes.rows)
        assert column == len(nodes.column) == len(nodes.place)
    np.testing.assert_allclose(rebuilt, square, atol=1e-12)


def test_places_lead_to_the_same_columns_in_the_parent(case: Any) -> None:
    structure = build_structure(case.problem.products, case.plan)
    root = structure.first_dense + np.arange(len(structure.root))
    for depth, nodes in enumerate(structure.nodes):
        starts = np.concatenate([[0], np.cumsum(nodes.n_columns)])
        for level, parent in enumerate(nodes.parent):
            part = slice(starts[level], starts[level + 1])
            front = root if parent < 0 else front_columns(case, structure, depth + 1, parent)
            np.testing.assert_array_equal(front[nodes.place[part]], nodes.column[part])


def front_columns(case: Any, structure: Any, depth: int, level: int) -> np.ndarray:
    """Columns of the front of one level of a chain factor: its own effects, then those its row touches."""
    k = case.problem.products.n_effects[case.plan.blocks[depth]]
    nodes = structure.nodes[depth]
    start = int(nodes.n_columns[:level].sum())
    own = structure.first_columns[depth] + level * k + np.arange(k)
    return np.concatenate([own, nodes.column[start : start + nodes.n_columns[level]]])
