"""Covariances between levels: what is taken, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.build import build_design
from bayesmixed.design.related import known_covariance
from bayesmixed.errors import DataError
from bayesmixed.formula.parse import parse_formula

LEVELS = ["b", "a", "c", "absent"]
MATRIX = np.array([[1.0, 0.5, 0.2, 0.1], [0.5, 1.0, 0.3, 0.0], [0.2, 0.3, 2.0, 0.4], [0.1, 0.0, 0.4, 1.0]])
A = pd.DataFrame(MATRIX, index=LEVELS, columns=LEVELS)
ROWS = pd.DataFrame({"y": np.sin(np.arange(12.0)), "g": list("abc") * 4, "x": np.arange(12.0) % 5})


def edited(place: tuple[int, int], value: float) -> pd.DataFrame:
    matrix = MATRIX.copy()
    matrix[place] = value
    return pd.DataFrame(matrix, index=LEVELS, columns=LEVELS)


TAKEN: dict[str, Any] = {
    "frame": A,
    "columns in another order": A[["absent", "c", "b", "a"]],
    "pair": (LEVELS, MATRIX),
    "rounding": edited((0, 1), 0.5 + 1e-12),
}
REFUSED: dict[str, tuple[Any, str]] = {
    "no labels": (MATRIX, "needs labels"),
    "other labels": (A.rename(columns={"a": "z"}), "only a column has 'z'"),
    "twice": (pd.DataFrame(np.eye(2), index=["a", "a"], columns=["a", "a"]), "the level 'a' twice"),
    "not square": ((["a", "b"], np.ones((2, 3))), r"shape \(2, 3\)"),
    "not symmetric": (edited((0, 1), 0.4), "not symmetric: it has 0.4 for 'b' and 'a', and 0.5"),
    "not definite": (edited((0, 0), 0.0), "not positive definite"),
    "missing": (edited((0, 0), np.nan), "not finite"),
    "text": (A.astype(str).replace("1.0", "one"), "not numbers"),
    "level missing": (A.drop(index="c", columns="c"), "A does not have the level 'c' of 'g'"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_labels_put_the_entries_in_order(name: str) -> None:
    known = known_covariance("A", TAKEN[name])
    assert known.labels == tuple(LEVELS)
    np.testing.assert_allclose(known.matrix, MATRIX, atol=1e-11)
    np.testing.assert_allclose(known.root @ known.root.T, known.matrix, atol=1e-14)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_covariance_is_refused(name: str) -> None:
    given, message = REFUSED[name]
    with pytest.raises(DataError, match=message):
        bm.specify("y ~ x + (1 | gr(g, cov=A))", ROWS, data2={"A": given})


def test_the_matrix_has_to_be_there() -> None:
    with pytest.raises(DataError, match="data2 does not have 'A'"):
        bm.specify("y ~ x + (1 | gr(g, cov=A))", ROWS)
    with pytest.raises(DataError, match="Did you mean"):
        bm.specify("y ~ x + (1 | gr(g, cov=Am))", ROWS, data2={"A": A})
    with pytest.raises(DataError, match="dictionary"):
        bm.specify("y ~ x + (1 | gr(g, cov=A))", ROWS, data2=A)  # type: ignore[arg-type]


def test_levels_without_rows_are_levels() -> None:
    block = build_design(parse_formula("y ~ x + (1 | gr(g, cov=A))"), ROWS, data2={"A": A}).blocks[0]
    assert block.levels == tuple(LEVELS)
    assert [block.levels[code] for code in block.codes] == ROWS["g"].tolist()


def test_numbers_are_labels_too() -> None:
    frame = ROWS.assign(g=ROWS["g"].map({"a": 2, "b": 1, "c": 3}))
    numbered = pd.DataFrame(MATRIX[:3, :3], index=[1, 2, 3], columns=[1.0, 2.0, 3.0])
    assert bm.specify("y ~ x + (1 | gr(g, cov=A))", frame, data2={"A": numbered}).design.blocks[0].levels == (
        "1",
        "2",
        "3",
    )


def test_relations_tell_one_row_a_level_from_noise() -> None:
    rows = pd.DataFrame({"y": [1.0, 3.0, 2.0, 5.0], "g": LEVELS})
    assert bm.specify("y ~ 1 + (1 | gr(g, cov=A))", rows, data2={"A": A}).design.n_rows == 4
    none = pd.DataFrame(2.0 * np.eye(4), index=LEVELS, columns=LEVELS)
    with pytest.raises(DataError, match="cannot be told apart"):
        bm.specify("y ~ 1 + (1 | gr(g, cov=A))", rows, data2={"A": none})


def test_one_factor_does_not_stand_twice() -> None:
    with pytest.raises(DataError, match="Copy the column"):
        bm.specify("y ~ x + (1 | g) + (1 | gr(g, cov=A))", ROWS, data2={"A": A})


def test_several_levels_of_a_row() -> None:
    rows = ROWS.assign(h=list("cab") * 4, w=np.arange(12.0), v=1.0)
    block = build_design(parse_formula("y ~ x + (1 | mm(g, h))"), rows).blocks[0]
    assert block.levels == ("a", "b", "c")
    np.testing.assert_allclose(block.meeting.weights, 0.5)
    block = build_design(parse_formula("y ~ x + (1 | mm(g, h, weights=cbind(w, v)))"), rows).blocks[0]
    assert block.meeting.weights is not None
    np.testing.assert_allclose(
        block.meeting.weights, np.column_stack([rows.w, rows.v]) / (rows.w + 1).to_numpy()[:, None]
    )
    with pytest.raises(DataError, match="A row has several levels"):
        _ = block.codes
    for weights, message in (("cbind(w, w)", "all zero"), ("cbind(-v, w)", "below zero")):
        with pytest.raises(DataError, match=message):
            bm.specify(f"y ~ x + (1 | mm(g, h, weights={weights}))", rows)
    with pytest.raises(DataError, match="different weights"):
        bm.specify("y ~ x + (1 | mm(g, h)) + (0 + x | mm(g, h, weights=cbind(w, v)))", rows)


def test_a_level_that_a_row_meets_twice_counts_twice() -> None:
    rows = ROWS.assign(h=ROWS["g"])
    both = bm.lmer("y ~ x + (1 | mm(g, h))", rows, method="ml")
    once = bm.lmer("y ~ x + (1 | g)", rows, method="ml")
    assert both.estimate.log_likelihood == pytest.approx(once.estimate.log_likelihood, rel=1e-10)
