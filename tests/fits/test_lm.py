"""Regressions without random effects: the verbs of both kinds of fit, against R and against algebra."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import integrate, stats

import bayesmixed as bm
from bayesmixed.engines.collapsed.problem import evaluate, make_problem, pack_problem
from bayesmixed.engines.kernel.plan import make_plan
from references import REGRESSIONS, SHARED
from regressions import FRAME, GENERAL, LINEAR

mpl.use("Agg")
GROUPED = r"about random effects, and the model does not have any: its formula '.*' has no bar"


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(np.asarray(ours, dtype=float), theirs, rtol=1e-8, atol=1e-8)


@cache
def line(formula: str = "y ~ x + f") -> bm.RegressionFit:
    return bm.lm(formula, FRAME, method="ols")


@cache
def posterior(formula: str = "y ~ x + f", family: str = "gaussian") -> bm.MixedFit:
    if family == "gaussian":
        return bm.lm(formula, FRAME, seed=1)
    return bm.glm(formula, FRAME, family, seed=1)


@pytest.mark.parametrize("name", LINEAR)
def test_tables_of_least_squares_are_those_of_r(name: str) -> None:
    formula, options = LINEAR[name]
    fit, known = bm.lm(formula, FRAME, method="ols", **options), REGRESSIONS["lm"][name]
    table, n = fit.fixef(), len(FRAME)
    same(table[["value", "se", "t", "p_value"]], known["coefficients"])
    assert (table["df"] == n - len(table)).all()
    same(table[["lower_2.5", "upper_97.5"]], known["confint"])
    same(fit.confint("beta")[["lower_2.5", "upper_97.5"]], known["confint"])
    same(fit.vcov(), known["vcov"])
    augmented = fit.augment(prefix=".")
    for ours, theirs in (
        ("fitted", "fitted"),
        ("fitted_se", "se_fitted"),
        ("leverage", "hat"),
        ("cooks_distance", "cooks"),
        ("std_resid", "standardized"),
        ("student_resid", "studentized"),
        ("sigma_without", "sigma_without"),
    ):
        same(augmented[f".{ours}"], known[theirs])
    row = fit.glance().iloc[0]
    keys = {"sigma": "sigma", "AIC": "aic", "BIC": "bic", "log_likelihood": "loglik", "deviance": "deviance"}
    same(row[list(keys)], [known[key] for key in keys.values()])
    if name == "offset":  # which this version of R counts among what is explained
        return
    same(fit.r2()["r2"], [known["r2"], known["adj_r2"]])
    same(row[["r2", "adj_r2"]], [known["r2"], known["adj_r2"]])
    same(row[["F", "df_F", "df_residual"]], known["f"])


@pytest.mark.parametrize("name", GENERAL)
def test_tables_of_maximum_likelihood_are_those_of_r(name: str) -> None:
    formula, family, link = GENERAL[name]
    fit, known = bm.glm(formula, FRAME, family, link=link, method="ml"), REGRESSIONS["glm"][name]
    table = fit.fixef()
    same(table[["value", "se"]], known["coefficients"])
    same(table["z"], table["value"] / table["se"])
    same(table["p_value"], 2 * stats.norm.sf(np.abs(table["z"])))
    same(fit.fitted()["value"], known["fitted"])
    same(fit.resid("pearson")["value"] * np.sqrt(phi(fit)), known["pearson"])
    augmented = fit.augment()
    for ours, theirs in (("leverage", "hat"), ("std_resid", "standardized"), ("cooks_distance", "cooks")):
        same(augmented[ours], known[theirs])
    row = fit.glance().iloc[0]
    for ours in ("deviance", "null_deviance", "df_residual", "df_null"):
        same(row[ours], known[ours])
    assert fit.deviance() == row["deviance"]


def phi(fit: bm.RegressionFit) -> float:
    """Inverse of the dispersion, by which R's Pearson residuals are not divided."""
    return 1 / fit.estimate.parameters["alpha"] if fit.spec.family.name == "gamma" else 1.0


def test_predictions_have_r_s_intervals() -> None:
    new = pd.DataFrame({"x": [0, 3], "f": ["b", "c"]})
    for kind, known in REGRESSIONS["predict"].items():
        same(line().predict(new, kind=kind)[["value", "lower_2.5", "upper_97.5"]], known)


