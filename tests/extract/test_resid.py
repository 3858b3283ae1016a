"""Residuals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.extract import fitted, resid
from bayesmixed.extract.fitted import posterior_mean_fitted
from bayesmixed.extract.resid import scaled_residuals


@pytest.mark.parametrize("model", ["sleepstudy_correlated", "gpa_intercept", "dragons_range"])
def test_lme4(at_lme4: Callable[[str], Any], lme4: dict[str, Any], model: str) -> None:
    fit = at_lme4(model)
    expected = np.array(lme4[model]["resid10"])
    np.testing.assert_allclose(resid(fit.draws, fit.spec)["value"].iloc[:10], expected, rtol=1e-7)
    sigma = lme4[model]["reml"]["sigma"]
    np.testing.assert_allclose(scaled_residuals(fit.draws, fit.spec)[:10], expected / sigma, rtol=1e-7)


def test_median_is_the_response_less_the_fitted_median(toy: Any) -> None:
    table = resid(toy.draws, toy.spec)
    means = fitted(toy.draws, toy.spec)
    response = toy.spec.design.response.values
    np.testing.assert_allclose(table["value"], response - means["value"])
    np.testing.assert_allclose(table["lower_2.5"], response - means["upper_97.5"])
    np.testing.assert_allclose(table["se"], means["se"])
    pd.testing.assert_index_equal(table.index, toy.spec.design.frame.index)


def test_weights_scale_pearson_residuals(toy: Any) -> None:
    raw, pearson = (resid(toy.draws, toy.spec, kind=kind)["value"] for kind in ("response", "pearson"))
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
    table = resid(toy.draws, toy.spec, kind="standardized")
    assert table["value"].iloc[row] == pytest.approx(np.median(draws))
    assert table["lower_2.5"].iloc[row] == pytest.approx(np.quantile(draws, 0.025))


def test_scaled_residuals_use_the_weights(toy: Any) -> None:
    design = toy.spec.design
    raw = design.response.values - posterior_mean_fitted(toy.draws, toy.spec)
    sigma = np.median(toy.draws["posterior"]["sigma"])
    np.testing.assert_allclose(scaled_residuals(toy.draws, toy.spec), raw * np.sqrt(design.weights) / sigma)


def test_unknown_kind(toy: Any) -> None:
    with pytest.raises(BayesmixedError, match="'pearson'"):
        resid(toy.draws, toy.spec, kind="deviance")  # type: ignore[arg-type]
