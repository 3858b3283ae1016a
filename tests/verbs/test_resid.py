"""Residuals."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs import fitted, resid
from bayesmixed.verbs.drawn import mean_draws as fitted_draws
from bayesmixed.verbs.drawn import normal_scores, posterior_mean_fitted
from bayesmixed.verbs.resid import scaled_residuals


@pytest.mark.parametrize("model", ["sleepstudy_correlated", "gpa_intercept", "dragons_range"])
def test_lme4(at_lme4: Callable[[str], Any], lme4: dict[str, Any], model: str) -> None:
    fit = at_lme4(model)
    expected = np.array(lme4[model]["resid10"])
    np.testing.assert_allclose(resid(fit)["value"].iloc[:10], expected, rtol=1e-7)
    sigma = lme4[model]["reml"]["sigma"]
    np.testing.assert_allclose(scaled_residuals(fit.draws, fit.spec)[:10], expected / sigma, rtol=1e-7)


def test_median_is_the_response_less_the_fitted_median(toy: Any) -> None:
    table = resid(toy)
    means = fitted(toy)
    response = toy.spec.design.response.values
    np.testing.assert_allclose(table["value"], response - means["value"])
    np.testing.assert_allclose(table["lower_2.5"], response - means["upper_97.5"])
    np.testing.assert_allclose(table["se"], means["se"])
    pd.testing.assert_index_equal(table.index, toy.spec.design.frame.index)


def test_weights_scale_pearson_residuals(toy: Any) -> None:
    raw, pearson = (resid(toy, kind=kind)["value"] for kind in ("response", "pearson"))
    np.testing.assert_allclose(pearson, raw * np.sqrt(toy.spec.design.weights))


def test_standardized_residuals_divide_by_each_draws_sigma(toy: Any) -> None:
    posterior, design, row = toy.draws["posterior"], toy.spec.design, 5
    mean = design.offset[row] + posterior["beta"].to_numpy() @ design.fixed.matrix[row]
    for block in design.blocks:
        effects = posterior[f"ranef_{block.group}"].to_numpy()[:, :, block.codes[row]]
        mean = mean + effects @ block.columns[row]
    draws = (
        (design.response.values[row] - mean) * np.sqrt(design.weights[row]) / posterior["sigma"].to_numpy()
    )
    table = resid(toy, kind="standardized")
    assert table["value"].iloc[row] == pytest.approx(np.median(draws))
    assert table["lower_2.5"].iloc[row] == pytest.approx(np.quantile(draws, 0.025))


def test_scaled_residuals_use_the_weights(toy: Any) -> None:
    design = toy.spec.design
    raw = design.response.values - posterior_mean_fitted(toy.draws, toy.spec)
    sigma = np.median(toy.draws["posterior"]["sigma"])
    np.testing.assert_allclose(scaled_residuals(toy.draws, toy.spec), raw * np.sqrt(design.weights) / sigma)


def test_unknown_kind(toy: Any) -> None:
    with pytest.raises(BayesmixedError, match="'pearson'"):
        resid(toy, kind="deviance")  # type: ignore[arg-type]


def test_population_residuals_leave_the_random_effects_in(toy: Any) -> None:
    table = resid(toy, effects="fixed")
    means = fitted(toy, effects="fixed")
    np.testing.assert_allclose(table["value"], toy.spec.design.response.values - means["value"])


def test_population_residuals_are_standardized_by_the_marginal_deviation(toy: Any) -> None:
    posterior, design, row = toy.draws["posterior"], toy.spec.design, 7
    mean = design.offset[row] + posterior["beta"].to_numpy() @ design.fixed.matrix[row]
    variance = posterior["sigma"].to_numpy() ** 2 / design.weights[row]
    for block in design.blocks:
        scaled = posterior[f"sd_{block.group}"].to_numpy() * block.columns[row]
        corr = np.eye(block.n_effects)
        if block.has_correlation:
            corr = posterior[f"corr_{block.group}"].to_numpy()
        variance = variance + np.sum(scaled[..., None] * corr * scaled[..., None, :], axis=(-1, -2))
    expected = np.median((design.response.values[row] - mean) / np.sqrt(variance))
    table = resid(toy, kind="standardized", effects="fixed")
    assert table["value"].iloc[row] == pytest.approx(expected)


@pytest.mark.parametrize("effects", ["all", "fixed"])
def test_quantile_residuals_are_scores_of_the_mean_distribution_function(toy: Any, effects: Any) -> None:
    normal = NormalDist()
    posterior, design, row = toy.draws["posterior"].to_dataset(), toy.spec.design, 3
    mean = fitted_draws(toy.draws, toy.spec, effects, slice(row, row + 1))[:, 0]
    sd = posterior["sigma"].to_numpy().ravel() / np.sqrt(design.weights[row])
    table = resid(toy, kind="quantile", effects=effects)
    assert list(table) == ["value"]
    if effects == "all":
        below = [normal.cdf(z) for z in (design.response.values[row] - mean) / sd]
        assert table["value"].iloc[row] == pytest.approx(normal.inv_cdf(float(np.mean(below))))
    standardized = resid(toy, kind="standardized", effects=effects)["value"]
    assert np.corrcoef(table["value"], standardized)[0, 1] > 0.95


def test_quantile_residuals_of_the_right_model_are_standard_normal() -> None:
    simulation = bm.simulate_data(
        "y ~ x + (1 | g)", groups={"g": 100}, fixed=[1, 2], sd={"g": 0.7}, sigma=2, seed=5
    )
    fit = bm.lmer(simulation.formula, simulation.data, seed=1)
    # One row of each group, so that the residuals are independent.
    marginal = fit.resid(kind="quantile", effects="fixed")["value"].iloc[::10]
    within = fit.resid(kind="quantile")["value"]
    assert kstest(marginal, "norm").pvalue > 0.01
    assert kstest(within, "norm").pvalue > 0.01


def test_quantile_residuals_of_a_skewed_response_are_not_normal() -> None:
    simulation = bm.simulate_data("y ~ 1 + (1 | g)", groups={"g": 60}, fixed=1, sd={"g": 0.3}, seed=5)
    data = simulation.data.assign(y=np.exp(simulation.data["y"]))
    fit = bm.lmer(simulation.formula, data, seed=1)
    assert kstest(fit.resid(kind="quantile")["value"], "norm").pvalue < 1e-4


def test_scores_far_out_are_finite() -> None:
    far = np.array([[-60.0, 60.0, 0.5], [-55.0, 65.0, 0.5]])
    scores = normal_scores(far)
    np.testing.assert_allclose(scores, [-55, 60, 0.5], atol=0.05)
