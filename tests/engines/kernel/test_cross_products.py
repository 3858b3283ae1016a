"""Cross-products against the dense matrices they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel.cross_products import block_product, form_cross_products, indicator
from bayesmixed.engines.kernel.units import unit_free, units_of


def dense_blocks(data: Any) -> list[np.ndarray]:
    """Z of every block, of independent effects, column (level, effect) at place level * k + effect."""
    out = []
    for columns, meeting, root, n_levels in zip(
        data.columns, data.meetings, data.roots, data.n_levels, strict=True
    ):
        z = np.zeros((len(columns), n_levels, columns.shape[1]))
        weights = np.ones(meeting.codes.shape) if meeting.weights is None else meeting.weights
        for m, codes in enumerate(meeting.codes.T):
            z[np.arange(len(codes)), codes] += weights[:, [m]] * columns
        z = z if root is None else np.einsum("njk,jl->nlk", z, root)
        out.append(z.reshape(len(columns), -1))
    return out


def test_products_are_those_of_the_dense_matrices(case: Any) -> None:
    data = unit_free(case.design, units_of(case.design))
    products = form_cross_products(data)
    z, x, y = dense_blocks(data), data.fixed, data.response
    for i, left in enumerate(z):
        np.testing.assert_allclose(products.fixed[i], left.T @ x, atol=1e-12)
        np.testing.assert_allclose(products.response[i], left.T @ y, atol=1e-12)
        for j, right in enumerate(z):
            np.testing.assert_allclose(products.between(i, j).toarray(), left.T @ right, atol=1e-12)
    np.testing.assert_allclose(products.fixed_gram, x.T @ x, atol=1e-12)
    np.testing.assert_allclose(products.fixed_response, x.T @ y, atol=1e-12)
    np.testing.assert_allclose(products.response_squared, y @ y, rtol=1e-13)
    assert products.n_rows == len(y)
    assert products.n_levels == tuple(block.n_levels for block in case.design.blocks)
    assert products.n_effects == tuple(block.n_effects for block in case.design.blocks)


def test_shifted_products_are_those_of_the_shifted_response(case: Any) -> None:
    data = unit_free(case.design, units_of(case.design))
    mean = np.linspace(-1, 1.5, data.fixed.shape[1])
    shifted = form_cross_products(data).shifted(mean)
    y = data.response - data.fixed @ mean
    for i, left in enumerate(dense_blocks(data)):
        np.testing.assert_allclose(shifted.response[i], left.T @ y, atol=1e-11)
    np.testing.assert_allclose(shifted.fixed_response, data.fixed.T @ y, atol=1e-11)
    np.testing.assert_allclose(shifted.response_squared, y @ y, rtol=1e-12)


def test_pairs_of_levels_keep_whole_blocks_though_sums_cancel() -> None:
    left = (np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]), np.array([0, 0, 1]), 2)
    right = (np.array([[1.0], [1.0], [0.0]]), np.array([1, 1, 0]), 3)
    product = block_product(left, right)
    assert product.indptr.tolist() == [0, 1, 2, 3, 4]
    assert product.indices.tolist() == [1, 1, 0, 0]
    assert product.data.tolist() == [2.0, 0.0, 0.0, 0.0]
    own = block_product(left, left)
    assert own.toarray().tolist() == [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert own.nnz == 8


def test_an_indicator_keeps_its_zeros() -> None:
    z = indicator(np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([2, 0]), 3)
    assert z.toarray().tolist() == [[0, 0, 0, 0, 1, 0], [1, 2, 0, 0, 0, 0]]
    assert z.nnz == 4
