"""The pattern of the sparse factor against dense Cholesky factors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bayesmixed.engines.joint.packing import fill_pattern, keep_coupled

from .conftest import RIGHT_SIDES, make_case


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.integers(1, 25))
def test_the_pattern_is_that_of_the_dense_factor(seed: int, order: int) -> None:
    rng = np.random.default_rng(seed)
    half = rng.uniform(0.5, 1.0, (order, order)) * (rng.uniform(size=(order, order)) < 0.1)
    matrix = half @ half.T + 3.0 * order * np.eye(order)
    pattern = fill_pattern(sparse.csc_array(matrix))
    column = np.repeat(np.arange(order), np.diff(pattern.pointer))
    found = np.zeros((order, order), dtype=bool)
    found[pattern.row, column] = True
    factor = np.linalg.cholesky(matrix)
    assert not (np.abs(factor) > 0)[~found & np.tri(order, dtype=bool)].any()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.integers(1, 25))
def test_a_column_has_the_rows_of_its_first_one_and_a_run_to_its_end(seed: int, order: int) -> None:
    matrix = sparse.random_array((order, order), density=0.1, rng=np.random.default_rng(seed))
    pattern = fill_pattern(sparse.csc_array(matrix + matrix.T + sparse.eye_array(order)))
    rows = np.split(pattern.row, pattern.pointer[1:-1])
    for j, own in enumerate(rows):
        run = pattern.row[pattern.run[j] : pattern.pointer[j + 1]]
        before = pattern.run[j] - 1
        assert own[0] == j
        assert pattern.pointer[j] < pattern.run[j] <= pattern.pointer[j + 1]
        assert np.all(np.diff(run) == 1)
        if len(own) > 1:
            np.testing.assert_array_equal(own[1:], rows[own[1]])
            assert before == pattern.pointer[j] or pattern.row[before] + 1 < run[0]


def test_values_stand_at_their_places() -> None:
    matrix = sparse.csc_array(np.array([[4.0, 1, 2], [1, 5, 0], [2, 0, 6]]))
    pattern = fill_pattern(matrix)
    np.testing.assert_array_equal(pattern.row, [0, 1, 2, 1, 2, 2])
    np.testing.assert_array_equal(pattern.values(matrix), [4, 1, 2, 5, 0, 6])


@pytest.mark.parametrize("loose", [False, True])
def test_factors_left_out_are_coupled_with_nothing_else(loose: bool) -> None:
    problem = make_case("poisson", "log", RIGHT_SIDES["crossed slopes"], loose=loose).problem
    columns = problem.columns()
    gram = (columns.T @ columns).toarray()
    kept = keep_coupled(sparse.csr_array(gram), problem).toarray()
    crossed = slice(problem.first_effects[1], problem.first_effects[2])
    np.testing.assert_array_equal(kept[crossed, crossed], gram[crossed, crossed])
    assert np.any(kept[crossed, : crossed.start]) != loose
    assert np.linalg.eigvalsh(kept).min() > -1e-8
