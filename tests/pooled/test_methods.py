"""Complete, no and partial pooling: tables, sizes and errors, and what the teaching texts print."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from comparison.likelihood_fits import frame_of
from references import SHARED

SLEEP = "Reaction ~ Days + (Days | Subject)"


@cache
def pooled(data: str, formula: str, **options: str) -> bm.Pooling:
    return bm.pooling(formula, frame_of(data), method="reml", **options)


def values(table: pd.DataFrame, effect: str, column: str) -> pd.Series:
    return table[table["effect"] == effect].set_index("group")[column]


def test_partial_pooling_is_what_coef_gives() -> None:
    pooling = pooled("sleepstudy", SLEEP)
    table, coef = pooling.table(), pooling.fit.coef()
    assert table[["group", "effect"]].equals(coef[["group", "effect"]])
    assert table["partial"].to_numpy() == pytest.approx(coef["value"].to_numpy(), rel=1e-9)
    assert list(table) == ["group", "effect", "complete", "none", "partial", "reliability", "n", "note"]


def test_a_posterior_stands_by_its_medians() -> None:
    pooling = bm.pooling("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), seed=2)
    coef = pooling.fit.coef()
    assert pooling.table()["partial"].to_numpy() == pytest.approx(coef["value"].to_numpy())
    varcorr = pooling.fit.varcorr()
    variance, residual = varcorr["sd"].to_numpy() ** 2
    assert pooling.table()["reliability"].to_numpy() == pytest.approx(
        5 * variance / (5 * variance + residual)
    )


def test_slopes_are_drawn_in_by_a_matrix_and_reliability_is_no_share() -> None:
    """At lme4's estimates of the variances; every subject has the same ten days."""
    table = pooled("sleepstudy", SLEEP).table()
    spread = np.array([[612.100158, 9.604409], [9.604409, 35.071714]])
    Z = np.column_stack([np.ones(10), np.arange(10.0)])
    own = 654.940008 * np.linalg.inv(Z.T @ Z)
    weight = spread @ np.linalg.inv(spread + own)
    told = spread - np.linalg.inv(np.linalg.inv(spread) + np.linalg.inv(own))
    for effect, expected in zip(("Intercept", "Days"), np.diag(told) / np.diag(spread), strict=True):
        assert values(table, effect, "reliability").to_numpy() == pytest.approx(
            np.full(18, expected), rel=1e-4
        )
    assert (np.diag(told) / np.diag(spread)).round(3).tolist() == [0.762, 0.849]
    none, partial = (
        np.column_stack([values(table, effect, column) for effect in ("Intercept", "Days")])
        for column in ("none", "partial")
    )
    middle = none.mean(axis=0)
    np.testing.assert_allclose(partial - middle, (none - middle) @ weight.T, rtol=1e-3, atol=1e-3)
    share = (partial - middle) / (none - middle)
    np.testing.assert_allclose(share.min(axis=0), [-0.31, 0.17], atol=0.005)
    np.testing.assert_allclose(share.max(axis=0), [0.92, 1.55], atol=0.005)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("Reaction ~ Days + (1 | Subject)", "which is the weight of the group's own mean"),
        (SLEEP, "not a weight of own values"),
        ("Reaction ~ Days + (0 + Days | Subject)", "not a weight of own values"),
    ],
)
def test_the_legend_says_what_reliability_is(formula: str, words: str) -> None:
    legend = pooled("sleepstudy", formula).table().attrs["legend"]
    assert "reliability: share of an effect's variance between groups" in legend
    assert words in legend


