"""Truth beside estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm


@pytest.fixture(scope="module")
def slopes() -> bm.Simulation:
    """Forty groups with correlated slopes."""
    return bm.simulate_data(
        "y ~ x + (x | g)",
        groups={"g": 40},
        fixed=[2, 0.5],
        sd={"g": [0.8, 0.4]},
        corr={"g": 0.3},
        sigma=0.5,
        seed=3,
    )


@pytest.mark.parametrize("method", ["reml", "ml", "bayes"])
def test_truth_lies_inside_wide_intervals(slopes: bm.Simulation, method: str) -> None:
    options = {"seed": 1, "draws": 250} if method == "bayes" else {}
    fit = bm.lmer(slopes.formula, slopes.data, method=method, **options)  # type: ignore[call-overload]
    table = bm.recover(slopes, fit, prob=0.999)
    assert list(table) == ["parameter", "truth", "value", "lower_0.05", "upper_99.95", "covered"]
    assert table["parameter"].tolist() == slopes.truth["parameter"].tolist()
    np.testing.assert_array_equal(table["truth"], slopes.truth["value"])
    assert table["covered"].all()
    inside = table["truth"].between(table["lower_0.05"], table["upper_99.95"])
    pd.testing.assert_series_equal(table["covered"], inside, check_dtype=False, check_names=False)


def test_estimates_are_those_of_the_verbs(slopes: bm.Simulation) -> None:
    fit = bm.lmer(slopes.formula, slopes.data, method="reml")
    value = bm.recover(slopes, fit).set_index("parameter")["value"]
    np.testing.assert_allclose(value[["Intercept", "x"]], fit.fixef()["value"])
    components = ["sd_g[Intercept]", "sd_g[x]", "sigma"]
    np.testing.assert_allclose(value[components], fit.varcorr(method="none")["sd"])


def test_an_interval_off_the_truth_is_not_covered(slopes: bm.Simulation) -> None:
    fit = bm.lmer(slopes.formula, slopes.data.assign(y=slopes.data["y"] + 100), method="reml")
    assert bm.recover(slopes, fit).set_index("parameter").loc["Intercept", "covered"] == False  # noqa: E712


@pytest.mark.parametrize(
    ("formula", "missing", "extra"),
    [
        ("y ~ x + (1 | g)", ["sd_g[x]", "corr_g[Intercept, x]"], []),
        ("y ~ x + I(x > 0) + (x || g)", ["corr_g[Intercept, x]"], ["I(x > 0)[T.True]"]),
    ],
)
def test_another_model_shows_what_it_has_not(
    slopes: bm.Simulation, formula: str, missing: list[str], extra: list[str]
) -> None:
    table = bm.recover(slopes, bm.lmer(formula, slopes.data, method="reml"))
    assert table.loc[table["value"].isna(), "parameter"].tolist() == missing
    assert table.loc[table["truth"].isna(), "parameter"].tolist() == extra
    assert table.loc[table["covered"].isna(), "parameter"].tolist() == missing + extra


def test_what_is_no_simulation_or_no_fit_is_refused(slopes: bm.Simulation) -> None:
    fit = bm.lmer(slopes.formula, slopes.data, method="reml")
    for pair in ((fit, fit), (slopes, slopes), (fit, slopes)):
        with pytest.raises(bm.BayesmixedError, match="simulate_data and lmer"):
            bm.recover(*pair)  # type: ignore[arg-type]
