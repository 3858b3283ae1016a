"""lme4's table of tests. Maker of the numbers: lme4 1.1-31 under R 4.2.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.anova import anova
from bayesmixed.errors import BayesmixedError, DataError, DesignWarning

from .likelihood_fits import fit_of, frame_of

INTERCEPT, UNCORRELATED, CORRELATED = (
    "Reaction ~ Days + (1 | Subject)",
    "Reaction ~ Days + (Days || Subject)",
    "Reaction ~ Days + (Days | Subject)",
)
BY_ML = [
    (INTERCEPT, 4, 1802.07864301, 1814.85047041, -897.039321503, np.nan, np.nan, np.nan),
    (UNCORRELATED, 5, 1762.00325514, 1777.96803939, -876.001627570, 42.0753878653, 1, 8.78215848529e-11),
    (CORRELATED, 6, 1763.93934446, 1783.09708557, -875.969672232, 0.0639106766735, 1, 0.800418431995),
]
BY_REML = [
    (INTERCEPT, 4, 1794.46508539, 1807.23691280, -893.232542697, np.nan, np.nan, np.nan),
    (CORRELATED, 6, 1755.62827196, 1774.78601306, -871.814135980, 42.836813435, 2, 4.99004143061e-10),
]
NUMBERS = ["npar", "AIC", "BIC", "logLik", "Chisq", "Df", "p_value"]


def sleep(formula: str, method: str = "reml") -> bm.RemlFit:
    return fit_of("sleepstudy", formula, method)


@pytest.mark.parametrize(
    ("table", "refit", "method"),
    [(BY_ML, True, "reml"), (BY_ML, True, "ml"), (BY_ML, False, "ml"), (BY_REML, False, "reml")],
)
def test_table_is_lme4s(table: list[tuple[object, ...]], refit: bool, method: str) -> None:
    ours = anova(*(sleep(str(row[0]), method) for row in reversed(table)), refit=refit)
    assert ours["model"].tolist() == [row[0] for row in table]
    np.testing.assert_allclose(ours[NUMBERS].to_numpy(float), [row[1:] for row in table], rtol=1e-5)
    np.testing.assert_array_equal(ours["deviance"], -2.0 * ours["logLik"])


def test_slope_of_sleepstudy_as_the_teaching_text_tests_it() -> None:
    row = anova(sleep(INTERCEPT), sleep(CORRELATED), refit=False).iloc[1]
    assert round(row["Chisq"], 2) == 42.84
    assert row["p_mixture"] == pytest.approx(2.79e-10, rel=2e-3)


def test_slope_of_dragons_as_the_teaching_text_tests_it() -> None:
    full = fit_of("dragons.csv", "testScore ~ scale(bodyLength) + (1 | mountainRange/site)")
    row = anova(full, fit_of("dragons.csv", "testScore ~ 1 + (1 | mountainRange/site)")).iloc[1]
    assert row["Chisq"] == pytest.approx(0.286760375089, rel=1e-5)
    assert row["p_value"] == pytest.approx(0.592304076850, rel=1e-5)
    assert np.isnan(row["p_mixture"])


def test_mixture_stands_only_beside_a_variance_on_its_boundary() -> None:
    table = anova(*(sleep(formula) for formula in (INTERCEPT, UNCORRELATED, CORRELATED)))
    assert table["p_mixture"].notna().tolist() == [False, True, False]
    assert table.loc[1, "p_mixture"] == 0.5 * table.loc[1, "p_value"]


def test_names_stand_in_place_of_formulas_in_the_order_of_the_fits() -> None:
    table = anova(sleep(CORRELATED), sleep(INTERCEPT), names=["slopes", "intercepts"])
    assert table["model"].tolist() == ["intercepts", "slopes"]


@pytest.mark.parametrize(
    ("refit", "method", "said"),
    [(True, "reml", "Refitted by ML."), (True, "ml", "Fitted by ML."), (False, "reml", "Fitted by REML.")],
)
def test_legend_says_which_criterion(refit: bool, method: str, said: str) -> None:
    legend = anova(sleep(INTERCEPT, method), sleep(CORRELATED, method), refit=refit).attrs["legend"]
    assert legend.startswith(said)
    assert "p_mixture" in legend


def test_equally_many_parameters_are_not_tested() -> None:
    table = anova(sleep(INTERCEPT), sleep("Reaction ~ Days + (0 + Days | Subject)"), boot=5, seed=1)
    assert table.loc[1, ["p_value", "p_mixture", "p_boot"]].isna().all()
    assert "No test" in table.attrs["legend"]


def test_a_model_outside_the_next_is_compared_with_a_warning() -> None:
    with pytest.warns(DesignWarning, match="does not seem to be a special case"):
        table = anova(
            sleep("Reaction ~ Days + (0 + Days | Subject)"), sleep("Reaction ~ 1 + (Days | Subject)")
        )
    assert table["npar"].tolist() == [4, 5]


def test_bootstrap_of_the_slope() -> None:
    fits = sleep(INTERCEPT), sleep(CORRELATED)
    table = anova(*fits, boot=30, seed=2)
    assert table["p_boot"].tolist()[1] == 1 / 31
    assert "p_boot" not in anova(*fits)


def test_bootstrap_is_repeated_by_its_seed() -> None:
    fits = sleep(UNCORRELATED), sleep(CORRELATED)
    first, again, other = (anova(*fits, boot=20, seed=s).loc[1, "p_boot"] for s in (3, 3, 4))
    assert first == again != other


def weighted(frame: pd.DataFrame) -> bm.RemlFit:
    return bm.lmer(INTERCEPT, frame, method="reml", weights=np.linspace(1, 2, len(frame)))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda f: bm.lmer(CORRELATED, f.iloc[10:], method="reml"), r"different rows \(180, .* and 170"),
        (lambda f: bm.lmer(f"log({CORRELATED[:8]}){CORRELATED[8:]}", f, method="reml"), "responses differ"),
        (weighted, "weights differ"),
    ],
)
def test_other_data_are_refused(other: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        anova(sleep(INTERCEPT), other(frame_of("sleepstudy")))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda f: f.iloc[::-1], "the same rows in another order, by the labels of the index"),
        (lambda f: f.iloc[::-1].reset_index(drop=True), "'Reaction' are the same in another order"),
        (lambda f: f.set_axis(f.index + 1), r"different rows, .*: row 0 .* is 0 in one and 1 in the other"),
        (lambda f: f.set_axis([*f.index[:-1], "x"]), r"row 179 .* is 179 in one and 'x' in the other"),
        (lambda f: f.set_axis(pd.date_range("2020", periods=180)), r"row 0 .* is 0 in one and Timestamp"),
    ],
)
def test_rows_in_another_order_are_called_so(other: Any, said: str) -> None:
    turned = bm.lmer(CORRELATED, other(frame_of("sleepstudy")), method="reml")
    with pytest.raises(DataError, match=f"{said}.* fit both to one data frame"):
        anova(sleep(INTERCEPT), turned)


def test_unit_weights_are_no_weights() -> None:
    unit = bm.lmer(CORRELATED, frame_of("sleepstudy"), method="reml", weights=np.ones(180))
    plain = anova(sleep(INTERCEPT), sleep(CORRELATED))
    assert anova(sleep(INTERCEPT), unit).loc[1, "Chisq"] == pytest.approx(plain.loc[1, "Chisq"], rel=1e-9)


NO_DAYS = "Reaction ~ 1 + (Days | Subject)"


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((INTERCEPT, NO_DAYS), {"refit": False}, "fixed parts differ"),
        ((INTERCEPT, CORRELATED), {"boot": -1}, "boot=-1"),
        ((INTERCEPT, CORRELATED), {"boot": 2.5}, "boot=2.5"),
        ((INTERCEPT, CORRELATED), {"names": ["one"]}, "list of 2 names"),
        ((INTERCEPT, CORRELATED), {"names": "ab"}, "list of 2 names"),
    ],
)
def test_refusals(arguments: tuple[str, ...], options: dict[str, object], said: str) -> None:
    with pytest.raises(BayesmixedError, match=said):
        anova(*(sleep(formula) for formula in arguments), **options)


def test_reml_beside_ml_is_refused_without_refitting() -> None:
    with pytest.raises(BayesmixedError, match="one is fitted by REML and the other by ML"):
        anova(sleep(INTERCEPT), sleep(CORRELATED, "ml"), refit=False)


def test_fixed_parts_are_the_same_however_they_are_spelled() -> None:
    """Two fits by REML are compared as they are where the fixed part is one, whatever its order."""
    spelled = [
        ["Reaction ~ Days*late + (1 | Subject)", "Reaction ~ Days*late + (Days | Subject)"],
        ["Reaction ~ late*Days + (1 | Subject)", "Reaction ~ Days*late + (Days | Subject)"],
    ]
    frame = frame_of("sleepstudy").assign(late=lambda d: d["Days"] % 2)
    tables = [
        anova(*(bm.lmer(formula, frame, method="reml") for formula in pair), refit=False) for pair in spelled
    ]
    np.testing.assert_allclose(tables[0][NUMBERS], tables[1][NUMBERS], rtol=1e-7)
