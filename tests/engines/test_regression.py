"""Least squares and maximum likelihood against R's ``lm``, ``glm``, ``MASS`` and ``survival``."""

from __future__ import annotations

from math import lgamma
from typing import Any

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.engines.regression import Regression, estimate_regression
from references import REGRESSIONS
from regressions import FRAME, GENERAL, LINEAR


def regression(formula: str, family: str = "gaussian", by: Any = "ml", **options: Any) -> Regression:
    return estimate_regression(bm.specify(formula, FRAME, family=family, **options), by)


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", LINEAR)
def test_least_squares_are_those_of_r(name: str) -> None:
    formula, options = LINEAR[name]
    found, known = regression(formula, by="ols", **options), REGRESSIONS["lm"][name]
    same(found.optimum.coefficients, np.array(known["coefficients"])[:, 0])
    same(found.covariance, known["vcov"])
    for ours, theirs in (
        (found.optimum.sigma, "sigma"),
        (found.log_likelihood, "loglik"),
        (found.aic, "aic"),
        (found.bic, "bic"),
        (found.deviance, "deviance"),
        (found.leverage, "hat"),
    ):
        same(ours, known[theirs])


@pytest.mark.parametrize("name", GENERAL)
def test_maximum_likelihood_is_that_of_r(name: str) -> None:
    formula, family, link = GENERAL[name]
    found, known = regression(formula, family, link=link), REGRESSIONS["glm"][name]
    same(found.optimum.coefficients, np.array(known["coefficients"])[:, 0])
    same(found.covariance, known["vcov"])
    for ours, theirs in (
        (found.log_likelihood, "loglik"),
        (found.deviance, "deviance"),
        (found.null_deviance, "null_deviance"),
        (found.df_residual, "df_residual"),
        (found.df_null, "df_null"),
        (found.leverage, "hat"),
    ):
        same(ours, known[theirs])
    if "alpha" in known:
        same(found.parameters["alpha"], known["alpha"])


def test_weibull_is_that_of_survreg() -> None:
    """There the scale of the logarithm is 1 / alpha, and the intercept that of log T without its mean."""
    found, known = regression("life ~ x + z", "weibull"), REGRESSIONS["weibull"]
    coefficients = np.array(known["coefficients"])
    coefficients[0] += lgamma(1 + known["scale"])
    same(found.optimum.coefficients, coefficients)
    same(1 / found.parameters["alpha"], known["scale"])
    same(found.log_likelihood, known["loglik"])
    same(found.covariance[1:, 1:], np.array(known["vcov"])[1:3, 1:3])


def test_lognormal_is_the_regression_of_the_logarithm() -> None:
    found, known = regression("time ~ x + z", "lognormal"), REGRESSIONS["lognormal"]
    same(found.optimum.coefficients, known["coefficients"])
    same(found.parameters["sigma"], known["sigma"])
    same(found.log_likelihood, known["loglik"])


@pytest.mark.parametrize(
    ("formula", "family"), [("share ~ x + z", "beta"), ("share ~ x", "beta"), ("heavy ~ x + f", "t")]
)
def test_no_step_leads_higher(formula: str, family: str) -> None:
    """Of families that R does not have; and the covariance is that of numerical second derivatives."""
    frame = FRAME.assign(
        share=(FRAME["k"] + 0.5) / (FRAME["trials"] + 1),
        heavy=FRAME["y"] + np.random.default_rng(1).standard_t(2, len(FRAME)),
    )
    spec = bm.specify(formula, frame, family=family)
    found = estimate_regression(spec, "ml")
    names = spec.family.parameter_names
    top = np.concatenate([found.optimum.coefficients, [np.log(found.parameters[name]) for name in names]])
    p = len(found.optimum.coefficients)

    def height(point: np.ndarray) -> float:
        parameters = {name: np.exp(point[p + a]) for a, name in enumerate(names)}
        location = spec.family.location_of(spec.design.fixed.matrix @ point[:p])
        return float(spec.family.log_density(spec.design.response.values, location, parameters).sum())

    assert height(top) == pytest.approx(found.log_likelihood, abs=1e-9)
    moves = 1e-4 * np.eye(len(top))
    slopes = [(height(top + m) - height(top - m)) / 2e-4 for m in moves]
    np.testing.assert_allclose(slopes, 0, atol=1e-5)
    second = [
        [height(top + a + b) - height(top + a - b) - height(top - a + b) + height(top - a - b) for b in moves]
        for a in moves
    ]
    covariance = np.linalg.inv(-np.array(second) / 4e-8)[:p, :p]
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-4, atol=1e-9)


def test_units_do_not_matter() -> None:
    """Nor does a shift of a predictor, but for the intercept."""
    plain = regression("y ~ x + z", by="ols")
    moved = estimate_regression(
        bm.specify("y ~ x + z", FRAME.assign(y=1024 * FRAME["y"], x=FRAME["x"] / 8 + 4096)), "ols"
    )
    np.testing.assert_allclose(moved.optimum.coefficients[1:], [8192, 1024] * plain.optimum.coefficients[1:])
    assert moved.optimum.sigma == pytest.approx(1024 * plain.optimum.sigma)


@pytest.mark.parametrize(
    ("formula", "family", "moving"),
    [("sep ~ x", "bernoulli", "x"), ("flat ~ x", "t", "nu"), ("zero ~ f", "poisson", "f")],
)
def test_a_likelihood_without_a_maximum_is_refused(formula: str, family: str, moving: str) -> None:
    uniform = np.linspace(-1, 1, len(FRAME))
    frame = FRAME.assign(sep=(FRAME["x"] > 2).astype(int), flat=FRAME["x"] + uniform)
    frame["zero"] = np.where(frame["f"] == "b", 0, frame["count"])
    with pytest.raises(bm.DataError, match=rf"does not have a maximum: .* '{moving}.* method='bayes'"):
        estimate_regression(bm.specify(formula, frame, family=family), "ml")


@pytest.mark.parametrize("formula", ["count ~ 0", "count ~ 1", "count ~ 0 + x"])
def test_few_coefficients_or_none_are_estimated(formula: str) -> None:
    fit = bm.glm(formula, FRAME, "poisson", method="ml")
    assert len(fit.fixef()) == len(fit.confint(method="profile")) == (0 if formula.endswith("0") else 1)
    assert fit.deviance() > 0


def test_what_is_left_out_is_said() -> None:
    with pytest.raises(bm.DataError, match="nothing is left"):
        estimate_regression(bm.specify("y ~ x + z", FRAME.head(3)), "ols")
    with pytest.raises(bm.FamilyError, match="use method='bayes'"):
        bm.glm("y ~ x", FRAME, "laplace", method="ml")
