"""Names of variables, dimensions and columns that collide with nothing."""

from __future__ import annotations

import pytest

from bayesmixed import names

GROUPS = ["g", "row", "term", "chain", "draw", "sigma", "nu", "beta", "y", "X", "trials", "ranef_moment"]
GROUPS += [
    "g_effect",
    "g_effect_bis",
    "sd_g",
    "corr_g",
    "ranef_g",
    "coef_g",
    "covariance_g",
    "I(a / b)",
    "a:b",
]


def test_no_two_factors_share_a_variable_or_dimension_of_a_posterior() -> None:
    every = [name for group in GROUPS for name in names.group_variables(group)]
    assert len(set(every)) == len(every)
    assert names.TAKEN.isdisjoint(every)
    assert not [name for name in every if "/" in name]


@pytest.mark.parametrize(
    ("group", "dim"),
    [("g", "g"), ("row", "row_"), ("sd_g", "sd_g_"), ("g_effect", "g_effect_"), ("a/b", "a_b")],
)
def test_only_a_name_that_is_taken_changes(group: str, dim: str) -> None:
    assert names.level_dim(group) == dim


@pytest.mark.parametrize("group", GROUPS)
def test_variables_are_known_by_their_dimensions(group: str) -> None:
    level, effect = names.level_dim(group), names.effect_dim(group)
    assert names.is_ranef(("chain", "draw", level, effect))
    assert not names.is_ranef(("chain", "draw", effect))
    assert names.is_correlation(("chain", "draw", effect, names.effect_bis_dim(group)))
    assert not names.is_correlation(("chain", "draw", level, effect))


def test_columns_of_a_user_get_out_of_the_way() -> None:
    columns = ["x", "value", "at_value", "se"]
    moved = names.apart(columns, ["value", "se", "row"])
    assert list(moved) == columns
    assert list(moved.values()) == ["x", "at_at_value", "at_value", "at_se"]
