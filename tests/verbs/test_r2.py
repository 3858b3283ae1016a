"""Explained variance against R's performance on lme4's estimates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bayesmixed.verbs import icc, r2


def test_sleepstudy(at_lme4: Callable[[str], Any]) -> None:
    # performance::r2_nakagawa on lme4 1.1-31, three decimals
    fit = at_lme4("sleepstudy_correlated")
    table = r2(fit).set_index("type")["r2"]
    assert table["marginal"] == pytest.approx(0.279, abs=5e-4)
    assert table["conditional"] == pytest.approx(0.799, abs=5e-4)


def test_layout(toy: Any) -> None:
    table = r2(toy, prob=0.9)
    assert list(table.columns) == ["type", "r2", "lower_5", "upper_95", "formula"]
    assert table["type"].tolist() == ["marginal", "conditional"]


def test_conditional_less_marginal_is_the_unadjusted_icc(at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("nba")
    marginal, conditional = r2(fit)["r2"]
    share = icc(fit, kind="unadjusted")["icc"].item()
    assert conditional - marginal == pytest.approx(share)


def test_a_narrow_screen_shows_every_column(toy: Any) -> None:
    table = r2(toy)
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        lines = str(table).splitlines()
    assert lines[0].split() == list(table.columns)
    assert [line.split()[-1] for line in lines[1:]] == ["V_fix/V_total", "(V_fix+V_all)/V_total"]
    assert "V_total: V_fix + V_all + sigma^2" in table.attrs["legend"]