def test_f_tests_are_those_of_r() -> None:
    one, two = REGRESSIONS["anova"]["one"], REGRESSIONS["anova"]["two"]
    same(
        bm.anova(line(), type="I")[["NumDF", "sum_sq", "mean_sq", "F"]].T,
        [one[key][:2] for key in ("Df", "Sum Sq", "Mean Sq", "F value")],
    )
    table = bm.anova(line(), line("y ~ x"))
    same(table["SSE"], two["RSS"])
    same(
        table.iloc[1][["df_residual", "Df", "sum_sq", "F", "p_value"]],
        [two[key][1] for key in ("Res.Df", "Df", "Sum of Sq", "F", "Pr(>F)")],
    )


def test_a_regression_is_tested_against_a_mixed_model() -> None:
    mixed = bm.lmer("y ~ x + f + (1 | g)", FRAME, method="reml")
    table = bm.anova(mixed, line())
    by_ml = bm.lmer("y ~ x + f + (1 | g)", FRAME, method="ml")
    same(table["logLik"], [line().log_likelihood(), by_ml.log_likelihood()])
    assert table["p_mixture"].notna().tolist() == [False, True]
    assert bm.ranova(mixed)["LRT"].notna().any()
    booted = bm.anova(mixed, line(), boot=20, seed=1)
    assert 0 < booted["p_boot"].iloc[1] <= 1


def test_nested_generalized_models_are_tested_by_the_deviance() -> None:
    formulas = "count ~ x + offset(o)", "count ~ x + z + offset(o)"
    small, large = (bm.glm(formula, FRAME, "poisson", method="ml") for formula in formulas)
    table = bm.anova(small, large)
    assert table["Chisq"].iloc[1] == pytest.approx(small.deviance() - large.deviance())
    assert bm.drop1(large)["LRT"].iloc[2] == pytest.approx(table["Chisq"].iloc[1])
    with pytest.raises(bm.BayesmixedError, match="F tests of terms are for gaussian models"):
        bm.anova(large)
    with pytest.raises(bm.BayesmixedError, match="their families differ"):
        bm.anova(large, bm.glm(formulas[0], FRAME, "negativebinomial", method="ml"))


def test_profiles_are_those_of_r() -> None:
    """R's ends come from splines through the profile; ours are where the deviance has risen enough."""
    fit = bm.glm("b ~ x + z", FRAME, "bernoulli", method="ml")
    table = fit.confint(method="profile")
    np.testing.assert_allclose(table[["lower_2.5", "upper_97.5"]], REGRESSIONS["profile"], atol=2e-3)
    held = bm.glm(
        "b ~ z + offset(held)",
        FRAME.assign(held=FRAME["x"] * table["upper_97.5"][1]),
        "bernoulli",
        method="ml",
    )
    assert held.deviance() - fit.deviance() == pytest.approx(stats.chi2(1).ppf(0.95), rel=1e-6)
    wide = bm.glm("over ~ x", FRAME, "negativebinomial", method="ml").confint(method="profile", prob=0.99)
    assert (wide["lower_0.5"] < wide["estimate"]).all()
    with pytest.raises(bm.BayesmixedError, match="are exact"):
        line().confint(method="profile")


def test_means_of_other_families_stay_in_their_range() -> None:
    fit = bm.glm("b ~ x + z", FRAME, "bernoulli", method="ml")
    new = pd.DataFrame({"x": [-9.0, 9.0], "z": [0.0, 0.0]})
    table, link = fit.predict(new), fit.predict(new, kind="link")
    same(
        table[["value", "lower_2.5", "upper_97.5"]],
        1 / (1 + np.exp(-link[["value", "lower_2.5", "upper_97.5"]])),
    )
    difference = fit.comparisons("x", contrast=(0, 1), average=False)
    p, q = (fit.predict(FRAME.assign(x=value))["value"].to_numpy() for value in (1, 0))
    same(difference["value"], p - q)
    slope = fit.slopes("x", at={"x": [1.0], "z": [0.0]}, average=False)
    mean = fit.predictions_at({"x": [1.0], "z": [0.0]})["value"].item()
    assert slope["value"].item() == pytest.approx(mean * (1 - mean) * fit.fixef()["value"][1], rel=1e-6)
    with pytest.raises(bm.FamilyError, match=r"use simulate\(\), or method='bayes'"):
        fit.predict(kind="response")
    ratio = fit.fixef(exponentiate=True)
    same(ratio["value"], np.exp(fit.fixef()["value"]))
    same(ratio["se"], np.exp(fit.fixef()["value"]) * fit.fixef()["se"])


