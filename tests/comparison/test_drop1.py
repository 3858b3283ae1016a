"""lme4's drop1. Maker of the numbers: lme4 1.1-31 under R 4.2.2."""

from __future__ import annotations

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.comparison.drop1 import drop1

from .likelihood_fits import fit_of, frame_of

NOTHING = ("<none>", np.nan)
CASES = [
    (
        "sleepstudy",
        "Reaction ~ Days + (Days | Subject)",
        [
            (*NOTHING, 1763.93934446, np.nan, np.nan),
            ("Days", 1, 1785.47588196, 23.536537498, 1.2256399572e-06),
        ],
    ),
    (
        "dragons.csv",
        "testScore ~ scale(bodyLength) + (1 | mountainRange/site)",
        [
            (*NOTHING, 3988.76701037, np.nan, np.nan),
            ("scale(bodyLength)", 1, 3987.05377074, 0.286760375089, 0.592304076850),
        ],
    ),
    (
        "gpa.csv",
        "gpa ~ occasion * sex + job + (1 | student)",
        [
            (*NOTHING, 293.301291378, np.nan, np.nan),
            ("job", 2, 377.465237055, 88.1639456770, 7.16873365164e-20),
            ("occasion:sex", 1, 305.580057317, 14.2787659392, 1.57633108271e-04),
        ],
    ),
    (
        "cake.csv",
        "angle ~ recipe * temperature + (1 | recipe:replicate)",
        [
            (*NOTHING, 1719.05186525, np.nan, np.nan),
            ("recipe:temperature", 10, 1709.58224832, 10.5303830629, 0.395254879893),
        ],
    ),
]


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize(("data", "formula", "table"), CASES)
def test_table_is_lme4s(data: str, formula: str, table: list[tuple[object, ...]], method: str) -> None:
    ours = drop1(fit_of(data, formula, method))
    assert ours["term"].tolist() == [row[0] for row in table]
    numbers = ours[["npar", "AIC", "LRT", "p_value"]].to_numpy(float)
    np.testing.assert_allclose(numbers, [row[1:] for row in table], rtol=1e-5)


def test_nothing_can_be_dropped_from_an_intercept() -> None:
    assert drop1(fit_of("Dyestuff2", "Yield ~ 1 + (1 | Batch)"))["term"].tolist() == ["<none>"]


def test_the_last_coefficient_can_be_dropped() -> None:
    table = drop1(fit_of("sleepstudy", "Reaction ~ 0 + Days + (1 | Subject)"))
    assert table["npar"].tolist()[1] == 1
    assert table.loc[1, "LRT"] > 1.0


def test_a_factor_without_intercept_leaves_its_neighbour_in_full() -> None:
    table = drop1(fit_of("cake", "angle ~ 0 + recipe + temperature + (1 | recipe:replicate)")).set_index(
        "term"
    )
    with_intercept = drop1(fit_of("cake", "angle ~ recipe + temperature + (1 | recipe:replicate)"))
    expected = with_intercept.set_index("term").loc["recipe"]
    np.testing.assert_allclose(table.loc["recipe"].astype(float), expected.astype(float), rtol=1e-6)


def test_rows_stay_when_the_dropped_term_has_missing_values() -> None:
    frame = frame_of("sleepstudy").assign(age=lambda f: f["Days"] % 3 + 0.5)
    frame.loc[[3, 40], "age"] = np.nan
    table = drop1(bm.lmer("Reaction ~ Days + age + (1 | Subject)", frame, method="ml"))
    kept = frame.dropna()
    without = bm.lmer("Reaction ~ Days + (1 | Subject)", kept, method="ml")
    assert table.set_index("term").loc["age", "AIC"] == pytest.approx(without.aic(), rel=1e-9)


def test_names_in_backticks_and_weights() -> None:
    frame = frame_of("sleepstudy").assign(**{"a day": lambda f: f["Days"] + 1.0, "w": np.linspace(1, 3, 180)})
    formula = "Reaction ~ log(`a day`) * `a day` + (1 | Subject)"
    table = drop1(bm.lmer(formula, frame, method="ml", weights="w"))
    without = bm.lmer("Reaction ~ log(`a day`) + `a day` + (1 | Subject)", frame, method="ml", weights="w")
    assert table.loc[1, "term"] == "log(`a day`):`a day`"
    assert table.loc[1, "AIC"] == pytest.approx(without.aic(), rel=1e-9)
