"""Degrees of freedom and intervals of populations' means, contrasts and slopes against emmeans and lmerTest.

Maker of the numbers: `tests/reference/satterthwaite.R`, R 4.2.2 with lme4 1.1-31, lmerTest 3.1-3 and emmeans
1.8.4.1. lmerTest takes derivatives numerically, so that its degrees of freedom are good to about 1e-6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.verbs.estimate.satterthwaite import combination_spread, degrees_of_freedom
from references import SATTERTHWAITE as MODELS
from references import own_frame, satterthwaite_fit

from .estimates import SLEEP, estimated

NAMES = [f"{m['data']}: {m['formula']} by {m['method']}" for m in MODELS]
COLUMNS = {"value": "value", "se": "se", "lower": "lower_2.5", "upper": "upper_97.5", "df": "df"}
TESTS = COLUMNS | {"t": "t", "p": "p_value"}
RTOL = {"df": 1e-5, "p": 1e-4}  # a p-value far in the tail moves df times as fast as t


def asked(kind: str) -> list[Any]:
    """Every question of a kind with the index of its model."""
    return [
        pytest.param(i, question, id=f"{NAMES[i]} {question.get('variable', '')} {question.get('by', '')}")
        for i, model in enumerate(MODELS)
        for question in model[kind]
    ]


def check(ours: pd.DataFrame, theirs: pd.DataFrame, columns: dict[str, str]) -> None:
    """Ends of intervals and t within millionths of a standard error: so far a df wrong by 1e-6 moves them."""
    se = theirs["se"].to_numpy()
    near = dict.fromkeys(("value", "lower", "upper"), 4e-6 * se) | {"t": 4e-6}
    for name, column in columns.items():
        apart = np.abs(ours[column].to_numpy() - theirs[name].to_numpy())
        assert np.all(apart <= RTOL.get(name, 1e-6) * np.abs(theirs[name]) + near.get(name, 0.0)), name


def lined_up(ours: pd.DataFrame, rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Rows of ours in the order of theirs."""
    keys = [tuple(str(value) for value in row) for row in rows[by].to_numpy()]
    found = [tuple(str(value) for value in row) for row in ours[by].to_numpy()]
    return ours.iloc[[found.index(key) for key in keys]]


@pytest.mark.parametrize("i", range(len(MODELS)), ids=NAMES)
def test_coefficients(i: int) -> None:
    theirs = pd.DataFrame(MODELS[i]["fixef"]).rename(columns={"p_value": "p"})
    same = {name: column for name, column in TESTS.items() if name not in ("lower", "upper")}
    check(satterthwaite_fit(i).fixef(), theirs, same)


@pytest.mark.parametrize(("i", "question"), asked("means"))
def test_means(i: int, question: dict[str, Any]) -> None:
    rows, by = pd.DataFrame(question["rows"]), list(question["by"])
    fit = satterthwaite_fit(i)
    ours = fit.predictions_at({name: list(dict.fromkeys(rows[name])) for name in by})
    check(lined_up(ours, rows, by), rows, COLUMNS)
    grid = ours.drop(columns=COLUMNS.values())
    check(lined_up(grid.join(fit.predict(grid, effects="fixed")), rows, by), rows, COLUMNS)


@pytest.mark.parametrize(("i", "question"), asked("pairs"))
def test_pairwise_contrasts(i: int, question: dict[str, Any]) -> None:
    rows, by = pd.DataFrame(question["rows"]), list(question["by"])
    at = {name: list(dict.fromkeys(rows[name])) for name in by}
    variable = question["variable"]
    if at:
        ours = satterthwaite_fit(i).comparisons(variable, contrast="pairwise", at=at, average=False)
    else:  # the model is additive: every average over the data is the contrast
        ours = satterthwaite_fit(i).comparisons(variable, contrast="pairwise")
    check(lined_up(ours, rows, ["contrast", *by]), rows, TESTS)


