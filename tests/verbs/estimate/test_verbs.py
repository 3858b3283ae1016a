"""The verbs of a REML or ML fit: what holds exactly, and what two ways of computing agree on."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

import bayesmixed as bm
from bayesmixed.design.build import build_design
from bayesmixed.engines.reml.estimate import estimate, simulate_responses, singularity
from bayesmixed.formula.parse import parse_formula
from bayesmixed.verbs.estimate.parameters import correlations, point_tree
from bayesmixed.verbs.estimate.satterthwaite import combination_spread, degrees_of_freedom
from bayesmixed.verbs.fitted import fitted

from .estimates import source_of


def make_frame(seed: int = 3) -> pd.DataFrame:
    """Eight groups crossed with five, two rows in most cells, intercepts and slopes that vary."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([(g, h) for g, h, _ in product(range(8), range(5), range(2))], columns=["g", "h"])
    rows = rows.drop(index=rng.choice(len(rows), 9, replace=False)).reset_index(drop=True)
    x = rng.normal(3, 2, len(rows))
    slopes = 1 + rng.normal(0, 0.8, 8)[rows["g"]]
    y = 10 + slopes * x + rng.normal(0, 3, 8)[rows["g"]] + rng.normal(0, 1, 5)[rows["h"]]
    labels = {"g": "g" + rows["g"].astype(str), "h": "h" + rows["h"].astype(str)}
    weights = rng.uniform(0.5, 2, len(rows))
    return pd.DataFrame({**labels, "x": x, "y": y + rng.normal(0, 1.5, len(rows)), "w": weights})


FRAME = make_frame()


def estimated(formula: str, **options: str) -> object:
    return estimate(build_design(parse_formula(formula), FRAME, **options))


def test_balanced_one_way_layout_is_the_analysis_of_variance() -> None:
    """Textbook: the mean has J - 1 degrees of freedom and the standard error root(MSB / n)."""
    data = bm.load_dataset("Dyestuff")
    table = bm.lmer("Yield ~ 1 + (1 | Batch)", data, method="reml").fixef()
    between = data.groupby("Batch", observed=True)["Yield"].mean()
    assert table["value"][0] == pytest.approx(data["Yield"].mean(), rel=1e-12)
    assert table["se"][0] == pytest.approx(between.std(ddof=1) / np.sqrt(6), rel=1e-8)
    assert table["df"][0] == pytest.approx(5.0, rel=1e-5)
    reach = stats.t.ppf(0.975, 5) * table["se"][0]
    assert table["upper_97.5"][0] - table["value"][0] == pytest.approx(reach, rel=1e-5)


def test_degrees_of_freedom_do_not_know_the_units_of_a_contrast() -> None:
    fit = estimated("y ~ x + (x | g) + (1 | h)")
    contrast = np.array([[1.0, 2.0], [-3.0, -6.0]])
    one, other = degrees_of_freedom(fit, combination_spread(fit, contrast))
    assert one == pytest.approx(other, rel=1e-12)
    assert 1.0 < one < len(FRAME)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", ["y ~ x + (x | g)", "y ~ x + (x | g) + (1 | h)", "y ~ 0 + x + (x || g)"])
def test_standard_errors_of_fitted_values_are_henderson_s(formula: str, weights: str | None) -> None:
    fit = estimated(formula, weights=weights)
    design, optimum = fit.design, fit.optimum
    columns, precision = [], []
    for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
        z = np.zeros((design.n_rows, block.n_levels, block.n_effects))
        z[np.arange(design.n_rows), block.codes] = block.columns
        columns.append(z.reshape(design.n_rows, -1))
        precision += [np.linalg.inv(covariance)] * block.n_levels
    t = np.hstack([*columns, design.fixed.matrix])
    prior = linalg.block_diag(*precision, np.zeros((design.fixed.matrix.shape[1],) * 2))
    noise = optimum.sigma**2 / (np.ones(len(t)) if design.weights is None else design.weights)
    covariance = t @ np.linalg.inv((t.T / noise) @ t + prior) @ t.T
    np.testing.assert_allclose(fitted(source_of(fit))["se"], np.sqrt(np.diag(covariance)), rtol=1e-6)


def test_coefficients_of_a_level_are_its_fitted_values() -> None:
    """Where x is 0 the fitted value of a row is its level's intercept, with the same standard error."""
    frame = pd.concat([FRAME, FRAME.head(8).assign(x=0.0)], ignore_index=True)
    fit = bm.lmer("y ~ x + (x | g)", frame, method="reml")
    coef = fit.coef().query("effect == 'Intercept'").set_index("group")
    last = fit.fitted().tail(8)
    np.testing.assert_allclose(last["value"], coef.loc[frame["g"].tail(8), "value"], rtol=1e-8)
    np.testing.assert_allclose(last["se"], coef.loc[frame["g"].tail(8), "se"], rtol=1e-6)


