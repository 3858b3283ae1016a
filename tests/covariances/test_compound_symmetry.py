"""Compound symmetry: mathematics by hand, estimates by a dense criterion, and what a user sees."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import bayesmixed as bm
from bayesmixed.bridge.to_bambi import to_bambi
from bayesmixed.covariances.compound_symmetry import CompoundSymmetry, HomogeneousCompoundSymmetry
from bayesmixed.covariances.covariance import Covariance
from bayesmixed.errors import DataError, DesignWarning, PriorError
from references import RANGE, SHARED

HETEROGENEOUS = "angle ~ recipe * temp + cs(0 + recipe | replicate)"
HOMOGENEOUS = "angle ~ recipe * temp + homcs(0 + recipe | replicate)"


@pytest.fixture(scope="module")
def cake() -> pd.DataFrame:
    """Three cakes of each of fifteen batches at six temperatures (lme4's cake)."""
    return bm.load_dataset("cake")


def deviance(parameters: np.ndarray, frame: pd.DataFrame, by: str, tied: bool) -> float:
    """REML or ML criterion with n x n matrices; log sds, atanh-like rho, log sigma."""
    x = np.column_stack(
        [
            np.ones(len(frame)),
            *(frame["recipe"] == r for r in "BC"),
            frame["temp"],
            *((frame["recipe"] == r) * frame["temp"] for r in "BC"),
        ]
    ).astype(float)
    y = frame["angle"].to_numpy(dtype=float)
    sd = np.exp(np.full(3, parameters[0]) if tied else parameters[:3])
    rho = -0.5 + 1.5 / (1 + np.exp(-parameters[-2]))
    covariance = np.outer(sd, sd) * (np.full((3, 3), rho) + (1 - rho) * np.eye(3))
    recipe = frame["recipe"].map({"A": 0, "B": 1, "C": 2}).to_numpy()
    same = frame["replicate"].to_numpy()[:, None] == frame["replicate"].to_numpy()
    v = covariance[np.ix_(recipe, recipe)] * same + np.exp(2 * parameters[-1]) * np.eye(len(y))
    solved = np.linalg.solve(v, np.column_stack([x, y]))
    information, score = x.T @ solved[:, :-1], x.T @ solved[:, -1]
    beta = np.linalg.solve(information, score)
    value = np.linalg.slogdet(v)[1] + (y - x @ beta) @ (solved[:, -1] - solved[:, :-1] @ beta)
    n, p = x.shape
    if by == "ml":
        return float(value + n * np.log(2 * np.pi))
    return float(value + np.linalg.slogdet(information)[1] + (n - p) * np.log(2 * np.pi))


@pytest.mark.parametrize(
    ("formula", "by"), [(HETEROGENEOUS, "reml"), (HETEROGENEOUS, "ml"), (HOMOGENEOUS, "reml")]
)
def test_the_estimate_is_the_optimum_of_a_dense_criterion(cake: pd.DataFrame, formula: str, by: Any) -> None:
    fit, tied = bm.lmer(formula, cake, method=by), formula == HOMOGENEOUS
    start = np.array([*[np.log(6.0)] * (1 if tied else 3), 1.0, np.log(4.6)])
    found = optimize.minimize(deviance, start, (cake, by, tied), method="BFGS", options={"gtol": 1e-6})
    assert fit.estimate.optimum.criterion <= found.fun + 1e-8
    assert fit.estimate.optimum.criterion == pytest.approx(found.fun, rel=1e-9)
    table = fit.varcorr(method="none")
    np.testing.assert_allclose(table["sd"], np.exp([*found.x[:-2], found.x[-1]]), rtol=1e-4)
    rho = -0.5 + 1.5 / (1 + np.exp(-found.x[-2]))
    assert fit.varcorr(correlations=True, method="none")["value"][0] == pytest.approx(rho, abs=1e-5)


@pytest.mark.skipif(not RANGE, reason="reference numbers are not beside the project")
@pytest.mark.parametrize("by", ["REML", "ML"])
def test_the_estimate_is_glmmtmbs(by: str) -> None:
    theirs = RANGE[f"cake_cs_bar_{by}"]
    frame = pd.read_csv(SHARED / "data" / "cake.csv", dtype={"replicate": str})
    formula = "angle ~ recipe * temperature + cs(0 + recipe | replicate)"
    fit = bm.lmer(formula, frame, method=by.lower())  # type: ignore[call-overload]
    assert fit.estimate.log_likelihood >= theirs["logLik"] - 1e-8 * abs(theirs["logLik"])
    sds = fit.varcorr(method="none")["sd"].to_numpy()
    np.testing.assert_allclose(sds, [*theirs["sd"], theirs["sigma"]], rtol=1e-4)
    rho = fit.varcorr(correlations=True, method="none")["value"][0]
    assert rho == pytest.approx(theirs["rho"], abs=1e-4)
    coefficients = fit.fixef()
    columns = (coefficients[name] for name in ("term", "value", "se"))
    ours = {term: (value, se) for term, value, se in zip(*columns, strict=True)}
    for row in theirs["fixef"]:
        name = row["term"].replace("(Intercept)", "Intercept").replace("recipe", "recipe[T.")
        name = name.replace("[T.B", "[T.B]").replace("[T.C", "[T.C]")
        assert ours[name][0] == pytest.approx(row["estimate"], abs=1e-4 * ours[name][1])


def test_profile_intervals_are_those_of_the_dense_deviance(cake: pd.DataFrame) -> None:
    table = bm.lmer(HOMOGENEOUS, cake, method="ml").varcorr(correlations=True)
    low = float(table["lower_2.5"][0])
    best = optimize.minimize(deviance, [np.log(6.0), 1.0, np.log(4.6)], (cake, "ml", True)).fun
    x = np.log((low + 0.5) / (1 - low))
    held = optimize.minimize(
        lambda rest: deviance(np.array([rest[0], x, rest[1]]), cake, "ml", True), [np.log(6.0), np.log(4.6)]
    ).fun
    assert held - best == pytest.approx(stats.chi2(1).ppf(0.95), rel=1e-3)


@pytest.mark.parametrize("bound", ["high", "low"])
def test_an_estimate_on_the_edge_is_found_and_said(bound: str) -> None:
    rng = np.random.default_rng(5)
    effects = rng.normal(size=(30, 3)) * 3
    effects = effects[:, :1] + np.zeros(3) if bound == "high" else effects - effects.mean(axis=1)[:, None]
    frame = pd.DataFrame({"g": np.repeat(np.arange(30), 12).astype(str), "f": list("pqr") * 120})
    exact = effects[np.repeat(np.arange(30), 12), np.tile([0, 1, 2], 120)]
    frame["noise"] = rng.normal(0, 1, 360)
    frame["y"] = exact + frame["noise"] - frame.groupby(["g", "f"])["noise"].transform("mean")
    fit = bm.lmer("y ~ f + homcs(0 + f | g)", frame, method="reml")
    rho = fit.varcorr(correlations=True, method="none")["value"][0]
    assert rho == pytest.approx(1.0 if bound == "high" else -0.5, abs=1e-6)
    assert fit.estimate.optimum.singular
    intervals = fit.varcorr(correlations=True)
    assert intervals["lower_2.5"][0] <= rho + 1e-9 <= intervals["upper_97.5"][0] + 2e-9


@pytest.mark.parametrize("kind", [CompoundSymmetry, HomogeneousCompoundSymmetry])
@pytest.mark.parametrize("size", [2, 3, 6])
def test_the_factor_is_that_of_a_matrix_of_one_correlation(kind: type[Covariance], size: int) -> None:
    own = kind(size)
    low, high = own.correlation_bounds
    x = np.linspace(-8, 8, 9)[:, None]
    for factor, rho in zip(own.cholesky(x), low + (high - low) / (1 + np.exp(-x[:, 0])), strict=True):
        matrix = np.full((size, size), rho) + (1 - rho) * np.eye(size)
        np.testing.assert_allclose(factor, np.linalg.cholesky(matrix), atol=1e-10)
    for end in own.correlation_bounds:
        edge = own.like(end)
        np.testing.assert_allclose(edge[0, 1], end, atol=1e-14)
        assert np.linalg.eigvalsh(edge)[0] == pytest.approx(0, abs=1e-14)


def test_priors_are_named_and_printed(cake: pd.DataFrame) -> None:
    normal, exponential = bm.prior("Normal", mu=0.5, sigma=0.2), bm.prior("Exponential", lam=1)
    priors = {"corr_replicate": normal, "sd_replicate": exponential}
    table = bm.specify(HOMOGENEOUS, cake, priors=priors).priors
    assert table.correlation == ({"homcs": priors["corr_replicate"]},)
    assert table.sd == ((priors["sd_replicate"],),)
    text = str(bm.specify(HETEROGENEOUS, cake))
    assert re.search(r"corr_replicate +Normal\(mu=0, sigma=0.5\)", text)
    assert "corr_replicate          restricted to what the correlation can be" in text
    assert "sd_replicate[recipe[B]]" in text
    with pytest.raises(PriorError, match=r"between -0.5 and 1"):
        bm.specify(HETEROGENEOUS, cake, priors={"corr_replicate": bm.prior("LKJ", eta=2)})
    with pytest.raises(PriorError, match="not a prior for a correlation matrix"):
        bm.specify("angle ~ temp + (temp | replicate)", cake, priors={"corr_replicate": normal})


@pytest.fixture(scope="module")
def fit(cake: pd.DataFrame) -> bm.MixedFit:
    return bm.lmer(HETEROGENEOUS, cake, draws=400, chains=2, seed=1)


def test_a_posterior_has_one_correlation(fit: bm.MixedFit, tmp_path: Any) -> None:
    corr = fit.draws["posterior"]["corr_replicate"].to_numpy()
    off = corr[..., ~np.eye(3, dtype=bool)]
    np.testing.assert_allclose(off, off[..., :1] + np.zeros(6), atol=1e-12)
    table = fit.varcorr(correlations=True)
    assert table[["group", "effect_1", "effect_2"]].to_numpy().tolist() == [["replicate", "rho", ""]]
    assert table["value"][0] == pytest.approx(np.median(off[..., 0]))
    assert fit.varcorr()["effect"].tolist() == ["recipe[A]", "recipe[B]", "recipe[C]", ""]
    assert "(cs)" in str(fit)
    assert "cor__rho" in fit.tidy()["term"].tolist()
    fit.save(tmp_path / "fit.bayesmixed")
    again = bm.load(tmp_path / "fit.bayesmixed")
    pd.testing.assert_frame_equal(again.varcorr(correlations=True), table)
    assert again.spec.priors == fit.spec.priors


def test_a_posterior_agrees_with_the_estimate(fit: bm.MixedFit, cake: pd.DataFrame) -> None:
    reml = bm.lmer(HETEROGENEOUS, cake, method="reml")
    gap = fit.fixef()["value"] - reml.fixef()["value"]
    assert np.all(np.abs(gap) < 0.2 * reml.fixef()["se"])
    sds = fit.varcorr()
    theirs = reml.varcorr(method="none")["sd"]
    assert np.all((sds["sd_2.5"] < theirs) & (theirs < sds["sd_97.5"]))


def test_the_rest_of_the_verbs_answer(fit: bm.MixedFit, cake: pd.DataFrame) -> None:
    assert np.isfinite(fit.icc()["icc"]).all()
    new = cake.iloc[:3].assign(replicate="new")
    assert len(fit.predict(new, new_levels="sample")) == 3
    assert np.isfinite(fit.log_marginal_likelihood(seed=1).value)
    assert fit.bayes_factor_of("replicate", seed=1).log > 3
    assert np.isfinite(fit.loo().elpd)
    assert "corr_replicate[recipe[A], recipe[B]]" in fit.diagnostics().index
    assert "corr_replicate[recipe[B], recipe[C]]" not in fit.diagnostics().index
    with pytest.warns(DesignWarning, match="independent"):
        to_bambi(bm.specify(HETEROGENEOUS, cake, center="fixed"))


def test_a_prior_that_only_pymc_knows_is_sampled_by_pymc(cake: pd.DataFrame) -> None:
    priors = {"corr_replicate": bm.prior("StudentT", nu=3, mu=0, sigma=0.5)}
    with pytest.warns(bm.ConvergenceWarning):
        other = bm.lmer(
            HOMOGENEOUS, cake, draws=50, tune=100, chains=1, seed=1, priors=priors, progress=False
        )
    assert other.run.engine == "pymc"
    assert 0.3 < other.varcorr(correlations=True)["value"][0] < 1


def test_data_are_simulated_with_one_correlation() -> None:
    study = {
        "groups": {"g": 400},
        "per_group": 6,
        "predictors": {"f": ["p", "q", "r"]},
        "fixed": {"Intercept": 1.0, "f[T.q]": 0.0, "f[T.r]": 0.0},
    }
    made = bm.simulate_data("y ~ f + homcs(0 + f | g)", **study, sd={"g": 2.0}, corr={"g": -0.3}, seed=1)
    assert made.truth["parameter"].tolist()[3:] == ["sd_g[f[p] ... f[r]]", "corr_g[rho]", "sigma"]
    estimate = bm.lmer(made.formula, made.data, method="reml")
    assert estimate.varcorr(correlations=True, method="none")["value"][0] == pytest.approx(-0.3, abs=0.06)
    with pytest.raises(DataError, match=r"not between -0.5 and 1"):
        bm.simulate_data("y ~ f + homcs(0 + f | g)", **study, sd={"g": 2.0}, corr={"g": -0.6}, seed=1)
    uneven = np.array([[1, 0.5, 0.2], [0.5, 1, 0.5], [0.2, 0.5, 1]])
    with pytest.raises(DataError, match=r"homcs\(\)"):
        bm.simulate_data("y ~ f + homcs(0 + f | g)", **study, sd={"g": 2.0}, corr={"g": uneven}, seed=1)


def test_special_cases_are_told_by_structure(cake: pd.DataFrame) -> None:
    free = bm.lmer("angle ~ recipe * temp + (0 + recipe | replicate)", cake, method="ml")
    one = bm.lmer(HETEROGENEOUS, cake, method="ml")
    table = bm.anova(one, free)
    assert table["npar"].tolist() == [10, 12] or table["npar"].tolist() == [11, 13]
    assert bm.ranova(one)["term"].tolist()[1].startswith("recipe in cs(0 + recipe | replicate)")