def test_reliability_of_an_intercept_is_the_weight_of_the_own_mean() -> None:
    """Groups of unequal size: partial = w own + (1 - w) population, to the last digit."""
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(6), [1, 2, 3, 5, 8, 13])
    frame = pd.DataFrame({"y": rng.normal(size=6)[codes] + rng.normal(size=32), "g": codes.astype(str)})
    pooling = bm.pooling("y ~ 1 + (1 | g)", frame, method="reml")
    table, mean = pooling.table(), pooling.fit.fixef()["value"].item()
    share = (table["partial"] - mean) / (table["none"] - mean)
    assert share.to_numpy() == pytest.approx(table["reliability"].to_numpy(), rel=1e-8)


@pytest.mark.parametrize(
    ("no_pooling", "coefficients"), [("model", 19), ("lines", 36)], ids=["intercepts", "lines"]
)
def test_what_stands_for_no_pooling(no_pooling: str, coefficients: int) -> None:
    pooling = pooled("sleepstudy", "Reaction ~ Days + (1 | Subject)", no_pooling=no_pooling)
    assert pooling.groups.none.n_coefficients == coefficients
    slopes = values(pooling.table(), "Days", "none")
    assert slopes.nunique() == (1 if no_pooling == "model" else 18)
    assert (values(pooling.table(), "Days", "reliability") == 0.0).all()


def test_sizes_of_the_models() -> None:
    table = pooled("sleepstudy", SLEEP).models().set_index("model")
    assert table["coefficients"].to_dict() == {"complete": 2, "partial": 2, "intercepts": 19, "lines": 36}
    assert table.loc["partial", "variances"] == 4
    assert 2 < table.loc["partial", "effective"] < 36
    assert table.loc["complete", "sigma"] == pytest.approx(47.71, abs=0.005)


def refitted_errors(pooling: bm.Pooling) -> dict[str, float]:
    """Root mean square errors of lines and of one regression, every row left out by a fit without it."""
    frame = pooling.groups.design.frame.reset_index(drop=True)
    errors: dict[str, list[float]] = {"complete": [], "lines": []}
    for i, row in frame.iterrows():
        rest = frame.drop(index=i)
        for model, part in (("complete", rest), ("lines", rest[rest["Subject"] == row["Subject"]])):
            predicted = np.polyval(np.polyfit(part["Days"], part["Reaction"], 1), row["Days"])
            errors[model].append(row["Reaction"] - predicted)
    return {model: float(np.sqrt(np.mean(np.square(e)))) for model, e in errors.items()}


def test_leaving_one_row_out_is_exact() -> None:
    pooling = pooled("sleepstudy", SLEEP)
    table = pooling.errors().set_index("model")["rmse"]
    for model, expected in refitted_errors(pooling).items():
        assert table[model] == pytest.approx(expected, rel=1e-9)
    assert pooling.errors(k=180)["rmse"].to_numpy() == pytest.approx(pooling.errors()["rmse"].to_numpy())


def test_partial_pooling_predicts_best_and_no_pooling_fits_best() -> None:
    table = pooled("sleepstudy", SLEEP).errors(k=10, seed=3).set_index("model")
    assert table["rmse"].idxmin() == "partial"
    assert table["rmse_fit"].idxmin() == "lines"
    assert (table["rows"] == 180).all()


def test_crossed_factors_and_weights_are_cross_validated_alike() -> None:
    frame = bm.load_dataset("Penicillin").assign(w=np.linspace(0.5, 2, 144))
    pooling = bm.pooling(
        "diameter ~ 1 + (1 | plate) + (1 | sample)", frame, method="reml", group="plate", weights="w"
    )
    exact, folds = pooling.errors(), pooling.errors(k=144)
    assert folds["rmse"].to_numpy() == pytest.approx(exact["rmse"].to_numpy(), rel=1e-7)


def test_a_group_of_one_row_survives() -> None:
    frame = bm.load_dataset("sleepstudy").iloc[9:60]
    pooling = bm.pooling(SLEEP, frame, method="reml")
    first = pooling.table().iloc[0]
    assert (first["group"], first["n"], first["note"]) == ("308", 1, "one row")
    assert np.isnan(first["none"])
    assert np.isfinite(first["partial"])
    assert set(pooling.errors()["rows"]) == {50}
    assert "one row" in str(pooling)