@pytest.mark.parametrize(("i", "question"), asked("trends"))
def test_slopes(i: int, question: dict[str, Any]) -> None:
    rows, by = pd.DataFrame(question["rows"]), list(question["by"])
    at = {name: list(dict.fromkeys(rows[name])) for name in by}
    ours = satterthwaite_fit(i).slopes(question["variable"], at=at, average=not by)
    check(lined_up(ours, rows, by), rows, TESTS)


@pytest.mark.parametrize(("i", "question"), asked("averages"))
def test_averages_over_the_rows(i: int, question: dict[str, Any]) -> None:
    """lmerTest's `contest` of the mean difference of the rows of X."""
    ours = satterthwaite_fit(i).comparisons(
        question["variable"], contrast=(question["low"], question["high"])
    )
    check(ours, pd.DataFrame([question]), TESTS)


def test_four_groups_are_two_against_two() -> None:
    """The textbook's t test of the four groups' means, with two degrees of freedom."""
    data = own_frame("four_groups.csv")
    means = data.groupby(["treatment", "g"])["y"].mean()
    test = stats.ttest_ind(means["b"], means["a"])
    row = bm.lmer("y ~ treatment + (1 | g)", data, method="reml").comparisons("treatment").iloc[0]
    ends = test.confidence_interval(0.95)
    assert row["df"] == pytest.approx(2.0, rel=1e-6)
    np.testing.assert_allclose(
        row[["lower_2.5", "upper_97.5"]].astype(float), [ends.low, ends.high], rtol=1e-6
    )
    assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-6)


def intervals(table: pd.DataFrame) -> np.ndarray:
    return table[["value", "se", "lower_2.5", "upper_97.5"]].to_numpy(float)[:1]


