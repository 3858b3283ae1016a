"""True parameters as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import GroupBlock, build_design
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula
from bayesmixed.simulate.parameters import correlation_matrix, named_numbers, standard_deviations


def block(bars: str) -> GroupBlock:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=60) for name in "yxv"}).assign(g=list("abcdef") * 10)
    return build_design(parse_formula(f"y ~ x + v + {bars}"), frame).blocks[0]


@pytest.mark.parametrize(
    "given", [{"b": 2, "a": 1}, [1, 2], (1, 2), np.array([1, 2]), [np.int64(1), np.float32(2)]]
)
def test_by_name_or_in_order(given: Any) -> None:
    assert named_numbers(given, ["a", "b"], "fixed").tolist() == [1, 2]


@pytest.mark.parametrize("given", [True, "1", None, [[1, 2]], {"a": "one"}, np.inf, []])
def test_what_is_no_number_is_refused(given: Any) -> None:
    with pytest.raises(DataError, match="fixed"):
        named_numbers(given, ["a"], "fixed")


def test_one_number_stands_for_every_pair_that_the_formula_correlates() -> None:
    matrix = correlation_matrix(block("(x | g) + (0 + v | g)"), 0.3)
    np.testing.assert_array_equal(matrix, [[1, 0.3, 0], [0.3, 1, 0], [0, 0, 1]])


def test_a_matrix_is_taken_as_it_is() -> None:
    given = np.array([[1, 0.5, 0.2], [0.5, 1, -0.1], [0.2, -0.1, 1]])
    np.testing.assert_array_equal(correlation_matrix(block("(x + v | g)"), given), given)


def test_a_labelled_matrix_goes_by_its_labels() -> None:
    given = pd.DataFrame(
        [[1, 0.5, 0.2], [0.5, 1, 0.3], [0.2, 0.3, 1]], index=list("xvI"), columns=list("xvI")
    )
    given = given.rename(index={"I": "Intercept"}, columns={"I": "Intercept"})
    matrix = correlation_matrix(block("(x + v | g)"), given)
    assert matrix.tolist() == [[1.0, 0.2, 0.3], [0.2, 1.0, 0.5], [0.3, 0.5, 1.0]]
    with pytest.raises(DataError, match="names 'X'"):
        correlation_matrix(block("(x + v | g)"), given.rename(columns={"x": "X"}))


def test_effects_that_the_formula_keeps_apart_cannot_be_correlated() -> None:
    given = np.array([[1, 0.5, 0.2], [0.5, 1, 0], [0.2, 0, 1]])
    with pytest.raises(DataError, match="independent in the formula"):
        correlation_matrix(block("(x | g) + (0 + v | g)"), given)


def test_correlations_must_agree_with_each_other() -> None:
    with pytest.raises(DataError, match="negative eigenvalue"):
        correlation_matrix(block("(x + v | g)"), -0.9)


def test_perfect_correlations_are_possible() -> None:
    np.testing.assert_array_equal(correlation_matrix(block("(x | g)"), -1), [[1, -1], [-1, 1]])


def test_deviations_follow_the_effects() -> None:
    assert standard_deviations(block("(x || g)"), {"x": 2, "Intercept": 0}).tolist() == [0, 2]
