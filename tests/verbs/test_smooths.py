"""Smooths against mgcv 1.8-41 and brms, densely, and through the verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DataError, EngineError, FormulaError
from references import BRMS_RANGE, RANGE, SHARED

OVARY = 'follicles ~ s(Time, k=8, bs="cr") + (1 | Mare)'
NEEDS = pytest.mark.skipif(not RANGE, reason="reference numbers are not beside the project")


def ovary() -> pd.DataFrame:
    """Follicles of eleven mares over time (nlme's Ovary), a factor and a number made of its rows."""
    frame = pd.read_csv(SHARED / "data" / "ovary.csv").astype({"Mare": str})
    even = frame["Mare"].astype(int) % 2 == 0
    return frame.assign(f=np.where(even, "a", "b"), z=np.arange(1, len(frame) + 1) / 100)


@NEEDS
@pytest.mark.parametrize("by", ["REML", "ML"])
def test_the_estimate_is_mgcvs(by: str) -> None:
    theirs, fit = RANGE[f"ovary_smooth_{by}"], bm.lmer(OVARY, ovary(), method=by.lower())  # type: ignore[call-overload]
    span = np.ptp(theirs["fitted"])
    np.testing.assert_allclose(fit.fitted()["value"][:20], theirs["fitted"], atol=1e-7 * span)
    curve = fit.predict(pd.DataFrame({"Time": theirs["time20"]}), effects="fixed")["value"]
    np.testing.assert_allclose(curve - fit.fixef()["value"][0], theirs["smooth"], atol=1e-7 * span)
    scales = {row["_row"]: row["std.dev"] for row in theirs["vcomp"]}
    sds = fit.varcorr(method="none").set_index("group")["sd"]
    assert sds["Residual"] == pytest.approx(scales["scale"], rel=1e-6)
    assert sds["Mare"] == pytest.approx(scales["s(Mare)"], rel=1e-6)
    assert fit.fixef()["value"][0] == pytest.approx(theirs["intercept"], rel=1e-8)
    if by == "ML":  # mgcv's REML leaves out a constant
        assert fit.estimate.optimum.criterion / 2 == pytest.approx(theirs["criterion"], rel=1e-9)
    else:
        assert fit.smooths()["edf"][0] == pytest.approx(5.534810, abs=1e-5)


@NEEDS
def test_a_smooth_for_every_level_is_mgcvs() -> None:
    fit = bm.lmer("follicles ~ f + s(Time, by=f, k=6) + (1 | Mare)", ovary(), method="reml")
    np.testing.assert_allclose(
        fit.fitted()["value"].to_numpy()[[0, 49, 199, 299]],
        [15.83659, 12.24173, 12.64242, 12.00814],
        rtol=1e-6,
    )
    np.testing.assert_allclose(fit.smooths()["edf"], [4.523660, 4.311008], atol=1e-5)
    sds = fit.varcorr(method="none").set_index("group")["sd"]
    np.testing.assert_allclose(sds[["Mare", "Residual"]], [3.183791, 3.320627], rtol=1e-5)
    assert fit.smooths()["smooth"].tolist() == ["s(Time):f[a]", "s(Time):f[b]"]
    assert fit.fixef()["term"].tolist()[2:] == ["s(Time)1:f[a]", "s(Time)1:f[b]"]


@NEEDS
def test_a_smooth_times_a_number_is_mgcvs() -> None:
    fit = bm.lmer("follicles ~ s(Time, k=6) + s(Time, by=z, k=5) + (1 | Mare)", ovary(), method="ml")
    np.testing.assert_allclose(
        fit.fitted()["value"].to_numpy()[[0, 49, 199, 299]],
        [16.02567, 10.06373, 12.11670, 14.66113],
        rtol=1e-6,
    )
    assert fit.estimate.optimum.criterion / 2 == pytest.approx(828.6312, abs=1e-4)
    new = pd.DataFrame({"Time": [-1.0, 2.0], "z": [1.0, 2.0], "Mare": ["1", "2"]})
    np.testing.assert_allclose(fit.predict(new)["value"], [29.52961, -20.72363], rtol=1e-6)
    assert fit.fixef()["term"].tolist() == ["Intercept", "s(Time)1", "z", "s(Time)1:z"]


SCALE, LINE = 4.039644066203, 4.284896251913
"""Root mean square of the rows of mgcv's penalized columns, and slope of its other one (smooth2random)."""


@pytest.mark.skipif(not BRMS_RANGE, reason="reference numbers are not beside the project")
def test_the_posterior_is_brms() -> None:
    wide = bm.prior("HalfStudentT", nu=3, sigma=4)
    priors = {
        "Intercept": bm.prior("Normal", mu=12, sigma=10),
        "s(Time)1": bm.prior("Normal", mu=0, sigma=20 * LINE),
        "sd_s(Time)": bm.prior("HalfStudentT", nu=3, sigma=10 * SCALE),
        "sd_Mare": wide,
        "sigma": wide,
    }
    fit = bm.lmer(OVARY, ovary(), priors=priors, seed=3)
    posterior, theirs = fit.draws["posterior"], BRMS_RANGE["ovary_smooth"]["summary"]
    beta = posterior["beta"].values
    ours = {
        "b_Intercept": beta[..., 0],
        "bs_sTime_1": -beta[..., 1] / LINE,
        "sds_sTime_1": posterior["sd_s(Time)"].values[..., 0] / SCALE,
        "sd_Mare__Intercept": posterior["sd_Mare"].values[..., 0],
        "sigma": posterior["sigma"].values,
    }
    for label in posterior["Mare"].values:
        ours[f"r_Mare[{label},Intercept]"] = posterior["ranef_Mare"].sel(Mare=label).values[..., 0]
    compared = [row for row in theirs if row["variable"] in ours]
    assert len(compared) == len(ours)
    for row in compared:
        draws = ours[row["variable"]]
        ess = min(row["ess_bulk"], draws.size / 2)
        error = np.hypot(row["mcse_mean"], draws.std() / np.sqrt(ess))
        assert draws.mean() == pytest.approx(row["mean"], abs=4 * error), row["variable"]
    assert fit.diagnosis.is_good


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n, g = 90, np.arange(90) % 9
    x = rng.uniform(0, 10, n)
    frame = pd.DataFrame(
        {"x": x, "g": [f"g{i}" for i in g], "f": rng.choice(["p", "q"], n), "z": rng.uniform(1, 2, n)}
    )
    return frame.assign(y=3 + 0.5 * x + 2 * np.sin(x) + rng.normal(size=9)[g] + rng.normal(size=n))


FORMULAS = {
    "beside a bar": "y ~ s(x, k=7) + (1 | g)",
    "alone": "y ~ s(x)",
    "two": "y ~ s(x, k=5) + s(z, k=4) + (z | g)",
    "by a factor": "y ~ f + s(x, by=f, k=5) + (1 | g)",
    "by a number": "y ~ s(x, by=z, k=5) + (1 | g)",
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_estimate_by_dense_matrices(rows: pd.DataFrame, name: str) -> None:
    fit = bm.lmer(FORMULAS[name], rows, method="reml")
    design, optimum = fit.estimate.design, fit.estimate.optimum
    x, y, n = design.fixed.matrix, rows["y"].to_numpy(), len(rows)
    total = optimum.sigma**2 * np.eye(n)
    for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
        met = block.meeting.weights if block.is_smooth else np.eye(block.n_levels)[block.codes]
        total += (met @ met.T) * (block.columns @ covariance @ block.columns.T)
    inverse = np.linalg.inv(total)
    information = x.T @ inverse @ x
    beta = np.linalg.solve(information, x.T @ inverse @ y)
    rest = y - x @ beta
    criterion = np.linalg.slogdet(total)[1] + np.linalg.slogdet(information)[1] + rest @ inverse @ rest
    criterion += (n - x.shape[1]) * np.log(2 * np.pi)
    assert optimum.criterion == pytest.approx(criterion, rel=1e-10)
    fitted = y - optimum.sigma**2 * inverse @ rest
    np.testing.assert_allclose(fit.fitted()["value"], fitted, atol=1e-8)
    hat = np.eye(n) - optimum.sigma**2 * (inverse - inverse @ x @ np.linalg.solve(information, x.T @ inverse))
    if name == "alone":
        assert fit.smooths()["edf"][0] == pytest.approx(np.trace(hat) - 1, rel=1e-8)
    projected = inverse - inverse @ x @ np.linalg.solve(information, x.T @ inverse)
    for part, block in zip(fit.smooths().itertuples(), design.smooths, strict=True):
        own = optimum.covariances[design.blocks.index(block)][0, 0]
        met = block.meeting.weights
        n_trends = 2 if name == "by a number" else 1
        assert part.edf == pytest.approx(n_trends + own * np.trace(met.T @ projected @ met), rel=1e-8)


@pytest.fixture(scope="module", params=["bayes", "reml"])
def fit(rows: pd.DataFrame, request: pytest.FixtureRequest) -> Any:
    if request.param == "reml":
        return bm.lmer(FORMULAS["beside a bar"], rows, method="reml")
    return bm.lmer(FORMULAS["beside a bar"], rows, seed=1)


def test_a_smooth_belongs_to_the_population(fit: Any, rows: pd.DataFrame) -> None:
    assert fit.ranef()["group_var"].unique().tolist() == ["g"]
    assert fit.ngrps().to_dict() == {"g": 9}
    assert fit.varcorr()[["group", "effect"]].to_numpy().tolist()[1] == ["s(x)", "smooth"]
    assert fit.icc()["group"].tolist() == ["g"]
    with pytest.raises(DataError, match="is a smooth"):
        fit.ranef("s(x)")
    with pytest.raises(DataError, match="not an equation"):
        fit.equation("g1")
    flat = fit.predict(rows, effects="fixed")["value"]
    assert np.corrcoef(flat, rows["x"] / 2 + 2 * np.sin(rows["x"]))[0, 1] > 0.97
    new = fit.predict(rows.assign(g="new"), new_levels="population")["value"]
    np.testing.assert_allclose(new, flat)


def test_the_fixed_part_of_explained_variance_has_the_smooth(fit: Any, rows: pd.DataFrame) -> None:
    table = fit.r2()
    line = bm.lmer("y ~ x + (1 | g)", rows, method="reml").r2()
    assert table["r2"][0] > line["r2"][0] + 0.2
    assert "the smooths" in str(table)


def test_a_curve_is_what_the_smooth_adds(fit: Any) -> None:
    curve = fit.smooth_curve("x", n=30)
    added = fit.predict(pd.DataFrame({"x": curve["x"]}), effects="fixed")["value"]
    apart = added.to_numpy() - curve["value"].to_numpy()
    np.testing.assert_allclose(apart, fit.fixef()["value"][0], atol=0.1)
    assert (curve["lower_simultaneous"] < curve["lower_2.5"]).all()
    assert (curve["upper_simultaneous"] > curve["upper_97.5"]).all()
    slopes = fit.slopes("x", at={"x": [2.0, 8.0]})["value"].to_numpy()
    np.testing.assert_allclose(slopes, 0.5 + 2 * np.cos([2.0, 8.0]), atol=0.8)
    axes = fit.plot.smooth("x")
    assert axes.get_ylabel() == "s(x)"
    drawn = [band.get_paths()[0].get_extents().ymax for band in axes.collections]
    whole = fit.smooth_curve("x")
    np.testing.assert_allclose(drawn, [whole["upper_simultaneous"].max(), whole["upper_97.5"].max()])
    assert fit.smooth_curve("s(x)", n=30).equals(curve)
    with pytest.raises(DataError, match="does not have a smooth of 'z'"):
        fit.smooth_curve("z")


def test_simultaneous_bands_hold_whole_curves(rows: pd.DataFrame) -> None:
    fit = bm.lmer(FORMULAS["beside a bar"], rows, seed=1)
    curve = fit.smooth_curve("x", n=40)
    posterior = fit.draws["posterior"]
    part = fit.spec.design.smooths[0].recipes[0]
    basis = part.basis({"x": curve["x"].to_numpy()})
    draws = posterior["beta"].values[..., 1:] * (curve["x"].to_numpy() - rows["x"].mean())
    draws = (draws + posterior["ranef_s(x)"].values[..., 0] @ basis.T).reshape(-1, 40)
    inside = (draws >= curve["lower_simultaneous"].to_numpy()) & (
        draws <= curve["upper_simultaneous"].to_numpy()
    )
    assert inside.all(axis=1).mean() == pytest.approx(0.95, abs=0.002)
    np.testing.assert_allclose(np.median(draws, axis=0), curve["value"], atol=1e-10)


def test_a_posterior_keeps_its_smooth(rows: pd.DataFrame, tmp_path: Path) -> None:
    fit = bm.lmer(FORMULAS["by a factor"], rows, seed=1)
    fit.save(tmp_path / "fit")
    again = bm.load(tmp_path / "fit")
    pd.testing.assert_frame_equal(again.smooth_curve("x", n=5), fit.smooth_curve("x", n=5))
    reml = fit.reml()
    gap = fit.smooth_curve("x", n=20)["value"] - reml.smooth_curve("x", n=20)["value"]
    assert np.abs(gap).max() < 1.5 * fit.smooth_curve("x", n=20)["se"].max()
    bands = fit.plot.smooth("x")
    assert [text.get_text() for text in bands.get_legend().get_texts()] == ["s(x):f[p]", "s(x):f[q]"]


def test_bayes_factor_of_a_smooth(rows: pd.DataFrame) -> None:
    fit = bm.lmer(FORMULAS["beside a bar"], rows, seed=1)
    assert fit.bayes_factor_of("s(x)", seed=1).log > 5


def test_counts_have_smooths_by_the_graph(rows: pd.DataFrame) -> None:
    frame = rows.assign(n=np.random.default_rng(3).poisson(np.exp(1 + np.sin(rows["x"]))))
    options: Any = {"family": "poisson", "draws": 300, "tune": 500, "chains": 2, "seed": 1, "adapt": False}
    with pytest.warns(bm.ConvergenceWarning):
        fit = bm.glmer("n ~ s(x, k=6) + (1 | g)", frame, **options)
    assert fit.run.engine == "pymc"
    assert (
        np.corrcoef(fit.predict(frame, effects="fixed")["value"], np.exp(1 + np.sin(rows["x"])))[0, 1] > 0.9
    )
    assert fit.smooths()["edf"].isna().all()


def test_what_needs_groups_is_refused_without_any(rows: pd.DataFrame) -> None:
    fit = bm.lmer(FORMULAS["alone"], rows, method="reml")
    for verb in (fit.ranef, fit.coef, fit.icc, fit.plot.ranef, lambda: fit.plot.groups("x")):
        with pytest.raises(DataError, match=r"random effects|grouping factors"):
            verb()
    assert "s(x)" in str(fit)
    assert np.isfinite(fit.simulate(2, seed=1)).all(axis=None)


def test_wrong_uses_are_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="choose a smaller k"):
        bm.specify("y ~ s(w, k=10) + (1 | g)", rows.assign(w=rows["x"].round(-1)))
    with pytest.raises(DataError, match="one number a row"):
        bm.specify("y ~ s(f) + (1 | g)", rows)
    for refused in (
        lambda: bm.pooling("y ~ s(x) + (1 | g)", rows, method="reml"),
        lambda: bm.lm_by_group("y ~ s(x)", rows, group="g"),
        lambda: bm.lm("y ~ s(x)", rows, method="ols"),
    ):
        with pytest.raises(FormulaError, match="does not take smooths"):
            refused()
    with pytest.raises(EngineError, match="keep_ranef='draws'"):
        bm.lmer(FORMULAS["alone"], rows, keep_ranef="moments")
    with pytest.raises(DataError, match="does not have smooths"):
        bm.lmer("y ~ x + (1 | g)", rows, method="reml").smooths()
