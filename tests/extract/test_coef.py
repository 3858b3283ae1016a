"""Coefficients of every level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.extract import coef, fixef

COLUMNS = ["group_var", "effect", "group", "value", "se", "lower_2.5", "upper_97.5"]


def test_layout(toy: Any) -> None:
    table = coef(toy.draws, toy.spec)
    assert list(table.columns) == COLUMNS
    effects = table.groupby("group_var")["effect"].unique().map(list).to_dict()
    assert effects == {"a": ["Intercept", "x"], "b": ["Intercept", "x", "z"]}
    assert len(table) == 6 * 2 + 5 * 3


def test_is_added_draw_by_draw(toy: Any) -> None:
    posterior = toy.draws["posterior"]
    table = coef(toy.draws, toy.spec, group="a").set_index(["effect", "group"])
    draws = posterior["beta"].sel(term="x") + posterior["ranef_a"].sel(a="a3", a_effect="x")
    row = table.loc[("x", "a3")]
    assert row["value"] == pytest.approx(np.median(draws))
    assert row["se"] == pytest.approx(draws.to_numpy().std(ddof=1))
    assert row["upper_97.5"] == pytest.approx(np.quantile(draws, 0.975))


def test_a_coefficient_that_does_not_vary_is_the_fixed_one(toy: Any) -> None:
    table = coef(toy.draws, toy.spec, group="b")
    fixed = fixef(toy.draws, toy.spec).set_index("term").loc["x"]
    rows = table[table["effect"] == "x"]
    for name in ("value", "se", "lower_2.5", "upper_97.5"):
        np.testing.assert_array_equal(rows[name], np.full(5, fixed[name]))


def test_an_effect_that_is_only_random_has_fixed_part_zero(toy: Any) -> None:
    table = coef(toy.draws, toy.spec, group="b").set_index(["effect", "group"])
    draws = toy.draws["posterior"]["ranef_b"].sel(b="b2", b_effect="z")
    assert table.loc[("z", "b2"), "value"] == pytest.approx(np.median(draws))


def test_teaching_text_students(at_lme4: Callable[[str], Any]) -> None:
    # mixedup on lme4, as printed (it adds numbers already rounded): reference/teaching_texts.md
    fit = at_lme4("gpa_intercept")
    table = coef(fit.draws, fit.spec).query("effect == 'Intercept'").set_index("group")["value"]
    printed = [2.528, 2.383, 2.687, 2.412, 2.629]
    np.testing.assert_allclose(table.loc[["1", "2", "3", "4", "5"]], printed, atol=1e-3)