def test_comparisons_average_by_the_delta_method() -> None:
    """The standard error of the average difference in counts, by a gradient of finite differences."""
    fit = bm.glm("count ~ x + z + offset(o)", FRAME, "poisson", method="ml")
    table = fit.comparisons("x", contrast=1)
    b, vcov = fit.fixef()["value"].to_numpy(), fit.vcov().to_numpy()

    def average(at: np.ndarray) -> float:
        eta = at[0] + at[1] * FRAME["x"] + at[2] * FRAME["z"] + FRAME["o"]
        return float(np.mean(np.exp(eta + at[1]) - np.exp(eta)))

    slope = np.array([(average(b + m) - average(b - m)) / 2e-6 for m in 1e-6 * np.eye(3)])
    assert table["value"].item() == pytest.approx(average(b), rel=1e-9)
    assert table["se"].item() == pytest.approx(np.sqrt(slope @ vcov @ slope), rel=1e-6)


def test_the_posterior_is_that_of_conjugate_algebra() -> None:
    """Flat coefficients and a flat sigma: sigma^2 is inverse chi-squared, coefficients are Student's t."""
    flat = {"b": bm.prior("Flat"), "Intercept": bm.prior("Flat"), "sigma": bm.prior("HalfFlat")}
    spec = bm.specify("y ~ x + f", FRAME, priors=flat)
    packed, ols = pack_problem(make_problem(spec), make_plan(spec.design)), line().estimate
    df = ols.df_residual - 1
    points = np.linspace(-0.7, 0.5, 7) + np.log(ols.optimum.sigma / np.std(FRAME["y"], ddof=1))
    ours = [evaluate(packed, np.array([z]))[0] for z in points]
    variances = (np.exp(points) * np.std(FRAME["y"], ddof=1)) ** 2
    scale = ols.deviance / df
    theirs = stats.invgamma(df / 2, scale=df * scale / 2).logpdf(variances) + np.log(2 * variances)
    np.testing.assert_allclose(np.diff(ours), np.diff(theirs), atol=1e-8)
    fit = bm.lm("y ~ x + f", FRAME, priors=flat, draws=2000, seed=2)
    table, checks = fit.fixef(), fit.diagnostics()
    se = ols.covariance.diagonal() ** 0.5 * np.sqrt(ols.df_residual / (df - 2))
    ess = checks["ess_bulk"].to_numpy()[: len(table)]
    np.testing.assert_array_less(np.abs(table["value"] - ols.optimum.coefficients), 5 * 1.3 * se / ess**0.5)
    np.testing.assert_allclose(table["se"], se, rtol=0.05)


def test_the_posterior_is_that_of_quadrature_over_sigma() -> None:
    """Default priors: a dense normal over the rows for every sigma."""
    spec = bm.specify("y ~ x + f", FRAME)
    design, priors = spec.design, spec.priors
    columns = design.fixed.matrix @ design.fixed.centring
    means, sds = (np.array([p.args[key] for p in priors.coefficients]) for key in ("mu", "sigma"))
    t, y = priors.parameters["sigma"].args, design.response.values

    def log_joint(sigma: float) -> float:
        cov = columns @ np.diag(sds**2) @ columns.T + sigma**2 * np.eye(len(y))
        normal = stats.multivariate_normal(columns @ means, cov).logpdf(y)
        return float(normal + np.log(2) + stats.t(t["nu"], scale=t["sigma"]).logpdf(sigma))

    grid = np.linspace(0.6, 3.0, 241)
    logs = np.array([log_joint(s) for s in grid])
    weights = np.exp(logs - logs.max())
    evidence = float(np.log(integrate.simpson(weights, x=grid)) + logs.max())
    mean = float(integrate.simpson(weights * grid, x=grid) / integrate.simpson(weights, x=grid))
    packed, unit = pack_problem(make_problem(spec), make_plan(design)), np.std(y, ddof=1)
    ours = np.array([evaluate(packed, np.array([np.log(s / unit)]))[0] - np.log(s) for s in grid])
    np.testing.assert_allclose(ours, logs, atol=1e-8)
    fit = posterior()
    marginal = fit.log_marginal_likelihood(seed=1)
    assert abs(marginal.value - evidence) < max(4 * marginal.se, 1e-3)
    sigma = fit.draws["posterior"]["sigma"].values
    assert abs(sigma.mean() - mean) < 4 * sigma.std() / np.sqrt(sigma.size / 4)


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("y ~ x + f", "gaussian"),
        ("b ~ x + z", "bernoulli"),
        ("over ~ x", "negativebinomial"),
        ("time ~ x", "gamma"),
        ("count ~ 1 + offset(o)", "poisson"),
    ],
)
def test_posteriors_lie_around_the_estimate(formula: str, family: str) -> None:
    fit = posterior(formula, family)
    estimate = fit.ml()
    assert isinstance(estimate, bm.RegressionFit)
    table, known = fit.fixef(), estimate.fixef()
    assert (np.abs(table["value"] - known["value"]) < 0.35 * known["se"]).all()
    np.testing.assert_allclose(table["se"], known["se"], rtol=0.15)


