"""Predictors of simulated studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.formula import parse_formula
from bayesmixed.simulate.layout import add_predictors, grouping_factors, make_layout, predictor_columns

FORMULA = "y ~ x + f + (z | school/class)"


def predictors(chosen: dict[str, Any], per_group: Any = 4) -> pd.DataFrame:
    parsed = parse_formula(FORMULA)
    factors = grouping_factors(parsed)
    rows = make_layout(factors, {"school": 3, "class": 2}, per_group)
    return add_predictors(rows, predictor_columns(parsed), chosen, factors, np.random.default_rng(1))


def test_unmentioned_predictors_are_standard_normal() -> None:
    frame = predictors({}, per_group=2000)
    assert list(frame) == ["school", "class", "x", "f", "z"]
    assert frame[["x", "f", "z"]].mean().abs().max() < 4 / np.sqrt(12_000)
    assert (frame[["x", "f", "z"]].std() - 1).abs().max() < 4 / np.sqrt(24_000)


@pytest.mark.parametrize("how", ["sequence", range(4), np.arange(4)])
def test_a_sequence_begins_anew_in_every_group(how: Any) -> None:
    assert predictors({"x": how})["x"].tolist() == [0, 1, 2, 3] * 6


def test_values_are_repeated_within_unbalanced_groups() -> None:
    frame = predictors({"f": ["u", "v"]}, per_group=[3, 1, 1, 1, 1, 1])
    assert frame["f"].tolist() == ["u", "v", "u", "u", "u", "u", "u", "u"]


def test_values_for_every_row_stay_as_they_are() -> None:
    assert predictors({"x": np.arange(24.0)})["x"].tolist() == list(range(24))


@pytest.mark.parametrize(
    ("how", "columns", "different"),
    [
        ({"school": "normal"}, ["school"], 3),
        ({"school:class": "normal"}, ["school", "class"], 6),
        ({"school:class": ["u", "v", "w"]}, ["school", "class"], 3),
    ],
)
def test_predictors_of_groups_do_not_vary_within_them(
    how: dict[str, Any], columns: list[str], different: int
) -> None:
    frame = predictors({"x": how})
    assert frame.groupby(columns)["x"].nunique().eq(1).all()
    assert frame["x"].nunique() == different


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"xx": "normal"}, "'xx', which is not a predictor.*'x'"),
        ({"school": "normal"}, "not a predictor"),
        ({"x": "gamma"}, "'normal', 'sequence'"),
        ({"x": range(5)}, "24 values, or at most 4"),
        ({"x": 3}, "at most 4"),
        ({"x": {"scool": "normal"}}, "Did you mean 'school'"),
        ({"x": {}}, "one grouping factor"),
        ({"x": {"school": range(4)}}, "at most 3"),
    ],
)
def test_refusals(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(BayesmixedError, match=message):
        predictors(chosen)


def test_values_of_levels_follow_the_order_in_which_levels_are_given() -> None:
    study = bm.simulate_data(
        "y ~ size + (1 | school)",
        groups={"school": ["north", "south", "east"]},
        predictors={"size": {"school": [10, 20, 30]}},
        fixed=[0, 1],
        sd={"school": 1},
        seed=1,
    )
    sizes = study.data.groupby("school")["size"].first()
    assert sizes.to_dict() == {"north": 10, "south": 20, "east": 30}
