"""Simulated data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.simulate.data import simulate_data

SLEEP: dict[str, Any] = {
    "groups": {"Subject": 18},
    "predictors": {"Days": "sequence"},
    "fixed": {"Intercept": 250, "Days": 10},
    "sd": {"Subject": {"Intercept": 25, "Days": 6}},
    "corr": {"Subject": 0.1},
    "sigma": 25,
}
SLOPES = "Reaction ~ Days + (Days | Subject)"


def sleep(**changed: Any) -> bm.Simulation:
    return simulate_data(SLOPES, **{**SLEEP, "seed": 1, **changed})


def effects_of(simulation: bm.Simulation, group: str) -> pd.DataFrame:
    chosen = simulation.ranef[simulation.ranef["group_var"] == group]
    return chosen.pivot_table(index="group", columns="effect", values="value", sort=False)


def test_the_same_seed_gives_the_same_data() -> None:
    pd.testing.assert_frame_equal(sleep().data, sleep().data)
    assert not np.allclose(sleep().data["Reaction"], sleep(seed=2).data["Reaction"])
    assert not np.allclose(sleep(seed=None).data["Reaction"], sleep(seed=None).data["Reaction"])


def test_other_deviations_rescale_the_same_deviates() -> None:
    first, second = sleep(), sleep(sd={"Subject": [50, 12]}, sigma=0)
    np.testing.assert_allclose(second.ranef["value"], 2 * first.ranef["value"])
    pd.testing.assert_series_equal(second.data["Days"], first.data["Days"])


def test_rows_are_the_sum_of_their_parts() -> None:
    simulation = sleep(sigma=0)
    data, effects = simulation.data, effects_of(simulation, "Subject").loc[simulation.data["Subject"]]
    expected = 250 + 10 * data["Days"] + effects["Intercept"].values + effects["Days"].values * data["Days"]
    np.testing.assert_allclose(data["Reaction"], expected)


def test_effects_and_residuals_have_the_variances_asked_for() -> None:
    levels = 4000
    simulation = sleep(groups={"Subject": levels}, per_group=2, corr={"Subject": -0.6})
    effects = effects_of(simulation, "Subject")
    error = 4 / np.sqrt(2 * levels)
    np.testing.assert_allclose(effects.std() / [25, 6], 1, atol=error)
    assert effects.corr().loc["Intercept", "Days"] == pytest.approx(
        -0.6, abs=4 * (1 - 0.36) / np.sqrt(levels)
    )
    rows = effects.loc[simulation.data["Subject"]].to_numpy()
    days = simulation.data["Days"].to_numpy()
    residual = simulation.data["Reaction"] - 250 - 10 * days - rows[:, 0] - rows[:, 1] * days
    assert residual.std() == pytest.approx(25, rel=error)


def test_truth_lists_every_parameter() -> None:
    truth = sleep().truth
    assert dict(zip(truth["parameter"], truth["value"], strict=True)) == {
        "Intercept": 250,
        "Days": 10,
        "sd_Subject[Intercept]": 25,
        "sd_Subject[Days]": 6,
        "corr_Subject[Intercept, Days]": 0.1,
        "sigma": 25,
    }
    assert "180 rows" in str(sleep())


@pytest.mark.parametrize(
    ("formula", "groups", "sd", "levels"),
    [
        ("y ~ 1 + (1 | a/b)", {"a": 8, "b": 3}, {"a": 2, "a:b": 1}, {"a": 8, "a:b": 24}),
        ("y ~ 1 + (1 | a) + (1 | b)", {"a": 24, "b": 6}, {"a": 2, "b": 1}, {"a": 24, "b": 6}),
        ("y ~ x + (-1 + x | a)", {"a": 5}, {"a": 1}, {"a": 5}),
        ("y ~ x + (x || a)", {"a": 5}, {"a": [1, 0]}, {"a": 10}),
    ],
)
def test_structures(formula: str, groups: Any, sd: Any, levels: dict[str, int]) -> None:
    fixed = [1, 2] if "~ x" in formula else 1
    simulation = simulate_data(formula, groups=groups, per_group=4, fixed=fixed, sd=sd, seed=1)
    assert simulation.ranef.groupby("group_var").size().to_dict() == levels
    fit = bm.lmer(formula, simulation.data, method="reml")
    estimated = fit.ranef()[["group_var", "effect", "group"]]
    pd.testing.assert_frame_equal(estimated, simulation.ranef.drop(columns="value"), check_dtype=False)


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x | sch)",
        "y ~ x + (x || sch)",
        "y ~ x + (1 | sch/tch)",
        "y ~ x + (-1 + x | sch/tch)",
        "y ~ x + (x | sch/tch)",
        "y ~ x + (x || sch/tch)",
    ],
)
def test_every_formula_of_the_workshop_is_one_call(formula: str) -> None:
    groups = {"sch": 6, "tch": 4} if "tch" in formula else {"sch": 6}
    sizes = 1 if "(-1" in formula or "(1" in formula else 2
    sd = dict.fromkeys(["sch", "sch:tch"] if "tch" in formula else ["sch"], [0.5] * sizes)
    simulation = simulate_data(formula, groups=groups, fixed={"Intercept": 2, "x": 0.5}, sd=sd, seed=1)
    assert len(simulation.data) == 10 * np.prod(list(groups.values()))


def test_a_frame_of_ones_own_keeps_its_rows() -> None:
    own = bm.load_dataset("sleepstudy").set_index(pd.Index(range(50, 230), name="id"))
    simulation = sleep(groups=None, predictors=None, data=own)
    pd.testing.assert_frame_equal(simulation.data.drop(columns="Reaction"), own.drop(columns="Reaction"))
    assert not np.allclose(simulation.data["Reaction"], own["Reaction"])


def test_without_bars_there_is_complete_pooling() -> None:
    simulation = simulate_data("y ~ x", per_group=50, fixed=[1, 2], sd={}, sigma=0, seed=1)
    np.testing.assert_allclose(simulation.data["y"], 1 + 2 * simulation.data["x"])
    assert len(simulation.ranef) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fixed": {"Intercept": 1}}, "no value for 'Days'"),
        ({"fixed": {"Intercept": 1, "day": 2}}, "Did you mean 'Days'"),
        ({"fixed": [1]}, "has 1 numbers; it needs 2: Intercept, Days"),
        ({"fixed": [1, np.nan]}, "not a finite number"),
        ({"fixed": [1, "2"]}, "not a finite number"),
        ({"sd": {}}, "sd has no value for 'Subject'"),
        ({"sd": {"Subject": 1}}, "needs 2: Intercept, Days"),
        ({"sd": {"Subject": [1, -1]}}, "negative"),
        ({"sd": {"subject": [1, 1]}}, "Did you mean 'Subject'"),
        ({"corr": {"Subject": 1.5}}, "not a correlation matrix"),
        ({"corr": {"Subject": np.eye(3)}}, r"shape \(3, 3\)"),
        ({"corr": {"Subject": [[1, 0.5], [0.4, 1]]}}, "not symmetric"),
        ({"corr": {"Subject": [[2, 0], [0, 2]]}}, "ones on its diagonal"),
        ({"corr": {"Subject": "high"}}, "not a number"),
        ({"corr": {"Item": 0.1}}, "corr names 'Item'"),
        ({"sigma": -1}, "negative"),
        ({"sigma": None}, "sigma"),
        ({"groups": None}, "'Subject' has"),
        ({"data": pd.DataFrame({"Subject": ["a", "b"], "Days": [0, 1]})}, "leave groups= and predictors="),
        ({"seed": -1}, "seed=-1"),
        ({"sd": 2}, "sd=2 does not say"),
        ({"corr": 0.5}, "corr=0.5 does not say"),
        ({"groups": 18}, "groups=18 does not say"),
        ({"predictors": "normal"}, "predictors='normal' does not say"),
        ({"data": 5, "groups": None, "predictors": None}, "not a data frame"),
    ],
)
def test_refusals(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BayesmixedError, match=message):
        sleep(**changed)


def test_independent_effects_have_no_correlation() -> None:
    independent = {**SLEEP, "seed": 1}
    with pytest.raises(BayesmixedError, match="no correlated effects"):
        simulate_data("Reaction ~ Days + (Days || Subject)", **independent)


def test_a_computed_response_is_refused() -> None:
    with pytest.raises(bm.FormulaError, match="cannot be simulated"):
        simulate_data("log(y) ~ 1 + (1 | g)", groups={"g": 3}, fixed=1, sd={"g": 1})


def test_parameters_are_named_in_any_spelling() -> None:
    formula = "y ~ a*b + log(w) + (a:b | g:k)"
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60), "w": rng.uniform(1, 2, 60)})
    frame = frame.assign(g=np.arange(60) % 5, k=np.arange(60) // 5 % 4)
    usual = {"Intercept": 1, "a": 2, "b": 3, "log(w)": 4, "a:b": 5}
    other = {"b : a": 5, "np.log( w )": 4, "`b`": 3, "a": 2, "Intercept": 1}
    one = simulate_data(
        formula, fixed=usual, sd={"g:k": {"Intercept": 1, "a:b": 2}}, corr={"g:k": 0.3}, data=frame, seed=1
    )
    same = simulate_data(
        formula, fixed=other, sd={"k:g": {"b:a": 2, "Intercept": 1}}, corr={"k:g": 0.3}, data=frame, seed=1
    )
    pd.testing.assert_frame_equal(one.data, same.data)
    pd.testing.assert_frame_equal(one.truth, same.truth)
    fit = bm.lmer("y ~ b*a + log( w ) + (b:a | k:g)", one.data, method="reml")
    table = bm.recover(one, fit)
    assert table["parameter"].tolist() == one.truth["parameter"].tolist()
    assert table["value"].notna().all()
    with pytest.raises(BayesmixedError, match="two values for 'a:b'"):
        simulate_data(formula, fixed={**usual, "b:a": 1}, sd={"g:k": [1, 2]}, data=frame)
