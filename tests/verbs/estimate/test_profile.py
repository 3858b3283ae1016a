"""Profile likelihood: the definition by brute force, invariances, the ends of the legal values."""

from __future__ import annotations

import dataclasses
import warnings
from functools import cache
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from bayesmixed.design import build_design
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import Estimate, estimate
from bayesmixed.errors import BayesmixedError, EngineError
from bayesmixed.formula import parse_formula
from bayesmixed.verbs.estimate.constrained import constrained, full_deviance
from bayesmixed.verbs.estimate.parameters import chosen_parameters, lme4_parameters
from bayesmixed.verbs.estimate.profile import profile_curve, profile_intervals

from .estimates import BATCH, CROSSED, SLEEP, THREE, estimated, flat_slope, simulated, singular

Z = NormalDist().inv_cdf(0.975)
NAMED = [(formula, p.name) for formula in (SLEEP, THREE) for p in lme4_parameters(estimated(formula).design)]


@cache
def intervals(formula: str) -> dict[str, FloatArray]:
    """Ends by name."""
    fitted = estimated(formula)
    parameters = lme4_parameters(fitted.design)
    ends = profile_intervals(fitted, parameters)
    return {parameter.name: row for parameter, row in zip(parameters, ends, strict=True)}


def dense_deviance(fitted: Estimate, coordinates: FloatArray) -> float:
    """Minus twice the normal log density of y at the best coefficients, from the n x n covariance matrix."""
    design, units, used = fitted.design, fitted.likelihood.units, 1
    sigma = units.scale * np.exp(coordinates[0])
    covariance = sigma**2 * np.diag(
        1.0 / (design.weights if design.weights is not None else np.ones(design.n_rows))
    )
    for block in design.blocks:
        size = block.n_effects
        count = size * (size + 1) // 2
        factor = np.zeros((size, size))
        factor[np.tril_indices(size)] = coordinates[used : used + count]
        used += count
        rows = (block.columns / block.scales) @ factor * sigma
        covariance = covariance + rows @ rows.T * (block.codes[:, None] == block.codes)
    y, X = design.response.values - design.offset, design.fixed.matrix
    inverse = np.linalg.inv(covariance)
    resid = y - X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse @ y)
    return float(len(y) * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + resid @ inverse @ resid)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", ["y ~ x + (x | g)", THREE, "y ~ 0 + v + offset(x) + (1 | g)"])
def test_deviance_is_the_normal_density(formula: str, weights: str | None) -> None:
    frame = simulated().assign(w=np.random.default_rng(1).uniform(0.5, 2, len(simulated())))
    fitted = estimate(build_design(parse_formula(formula), frame, weights=weights), "ml")
    rng = np.random.default_rng(7)
    for _ in range(3):
        coordinates = np.array([rng.normal(0, 0.3), *rng.normal(0, 1, len(fitted.optimum.entries))])
        found, gradient = full_deviance(fitted.likelihood, coordinates)
        assert found == pytest.approx(dense_deviance(fitted, coordinates), rel=1e-9)
        numeric = optimize.approx_fprime(coordinates, lambda c: full_deviance(fitted.likelihood, c)[0], 1e-6)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(("formula", "name"), NAMED)
def test_free_coordinates_begin_at_the_estimate(formula: str, name: str) -> None:
    fitted = estimated(formula, "ml")
    held = constrained(fitted, chosen_parameters(fitted.design, name)[0])
    deviance, gradient = held.held_at(held.estimate)(held.free)
    assert deviance == pytest.approx(fitted.optimum.criterion, abs=1e-8)
    assert np.max(np.abs(gradient)) < 1e-5


