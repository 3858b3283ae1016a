"""Bayes factors: their error, and the test of a component against the fit without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.comparison.bayes_factor import BayesFactor

SLEEP = bm.load_dataset("sleepstudy")
FORMULAS = {"slopes": "Reaction ~ Days + (Days || Subject)", "intercepts": "Reaction ~ Days + (1 | Subject)"}


@pytest.fixture(scope="module")
def fits() -> dict[str, bm.MixedFit]:
    return {name: bm.lmer(formula, SLEEP, seed=1) for name, formula in FORMULAS.items()}


@pytest.mark.slow
def test_twenty_runs_scatter_as_their_error_says() -> None:
    found = []
    for seed in range(20):
        runs = [bm.lmer(formula, SLEEP, seed=seed, draws=500) for formula in FORMULAS.values()]
        found.append(bm.bayes_factor(*runs))
    logs, errors = np.array([f.log for f in found]), np.array([f.se for f in found])
    squares = np.sum(((logs - np.average(logs, weights=errors**-2)) / errors) ** 2)
    assert 1e-3 < stats.chi2(19).cdf(squares) < 1 - 1e-3


def test_the_intercept_of_a_correlated_bar_is_named_where_it_is_tested() -> None:
    """Of intercepts at day 0 two fits tell: log Bayes factor 7.5, of those at the mean day 69.3."""
    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, seed=1)
    at_mean = fit.bayes_factor_of("Subject", "Intercept", seed=4)
    assert at_mean.model == "the model with Intercept (at the means of Days) | Subject"
    at_zero = bm.bayes_factor(fit, bm.lmer("Reaction ~ Days + (0 + Days | Subject)", SLEEP, seed=1))
    assert at_mean.log > at_zero.log + 50


def test_the_component_test_is_the_bayes_factor_of_the_two_fits(fits: dict[str, bm.MixedFit]) -> None:
    """With independent effects the model without the slopes keeps all its other priors."""
    between = bm.bayes_factor(fits["slopes"], fits["intercepts"], seed=3)
    within = fits["slopes"].bayes_factor_of("Subject", "Days", seed=4)
    assert within.log == pytest.approx(between.log, abs=5 * np.hypot(within.se, between.se))


def test_a_component_that_is_not_there_is_not_found() -> None:
    fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"), seed=1)
    found = fit.bayes_factor_of("Batch")
    assert found.log < 0
    assert "as probable under that without it" in str(found)


@pytest.mark.parametrize(("group", "effect"), [("Subjekt", None), ("Subject", "days")])
def test_unknown_components_list_the_near_ones(
    fits: dict[str, bm.MixedFit], group: str, effect: str | None
) -> None:
    with pytest.raises(bm.DataError, match="Subject" if effect is None else "Days"):
        fits["slopes"].bayes_factor_of(group, effect)


def test_models_of_other_rows_are_refused(fits: dict[str, bm.MixedFit]) -> None:
    other = bm.lmer(FORMULAS["intercepts"], SLEEP.iloc[10:], seed=1)
    with pytest.raises(bm.DataError, match="cannot be compared"):
        bm.bayes_factor(fits["slopes"], other)


@pytest.mark.parametrize(
    ("log", "word"),
    [
        (0.5, "bare mention"),
        (-2.0, "positive"),
        (4.0, "strong"),
        (-9.0, "very strong"),
        (2000.0, "exp(2000.0)"),
    ],
)
def test_evidence_in_words(log: float, word: str) -> None:
    factor = BayesFactor(model="m1", other="m0", log=log, se=0.01)
    assert word in str(factor)
    assert factor.value == (pytest.approx(np.exp(log)) if log < 700 else np.inf)


def test_known_errors_alone_are_left_beside_coefficients() -> None:
    """Eight schools without differences: y ~ N(m, s^2 I + v 11') with the prior of the intercept."""
    schools = pd.DataFrame({"effect": [28, 8, -3, 7, -1, 1, 18, 12], "se": [15, 10, 16, 11, 9, 11, 10, 18]})
    schools["school"] = list("ABCDEFGH")
    fit = bm.lmer("effect | se(se) ~ 1 + (1 | school)", schools, seed=1)
    found = fit.bayes_factor_of("school", seed=2)
    prior = fit.spec.priors.coefficients[0].args
    covariance = np.diag(schools["se"] ** 2) + prior["sigma"] ** 2
    without = stats.multivariate_normal(np.full(8, prior["mu"]), covariance).logpdf(schools["effect"])
    whole = fit.log_marginal_likelihood(seed=2).value
    assert found.log == pytest.approx(whole - without, abs=0.02)