def test_diagnostics_are_good() -> None:
    for fit in (posterior(), posterior("b ~ x + z", "bernoulli"), posterior("over ~ x", "negativebinomial")):
        table = fit.diagnostics()
        assert table["r_hat"].max() < 1.01
        assert table[["ess_bulk", "ess_tail"]].min().min() > 1000


GROUP_VERBS = ("ranef", "coef", "icc")


@pytest.mark.parametrize(
    "verb", [*GROUP_VERBS, "plot.ranef", "plot.icc", "plot.ranef_matrix", "plot.observed"]
)
@pytest.mark.parametrize("kind", ["bayes", "ols", "ml"])
def test_what_is_about_groups_is_refused(verb: str, kind: str) -> None:
    fit: Any = {"bayes": posterior(), "ols": line(), "ml": bm.glm("b ~ x", FRAME, "bernoulli", method="ml")}[
        kind
    ]
    for name in verb.split("."):
        fit = getattr(fit, name)
    with pytest.raises(bm.DataError, match=GROUPED):
        fit()


def test_more_of_groups_is_refused() -> None:
    for call in (
        lambda: line().equation("a"),
        lambda: line().ranova(),
        lambda: posterior().bayes_factor_of("g"),
        lambda: posterior().plot.groups("x"),
        lambda: posterior().plot.predictive_groups(),
        lambda: bm.pooling("y ~ x", FRAME, method="reml"),
    ):
        with pytest.raises(bm.BayesmixedError):
            call()
    assert len(line().ngrps()) == 0


@pytest.mark.parametrize("fit", [line, posterior])
def test_every_fit_writes_itself(fit: Any, tmp_path: Path) -> None:
    made = fit()
    assert str(made).startswith("Linear model fit by")
    assert "Random effects" not in str(made)
    assert "Random effects" not in made._repr_html_()
    assert "x" in made.table().to_markdown()
    made.report(tmp_path / "page.html")
    assert "Least squares" in (tmp_path / "page.html").read_text() or made.method == "ols"


def test_a_posterior_is_saved_and_read(tmp_path: Path) -> None:
    posterior().save(tmp_path / "a.fit")
    again = bm.load(tmp_path / "a.fit")
    assert again.fixef().equals(posterior().fixef())
    assert str(again) == str(posterior())


def test_models_stand_side_by_side() -> None:
    mixed = bm.lmer("y ~ x + (1 | g)", FRAME, method="reml")
    shown = bm.models_table({"lm": line("y ~ x"), "Bayes": posterior("y ~ x"), "mixed": mixed})
    table = shown.to_frame().set_index("row")
    assert table.loc["Method"].tolist()[1:] == ["OLS", "Bayes", "REML"]
    assert table.loc["R2: multiple"].tolist()[2:] == ["", ""]
    assert table.loc["g sd(Intercept)"].tolist()[1:3] == ["", ""]
    text = bm.models_table([line("y ~ x"), mixed], beneath="interval").to_markdown()
    assert "by Student's t in brackets" in text
    assert "by Satterthwaite's method in brackets" in text


def test_posteriors_are_compared_with_mixed_models() -> None:
    mixed = bm.lmer("y ~ x + f + (1 | g)", FRAME, seed=1)
    assert set(bm.compare({"lm": posterior(), "mixed": mixed}).index) == {"lm", "mixed"}
    factor = bm.bayes_factor(mixed, posterior())
    assert np.isfinite(factor.log)


def test_leverage_is_drawn_with_contours_of_cooks_distance() -> None:
    ax = line().plot.leverage()
    table = line().augment()
    np.testing.assert_allclose(ax.collections[0].get_offsets(), table[["leverage", "std_resid"]])
    at, height = ax.lines[-2].get_data()
    np.testing.assert_allclose(height**2 * at / (1 - at) / 4, 1)
    named = {text.get_text() for text in ax.texts}
    assert named == set(map(str, table["cooks_distance"].nlargest(3).index))
    assert bm.glm("b ~ x", FRAME, "bernoulli", method="ml").plot.leverage().get_ylim()[1] > 1
    for fit in (posterior(), bm.glm("time ~ x", FRAME, "lognormal", method="ml")):
        with pytest.raises(bm.DataError, match="Leverage is that of a regression"):
            fit.plot.leverage()


