"""Forest plots and autocorrelations of residuals."""

from __future__ import annotations

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.plots.residuals import autocorrelations

WAVES = "follicles ~ sin(2*pi*Time) + cos(2*pi*Time) + (1 | Mare)"


@cache
def trials(method: str) -> bm.MixedFit | bm.RemlFit:
    data = bm.load_dataset("bcg")
    if method == "bayes":
        return bm.lmer("yi | se(sei) ~ ablat + (1 | trial)", data, seed=1)
    return bm.lmer("yi | se(sei) ~ ablat + (1 | trial)", data, method=method)


@pytest.mark.parametrize("method", ["bayes", "reml"])
def test_rows_are_studies_then_mean_and_prediction(method: str) -> None:
    fit = trials(method)
    ax = fit.plot.forest()
    labels = [label.get_text() for label in ax.get_yticklabels()][::-1]
    assert labels == [*(str(i + 1) for i in range(13)), "mean", "new trial"]
    estimates, shrunken, mean, _ = ax.collections[1::2]
    data = bm.load_dataset("bcg")
    np.testing.assert_allclose(estimates.get_offsets()[:, 0], data["yi"])
    np.testing.assert_allclose(shrunken.get_offsets()[:, 0], fit.fitted()["value"])
    expected = fit.predictions_at({"ablat": [data["ablat"].mean()]})["value"]
    np.testing.assert_allclose(mean.get_offsets()[:, 0], expected, rtol=1e-6)
    intervals = [segments.get_segments()[0] for segments in ax.collections[4:7:2]]
    widths = [float(np.ptp(np.asarray(each)[:, 0])) for each in intervals]
    assert widths[1] > widths[0]
    plt.close("all")


def test_a_fit_without_known_errors_is_refused() -> None:
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml")
    with pytest.raises(bm.DataError, match=r"y \| se\(s\)"):
        fit.plot.forest()


def test_autocorrelation_is_that_of_pairs_within_series() -> None:
    rng = np.random.default_rng(3)
    codes, times = np.repeat([0, 1], 6), np.tile(rng.permutation(6).astype(float), 2)
    r = rng.normal(size=12)
    table = autocorrelations(r, codes, times, 3, 0.95)
    for lag in (1, 2, 3):
        pairs = []
        for series in (0, 1):
            own = r[codes == series][np.argsort(times[codes == series])]
            pairs += [own[j] * own[j + lag] for j in range(6 - lag)]
        row = table.set_index("lag").loc[lag]
        assert row["value"] == pytest.approx(np.mean(pairs) / np.mean(r**2))
        assert row["pairs"] == len(pairs)
        assert row["bound"] == pytest.approx(1.959964 / len(pairs) ** 0.5, rel=1e-6)


def test_an_autoregression_takes_the_autocorrelation_away() -> None:
    ovary = bm.load_dataset("Ovary")
    plain = bm.lmer(WAVES, ovary, method="reml")
    serial = bm.lmer(f"{WAVES} + ar(Time, gr=Mare)", ovary, method="reml")
    left = [_first(plain, "standardized"), _first(serial, "standardized"), _first(serial, "normalized")]
    assert left[0] > 0.4
    assert left[1] > 0.4
    assert abs(left[2]) < 0.15
    axes = serial.plot.acf(kind="standardized", lags=4)
    assert axes.get_ylabel() == "autocorrelation of the standardized residual"
    plt.close("all")


def _first(fit: bm.RemlFit, kind: str) -> float:
    """Autocorrelation at the first lag."""
    block = fit.spec.design.blocks[0]
    order = np.arange(len(block.codes), dtype=float)
    return autocorrelations(fit.resid(kind)["value"].to_numpy(), block.codes, order, 1, 0.95)["value"].item()


@pytest.mark.parametrize("formula", [f"{WAVES} + ar(Time, gr=Mare)", "follicles ~ Time + cosy(gr=Mare)"])
def test_normalized_residuals_are_those_of_the_whole_covariance(formula: str) -> None:
    fit = bm.lmer(formula, bm.load_dataset("Ovary"), method="reml")
    serial = fit.spec.design.residual.correlation
    lower = np.linalg.cholesky(serial.correlation(fit.estimate.residual_correlation))
    table = fit.resid("standardized")["value"].to_numpy()
    np.testing.assert_allclose(fit.resid("normalized")["value"], np.linalg.solve(lower, table), atol=1e-6)


def test_normalized_residuals_of_other_families_are_refused() -> None:
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml")
    np.testing.assert_allclose(fit.resid("normalized")["value"], fit.resid("standardized")["value"])
    with pytest.raises(bm.FamilyError, match="normalized"):
        fit.resid("normalized", effects="fixed")


def test_series_of_a_model_without_groups_are_named() -> None:
    fit = bm.lm("Reaction ~ Days", bm.load_dataset("sleepstudy"), method="ols")
    with pytest.raises(bm.DataError, match="group="):
        fit.plot.acf()
    assert fit.plot.acf(group="Subject", kind="standardized", lags=3).get_xlabel() == "lag"
    plt.close("all")
