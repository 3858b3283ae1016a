"""What lme4 makes of factors and booleans, from every kind of source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayesmixed as bm
from r_formulas import MIXED, factors, r_frame
from sources import EVERYWHERE, STORES

TOLERANCE = 1e-6
ELSEWHERE = (
    "Reaction ~ 0 + late + (1 | Subject)",
    "Reaction ~ Days + (0 + late | Subject)",
    "Reaction ~ Days:late + (1 | Subject)",
    "Reaction ~ I(Days > 4) + (0 + I(Days > 4) | Subject)",
    "y ~ z:f + (1 | g)",
)


def frame_of(formula: str) -> pd.DataFrame:
    if not formula.startswith("Reaction"):
        return r_frame()
    sleep = bm.load_dataset("sleepstudy")
    return sleep.assign(late=sleep["Days"] > 4)


def assert_is_lme4(fit: Any, formula: str) -> None:
    expected = MIXED[formula]
    table = fit.fixef()
    found = dict(zip(map(factors, table["term"]), table["value"], strict=True))
    assert found == pytest.approx({factors(k): v for k, v in expected["fixef"].items()}, rel=TOLERANCE)
    assert fit.log_likelihood() == pytest.approx(expected["log_likelihood"], rel=TOLERANCE)


@pytest.mark.parametrize("formula", MIXED)
def test_estimates_are_lme4_s(formula: str) -> None:
    assert_is_lme4(bm.lmer(formula, frame_of(formula), method="reml"), formula)


@pytest.mark.parametrize("store", EVERYWHERE)
@pytest.mark.parametrize("formula", ELSEWHERE)
def test_wherever_the_rows_lie(formula: str, store: str, tmp_path: Path) -> None:
    data = STORES[store](frame_of(formula), tmp_path)
    assert_is_lme4(bm.lmer(formula, data, method="reml"), formula)
