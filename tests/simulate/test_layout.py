"""Rows of simulated studies."""

from __future__ import annotations

from typing import Any

import pytest

from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula
from bayesmixed.simulate.layout import Layout, grouping_factors, make_layout


def layout(formula: str, groups: dict[str, Any], per_group: Any = 2) -> Layout:
    return make_layout(grouping_factors(parse_formula(formula)), groups, per_group)


@pytest.mark.parametrize(
    ("formula", "groups", "per_group", "rows", "levels"),
    [
        ("y ~ 1 + (1 | g)", {"g": 12}, 3, 36, {"g": 12}),
        ("y ~ 1 + (1 | g)", {"g": ["north", "south"]}, 3, 6, {"g": 2}),
        ("y ~ 1 + (1 | g)", {"g": 3}, [4, 1, 2], 7, {"g": 3}),
        ("y ~ 1 + (1 | a) + (1 | b)", {"a": 24, "b": 6}, 1, 144, {"a": 24, "b": 6}),
        ("y ~ 1 + (1 | a/b)", {"a": 8, "b": ["a", "b", "c"]}, 20, 480, {"a": 8, "b": 3}),
        ("y ~ 1 + (1 | a/b)", {"a": 3, "b": [2, 4, 3]}, 5, 45, {"a": 3, "b": 4}),
        ("y ~ 1 + (1 | a/b)", {"a": 2, "b": 2}, [3, 0, 1, 2], 6, {"a": 2, "b": 2}),
        ("y ~ 1 + (1 | factor(year))", {"year": 4}, 2, 8, {"year": 4}),
        ("y ~ 1 + (x | a:b)", {"a": 2, "b": 3}, 2, 12, {"a": 2, "b": 3}),
    ],
)
def test_rows_and_levels(
    formula: str, groups: dict[str, Any], per_group: Any, rows: int, levels: dict[str, int]
) -> None:
    made = layout(formula, groups, per_group)
    assert len(made.frame) == len(made.position) == rows
    assert made.frame.nunique().to_dict() == levels


def test_unbalanced_sizes_belong_to_their_groups() -> None:
    made = layout("y ~ 1 + (1 | g)", {"g": 3}, [4, 1, 2])
    assert made.frame["g"].tolist() == ["1", "1", "1", "1", "2", "3", "3"]
    assert made.position.tolist() == [0, 1, 2, 3, 0, 0, 1]


def test_labels_sort_by_number() -> None:
    labels = layout("y ~ 1 + (1 | g)", {"g": 101}).frame["g"].unique().tolist()
    assert labels == sorted(labels)
    assert labels[0] == "001"


def test_nested_factors_have_their_own_names() -> None:
    factors = grouping_factors(parse_formula("y ~ 1 + (1 | a/b) + (1 | factor(c))"))
    assert factors == {"a": ("a",), "a:b": ("a", "b"), "factor(c)": ("c",)}


@pytest.mark.parametrize(
    ("groups", "per_group", "message"),
    [
        ({"a": 3}, 2, "'b' has.*groups=.*'b': 10"),
        ({"a": 3, "b": 2, "sit": 4}, 2, "'sit', which is not a grouping column"),
        ({"a": 0, "b": 2}, 2, "at least 1"),
        ({"a": 2.5, "b": 2}, 2, "whole numbers"),
        ({"a": "ten", "b": 2}, 2, "text 'ten'"),
        ({"a": ["u", "u"], "b": 2}, 2, "names a level twice"),
        ({"a": 3, "b": [2, 2]}, 2, "make 3 groups"),
        ({"a": 3, "b": 2}, [1, 2], "makes 6"),
        ({"a": 3, "b": 2}, [0] * 6, "no rows"),
        ({"a": 3, "b": 2}, -1, "at least 1"),
        ({"a": 3, "b": 2}, "2", "whole numbers"),
    ],
)
def test_refusals(groups: dict[str, Any], per_group: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        layout("y ~ 1 + (1 | a/b)", groups, per_group)
