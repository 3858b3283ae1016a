"""Conditional means at any variances, and the weights of shrinkage."""

from __future__ import annotations

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.pooled.conditional_estimates import (
    coefficients_of,
    estimate_of_draws,
    pooled_by,
    reliabilities,
)
from bayesmixed.pooled.records import regress
from comparison.likelihood_fits import fit_of, frame_of

SLOPES = ("sleepstudy", "Reaction ~ Days + (Days | Subject)")
MODELS = [
    SLOPES,
    ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    ("Pastes", "strength ~ 1 + (1 | batch/cask)"),
    ("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m[1])
def test_a_factor_of_one_gives_the_estimate_itself(model: tuple[str, str]) -> None:
    estimate = fit_of(*model).estimate
    for index in range(len(estimate.design.blocks)):
        found = pooled_by(estimate, index, 1.0).optimum
        assert found.coefficients == pytest.approx(estimate.optimum.coefficients, rel=1e-9)
        assert found.sigma == estimate.optimum.sigma
        for ours, theirs in zip(found.ranef, estimate.optimum.ranef, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-7)
        for ours, theirs in zip(found.covariances, estimate.optimum.covariances, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_conditional_means_are_generalized_least_squares(factor: float) -> None:
    estimate = pooled_by(fit_of(*SLOPES).estimate, 0, factor)
    design, optimum = estimate.design, estimate.optimum
    block, X = design.blocks[0], design.fixed.matrix
    Z = np.zeros((design.n_rows, 2 * block.n_levels))
    for e in range(2):
        Z[np.arange(design.n_rows), 2 * block.codes + e] = block.columns[:, e]
    S = np.kron(np.eye(block.n_levels), optimum.covariances[0])
    V = Z @ S @ Z.T + optimum.sigma**2 * np.eye(design.n_rows)
    y = design.response.values
    beta = np.linalg.solve(X.T @ np.linalg.solve(V, X), X.T @ np.linalg.solve(V, y))
    ranef = (S @ Z.T @ np.linalg.solve(V, y - X @ beta)).reshape(-1, 2)
    assert optimum.coefficients == pytest.approx(beta, rel=1e-8)
    assert optimum.ranef[0] == pytest.approx(ranef, abs=1e-7)


RANDOM_ONLY = ("sleepstudy", "Reaction ~ 1 + (Days | Subject)")


@pytest.mark.parametrize("model", [SLOPES, RANDOM_ONLY, MODELS[2], MODELS[5]], ids=lambda m: m[1])
def test_the_ends_are_the_two_regressions(model: tuple[str, str]) -> None:
    estimate = fit_of(*model).estimate
    design, effects = estimate.design, estimate.design.blocks[0].effects
    for factor, own in ((0.0, ()), (1e4, effects)):
        found = coefficients_of(pooled_by(estimate, 0, factor), 0, effects)
        expected = regress(design, design.blocks[0], own).coefficients
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_weights_of_a_random_intercept_follow_the_formula_of_the_books() -> None:
    frame = frame_of("sleepstudy").groupby("Subject").head(10)
    frame = frame[np.arange(len(frame)) % 10 < (np.arange(len(frame)) // 10) % 9 + 2]
    estimate = bm.lmer("Reaction ~ 1 + (1 | Subject)", frame, method="reml").estimate
    block, optimum = estimate.design.blocks[0], estimate.optimum
    n, tau2 = np.bincount(block.codes), optimum.covariances[0][0, 0]
    weights = n * tau2 / (n * tau2 + optimum.sigma**2)
    assert len(set(n)) > 5
    assert reliabilities(estimate, 0)[:, 0] == pytest.approx(weights, rel=1e-12)
    means = np.bincount(block.codes, estimate.design.response.values) / n
    pooled = weights * means + (1 - weights) * optimum.coefficients[0]
    assert coefficients_of(estimate, 0, ("Intercept",))[:, 0] == pytest.approx(pooled, rel=1e-10)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m[1])
def test_weights_grow_with_the_standard_deviation(model: tuple[str, str]) -> None:
    estimate = fit_of(*model).estimate
    factors = (0.0, 0.5, 1.0, 2.0, 50.0)
    weights = np.array([reliabilities(pooled_by(estimate, 0, factor), 0) for factor in factors])
    assert np.all(np.diff(weights, axis=0) >= -1e-12)
    assert np.all(weights[0] == 0.0)
    assert np.all(weights <= 1.0)


def test_middle_of_constant_draws_is_the_estimate() -> None:
    fit = fit_of(*SLOPES)
    found = estimate_of_draws(fit.spec.design, fit.point).optimum
    assert found.ranef[0] == pytest.approx(fit.estimate.optimum.ranef[0], abs=1e-6)
    assert found.sigma == fit.sigma
