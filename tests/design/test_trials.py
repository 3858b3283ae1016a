"""Numbers of trials of new rows, from what the left side of the formula says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.design.prediction_rows import prediction_rows, trials_of_rows
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula

DATA = pd.DataFrame({"k": [1, 0, 2, 3], "n": [4, 2, 7, 3], "lost": [3, 2, 5, 0], "g": list("aabb")})
NEW = {"g": ["a", "b"], "n": [10, 12], "k": [3, 4], "lost": [1, 2]}


def trials(response: str, *columns: str, **options: Any) -> list[float] | None:
    design = build_design(
        parse_formula(f"{response} ~ 1 + (1 | g)"), DATA, residual_variance=False, successes=True
    )
    new = pd.DataFrame({name: NEW[name] for name in ("g", *columns)})
    found = trials_of_rows(prediction_rows(design, new, **options))
    return None if found is None else found.tolist()


@pytest.mark.parametrize(
    ("response", "columns", "expected"),
    [
        ("prop(k, n)", ("n",), [10, 12]),
        ("prop(k, n)", ("n", "k"), [10, 12]),
        ("cbind(k, n - k)", ("n",), [10, 12]),
        ("cbind(k, n - k)", ("n", "k"), [10, 12]),
        ("cbind(k, 2 * n - k)", ("n",), [20, 24]),
        ("cbind(k, lost)", ("k", "lost"), [4, 6]),
        ("cbind(I(2 * k), 9 - k)", ("k",), [12, 13]),
        ("k == 1", (), None),
    ],
)
def test_trials_of_new_rows(response: str, columns: tuple[str, ...], expected: list[float] | None) -> None:
    assert trials(response, *columns) == expected


@pytest.mark.parametrize(
    ("response", "columns", "said"),
    [
        ("prop(k, n)", ("k",), "newdata has no column 'n'"),
        ("cbind(k, n - k)", ("k",), "newdata has no column 'n'"),
        ("cbind(k, lost)", ("lost",), "newdata has no column 'k'"),
        ("cbind(k, lost)", ("k",), "newdata has no column 'lost'"),
    ],
)
def test_what_is_needed_is_named(response: str, columns: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        trials(response, *columns)


def test_successes_that_do_not_matter_may_be_missing() -> None:
    parsed = parse_formula("cbind(k, n - k) ~ 1 + (1 | g)")
    design = build_design(parsed, DATA, residual_variance=False, successes=True)
    new = pd.DataFrame({"g": ["a"], "n": [5], "k": [np.nan]})
    assert trials_of_rows(prediction_rows(design, new)).tolist() == [5]  # type: ignore[union-attr]
    with pytest.raises(DataError, match="missing values in 'n'"):
        trials_of_rows(prediction_rows(design, new.assign(n=np.nan)))
