"""Verbs of families other than gaussian, against what they must be at a known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import gamma

import bayesmixed as bm
from bayesmixed import verbs
from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import DataError, EngineError, FamilyError
from bayesmixed.fits.reml_fit import reml_fit
from bayesmixed.posterior.prior_draws import add_groups
from bayesmixed.posterior.response import log_likelihood
from bayesmixed.tables.summary_parts import summary_parts
from bayesmixed.verbs.distribution_variance import distribution_variance
from bayesmixed.verbs.hypothesis import hypothesis
from bayesmixed.verbs.loo import loo
from bayesmixed.verbs.marginal_likelihood import log_marginal_likelihood
from bayesmixed.verbs.model_checks import check_overdispersion, check_zeros
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.prior_sensitivity import prior_sensitivity
from bayesmixed.verbs.simulate import simulate
from bayesmixed.verbs.sources import Posterior
from verbs.family_models import BETA, PARAMETERS, SD, simulated

FAMILIES = [
    ("bernoulli", None),
    ("bernoulli", "cloglog"),
    ("binomial", None),
    ("binomial", "probit"),
    ("poisson", None),
    ("negativebinomial", None),
    ("gamma", None),
    ("weibull", None),
    ("beta", None),
    ("t", None),
    ("lognormal", None),
]
RUN = RunInfo(engine="pymc", plan=(), draws=5, tune=5, chains=1, thin=1, seed=1, seconds=0.1)


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda case: "-".join(filter(None, case)))
def model(request: pytest.FixtureRequest) -> Any:
    """Draws and specification of every family."""
    return simulated(*request.param)


def test_fitted_values_are_the_inverse_link(model: Any) -> None:
    draws, spec = model
    linked = verbs.fitted(Posterior(draws, spec), scale="link")["value"].to_numpy()
    mean = spec.family.link_function.inverse(linked)
    if spec.family.name == "lognormal":
        mean = np.exp(linked + PARAMETERS["sigma"] ** 2 / 2)
    np.testing.assert_allclose(verbs.fitted(Posterior(draws, spec))["value"], mean)


def test_predictions_of_the_rows_are_the_fitted_values(model: Any) -> None:
    draws, spec = model
    rows = spec.design.frame
    for kind, scale in (("mean", "response"), ("link", "link")):
        found = predict(Posterior(draws, spec), rows, kind=kind)
        pd.testing.assert_frame_equal(found, verbs.fitted(Posterior(draws, spec), scale=scale))


def test_residuals_are_observed_less_fitted_in_units_of_the_sd(model: Any) -> None:
    draws, spec = model
    response = spec.design.response
    y = response.values if response.trials is None else response.values / response.trials
    raw = verbs.resid(Posterior(draws, spec))["value"]
    np.testing.assert_allclose(raw, y - verbs.fitted(Posterior(draws, spec))["value"], atol=1e-12)
    scaled = verbs.resid(Posterior(draws, spec), kind="pearson")["value"]
    assert np.all(np.sign(scaled) == np.sign(raw))
    assert 0.6 < scaled.std() < 1.5


def test_quantile_residuals_of_the_truth_are_standard_normal(model: Any) -> None:
    scores = verbs.resid(Posterior(*model), kind="quantile")["value"]
    assert stats.kstest(scores, "norm").pvalue > 0.001
    pd.testing.assert_series_equal(scores, verbs.resid(Posterior(*model), kind="quantile")["value"])


def test_new_responses_look_like_the_data(model: Any) -> None:
    draws, spec = model
    new = simulate(Posterior(draws, spec), 5, seed=3)
    y = spec.design.response.values
    assert np.all(np.abs(new.mean() - y.mean()) < 0.8 * y.std())
    if spec.design.response.trials is not None:
        assert np.all(new.to_numpy() <= spec.design.response.trials[:, None])
        assert new.to_numpy().max() > 1
    pd.testing.assert_frame_equal(new, simulate(Posterior(draws, spec), 5, seed=3))


def test_the_log_likelihood_is_highest_near_the_truth(model: Any) -> None:
    draws, spec = model
    moved = draws.copy(deep=True)
    moved["posterior"]["beta"] += 1.0
    at_truth, away = (log_likelihood(tree, spec)["y"].sum("row").values for tree in (draws, moved))
    assert np.all(at_truth > away)


def test_shares_of_variance_state_their_formula(model: Any) -> None:
    draws, spec = model
    within = distribution_variance(draws, spec)
    row = verbs.icc(Posterior(draws, spec)).iloc[0]
    assert row["icc"] == pytest.approx(SD**2 / (SD**2 + within.draws[0]))
    assert within.formula in row["formula"]
    conditional = verbs.r2(Posterior(draws, spec)).set_index("type")["r2"]
    assert 0 < conditional["marginal"] < conditional["conditional"] < 1


def test_tables_have_no_residual_where_there_is_none(model: Any) -> None:
    draws, spec = model
    has = spec.family.has_residual_sd
    assert ("Residual" in set(verbs.varcorr(Posterior(draws, spec))["group"])) is has
    assert ("sd__Observation" in set(verbs.tidy(Posterior(draws, spec))["term"])) is has
    diagnostics = pd.DataFrame({"r_hat": [1.0], "ess_bulk": [500.0], "ess_tail": [500.0]}, index=["beta[x]"])
    assert np.isfinite(verbs.glance(draws, spec, RUN, diagnostics)["sigma"].item()) is np.bool_(has)


def test_the_summary_names_family_and_parameters(model: Any) -> None:
    draws, spec = model
    diagnostics = pd.DataFrame({"r_hat": [1.0], "ess_bulk": [500.0], "ess_tail": [500.0]}, index=["beta[x]"])
    text = summary_parts(draws, spec, RUN, diagnostics).text()
    assert text.startswith("Generalized linear mixed model fit by")
    assert f"Family: {spec.family}" in text
    for name in set(spec.family.parameter_names) - {"sigma"}:
        assert f"{name} {PARAMETERS[name]:.4g} [" in text
    assert str(spec.family) in summary_parts(draws, spec, RUN, diagnostics).html()


def test_all_groups_for_arviz_can_be_made(model: Any) -> None:
    draws, spec = model
    groups = ("log_likelihood", "log_prior", "posterior_predictive", "prior")
    tree = add_groups(draws, spec, groups, seed=1, prior_draws=20)
    assert set(groups) <= set(tree.children)
    assert set(spec.family.parameter_names) <= set(tree["log_prior"].data_vars)
    assert np.isfinite(tree["log_likelihood"]["y"].values).all()


def test_what_only_a_gaussian_model_can_do_is_refused(model: Any) -> None:
    draws, spec = model
    for ask in (
        lambda: reml_fit(spec, "reml"),
        lambda: loo(draws, spec, group="g"),
        lambda: log_marginal_likelihood(draws, spec, seed=1),
    ):
        with pytest.raises(EngineError, match="only a gaussian model"):
            ask()
    with pytest.raises(FamilyError, match="for gaussian models"):
        verbs.resid(Posterior(draws, spec), kind="pearson", effects="fixed")


@pytest.mark.parametrize(
    ("family", "link", "expected"),
    [
        ("bernoulli", "logit", np.pi**2 / 3),
        ("binomial", "probit", 1.0),
        ("bernoulli", "cloglog", np.pi**2 / 6),
        ("gamma", "log", np.log1p(1 / PARAMETERS["alpha"])),
        ("weibull", "log", np.log(gamma(1 + 2 / 2.0) / gamma(1 + 1 / 2.0) ** 2)),
        ("lognormal", None, PARAMETERS["sigma"] ** 2),
        ("t", None, PARAMETERS["sigma"] ** 2 * 6 / 4),
    ],
)
def test_distribution_specific_variances(family: str, link: str | None, expected: float) -> None:
    np.testing.assert_allclose(distribution_variance(*simulated(family, link)).draws, expected)


@pytest.mark.parametrize("family", ["poisson", "negativebinomial"])
def test_the_variance_of_counts_is_nakagawas(family: str) -> None:
    draws, spec = simulated(family)
    x = spec.design.fixed.matrix[:, 1]
    expected = np.exp(BETA[0] + BETA[1] * x.mean() + (BETA[1] ** 2 * x.var(ddof=1) + SD**2) / 2)
    extra = 1 / PARAMETERS["alpha"] if family == "negativebinomial" else 0.0
    found = distribution_variance(draws, spec).draws
    np.testing.assert_allclose(found, np.log1p(1 / expected + extra))


def test_a_beta_response_has_a_variance_by_the_delta_method() -> None:
    draws, spec = simulated("beta")
    m = 1 / (1 + np.exp(-(BETA[0] + BETA[1] * spec.design.fixed.matrix[:, 1].mean())))
    expected = 1 / ((1 + PARAMETERS["kappa"]) * m * (1 - m))
    np.testing.assert_allclose(distribution_variance(draws, spec).draws, expected)


@pytest.mark.parametrize("family", ["poisson", "bernoulli", "lognormal"])
def test_exponentials_are_ratios(family: str) -> None:
    draws, spec = simulated(family)
    table = verbs.fixef(Posterior(draws, spec), exponentiate=True)
    np.testing.assert_allclose(table["value"], np.exp(BETA))
    plain = verbs.fixef(Posterior(draws, spec))
    np.testing.assert_allclose(np.log(table["lower_2.5"]), plain["lower_2.5"])
    assert "ratio" in table.attrs["legend"]


@pytest.mark.parametrize(("family", "link"), [("t", None), ("bernoulli", "probit"), ("gamma", "inverse")])
def test_other_coefficients_have_no_ratio(family: str, link: str | None) -> None:
    with pytest.raises(FamilyError, match="gives ratios"):
        verbs.fixef(Posterior(*simulated(family, link)), exponentiate=True)


@pytest.mark.parametrize(
    ("family", "fitted_as", "scattered"), [("poisson", None, False), ("negativebinomial", "poisson", True)]
)
def test_overdispersion_is_found(family: str, fitted_as: str | None, scattered: bool) -> None:
    draws, spec = simulated(family, fitted_as=fitted_as)
    row = check_overdispersion(draws, spec).iloc[0]
    assert (row["ratio"] > 1.3) is np.bool_(scattered)
    assert (row["p_value"] < 0.01) is np.bool_(scattered)
    assert row["lower_2.5"] <= row["ratio"] <= row["upper_97.5"]


def test_excess_zeros_are_found() -> None:
    draws, spec = simulated("poisson")
    assert check_zeros(draws, spec)["p_value"].item() > 0.01
    y = spec.design.response.values
    y[::2] = 0
    row = check_zeros(draws, spec).iloc[0]
    assert row["observed"] == np.count_nonzero(y == 0)
    assert row["ratio"] > 1.3
    assert row["p_value"] == 0


def test_checks_are_for_what_they_count() -> None:
    with pytest.raises(FamilyError, match="for counts"):
        check_zeros(*simulated("gamma"))


def test_new_successes_need_their_trials() -> None:
    draws, spec = simulated("binomial")
    new = spec.design.frame.head(4)
    drawn = predict(Posterior(draws, spec), new.assign(n=100_000), kind="response")["value"]
    np.testing.assert_allclose(drawn, predict(Posterior(draws, spec), new)["value"], atol=0.01)
    for wrong, found in ((0, "0"), (-3, "-3"), (2.5, "2.5")):
        with pytest.raises(DataError, match=f"4 of the 4 rows.*the first row 0 .* with {found}"):
            predict(Posterior(draws, spec), new.assign(n=wrong), kind="response")
    with pytest.raises(DataError, match="no column 'n'"):
        predict(Posterior(draws, spec), new.drop(columns="n"), kind="response")
    assert predict(Posterior(draws, spec), new.drop(columns="n"))["value"].between(0, 1).all()


def test_the_line_of_a_group_names_the_link() -> None:
    assert verbs.equation(Posterior(*simulated("poisson")), "g00").startswith("log(y) = ")
    assert verbs.equation(Posterior(*simulated("t")), "g00").startswith("y = ")


def test_proportions_are_on_the_scale_of_their_mean() -> None:
    response = simulated("binomial")[1].design.response
    assert response.trials is not None
    np.testing.assert_array_equal(response.observed * response.trials, response.values)


def test_a_parameter_of_the_family_can_be_asked_about() -> None:
    draws, spec = simulated("negativebinomial")
    assert hypothesis(draws, spec, "alpha > 1").probability == 1
    with pytest.raises(bm.BayesmixedError, match="no parameter 'sigma'"):
        hypothesis(draws, spec, "sigma > 1")


def test_prior_sensitivity_covers_the_parameters_of_the_family() -> None:
    draws, spec = simulated("gamma")
    rng = np.random.default_rng(1)
    long = draws["posterior"].to_dataset().isel(draw=[0] * 200).assign_coords(draw=np.arange(200))
    noisy = long.map(lambda values: values * np.exp(0.1 * rng.standard_normal(values.shape)))
    tree = draws.copy()
    tree["posterior"] = type(draws)(noisy)
    assert prior_sensitivity(tree, spec)["term"].tolist()[-1] == "alpha"
