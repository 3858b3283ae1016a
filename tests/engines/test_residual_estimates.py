"""REML and ML with residuals that are correlated, known or of several spreads, against dense algebra."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import linalg

from bayesmixed.design.build import build_design
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.engines.reml.estimate import estimate, simulate_responses
from bayesmixed.engines.reml.likelihood import Likelihood, likelihood_of
from bayesmixed.engines.reml.optimum import optimum_at
from bayesmixed.engines.reml.uncertainty import conditional_covariances, variances_at
from bayesmixed.formula.parse import parse_formula

from .conftest import indicator
from .residuals import BARS, CHANGES, residual_design, residual_frame

WITHOUT_BARS_IN_SIGMA = [change for change in CHANGES if " in sigma" not in change]


def dense_criterion(likelihood: Likelihood, entries: FloatArray, by: str) -> float:
    """Minus twice the log likelihood, restricted or not, sigma at its best, over the rows."""
    design, units = likelihood.design, likelihood.units
    covariance = _residual_covariance(likelihood, likelihood.of_residuals(entries))
    for i, root in enumerate(_roots(likelihood, entries)):
        block = design.blocks[i]
        plain = dataclasses.replace(block, centring=np.eye(block.n_effects))
        z = indicator(plain).reshape(design.n_rows, block.n_levels, block.n_effects)
        z = (z / units.effects[i] @ root).reshape(design.n_rows, -1)
        covariance = covariance + z @ z.T
    x, y = design.fixed.matrix, design.response.values - design.offset
    solved = np.linalg.solve(covariance, np.column_stack([x, y]))
    information = x.T @ solved[:, :-1]
    beta = np.linalg.solve(information, x.T @ solved[:, -1]) if x.shape[1] else np.zeros(0)
    rss = (y - x @ beta) @ (solved[:, -1] - solved[:, :-1] @ beta)
    n, p = x.shape
    m = n - p if by == "reml" else n
    variance = rss / m if likelihood.profiles_sigma else units.scale**2
    total = m * np.log(2 * np.pi * variance) + np.linalg.slogdet(covariance)[1] + rss / variance
    return float(total + (np.linalg.slogdet(information)[1] if by == "reml" and p else 0.0))


def _roots(likelihood: Likelihood, entries: FloatArray) -> list[FloatArray]:
    """Relative Cholesky factors, blocks in the order of the design."""
    blocks, triangles = likelihood.design.blocks, likelihood.triangles(entries)
    roots = [np.zeros((block.n_effects, block.n_effects)) for block in blocks]
    for place in likelihood.places:
        i, j = np.tril_indices(place.covariance.size)
        roots[place.block][place.effects.start + i, place.effects.start + j] = triangles[place.triangle]
    return roots


def _residual_covariance(likelihood: Likelihood, own: FloatArray) -> FloatArray:
    """Covariance of the residuals relative to sigma, or to the response's standard deviation."""
    design, scale, residual = likelihood.design, likelihood.units.scale, likelihood.design.residual
    serial, n = residual.correlation, likelihood.design.n_rows
    m = serial.n_coordinates
    weights = np.ones(n) if residual.weights is None else residual.weights
    log_sd = np.zeros(n)
    if not likelihood.profiles_sigma and residual.has_sigma:
        log_sd = np.full(n, own[-1] + np.log(scale))
    for predictor in design.others:
        fixed = predictor.fixed
        log_sd = predictor.offset + fixed.matrix @ fixed.centring @ (own[m:] / fixed.scales)
    variance = np.exp(2 * log_sd) / weights / (1.0 if likelihood.profiles_sigma else scale**2)
    if residual.errors is not None:
        variance = (residual.errors / scale) ** 2 + (variance if residual.has_sigma else 0.0)
    sd = np.sqrt(variance)
    return np.outer(sd, sd) * (serial.correlation(serial.values(own[:m])) if m else np.eye(n))