def test_simulated_responses_come_from_the_estimate() -> None:
    drawn = line().simulate(400, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=1), line().fitted()["value"], atol=5 * line().sigma / 20)
    refits = line().bootstrap(200, seed=1)
    np.testing.assert_allclose(refits.arrays.beta.std(axis=0), line().fixef()["se"], rtol=0.2)
    counts = bm.glm("prop(k, trials) ~ x", FRAME, "binomial", method="ml")
    assert (counts.simulate(3, seed=1).to_numpy() <= FRAME[["trials"]].to_numpy()).all()
    np.testing.assert_allclose(
        counts.bootstrap(100, seed=1).arrays.beta.std(axis=0), counts.fixef()["se"], rtol=0.3
    )


def test_a_row_that_determines_its_fit_does_not_have_a_residual() -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 9.0], "f": list("aaaab")})
    table = bm.lm("y ~ f", frame, method="ols").augment()
    assert table["leverage"].iloc[4] == pytest.approx(1)
    assert table[["std_resid", "cooks_distance", "student_resid"]].iloc[4].isna().all()
    assert table["std_resid"].iloc[:4].notna().all()


@pytest.mark.parametrize("weights", [None, "w"])
def test_sums_over_rows_elsewhere_give_the_same(weights: str | None) -> None:
    lazy = pl.from_pandas(FRAME).lazy()
    far, near = (bm.lm("y ~ x + f", data, method="ols", weights=weights) for data in (lazy, FRAME))
    same(far.fixef().drop(columns="term"), near.fixef().drop(columns="term"))
    same(far.glance().drop(columns="engine"), near.glance().drop(columns="engine"))
    same(bm.anova(far)["F"], bm.anova(near)["F"])
    some, rows = far.sample_rows(7, seed=1), near.augment()
    shown = some.augment()
    same(shown["std_resid"], rows.loc[shown.index, "std_resid"])
    sampled = bm.lm("y ~ x + f", lazy, weights=weights, seed=1)
    assert (np.abs(sampled.fixef()["value"] - near.fixef()["value"]) < 0.3 * near.fixef()["se"]).all()


def test_bars_and_none_are_told_apart() -> None:
    with pytest.raises(bm.FormulaError, match=r"has no random effects.*\n.*\n?.*bm\.lm\(formula, data\)"):
        bm.lmer("y ~ x", FRAME)
    with pytest.raises(bm.FormulaError, match=r"bm\.glm\(formula, data, family\)"):
        bm.glmer("b ~ x", FRAME, "bernoulli")
    with pytest.raises(bm.FormulaError, match=r"has random effects.*\n.*\n?.*bm\.lmer\(formula, data\)"):
        bm.lm("y ~ x + (1 | g)", FRAME)
    with pytest.raises(bm.FormulaError, match=r"bm\.glmer\(formula, data, family\)"):
        bm.glm("b ~ x + (1 | g)", FRAME, "bernoulli")


@pytest.mark.skipif(not SHARED.is_dir(), reason="data of the teaching texts")
def test_the_teaching_texts_print_the_same() -> None:
    grades = bm.lm("gpa ~ occasion", pd.read_csv(SHARED / "data" / "gpa.csv"), method="ols")
    table = grades.fixef().round({"value": 3, "se": 3, "t": 1})
    assert table[["value", "se", "t"]].to_numpy().tolist() == [[2.599, 0.018, 145.7], [0.106, 0.006, 18.0]]
    row = grades.glance().iloc[0]
    assert row[["sigma", "r2", "adj_r2"]].astype(float).round(4).tolist() == [0.3487, 0.2136, 0.2129]
    pupils, schools = (
        pd.read_csv(SHARED / "data" / f"netherlands-{what}.csv") for what in ("students", "schools")
    )
    joined = pupils.merge(schools, on="school_id", how="left")
    schools_line = bm.lm("language_post ~ verbal_iq", joined, method="ols")
    assert schools_line.fixef()["value"].round(6).tolist() == [40.934849, 2.653896]
    row = schools_line.glance().iloc[0]
    assert (round(row["r2"], 3), round(row["sigma"], 2), round(row["AIC"])) == (0.372, 7.14, 15484)
    first = schools_line.augment().iloc[0]
    assert (round(first["std_resid"], 3), round(first["cooks_distance"], 6)) == (-0.468, 0.000160)
