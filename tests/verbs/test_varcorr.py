"""Variance components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.verbs import varcorr


def test_columns(toy: Any) -> None:
    columns = ["group", "effect", "variance", "sd", "sd_2.5", "sd_97.5", "var_prop"]
    assert list(varcorr(toy).columns) == columns
    assert list(varcorr(toy, prob=0.9).columns)[4:6] == [
        "sd_5",
        "sd_95",
    ]


def test_rows(toy: Any) -> None:
    rows = varcorr(toy)[["group", "effect"]].itertuples(index=False, name=None)
    expected = [("a", "Intercept"), ("a", "x"), ("b", "Intercept"), ("b", "z"), ("Residual", "")]
    assert list(rows) == expected


def test_values(toy: Any) -> None:
    table = varcorr(toy)
    sd = toy.draws["posterior"]["sd_b"].sel(b_effect="z").to_numpy().ravel()
    row = table.iloc[3]
    assert row["sd"] == pytest.approx(np.median(sd))
    assert row["sd_2.5"] == pytest.approx(np.quantile(sd, 0.025))
    np.testing.assert_array_equal(table["variance"], table["sd"] ** 2)
    assert table["var_prop"].sum() == pytest.approx(1)


def test_correlations_only_where_the_model_has_them(toy: Any) -> None:
    table = varcorr(toy, correlations=True)
    columns = ["group", "effect_1", "effect_2", "value", "se", "lower_2.5", "upper_97.5"]
    assert list(table.columns) == columns
    assert table.iloc[0, :3].tolist() == ["a", "Intercept", "x"]
    assert len(table) == 1
    rho = toy.draws["posterior"]["corr_a"].to_numpy()[..., 1, 0]
    assert table["value"].item() == pytest.approx(np.median(rho))


def test_no_correlations_is_an_empty_table(at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("gpa_intercept")
    table = varcorr(fit, correlations=True)
    assert table.shape == (0, 7)
    assert table["value"].dtype == float


def test_teaching_text_students(at_lme4: Callable[[str], Any]) -> None:
    # mixedup on lme4, as printed: reference/teaching_texts.md
    fit = at_lme4("gpa_intercept")
    table = varcorr(fit).round(3)
    assert table["variance"].tolist() == [0.064, 0.058]
    assert table["sd"].tolist() == [0.252, 0.241]
    assert table["var_prop"].tolist() == [0.523, 0.477]
