"""The mean of a response is its mean, by independent arithmetic where the location is another number."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed import verbs
from bayesmixed.errors import FamilyError
from bayesmixed.families.bambi_families import bambi_names
from bayesmixed.families.registry import FAMILIES
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.marginal_effects import comparisons, slopes
from bayesmixed.verbs.model_checks import check_overdispersion
from bayesmixed.verbs.population_mean import population_mean
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.sources import Posterior
from verbs.family_models import BETA, PARAMETERS, SD, simulated

ALPHA, KAPPA, NU, PSI, SIGMA, B = (PARAMETERS[name] for name in ("alpha", "kappa", "nu", "psi", "sigma", "b"))
Mean = Callable[[np.ndarray], np.ndarray]
MEANS: dict[str, Mean] = {
    "zero_inflated_poisson": lambda eta: PSI * np.exp(eta),
    "zero_inflated_negativebinomial": lambda eta: PSI * np.exp(eta),
    "zero_inflated_binomial": lambda eta: PSI / (1 + np.exp(-eta)),
    "hurdle_poisson": lambda eta: PSI * np.exp(eta) / (1 - np.exp(-np.exp(eta))),
    "hurdle_negativebinomial": lambda eta: PSI * np.exp(eta) / (1 - (ALPHA / (ALPHA + np.exp(eta))) ** ALPHA),
    "hurdle_gamma": lambda eta: PSI * np.exp(eta),
    "hurdle_lognormal": lambda eta: PSI * np.exp(eta + SIGMA**2 / 2),
    "lognormal": lambda eta: np.exp(eta + SIGMA**2 / 2),
    "exgaussian": lambda eta: eta + NU,
    "asymmetriclaplace": lambda eta: eta + (1 - KAPPA**2) / (KAPPA * B),
    "wald": np.exp,
    "weibull": np.exp,
}
"""Means at a linear predictor under the default link, of wald the logarithm."""
NOT_WRITTEN_HERE = sorted(set(bambi_names()) - set(FAMILIES))
"""Families whose density only PyMC knows."""


Case = tuple[xr.DataTree, ModelSpec, Mean]


def at_truth(name: str) -> tuple[xr.DataTree, ModelSpec]:
    """Draws at the truth, and the model."""
    return simulated(name, "log" if name == "wald" else None)


@pytest.fixture(scope="module", params=list(MEANS))
def case(request: pytest.FixtureRequest) -> Case:
    """Draws at the truth, the model, and the mean that it must have."""
    return *at_truth(request.param), MEANS[request.param]


def test_fitted_values_predictions_and_residuals_are_around_the_mean(case: Case) -> None:
    draws, spec, mean = case
    linked = verbs.fitted(Posterior(draws, spec), scale="link")["value"].to_numpy()
    for table in (
        verbs.fitted(Posterior(draws, spec)),
        predict(Posterior(draws, spec)),
        predict(Posterior(draws, spec), spec.design.frame),
    ):
        np.testing.assert_allclose(table["value"], mean(linked), rtol=1e-12)
    residual = verbs.resid(Posterior(draws, spec))["value"]
    np.testing.assert_allclose(residual, spec.design.response.observed - mean(linked), atol=1e-12)


def test_the_mean_of_the_population_is_integrated(case: Case) -> None:
    draws, spec, mean = case
    centre = verbs.fitted(Posterior(draws, spec), effects="fixed", scale="link")["value"].to_numpy()
    steps = np.linspace(-8, 8, 4001)
    weights = np.exp(-(steps**2) / 2)
    expected = mean(centre[:3, None] + SD * steps) @ weights / weights.sum()
    found = population_mean(draws, spec, spec.design.frame.head(3))["value"]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_slopes_are_those_of_the_mean(case: Case) -> None:
    draws, spec, mean = case
    at = 0.3
    centre = BETA[0] + BETA[1] * at
    expected = (mean(np.array(centre + 1e-6)) - mean(np.array(centre - 1e-6))) / 2e-6 * BETA[1]
    found = slopes(Posterior(draws, spec), "x", at={"x": at}, average=False)["value"].iloc[0]
    assert found == pytest.approx(float(expected), rel=1e-5)
    step = comparisons(Posterior(draws, spec), "x", contrast=(0.0, at))["value"].iloc[0]
    assert step == pytest.approx(float(mean(np.array(centre)) - mean(np.array(centre - BETA[1] * at))))


@pytest.mark.parametrize("name", [name for name in NOT_WRITTEN_HERE if name != "vonmises"])
def test_scaled_residuals_have_unit_variance_at_the_truth(name: str) -> None:
    draws, spec = at_truth(name)
    scaled = verbs.resid(Posterior(draws, spec), kind="pearson")["value"]
    assert abs(scaled.mean()) < 0.2
    assert 0.7 < scaled.std() < 1.3
    assert 0.6 < check_overdispersion(draws, spec)["ratio"].item() < 1.4
    assert verbs.augment(Posterior(draws, spec))["std_resid"].equals(scaled)


@pytest.mark.parametrize("name", NOT_WRITTEN_HERE)
def test_what_is_not_known_of_a_family_is_refused_by_name(name: str) -> None:
    draws, spec = simulated(name)
    for ask in (
        lambda: verbs.icc(Posterior(draws, spec)),
        lambda: verbs.r2(Posterior(draws, spec)),
    ):
        with pytest.raises(FamilyError, match=f"'{name}'"):
            ask()


def test_an_angle_has_no_mean() -> None:
    draws, spec = simulated("vonmises")
    for ask in (
        lambda: verbs.fitted(Posterior(draws, spec)),
        lambda: verbs.resid(Posterior(draws, spec)),
        lambda: verbs.augment(Posterior(draws, spec)),
        lambda: predict(Posterior(draws, spec)),
        lambda: population_mean(draws, spec),
        lambda: slopes(Posterior(draws, spec), "x"),
        lambda: check_overdispersion(draws, spec),
    ):
        with pytest.raises(FamilyError, match="'vonmises' does not have a mean"):
            ask()
    direction = verbs.fitted(Posterior(draws, spec), scale="link")
    pd.testing.assert_frame_equal(predict(Posterior(draws, spec), kind="link"), direction)
    drawn = predict(Posterior(draws, spec), kind="response", as_draws=True)
    assert np.all(np.abs(drawn) <= np.pi)


@pytest.mark.parametrize("name", ["hurdle_poisson", "beta_binomial", "exgaussian", "vonmises", "gamma"])
def test_a_row_keeps_its_new_response_wherever_it_stands(name: str) -> None:
    draws, spec = simulated(name)
    rows = spec.design.frame.head(20)
    whole = predict(Posterior(draws, spec, seed=3), rows, kind="response", as_draws=True)
    turned = predict(Posterior(draws, spec, seed=3), rows[::-1], kind="response", as_draws=True)
    some = predict(Posterior(draws, spec, seed=3), rows.iloc[4:9], kind="response", as_draws=True)
    np.testing.assert_array_equal(turned.values[..., ::-1], whole.values)
    np.testing.assert_array_equal(some.values, whole.values[..., 4:9])


def test_new_responses_of_every_family_are_drawn_without_compiling() -> None:
    models = [simulated(name) for name in NOT_WRITTEN_HERE]
    started = time.process_time()
    for draws, spec in models:
        predict(Posterior(draws, spec), kind="response", as_draws=True)
    assert time.process_time() - started < 8