@pytest.mark.parametrize(("formula", "name"), NAMED)
def test_gradient_with_a_parameter_held(formula: str, name: str) -> None:
    fitted = estimated(formula, "ml")
    held = constrained(fitted, chosen_parameters(fitted.design, name)[0])
    deviance = held.held_at(held.estimate + held.step)
    free = held.free + 0.1
    numeric = optimize.approx_fprime(free, lambda f: deviance(f)[0], 1e-6)
    np.testing.assert_allclose(deviance(free)[1], numeric, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(("formula", "name"), NAMED)
def test_ends_lie_where_the_lowest_deviance_has_risen_by_the_quantile(formula: str, name: str) -> None:
    """From random starts, no step of the profile's own walk."""
    fitted = estimated(formula, "ml")
    held = constrained(fitted, chosen_parameters(fitted.design, name)[0])
    rng = np.random.default_rng(3)
    for end in intervals(formula)[name]:
        starts = [held.start(held.free) + rng.normal(0, 0.5, len(held.free)) for _ in range(4)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = [
                optimize.minimize(held.held_at(float(end)), x, jac=True, method="BFGS").fun for x in starts
            ]
        assert min(found) - fitted.optimum.criterion == pytest.approx(Z**2, abs=1e-3)


def test_order_of_correlated_effects_does_not_matter() -> None:
    other = intervals("y ~ x + v + (v + x | g) + (1 | h)")
    renamed = {name.replace("cor_x.v", "cor_v.x"): ends for name, ends in other.items()}
    assert set(renamed) == set(intervals(THREE))
    for name, ends in intervals(THREE).items():
        np.testing.assert_allclose(renamed[name], ends, atol=1e-4 * np.ptp(ends))


def test_intervals_follow_the_units() -> None:
    def ends(frame: pd.DataFrame) -> FloatArray:
        fitted = estimate(build_design(parse_formula("y ~ x + (x | g)"), frame))
        return profile_intervals(fitted, lme4_parameters(fitted.design))

    frame = simulated()
    plain, scaled = ends(frame), ends(frame.assign(y=1e4 * frame["y"], x=1e-3 * frame["x"]))
    factors = np.array([1e4, 1e7, 1.0, 1e4, 1e4, 1e7])
    np.testing.assert_allclose(scaled, plain * factors[:, None], rtol=1e-4)


def test_reml_and_ml_have_the_same_profile() -> None:
    fitted = estimated(CROSSED, "ml")
    ends = profile_intervals(fitted, lme4_parameters(fitted.design))
    np.testing.assert_allclose(ends, np.array(list(intervals(CROSSED).values())), rtol=1e-8)


def test_smaller_intervals_lie_inside() -> None:
    fitted = estimated(SLEEP)
    inner = profile_intervals(fitted, lme4_parameters(fitted.design), 0.8)
    outer = np.array(list(intervals(SLEEP).values()))
    assert np.all(inner[:, 0] > outer[:, 0])
    assert np.all(inner[:, 1] < outer[:, 1])


def test_mean_of_a_balanced_layout_without_group_variance() -> None:
    """The interval holds the one without groups, n log(1 + (mean - v)^2 / s^2) = z^2."""
    fitted = singular()
    y = fitted.design.response.values
    sd, _, mean = profile_intervals(fitted, lme4_parameters(fitted.design))
    assert sd[0] == 0.0
    assert sd[1] > 0.0
    half = y.std() * np.sqrt(np.expm1(Z**2 / len(y)))
    assert mean[0] <= y.mean() - half + 1e-6
    assert mean[1] >= y.mean() + half - 1e-6
    assert mean.mean() == pytest.approx(y.mean(), abs=1e-4)


def test_correlation_that_does_not_exist_can_be_anything() -> None:
    fitted = flat_slope()
    parameters = chosen_parameters(fitted.design, ["sd_x|g", "cor_x.Intercept|g"])
    ends = profile_intervals(fitted, parameters)
    assert ends[0, 0] == 0.0
    np.testing.assert_array_equal(ends[1], [-1.0, 1.0])
    with pytest.raises(BayesmixedError, match="does not vary"):
        profile_curve(fitted, "cor_x.Intercept|g")


@pytest.mark.parametrize("name", ["sd_Days|Subject", "cor_Days.Intercept|Subject", "sigma", "Days"])
def test_curve_rises_through_zero_to_the_quantile(name: str) -> None:
    curve = profile_curve(estimated(SLEEP), name, prob=0.95, n=9)
    assert curve.parameter.name == name
    assert np.all(np.diff(curve.zeta) > 0.0)
    np.testing.assert_allclose(curve.values[[0, -1]], intervals(SLEEP)[name], rtol=1e-6)
    np.testing.assert_allclose(curve.zeta[[0, -1]], stats.norm.ppf([0.025, 0.975]), atol=1e-3)


def test_an_estimate_that_is_no_optimum_is_found_out() -> None:
    fitted = estimated(BATCH, "ml")
    worse = dataclasses.replace(
        fitted, optimum=dataclasses.replace(fitted.optimum, criterion=fitted.optimum.criterion + 20.0)
    )
    with pytest.raises(EngineError, match="better fit"):
        profile_intervals(worse, lme4_parameters(fitted.design))


@pytest.mark.parametrize("prob", [0.0, 1.0, 95])
def test_prob_is_a_probability(prob: float) -> None:
    with pytest.raises(BayesmixedError, match="prob="):
        profile_intervals(estimated(BATCH), lme4_parameters(estimated(BATCH).design), prob)


def test_unknown_parameter_of_a_curve() -> None:
    with pytest.raises(BayesmixedError, match="no parameter 'theta1'"):
        profile_curve(estimated(SLEEP), "theta1")