def test_several_grouping_factors_need_a_choice() -> None:
    with pytest.raises(bm.BayesmixedError, match="choose group='plate' or 'sample'"):
        pooled("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)")


@pytest.mark.parametrize("k", [1, 181, 2.5, True])
def test_folds_that_are_none(k: object) -> None:
    with pytest.raises(bm.BayesmixedError, match="whole number of folds from 2 to 180"):
        pooled("sleepstudy", SLEEP).errors(k=k)


@pytest.mark.parametrize(
    ("method", "no_pooling"), [("ml", "model"), ("reml", "none")], ids=["method", "no_pooling"]
)
def test_words_that_are_none(method: str, no_pooling: str) -> None:
    with pytest.raises(bm.BayesmixedError, match="is not known; use one of"):
        bm.pooling(SLEEP, frame_of("sleepstudy"), method=method, no_pooling=no_pooling)


shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data do not lie beside the project")


@shared
def test_gpa_as_the_text_prints_it() -> None:
    """lm(gpa ~ occasion): 2.599, 0.106, residual sd 0.3487; coef of students 1 to 5."""
    pooling = pooled("gpa.csv", "gpa ~ occasion + (1 | student)")
    table = pooling.table()
    assert values(table, "Intercept", "complete").iloc[0] == pytest.approx(2.599, abs=5e-4)
    assert values(table, "occasion", "complete").iloc[0] == pytest.approx(0.106, abs=5e-4)
    assert pooling.models().set_index("model").loc["complete", "sigma"] == pytest.approx(0.3487, abs=5e-5)
    partial = values(table, "Intercept", "partial")[["1", "2", "3", "4", "5"]]
    assert partial.to_numpy() == pytest.approx([2.528, 2.383, 2.687, 2.412, 2.629], abs=1e-3)


@shared
def test_schools_as_the_text_prints_them() -> None:
    """lm over all: 40.934849, 2.653896, sigma 7.14; one regression per school, 262 coefficients."""
    frame = pd.read_csv(SHARED / "data" / "netherlands-students.csv").merge(
        pd.read_csv(SHARED / "data" / "netherlands-schools.csv"), on="school_id", how="left"
    )
    formula = "language_post ~ 1 + verbal_iq + (1 | school_id)"
    pooling = bm.pooling(formula, frame, method="reml", no_pooling="lines")
    table, sizes = pooling.table(), pooling.models().set_index("model")
    complete = [values(table, effect, "complete").iloc[0] for effect in ("Intercept", "verbal_iq")]
    assert complete == pytest.approx([40.934849, 2.653896], abs=5e-7)
    assert sizes.loc["complete", "sigma"] == pytest.approx(7.14, abs=0.005)
    assert sizes.loc["lines", "coefficients"] == 262
    none = [values(table, effect, "none")[["1", "2", "10"]] for effect in ("Intercept", "verbal_iq")]
    assert none[0].to_numpy() == pytest.approx([39.8, 27.4, 38.1], abs=0.05)
    assert none[1].to_numpy() == pytest.approx([2.24, 1.28, 5.76], abs=5e-3)
    random = values(table, "Intercept", "partial")[["1", "2", "10", "12", "15"]] - 40.608232
    printed = [-0.37573940, -6.04469893, -3.66481710, -2.91463441, -5.74351132]
    assert random.to_numpy() == pytest.approx(printed, abs=2e-4)