def test_every_verb_has_the_same_interval_of_the_same_quantity() -> None:
    fit = bm.lmer("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    days = fit.fixef().query("term == 'Days'")
    for table in (
        fit.comparisons("Days"),
        fit.slopes("Days", average=False),
        fit.coef().query("effect == 'Days'"),
        fit.tidy(effects=["fixed"])
        .query("term == 'Days'")
        .set_axis(
            ["effect", "group", "term", "value", "se", "t", "df", "p_value", "lower_2.5", "upper_97.5"],
            axis=1,
        ),
    ):
        np.testing.assert_allclose(intervals(table), intervals(days), rtol=1e-7)
        if "df" in table:
            np.testing.assert_allclose(table["df"], days["df"].item(), rtol=1e-7)
    at_zero = fit.fixef().query("term == 'Intercept'")
    row = fit.augment().query("Days == 0").head(1)
    shared = {
        "fixed": "value",
        "fixed_se": "se",
        "fixed_lower_2.5": "lower_2.5",
        "fixed_upper_97.5": "upper_97.5",
    }
    for table in (
        fit.predictions_at({"Days": 0}),
        fit.predict(pd.DataFrame({"Days": [0]}), effects="fixed"),
        fit.predict(pd.DataFrame({"Days": [0], "Subject": ["new"]}), new_levels="population"),
        fit.fitted(effects="fixed"),
        row[list(shared)].rename(columns=shared),
    ):
        np.testing.assert_allclose(intervals(table), intervals(at_zero), rtol=1e-9)
    left = fit.resid(effects="fixed")
    reach = left["upper_97.5"] - left["value"]
    assert reach.iloc[0] == pytest.approx((at_zero["upper_97.5"] - at_zero["value"]).item())


@pytest.mark.parametrize("effects", ["all", ["Subject"]])
def test_where_random_effects_take_part_the_interval_is_normal(effects: Any) -> None:
    fit = bm.lmer(SLEEP, bm.load_dataset("sleepstudy"), method="reml")
    for table in (
        fit.predict(effects=effects),
        fit.predict(effects=effects, kind="response"),
        fit.predictions_at({"Days": [0, 9]}, effects=effects),
        fit.slopes("Days", effects=effects, average=False),
    ):
        assert np.all(np.isinf(table["df"]))
        ends = stats.norm.interval(0.95, table["value"], table["se"])
        np.testing.assert_allclose(table[["lower_2.5", "upper_97.5"]], np.transpose(ends), rtol=1e-12)


@pytest.mark.parametrize(("kind", "residuals"), [("mean", 0.0), ("response", 1.0)])
def test_a_new_batch_has_the_degrees_of_freedom_of_its_mean_squares(kind: Any, residuals: float) -> None:
    """Satterthwaite's own formula for a MSB + b MSW in the balanced layout of Dyestuff, 6 batches of 5."""
    data = bm.load_dataset("Dyestuff")
    yields = data.groupby("Batch", observed=True)["Yield"]
    msb, msw = 5 * yields.mean().var(), yields.var().mean()
    parts = np.array([msb * (1 / 30 + 1 / 5), msw * (residuals - 1 / 5)])
    found = bm.lmer("Yield ~ 1 + (1 | Batch)", data, method="reml").predict(
        pd.DataFrame({"Batch": ["new"]}), new_levels="sample", kind=kind
    )
    df = parts.sum() ** 2 / np.sum(parts**2 / [5, 24])
    assert found["se"].item() == pytest.approx(np.sqrt(parts.sum()), rel=1e-7)
    assert found["df"].item() == pytest.approx(df, rel=1e-6)
    ends = stats.t.interval(0.95, df, data["Yield"].mean(), np.sqrt(parts.sum()))
    np.testing.assert_allclose(found[["lower_2.5", "upper_97.5"]].to_numpy()[0], ends, rtol=1e-7)


def test_where_batches_do_not_vary_the_mean_is_that_of_one_sample() -> None:
    """Dyestuff2, a singular fit: Student's interval of 30 yields, for known batches too."""
    data = bm.load_dataset("Dyestuff2")
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", data, method="reml")
    ends = stats.ttest_1samp(data["Yield"], 0.0).confidence_interval(0.95)
    for table in (fit.fixef(), fit.coef(), fit.predict(), fit.fitted(effects="fixed")):
        np.testing.assert_allclose(intervals(table)[0, 2:], ends, rtol=1e-7)
    assert fit.predict()["df"].iloc[0] == pytest.approx(29.0)


def test_what_has_no_error_has_no_test() -> None:
    fit = bm.lmer(SLEEP, bm.load_dataset("sleepstudy"), method="reml")
    row = fit.comparisons("Days", contrast=(2, 2)).iloc[0]
    assert row[["value", "se", "lower_2.5", "upper_97.5"]].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert np.isnan(row["t"])
    assert np.isnan(row["p_value"])
    none = bm.lmer("Reaction ~ 0 + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    assert none.fixef().empty
    assert none.predict(effects="fixed")["se"].eq(0.0).all()


def test_rows_elsewhere_have_the_same_degrees_of_freedom() -> None:
    polars = pytest.importorskip("polars")
    data, new = bm.load_dataset("sleepstudy"), pd.DataFrame({"Days": [0, 4.5]})
    lazy = bm.lmer(SLEEP, polars.from_pandas(data).lazy(), method="reml")
    here = bm.lmer(SLEEP, data, method="reml")
    pd.testing.assert_frame_equal(
        lazy.predict(new, effects="fixed"), here.predict(new, effects="fixed"), rtol=1e-6
    )


@pytest.mark.parametrize("power", [-200, 3, 200])
def test_units_of_the_response_do_not_matter(power: int) -> None:
    data = bm.load_dataset("sleepstudy")
    scaled = bm.lmer(SLEEP, data.assign(Reaction=data["Reaction"] * 2.0**power), method="reml")
    contrasts = np.array([[1.0, 4.0], [0.0, 1.0]])
    found, plain = (
        degrees_of_freedom(fit, combination_spread(fit, contrasts))
        for fit in (scaled.estimate, estimated(SLEEP))
    )
    np.testing.assert_array_equal(found, plain)