def test_information_criteria_by_hand() -> None:
    fit = estimated("y ~ x + (x | g)")
    n, k = len(FRAME), 2 + 3 + 1
    assert fit.n_parameters == k
    assert fit.aic == pytest.approx(-2 * fit.log_likelihood + 2 * k)
    assert fit.bic == pytest.approx(-2 * fit.log_likelihood + k * np.log(n))
    assert fit.aicc == pytest.approx(fit.aic + 2 * k * (k + 1) / (n - k - 1))


def test_a_point_is_a_posterior_of_one_draw() -> None:
    fit = estimated("y ~ x + (x | g) + (1 | h)")
    posterior = point_tree(fit)["posterior"]
    assert posterior.sizes["chain"] == posterior.sizes["draw"] == 1
    covariance = fit.optimum.covariances[0]
    sd, corr = posterior["sd_g"].values[0, 0], posterior["corr_g"].values[0, 0]
    np.testing.assert_allclose(corr * np.outer(sd, sd), covariance, rtol=1e-12)


def test_a_correlation_beside_a_variance_of_zero_is_not_known() -> None:
    found = correlations(np.array([[4.0, 0.0], [0.0, 0.0]]))
    assert np.isnan(found[0, 1])
    np.testing.assert_array_equal(np.diag(found), 1.0)


def test_simulated_responses_have_the_model_s_moments() -> None:
    fit = estimated("y ~ x + (x | g) + (1 | h)", weights="w")
    drawn = simulate_responses(fit, 4000, seed=1)
    design, optimum = fit.design, fit.optimum
    variance = optimum.sigma**2 / design.weights
    for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
        variance = variance + np.einsum("nk,kl,nl->n", block.columns, covariance, block.columns)
    z = (drawn.mean(axis=0) - design.fixed.matrix @ optimum.coefficients) / np.sqrt(variance / len(drawn))
    assert np.max(np.abs(z)) < 5.0
    assert np.max(np.abs(drawn.var(axis=0) / variance - 1.0)) < 5.0 * np.sqrt(2.0 / len(drawn))
    np.testing.assert_array_equal(drawn[:3], simulate_responses(fit, 4000, seed=1)[:3])


def test_a_singular_fit_says_so_in_words() -> None:
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"), method="reml")
    assert fit.singular
    said = " ".join(singularity(fit.estimate))
    assert "Intercept among levels of Batch is estimated as zero" in said
    assert said in str(fit).replace("\n", " ")
    assert singularity(estimated("y ~ x + (1 | g)")) == ()


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_printed_and_tidy_tables_hold_the_same_numbers(method: str) -> None:
    fit = bm.lmer("y ~ x + (x | g)", FRAME, method=method)
    tidy, glance = fit.tidy(), fit.glance()
    assert {"statistic", "df", "p_value"} <= set(tidy.columns)
    assert tidy["term"].tolist() == [
        "Intercept",
        "x",
        "sd__Intercept",
        "sd__x",
        "cor__Intercept.x",
        "sd__Observation",
    ]
    assert glance["engine"][0] == fit.method == method
    assert glance["AIC"][0] == fit.aic()
    assert f"{fit.deviance():.1f}" in str(fit)
    assert "Std. Error" in fit._repr_html_()


def test_augment_sets_the_parts_beside_the_data() -> None:
    fit = bm.lmer("y ~ x + (x | g)", FRAME, method="reml")
    table = fit.augment()
    np.testing.assert_allclose(table["fitted"] + table["resid"], FRAME["y"], rtol=1e-12)
    np.testing.assert_allclose(table["std_resid"], table["resid"] / fit.sigma, rtol=1e-12)


def test_icc_has_an_interval_only_by_bootstrap() -> None:
    fit = bm.lmer("y ~ x + (1 | g)", FRAME, method="reml")
    plain, booted = fit.icc(), fit.icc(boot=40, seed=1)
    assert plain["lower_2.5"].isna().all()
    assert plain["icc"][0] == booted["icc"][0]
    assert 0.0 <= booted["lower_2.5"][0] < booted["icc"][0] < booted["upper_97.5"][0] <= 1.0


def test_another_method_is_refused() -> None:
    with pytest.raises(bm.BayesmixedError, match="'bayes', 'reml', 'ml'"):
        bm.lmer("y ~ x + (1 | g)", FRAME, method="REML")
