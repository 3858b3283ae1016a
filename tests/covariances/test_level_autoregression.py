"""Autoregression and one variance over the effects of a bar: estimates by glmmTMB, and what a user sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.covariances.level_autoregression import Autoregression
from bayesmixed.errors import DataError
from references import RANGE, SHARED

FORMULA = "distance ~ age * Sex + ar1(0 + factor(age) | Subject)"


@pytest.fixture(scope="module")
def orthodont() -> pd.DataFrame:
    """Four measurements of each of 27 children (nlme's Orthodont)."""
    if not RANGE:
        pytest.skip("reference data are not beside the project")
    return pd.read_csv(SHARED / "data" / "orthodont.csv")


@pytest.mark.parametrize("by", ["REML", "ML"])
def test_the_estimate_is_glmmtmbs(orthodont: pd.DataFrame, by: str) -> None:
    theirs = RANGE[f"orthodont_ar1_bar_{by}"]
    fit = bm.lmer(FORMULA, orthodont, method=by.lower())  # type: ignore[call-overload]
    assert fit.estimate.log_likelihood >= theirs["logLik"] - 1e-8 * abs(theirs["logLik"])
    assert fit.estimate.log_likelihood == pytest.approx(theirs["logLik"], rel=1e-6)
    sds = fit.varcorr(method="none")["sd"].to_numpy()
    np.testing.assert_allclose(sds, [theirs["sd"], theirs["sigma"]], rtol=1e-4)
    rho = fit.varcorr(correlations=True, method="none")["value"][0]
    assert rho == pytest.approx(theirs["phi"], abs=1e-4)
    ours = fit.fixef()
    for row in theirs["fixef"]:
        term = row["term"].replace("(Intercept)", "Intercept").replace("SexMale", "Sex[T.Male]")
        here = ours[ours["term"] == term].iloc[0]
        assert here["value"] == pytest.approx(row["estimate"], abs=1e-4 * here["se"])


@pytest.mark.parametrize("size", [2, 3, 7])
def test_the_factor_is_that_of_powers_of_one_correlation(size: int) -> None:
    own, steps = Autoregression(size), abs(np.subtract.outer(np.arange(size), np.arange(size)))
    logits = np.linspace(-9, 9, 10)[:, None]
    for factor, rho in zip(own.cholesky(logits), np.tanh(logits[:, 0] / 2), strict=True):
        np.testing.assert_allclose(factor, np.linalg.cholesky(rho**steps), atol=1e-10)
    for end in own.correlation_bounds:
        np.testing.assert_allclose(own.like(end), end**steps, atol=1e-14)


@pytest.mark.parametrize(
    ("bar", "advice"),
    {
        "ar1(age | Subject)": r"Write ar1\(0 \+ factor\(age\) \| Subject\)\.",
        "hetar1(0 + age | Subject)": r"Write hetar1\(0 \+ factor\(age\) \| Subject\)\.",
        "ar1(Sex | Subject)": r"Write ar1\(0 \+ Sex \| Subject\)\.",
        "ar1(0 + Sex:factor(age) | Subject)": r"Write ar1\(0 \+ f \| Subject\), with a factor f\.",
        "ar1(1 | Subject)": r"Write ar1\(0 \+ f \| Subject\), with a factor f\.",
    }.items(),
)
def test_effects_that_have_no_order_are_refused(bar: str, advice: str) -> None:
    frame = pd.DataFrame(
        {"y": np.arange(12.0) % 5, "age": [8, 10, 12] * 4, "Subject": list("aabb") * 3, "Sex": list("mf") * 6}
    )
    with pytest.raises(DataError, match=advice):
        bm.specify(f"y ~ 1 + {bar}", frame)


def few(bar: str) -> bm.ModelSpec:
    """A model of one row for every effect."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(np.arange(12), 4).astype(str), "f": list("pqrs") * 12})
    return bm.specify(f"y ~ f + {bar}", frame.assign(y=rng.normal(size=48)))


@pytest.mark.parametrize("name", ["us", "homcs", "homdiag"])
def test_a_row_an_effect_does_not_tell_every_structure_from_noise(name: str) -> None:
    with pytest.raises(DataError, match="cannot be told apart"):
        few(f"{name}(0 + f | g)")


@pytest.mark.parametrize("name", ["ar1", "hetar1", "cs", "diag"])
def test_a_row_an_effect_tells_a_pattern_from_noise(name: str) -> None:
    assert few(f"{name}(0 + f | g)").design.blocks[0].n_effects == 4


@pytest.fixture(scope="module")
def panel() -> bm.SimulatedData:
    study = {
        "groups": {"g": 60},
        "per_group": 10,
        "predictors": {"f": ["p", "q", "r", "s", "t"]},
        "fixed": {"Intercept": 1.0, **{f"f[T.{level}]": 0.5 for level in "qrst"}},
    }
    return bm.simulate_data("y ~ f + ar1(0 + f | g)", **study, sd={"g": 2.0}, corr={"g": 0.7}, seed=1)


def test_data_are_simulated_along_the_levels(panel: bm.SimulatedData) -> None:
    assert panel.truth["parameter"].tolist()[5:] == ["sd_g[f[p] ... f[t]]", "corr_g[rho]", "sigma"]
    estimate = bm.lmer(panel.formula, panel.data, method="reml")
    assert estimate.varcorr(correlations=True, method="none")["value"][0] == pytest.approx(0.7, abs=0.1)


def test_a_posterior_answers(panel: bm.SimulatedData, tmp_path: Any) -> None:
    fit = bm.lmer(panel.formula, panel.data, draws=500, chains=4, seed=1)
    table = fit.varcorr(correlations=True)
    assert table[["group", "effect_1", "effect_2"]].to_numpy().tolist() == [["g", "rho", ""]]
    corr = fit.draws["posterior"]["corr_g"].to_numpy()
    np.testing.assert_allclose(corr[..., 0, 3], corr[..., 0, 1] ** 3, atol=1e-12)
    assert fit.varcorr()["effect"].tolist() == ["f[p] ... f[t]", ""]
    assert "(ar1)" in str(fit)
    assert np.isfinite(fit.icc()["icc"]).all()
    assert len(fit.predict(panel.data.iloc[:5].assign(g="new"), new_levels="sample")) == 5
    assert np.isfinite(fit.log_marginal_likelihood(seed=1).value)
    assert np.isfinite(fit.loo(group="g").elpd)
    fit.save(tmp_path / "fit.bayesmixed")
    pd.testing.assert_frame_equal(bm.load(tmp_path / "fit.bayesmixed").varcorr(correlations=True), table)


def test_one_variance_for_all_effects(panel: bm.SimulatedData) -> None:
    frame = panel.data
    fit = bm.lmer("y ~ f + homdiag(0 + f | g)", frame, method="reml")
    cells = bm.lmer("y ~ f + (1 | g:f)", frame, method="reml")
    assert fit.estimate.log_likelihood == pytest.approx(cells.estimate.log_likelihood, rel=1e-9)
    assert fit.varcorr()["effect"].tolist() == ["f[p] ... f[t]", ""]
    np.testing.assert_allclose(
        fit.varcorr()[["sd", "sd_2.5", "sd_97.5"]], cells.varcorr()[["sd", "sd_2.5", "sd_97.5"]], rtol=1e-4
    )
    assert fit.varcorr(correlations=True).empty
    made = bm.lmer("y ~ f + homdiag(0 + f | g)", frame, draws=500, chains=4, seed=1)
    assert made.varcorr()["sd"][0] == pytest.approx(fit.varcorr()["sd"][0], rel=0.1)
