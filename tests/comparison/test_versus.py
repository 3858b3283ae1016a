"""REML and the posterior in one table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm

SLEEP = bm.load_dataset("sleepstudy")


@pytest.fixture(scope="module")
def fit() -> bm.MixedFit:
    return bm.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, seed=1)


@pytest.mark.parametrize("method", ["profile", "wald"])
@pytest.mark.parametrize("prob", [0.95, 0.5])
def test_rows_are_those_of_confint_and_of_the_verbs(fit: bm.MixedFit, method: str, prob: float) -> None:
    table = fit.versus(method=method, prob=prob)
    bounds = list(table.columns[-2:])
    reml = table[table["method"] == "REML"].set_index("parameter")
    intervals = fit.reml().confint(method=method, prob=prob).set_index("parameter")
    np.testing.assert_allclose(
        reml[["value", *bounds]].to_numpy(float), intervals[["estimate", *bounds]].to_numpy(float)
    )
    posterior = table[table["method"] == "posterior"]
    coefficients = posterior[posterior["kind"] == "beta"][["value", *bounds]].to_numpy()
    np.testing.assert_allclose(coefficients, fit.fixef(prob=prob)[["value", *bounds]].to_numpy())
    sds = posterior[posterior["kind"] == "sd"]["value"].to_numpy()
    np.testing.assert_allclose(sds, fit.varcorr()["sd"].to_numpy()[:2])


def test_no_pooling_is_a_regression_for_each_subject(fit: bm.MixedFit) -> None:
    lines = np.array([np.polyfit(rows["Days"], rows["Reaction"], 1) for _, rows in SLEEP.groupby("Subject")])
    table = fit.versus().query("method == 'no pooling'").set_index("parameter")
    assert table.loc["Days", "value"] == pytest.approx(lines[:, 0].mean(), rel=1e-9)
    interval = stats.ttest_1samp(lines[:, 0], 0).confidence_interval(0.95)
    assert table.loc["Days", ["lower_2.5", "upper_97.5"]].tolist() == pytest.approx(list(interval), rel=1e-9)
    assert table.loc["sd_Days|Subject", "value"] == pytest.approx(lines[:, 0].std(ddof=1), rel=1e-9)
    assert table.loc["cor_Days.Intercept|Subject", "value"] == pytest.approx(np.corrcoef(lines.T)[0, 1])
    assert table.loc["sigma", "value"] == pytest.approx(25.5918, abs=5e-5)


def test_a_common_slope_is_that_of_free_intercepts() -> None:
    table = bm.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, seed=1).versus()
    value = table.query("method == 'no pooling' and parameter == 'Days'")["value"].item()
    within = SLEEP[["Reaction", "Days"]] - SLEEP.groupby("Subject")[["Reaction", "Days"]].transform("mean")
    assert value == pytest.approx(np.polyfit(within["Days"], within["Reaction"], 1)[0], rel=1e-9)


def test_crossed_factors_have_no_unpooled_estimate() -> None:
    data = bm.load_dataset("Penicillin")
    fit = bm.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data, seed=1)
    assert set(fit.versus(method="wald")["method"]) == {"REML", "posterior"}


def test_parameters_are_chosen_by_name(fit: bm.MixedFit) -> None:
    assert set(fit.versus(parameters="beta")["parameter"]) == {"Intercept", "Days"}
    with pytest.raises(bm.BayesmixedError, match="no parameter 'days'"):
        fit.versus(parameters="days")


def test_where_reml_is_singular_the_posterior_has_an_interval() -> None:
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"), seed=1)
    sd = fit.versus(parameters="theta").query("kind == 'sd'").set_index("method")
    assert sd.loc["REML", "value"] == 0.0
    assert sd.loc["posterior", "lower_2.5"] > 0
