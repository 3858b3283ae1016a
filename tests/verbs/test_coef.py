"""Coefficients of every level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.verbs import coef, fixef

COLUMNS = ["group_var", "effect", "group", "value", "se", "lower_2.5", "upper_97.5"]


def test_layout(toy: Any) -> None:
    table = coef(toy)
    assert list(table.columns) == COLUMNS
    effects = table.groupby("group_var")["effect"].unique().map(list).to_dict()
    assert effects == {"a": ["Intercept", "x"], "b": ["Intercept", "x", "z"]}
    assert len(table) == 6 * 2 + 5 * 3


def test_is_added_draw_by_draw(toy: Any) -> None:
    posterior = toy.draws["posterior"]
    table = coef(toy, group="a").set_index(["effect", "group"])
    draws = posterior["beta"].sel(term="x") + posterior["ranef_a"].sel(a="a3", a_effect="x")
    row = table.loc[("x", "a3")]
    assert row["value"] == pytest.approx(np.median(draws))
    assert row["se"] == pytest.approx(draws.to_numpy().std(ddof=1))
    assert row["upper_97.5"] == pytest.approx(np.quantile(draws, 0.975))


def test_a_coefficient_that_does_not_vary_is_the_fixed_one(toy: Any) -> None:
    table = coef(toy, group="b")
    fixed = fixef(toy).set_index("term").loc["x"]
    rows = table[table["effect"] == "x"]
    for name in ("value", "se", "lower_2.5", "upper_97.5"):
        np.testing.assert_array_equal(rows[name], np.full(5, fixed[name]))


def test_an_effect_that_is_only_random_has_fixed_part_zero(toy: Any) -> None:
    table = coef(toy, group="b").set_index(["effect", "group"])
    draws = toy.draws["posterior"]["ranef_b"].sel(b="b2", b_effect="z")
    assert table.loc[("z", "b2"), "value"] == pytest.approx(np.median(draws))


def test_teaching_text_students(at_lme4: Callable[[str], Any]) -> None:
    # mixedup on lme4, as printed (it adds numbers already rounded): reference/teaching_texts.md
    fit = at_lme4("gpa_intercept")
    table = coef(fit).query("effect == 'Intercept'").set_index("group")["value"]
    printed = [2.528, 2.383, 2.687, 2.412, 2.629]
    np.testing.assert_allclose(table.loc[["1", "2", "3", "4", "5"]], printed, atol=1e-3)


@pytest.mark.parametrize("formula", ["y ~ b*a + (a*b | g)", "y ~ a*b + (b:a + a | g)"])
def test_a_term_is_one_coefficient_in_either_order(formula: str) -> None:
    """The coefficient of every level is the fixed one plus the level's effect, by two other tables."""
    rng, n = np.random.default_rng(4), 200
    a, b, g = rng.normal(size=n), rng.normal(size=n), np.arange(n) % 10
    y = (0.35 + 0.3 * rng.normal(size=10)[g]) * a * b + rng.normal(size=n) * 0.5
    pooling = bm.pooling(formula, pd.DataFrame({"y": y, "a": a, "b": b, "g": g}), method="reml")
    fit = pooling.fit
    fixed = fit.fixef().set_index("term")["value"]
    random = fit.ranef().set_index(["effect", "group"])["value"]
    table = fit.coef()
    assert list(table["effect"].unique()) == list(fixed.index)
    for row in table.to_dict("records"):
        own = random.get((row["effect"], row["group"]), 0.0)
        assert row["value"] == pytest.approx(fixed[row["effect"]] + own, abs=1e-12)
    partial = pooling.table()["partial"].to_numpy()
    assert partial == pytest.approx(table["value"].to_numpy(), rel=1e-9)
