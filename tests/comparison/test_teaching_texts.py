"""The tests between models that the teaching texts print, and what holds between the tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from references import LME4, reference_frame

SLEEP = bm.load_dataset("sleepstudy")


def sleep_fit(bar: str, method: str = "reml") -> bm.RemlFit:
    return bm.lmer(f"Reaction ~ Days + ({bar} | Subject)", SLEEP, method=method)


def test_slope_of_sleepstudy() -> None:
    """Printed by lme4: 42.84, naive p 4.99e-10, mixture p 2.79e-10."""
    row = bm.anova(sleep_fit("1"), sleep_fit("Days"), refit=False).iloc[1]
    assert row["Chisq"] == pytest.approx(42.84, abs=0.005)
    assert row["p_value"] == pytest.approx(4.99e-10, rel=2e-3)
    assert row["p_mixture"] == pytest.approx(2.79e-10, rel=2e-3)


def test_ranova_is_the_same_test() -> None:
    by_anova = bm.anova(sleep_fit("1"), sleep_fit("Days"), refit=False).iloc[1]
    by_ranova = sleep_fit("Days").ranova().iloc[1]
    assert by_ranova["LRT"] == pytest.approx(by_anova["Chisq"], rel=1e-9)
    assert by_ranova["p_mixture"] == pytest.approx(by_anova["p_mixture"], rel=1e-6)


@pytest.mark.skipif("dragons_nested" not in LME4, reason="the references do not lie beside the project")
def test_body_length_of_dragons() -> None:
    """Printed by lme4: chi-squared 0.287 on 1 degree of freedom, p 0.592."""
    frame = reference_frame(LME4["dragons_nested"]["data"])
    fit = bm.lmer(LME4["dragons_nested"]["formula"], frame, method="reml")
    row = fit.drop1().iloc[1]
    assert row["LRT"] == pytest.approx(0.287, abs=5e-4)
    assert row["p_value"] == pytest.approx(0.592, abs=5e-4)
    smaller = bm.lmer("testScore ~ 1 + (1 | mountainRange/site)", frame, method="reml")
    assert bm.anova(smaller, fit).iloc[1]["Chisq"] == pytest.approx(row["LRT"], rel=1e-6)


def test_anova_sorts_models_and_refits_by_ml() -> None:
    table = bm.anova(sleep_fit("Days"), sleep_fit("1"))
    assert table["npar"].tolist() == [4, 6]
    assert table["deviance"].tolist() == pytest.approx(
        [sleep_fit("1", "ml").deviance(), sleep_fit("Days", "ml").deviance()]
    )
    statistic = table["Chisq"][1]
    assert table["p_value"][1] == pytest.approx(stats.chi2.sf(statistic, 2), rel=1e-9)
    assert table["AIC"].to_numpy() == pytest.approx((table["deviance"] + 2 * table["npar"]).to_numpy())


def test_dropping_the_last_bar_compares_with_an_ordinary_regression() -> None:
    row = sleep_fit("1").ranova().iloc[1]
    x = np.column_stack([np.ones(len(SLEEP)), SLEEP["Days"]])
    y = SLEEP["Reaction"].to_numpy()
    rss = np.linalg.lstsq(x, y)[1][0]
    n, p = x.shape
    criterion = (n - p) * (1 + np.log(2 * np.pi * rss / (n - p))) + np.linalg.slogdet(x.T @ x)[1]
    assert row["logLik"] == pytest.approx(-0.5 * criterion, rel=1e-9)


def test_a_singular_component_has_no_evidence() -> None:
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"), method="reml")
    row = fit.ranova().iloc[1]
    assert row["LRT"] == pytest.approx(0.0, abs=1e-8)
    assert row["p_value"] == pytest.approx(1.0, abs=1e-3)


def test_models_of_other_rows_are_refused() -> None:
    other = bm.lmer("Reaction ~ Days + (1 | Subject)", SLEEP.iloc[10:], method="reml")
    with pytest.raises(bm.BayesmixedError, match="rows"):
        bm.anova(sleep_fit("1"), other)


def test_other_fixed_parts_are_not_compared_by_reml() -> None:
    other = bm.lmer("Reaction ~ 1 + (1 | Subject)", SLEEP, method="reml")
    with pytest.raises(bm.BayesmixedError, match="refit"):
        bm.anova(sleep_fit("1"), other, refit=False)


def test_posteriors_are_refused_with_advice() -> None:
    fit = bm.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, seed=1)
    with pytest.raises(bm.BayesmixedError, match=r"fit\.reml\(\)"):
        bm.anova(fit, sleep_fit("Days"))


def test_the_evidence_for_slopes_at_the_default_priors() -> None:
    """Golden number: dense normal densities and importance sampling in NumPy and SciPy, error 0.011."""
    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, seed=1)
    assert fit.bayes_factor_of("Subject", "Days").log == pytest.approx(17.042, abs=0.04)


def test_posteriors_are_compared() -> None:
    """Slopes that vary predict new rows, and explain the data, far better than a common slope."""
    formulas = {"slopes": "(Days | Subject)", "intercepts": "(1 | Subject)"}
    fits = {
        name: bm.lmer(f"Reaction ~ Days + {bar}", SLEEP, center="fixed", seed=1)
        for name, bar in formulas.items()
    }
    with pytest.warns(UserWarning, match="Pareto"):
        table = bm.compare(fits)
    assert table.index[0] == "slopes"
    factor = bm.bayes_factor(fits["slopes"], fits["intercepts"], seed=3)
    assert factor.log == pytest.approx(18.5, abs=0.2)
    assert "very strong evidence" in str(factor)
    back = bm.bayes_factor(fits["intercepts"], fits["slopes"], seed=3)
    error = 6 * (factor.se + back.se)
    assert back.log == pytest.approx(-factor.log, abs=error)


def test_hypotheses_of_a_posterior() -> None:
    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, seed=1)
    slope = fit.draws["posterior"]["beta"].sel(term="Days").to_numpy().ravel()
    found = fit.hypothesis("Days > 8")
    assert found.probability == pytest.approx(np.mean(slope > 8), abs=1e-12)
    assert fit.p_direction("Days") == pytest.approx(np.mean(slope > 0), abs=1e-12)
    with pytest.raises(bm.BayesmixedError, match="rope"):
        fit.hypothesis("Days = 10")
    with pytest.raises(bm.BayesmixedError, match="Days"):
        fit.hypothesis("days > 8")