@pytest.mark.parametrize("by", ["reml", "ml"])
@pytest.mark.parametrize("change", WITHOUT_BARS_IN_SIGMA)
@pytest.mark.parametrize("bars", BARS)
def test_criterion_and_its_gradient(bars: str, change: str, by: str) -> None:
    design = residual_design(bars, change)
    likelihood = likelihood_of(design, by)  # type: ignore[arg-type]
    entries = likelihood.start(0.7) + np.random.default_rng(2).normal(0, 0.2, len(likelihood.is_deviation))
    value, gradient = likelihood.profiled(entries)
    expected = dense_criterion(likelihood, entries, by)
    assert value + likelihood.shift == pytest.approx(expected, rel=1e-9)
    for j, move in enumerate(1e-5 * np.eye(len(entries))):
        slope = (likelihood.profiled(entries + move)[0] - likelihood.profiled(entries - move)[0]) / 2e-5
        assert gradient[j] == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_other_responses_of_the_same_model() -> None:
    for change in ("ar, strata", "known errors", "cosy"):
        design = residual_design("slopes", change)
        other = design.response.values[::-1].copy()
        likelihood = likelihood_of(design, "reml")
        (moved,) = likelihood.with_responses(other[None])
        response = dataclasses.replace(design.response, values=other)
        entries = likelihood.start(0.7)
        own = dataclasses.replace(likelihood.design, response=response)
        again = dataclasses.replace(likelihood, design=own)
        expected = dense_criterion(again, entries, "reml")
        assert moved.profiled(entries)[0] + likelihood.shift == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("change", WITHOUT_BARS_IN_SIGMA)
def test_conditional_means_and_covariances(change: str) -> None:
    design = residual_design("nested", change)
    likelihood = likelihood_of(design, "reml")
    optimum = optimum_at(likelihood, likelihood.start(0.7))
    z = np.hstack([_wide(block) for block in design.blocks])
    known = optimum.relative**2 * _residual_covariance(likelihood, likelihood.of_residuals(optimum.entries))
    blocks = zip(design.blocks, optimum.covariances, strict=True)
    prior = linalg.block_diag(*(np.kron(np.eye(b.n_levels), c) for b, c in blocks))
    columns, x = np.linalg.solve(known, z), design.fixed.matrix
    y = design.response.values - design.offset - x @ optimum.coefficients
    given = np.linalg.inv(z.T @ columns + np.linalg.inv(prior))
    np.testing.assert_allclose(
        np.concatenate([r.ravel() for r in optimum.ranef]), given @ columns.T @ y, rtol=1e-6
    )
    found = conditional_covariances(likelihood, optimum, known_coefficients=True)
    first = 0
    for block, own in zip(design.blocks, found, strict=True):
        k, size = block.n_effects, block.n_levels * block.n_effects
        part = given[first : first + size, first : first + size].reshape(block.n_levels, k, -1, k)
        np.testing.assert_allclose(own.own, np.einsum("jajb->jab", part), rtol=1e-6)
        first += size
    marginal = known + z @ prior @ z.T
    expected = np.linalg.inv(x.T @ np.linalg.solve(marginal, x))
    np.testing.assert_allclose(variances_at(likelihood, optimum.entries).coefficients, expected, rtol=1e-6)


def _wide(block: GroupBlock) -> FloatArray:
    z = np.zeros((len(block.codes), block.n_levels, block.n_effects))
    z[np.arange(len(block.codes)), block.codes] = block.columns
    return z.reshape(len(block.codes), -1)


@pytest.mark.parametrize("change", WITHOUT_BARS_IN_SIGMA)
def test_simulated_responses_have_the_covariance_of_the_model(change: str) -> None:
    design = build_design(parse_formula(CHANGES[change].formulas("y ~ 1")), residual_frame())
    fitted = estimate(design, "ml")
    own = fitted.likelihood.of_residuals(fitted.optimum.entries)
    known = fitted.optimum.relative**2 * _residual_covariance(fitted.likelihood, own)
    np.testing.assert_allclose(fitted.residual_deviations**2, np.diag(known), rtol=1e-8)
    drawn = simulate_responses(fitted, 4000, 3) - fitted.optimum.coefficients[0]
    sd = np.sqrt(np.diag(known))
    error = (np.cov(drawn.T) - known) / np.outer(sd, sd)
    assert np.max(np.abs(error)) < 0.1
