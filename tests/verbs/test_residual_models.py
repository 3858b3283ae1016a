"""Every verb of fits whose residuals are correlated, known or of several spreads."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.likelihood_ratio import is_nested
from bayesmixed.design.records import Design, FloatArray

from .residual_models import BY_LIKELIHOOD, MODELS, estimate, posterior, rows

Fit = bm.MixedFit | bm.RemlFit
FITS = [*((posterior, name) for name in MODELS), *((estimate, name) for name in BY_LIKELIHOOD)]
NAMES = [f"{make.__name__} {name}" for make, name in FITS]
each_fit = pytest.mark.parametrize(("make", "name"), FITS, ids=NAMES)

VERBS: dict[str, Callable[[Any], object]] = {
    "str": str,
    "html": lambda fit: fit._repr_html_(),
    "fixef": lambda fit: fit.fixef(),
    "varcorr": lambda fit: fit.varcorr(),
    "correlations": lambda fit: fit.varcorr(correlations=True),
    "tidy": lambda fit: fit.tidy(),
    "glance": lambda fit: fit.glance(),
    "r2": lambda fit: fit.r2(),
    "fitted": lambda fit: fit.fitted(effects="fixed"),
    "pearson": lambda fit: fit.resid("pearson"),
    "quantile": lambda fit: fit.resid("quantile"),
    "augment": lambda fit: fit.augment(),
    "predict": lambda fit: fit.predict(
        rows().head(3), kind="response", new_levels="population", weights=None
    ),
    "simulate": lambda fit: fit.simulate(2),
    "predictions_at": lambda fit: fit.predictions_at({"time": [0, 1]}),
    "comparisons": lambda fit: fit.comparisons("time"),
    "slopes": lambda fit: fit.slopes("time"),
    "models_table": lambda fit: bm.models_table({"fit": fit}),
}


def by_draw(array: Any) -> Any:
    """Chains under each other."""
    return array.stack(each=("chain", "draw")).transpose("each", ...)  # noqa: PD013 of xarray


def sds_of(design: Design, fit: Fit) -> FloatArray:
    """Draws of the residual standard deviations of all rows, by the text of the model, (draws, n)."""
    tree = fit.draws if isinstance(fit, bm.MixedFit) else fit.point
    draws = by_draw(tree["posterior"].to_dataset())
    frame, n = design.frame, design.n_rows
    sigma = draws["sigma"].values[:, None] if "sigma" in draws else np.zeros((draws.sizes["each"], 1))
    if "beta_sigma" in draws:
        eta = np.zeros((draws.sizes["each"], n))
        for term in draws["term_sigma"].values:
            level = str(term).rpartition("[")[2].strip("T.]")
            known = {"Intercept": np.ones(n), "time": frame["time"], "s": frame["s"]}
            column = known[term] if term in known else (frame["sex"] == level).to_numpy(float)
            eta += draws["beta_sigma"].sel(term_sigma=term).values[:, None] * np.asarray(column)
        if "ranef_sigma_h" in draws:
            eta += draws["ranef_sigma_h"].sel(h=frame["h"].tolist()).values[:, :, 0]
        sigma = np.exp(eta)
    text = design.formula.texts[0]
    weights = frame["w"].to_numpy() if "weights(w)" in text else np.ones(n)
    known_errors = frame["s"].to_numpy() if "se(s" in text else np.zeros(n)
    return np.sqrt(known_errors**2 + sigma**2 / weights)


@each_fit
def test_no_verb_breaks(make: Callable[[str], Fit], name: str) -> None:
    fit = make(name)
    for verb, call in VERBS.items():
        found = call(fit)
        if isinstance(found, pd.DataFrame) and verb not in ("varcorr", "correlations", "tidy", "r2"):
            assert (
                not found.select_dtypes("number").drop(columns="sigma", errors="ignore").isna().any(axis=None)
            )


@each_fit
def test_rows_have_their_own_standard_deviation(make: Callable[[str], Fit], name: str) -> None:
    fit = make(name)
    design = fit.spec.design
    sds = sds_of(design, fit)
    pearson, raw = fit.resid("standardized"), fit.resid()
    if isinstance(fit, bm.RemlFit):
        np.testing.assert_allclose(pearson["value"], raw["value"] / sds[0], rtol=1e-10)
        return
    means = by_draw(fit.predict(draws=True)).values
    expected = np.median((design.response.values - means) / sds, axis=0)
    np.testing.assert_allclose(pearson["value"], expected, rtol=1e-10)
    drawn = by_draw(fit.predict(kind="response", draws=True)).values
    scores = (drawn - means) / sds
    assert abs(scores.mean()) < 0.03
    assert abs(scores.std() - 1) < 0.03


@each_fit
def test_new_rows_are_as_the_rows_of_the_fit(make: Callable[[str], Fit], name: str) -> None:
    fit = make(name)
    frame = fit.spec.design.frame
    own = fit.predict(kind="response")
    again = fit.predict(frame, kind="response")
    np.testing.assert_allclose(
        own.drop(columns="df", errors="ignore"), again[own.columns.drop("df", "ignore")]
    )


@pytest.mark.parametrize("name", BY_LIKELIHOOD)
def test_the_interval_of_a_new_response_has_the_variance_of_its_row(name: str) -> None:
    fit = estimate(name)
    mean, response = fit.predict(), fit.predict(kind="response")
    sds = sds_of(fit.spec.design, fit)[0]
    np.testing.assert_allclose(response["se"] ** 2, mean["se"] ** 2 + sds**2, rtol=1e-6)


@each_fit
def test_tables_name_the_predictor_where_there_are_several(make: Callable[[str], Fit], name: str) -> None:
    fit = make(name)
    several = bool(fit.spec.design.others)
    tables = [fit.fixef(), fit.varcorr(), fit.varcorr(correlations=True)]
    tables += [fit.ranef(), fit.coef()] if fit.spec.design.blocks else []
    for table in tables:
        assert (table.columns[0] == "parameter") == several
    assert ("component" in fit.tidy()) == several
    terms = fit.fixef()
    assert len(terms) == sum(len(each.fixed.terms) for each in fit.spec.design.predictors.values())


def test_residual_standard_deviations_by_stratum() -> None:
    for fit in (posterior("strata"), estimate("strata")):
        table = fit.varcorr()
        assert table["effect"].tolist() == ["Intercept", "sex=f", "sex=m"]
        assert table["group"].tolist() == ["g", "Residual", "Residual"]
        sigma = fit.fixef().query("parameter == 'sigma'")
        np.testing.assert_allclose(
            np.log(table["sd"][1:]), sigma["value"], rtol=1e-4
        )  # medians of an even number
        assert "sex=f" in str(fit)
        assert "Coefficients of log(sigma):" in str(fit)
    table = posterior("bars").varcorr()
    assert table["parameter"].tolist() == ["mu", "mu", "sigma", "sigma"]
    assert table["effect"].tolist() == ["Intercept", "time", "mean over rows", "Intercept"]
    sds = sds_of(posterior("bars").spec.design, posterior("bars"))
    expected = np.median(np.sqrt(np.mean(sds**2, axis=1)))
    np.testing.assert_allclose(table["sd"][2], expected)


def test_correlations_of_residuals_stand_among_correlations() -> None:
    for fit in (posterior("ar"), estimate("ar")):
        table = fit.varcorr(correlations=True)
        assert table[["group", "effect_1", "effect_2"]].values.tolist() == [["Residual", "ar", ""]]
        assert "Correlation of residuals, ar(time, gr=g): ar" in str(fit)
        assert fit.tidy()["term"].tolist()[-2:] == ["sd__Observation", "cor__ar"]
    table = posterior("unstr").varcorr(correlations=True)
    assert len(table) == 10
    assert table[["effect_1", "effect_2"]].values.tolist()[:2] == [["0", "1"], ["0", "2"]]


@pytest.mark.parametrize("name", ["known", "known and sigma", "strata", "ar"])
def test_shares_of_variance_count_the_residuals_of_the_rows(name: str) -> None:
    for fit in (posterior(name), estimate(name)):
        sds = sds_of(fit.spec.design, fit)
        tree = fit.draws if isinstance(fit, bm.MixedFit) else fit.point
        between = tree["posterior"]["sd_g"].values.reshape(-1) ** 2
        share = between / (between + np.mean(sds**2, axis=1))
        np.testing.assert_allclose(fit.icc()["icc"], np.median(share), rtol=1e-9)
    assert "V_res" in fit.icc()["formula"].iloc[0]


def test_a_hypothesis_about_any_parameter() -> None:
    fit = posterior("ar, strata")
    draws = fit.draws["posterior"].to_dataset()
    found = fit.hypothesis("exp(sigma_Intercept) > ar")
    expected = float((np.exp(draws["beta_sigma"][..., 0]) > draws["ar"]).mean())
    assert found.probability == pytest.approx(expected)
    assert posterior("unstr").hypothesis("unstr[0, 1] > 0").probability >= 0
    assert posterior("bars").hypothesis("sd_sigma_h > 0").probability == 1


@pytest.mark.parametrize("name", ["ar", "cosy", "unstr", "ar, strata"])
def test_simulated_residuals_are_correlated_as_the_model_says(name: str) -> None:
    fit = estimate(name, "ml")
    design = fit.spec.design
    drawn = fit.simulate(4000, effects="all", seed=5).to_numpy() - fit.fitted()["value"].to_numpy()[:, None]
    sds = sds_of(design, fit)[0]
    serial = design.residual.correlation
    matrix = serial.correlation(fit.point["posterior"][serial.label].values[0, 0])
    np.testing.assert_allclose(np.corrcoef(drawn / sds[:, None]), matrix, atol=0.09)
    with pytest.raises(bm.DataError, match="are not drawn together"):
        fit.simulate(2, newdata=design.frame.head(2))


@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto")
def test_leave_one_out_and_posterior_checks() -> None:
    for name in MODELS:
        fit = posterior(name)
        tree = fit.add_groups("log_likelihood", "log_prior", "posterior_predictive", "prior_predictive")
        assert np.all(np.isfinite(tree["log_likelihood"]["y"].values))
        assert np.isfinite(fit.loo().elpd)


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_fit_comes_back(name: str, tmp_path: Path) -> None:
    fit = posterior(name)
    fit.save(tmp_path / "a.fit")
    again = bm.load(tmp_path / "a.fit")
    assert again.formula == fit.formula
    pd.testing.assert_frame_equal(again.varcorr(), fit.varcorr())
    pd.testing.assert_frame_equal(again.predict(kind="response"), fit.predict(kind="response"))
    assert again.priors.table().equals(fit.priors.table())
    assert list(again.diagnostics().index) == list(fit.diagnostics().index)


def test_diagnostics_name_every_parameter() -> None:
    labels = list(posterior("bars").diagnostics(ranef="all").index)
    wanted = ["beta_sigma[Intercept]", "sd_sigma_h[Intercept]", "ranef_sigma_h[h0, Intercept]"]
    assert set(wanted) <= set(labels)
    assert "unstr[0, 1]" in posterior("unstr").diagnostics().index
    assert "ar" in posterior("ar").diagnostics().index


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "bambi": (lambda: posterior("ar").to_bambi(), r"the formula says 'ar\(time, gr=g\)'"),
    "simulate_data": (
        lambda: bm.simulate_data(["y ~ 1 + (1 | g)", "sigma ~ x"], groups={"g": 5}, fixed=[1], sd={"g": 1}),
        r"the formula says 'sigma ~ x'",
    ),
    "pooling": (lambda: bm.pooling("y | se(s) ~ 1 + (1 | g)", rows()), r"the formula says 'se\(s\)'"),
    "lm_by_group": (
        lambda: bm.lm_by_group("y ~ time + ar(gr=g)", rows(), group="g"),
        r"the formula says 'ar\(gr=g\)'",
    ),
    "REML of bars of sigma": (lambda: estimate("bars"), "use method='bayes'"),
    "weights given twice": (
        lambda: posterior("continuous").predict(rows(), kind="response", weights="w"),
        "leave weights= out",
    ),
    "new rows without their error": (
        lambda: posterior("known").predict(rows().drop(columns="s"), kind="response"),
        "newdata has no column 's'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises(bm.BayesmixedError, match=words):
        call()


@pytest.mark.parametrize("name", ["strata", "ar", "known", "bars"])
def test_moments_of_random_effects_give_the_same_tables(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.ConvergenceWarning)
        fit = bm.lmer(MODELS[name], rows(), draws=150, chains=2, seed=3, adapt=False, keep_ranef="moments")
    full = posterior(name)
    np.testing.assert_allclose(fit.varcorr()["sd"], full.varcorr()["sd"])
    assert len(fit.ranef()) == len(full.ranef())
    if name == "bars":
        with pytest.raises(bm.BayesmixedError, match="keeps their moments only"):
            fit.predict()
        return
    np.testing.assert_allclose(fit.predict(kind="response"), full.predict(kind="response"))


@pytest.mark.filterwarnings("ignore::bayesmixed.ConvergenceWarning")
@pytest.mark.parametrize("term", ["cosy(gr=g)", "unstr(time, gr=g)"])
def test_intercepts_of_the_series_cannot_be_told_from_their_correlation(term: str) -> None:
    formula = f"y ~ time + (1 | g) + {term}"
    with pytest.raises(bm.DataError, match="cannot be told apart"):
        bm.lmer(formula, rows(), method="reml")
    with pytest.warns(bm.DesignWarning, match="The priors alone decide"):
        bm.lmer(formula, rows(), draws=100, chains=2, seed=1, adapt=False)


def test_strata_and_errors_without_bars_are_printed() -> None:
    strata = bm.lmer(["y ~ time + ar(time, gr=g)", "sigma ~ 0 + sex"], rows(), method="reml")
    assert "Residual sex=f" in str(strata)
    known = str(bm.lmer("y | se(s) ~ time", rows(), method="reml"))
    assert "Residuals have the known standard errors s, and nothing beside them." in known


def test_comparisons_of_estimates_know_what_is_nested() -> None:
    plain = bm.lmer("y ~ time + (1 | h)", rows(), method="ml")
    with_ar = bm.lmer("y ~ time + (1 | h) + ar(time, gr=g)", rows(), method="ml")
    table = bm.anova(plain, with_ar)
    assert table["Df"].iloc[-1] == 1
    nested = {
        ("strata", "strata"): True,
        ("ar", "ar, strata"): False,
        ("cosy", "ar, strata"): False,
        ("known", "known and sigma"): True,
        ("known and sigma", "known"): False,
    }
    for (smaller, larger), expected in nested.items():
        designs = [estimate(name).spec.design for name in (smaller, larger)]
        assert is_nested(*designs) == expected
    assert is_nested(with_ar.spec.design, estimate("ar, strata").spec.design)
    assert is_nested(plain.spec.design, estimate("ar, strata").spec.design)
    assert not is_nested(estimate("ar, strata").spec.design, with_ar.spec.design)
    dropped = bm.ranova(bm.lmer("y ~ time + (1 | h) + ar(time, gr=g)", rows(), method="reml"))
    assert dropped["term"].tolist() == ["<none>", "(1 | h)"]
    alone = bm.lmer("y ~ time + ar(time, gr=g)", rows(), method="reml")
    assert dropped["logLik"].iloc[1] == pytest.approx(alone.log_likelihood(), abs=1e-6)