@shared
def test_dragons_as_the_text_prints_them() -> None:
    """scale(bodyLength): 8.996 pooled, 0.205 with ranges as fixed effects; 48 coefficients of 24 sites."""
    pooling = pooled("dragons.csv", "testScore ~ scale(bodyLength) + (1 | mountainRange)")
    table = pooling.table()
    slope = table[table["effect"] == "scale(bodyLength)"].iloc[0]
    assert slope["complete"] == pytest.approx(8.996, abs=5e-4)
    assert slope["none"] == pytest.approx(0.205, abs=5e-4)
    frame = frame_of("dragons.csv").assign(sample=lambda f: f["mountainRange"] + ":" + f["site"])
    sites = bm.pooling("testScore ~ scale(bodyLength) + (1 | sample)", frame, method="reml").models()
    assert sites.set_index("model").loc["lines", "coefficients"] == 48


@shared
def test_teams_as_the_text_prints_them() -> None:
    pooling = pooled("nba-player-data.csv", "life_satisfaction ~ 1 + success + (1 | team)")
    partial = values(pooling.table(), "Intercept", "partial")
    for team, printed in (("Minnesota Timberwolves", 15.23), ("Phoenix Suns", 5.44)):
        assert partial[team] == pytest.approx(printed, abs=0.01)


def arms() -> pd.DataFrame:
    """Sleep study with a treatment of subjects."""
    frame = frame_of("sleepstudy").copy()
    subjects = frame["Subject"].unique()
    return frame.assign(arm=np.where(frame["Subject"].isin(subjects[::2]), "drug", "placebo"))


@pytest.mark.parametrize("no_pooling", ["model", "lines"])
def test_interactions_with_predictors_of_groups_leave_every_row_told(no_pooling: str) -> None:
    """A regression per subject does not know the treatments: its errors are those without them."""
    formula = "Reaction ~ Days * arm + (Days | Subject)"
    pooling = bm.pooling(formula, arms(), method="reml", no_pooling=no_pooling)
    plain = pooled("sleepstudy", SLEEP)
    for k in (None, 5):
        table, alone = (p.errors(k=k).set_index("model") for p in (pooling, plain))
        assert (table["rows"] == 180).all()
        assert table.loc[["intercepts", "lines"], "rmse"].notna().all()
        assert table.loc["lines", "rmse"] == pytest.approx(alone.loc["lines", "rmse"], rel=1e-9)
    assert set(pooling.table()["note"]) == {""}
    assert pooling.table()["none"].notna().all()


def test_a_level_that_a_fold_lacks_costs_its_rows_alone() -> None:
    """The only row of a level is left out; all else is told as if it were not there."""
    rng = np.random.default_rng(3)
    n = 120
    frame = pd.DataFrame({"g": np.repeat([f"g{i}" for i in range(12)], 10), "x": rng.normal(size=n)})
    frame["site"] = np.where(np.arange(n) == 17, "rare", np.where(np.arange(n) % 2, "s", "t"))
    frame["y"] = np.repeat(rng.normal(size=12), 10) + frame["x"] + rng.normal(size=n)
    pooling = bm.pooling("y ~ x + site + (1 | g)", frame, method="reml")
    table = pooling.errors(k=4, seed=2)
    assert (table["rows"] == n - 1).all()
    assert table["rmse"].between(0.8, 2.0).all()
    assert "1 of 120 rows cannot be predicted by every model" in table.attrs["legend"]
    assert (pooling.errors()["rows"] == n - 1).all()


@pytest.mark.parametrize("seed", [-1, "a", 1.5, True])
def test_seeds_that_are_none(seed: object) -> None:
    with pytest.raises(bm.BayesmixedError, match="seed="):
        pooled("sleepstudy", SLEEP).errors(k=5, seed=seed)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (SLEEP, "table() shows lines as none"),
        ("Reaction ~ Days + (1 | Subject)", "table() shows intercepts as none"),
        ("Reaction ~ Days + (0 + Days | Subject)", "groups' own Days, the rest common"),
    ],
)
def test_words_for_no_pooling_agree(formula: str, said: str) -> None:
    pooling = pooled("sleepstudy", formula)
    for table in (pooling.models(), pooling.errors()):
        assert said in table.attrs["legend"]
