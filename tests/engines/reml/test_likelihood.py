"""The likelihood by the kernel is the density of y, on every structure in which all is integrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import linalg

from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.reml.likelihood import Criterion, Likelihood, likelihood_of
from bayesmixed.engines.reml.optimum import (
    effect_scales,
    find_optimum,
    optimum_at,
    refit,
    standardizing_scale,
)
from bayesmixed.engines.reml.optimum import hessian as hessian_of
from bayesmixed.engines.reml.uncertainty import (
    conditional_covariances,
    curvature,
    variances_at,
)
from bayesmixed.errors import EngineError
from bayesmixed.formula.parse import parse_formula

FORMULAS = {
    "intercept": "y ~ x + (1 | g)",
    "correlated": "y ~ x + (x | g)",
    "three correlated": "y ~ x + v + (x + v | g)",
    "independent": "y ~ x + (x || g)",
    "two sets": "y ~ x + v + (x | g) + (0 + v | g)",
    "nested": "y ~ x + (1 | coarse/mid/fine)",
    "nested slopes": "y ~ x + (x | fine) + (1 | mid) + (x | coarse)",
    "crossed": "y ~ x + (1 | g) + (1 | h)",
    "crossed slopes": "y ~ x + (x | g) + (x + v | h)",
    "nested crossed": "y ~ x + (x | fine) + (1 | mid) + (x | h)",
    "offset": "y ~ x + offset(known) + (x | g)",
    "cs": "y ~ f + cs(0 + f | g)",
    "homcs beside slopes": "y ~ x + homcs(0 + f | g) + (x | coarse)",
    "ar1": "y ~ x + ar1(0 + f | g)",
    "hetar1 and homdiag": "y ~ f + hetar1(0 + f | g) + homdiag(0 + f | h)",
    "no intercept": "y ~ 0 + x + v + (x | g)",
}


@dataclass(frozen=True)
class Dense:
    """The same model with n x n matrices, in the units of the data, at an estimate's covariances."""

    design: Design
    covariances: tuple[FloatArray, ...]
    sigma: float

    @property
    def noise(self) -> FloatArray:
        weights = self.design.weights
        return np.full(self.design.n_rows, self.sigma**2) / (1.0 if weights is None else weights)

    def columns(self, i: int) -> FloatArray:
        """Z of one block, column (level, effect) at place level * k + effect."""
        block = self.design.blocks[i]
        out = np.zeros((self.design.n_rows, block.n_levels, block.n_effects))
        out[np.arange(self.design.n_rows), block.codes] = block.columns
        return out.reshape(self.design.n_rows, -1)

    def prior(self, i: int) -> FloatArray:
        return np.kron(np.eye(self.design.blocks[i].n_levels), self.covariances[i])

    @property
    def total(self) -> FloatArray:
        parts = [self.columns(i) @ self.prior(i) @ self.columns(i).T for i in range(len(self.covariances))]
        return np.asarray(np.sum(parts, axis=0) + np.diag(self.noise))

    def criterion(self, by: Criterion) -> float:
        x, y = self.design.fixed.matrix, self.design.response.values - self.design.offset
        v = self.total
        information = x.T @ np.linalg.solve(v, x)
        residual = y - x @ np.linalg.solve(information, x.T @ np.linalg.solve(v, y))
        value = np.linalg.slogdet(v)[1] + residual @ np.linalg.solve(v, residual)
        n, p = x.shape
        if by == "ml":
            return float(value + n * np.log(2 * np.pi))
        return float(value + np.linalg.slogdet(information)[1] + (n - p) * np.log(2 * np.pi))

    def coefficients_covariance(self) -> FloatArray:
        x = self.design.fixed.matrix
        return np.linalg.inv(x.T @ np.linalg.solve(self.total, x))

    def ranef_covariance(self, i: int, *, known_coefficients: bool) -> FloatArray:
        """Covariance of one block's effects given y, the coefficients known or estimated."""
        x, gain = self.design.fixed.matrix, self.prior(i) @ self.columns(i).T
        inverse = np.linalg.inv(self.total)
        if not known_coefficients:
            inverse -= inverse @ x @ self.coefficients_covariance() @ x.T @ inverse
        return np.asarray(self.prior(i) - gain @ inverse @ gain.T)

    def cross_covariance(self, i: int) -> FloatArray:
        """Covariance of one block's effects with the coefficients' estimates."""
        x, gain = self.design.fixed.matrix, self.prior(i) @ self.columns(i).T
        return np.asarray(-gain @ np.linalg.solve(self.total, x) @ self.coefficients_covariance())


@pytest.fixture(scope="module", params=[(name, w) for name in FORMULAS for w in (None, "w")], ids=str)
def design(request: pytest.FixtureRequest, frame: pd.DataFrame) -> Design:
    name, weights = request.param
    return build_design(parse_formula(FORMULAS[name]), frame, weights=weights)


def random_entries(likelihood: Likelihood, seed: int = 0) -> FloatArray:
    start = likelihood.start(0.7)
    return np.asarray(start + np.random.default_rng(seed).normal(0, 0.3, len(start)))


def dense_at(likelihood: Likelihood, entries: FloatArray) -> Dense:
    here = optimum_at(likelihood, entries)
    return Dense(likelihood.design, here.covariances, here.sigma)


@pytest.mark.parametrize("by", ["reml", "ml"])
def test_criterion_is_the_density_of_y(design: Design, by: Criterion) -> None:
    likelihood = likelihood_of(design, by)
    entries = random_entries(likelihood)
    here = optimum_at(likelihood, entries)
    assert here.criterion == pytest.approx(dense_at(likelihood, entries).criterion(by), rel=1e-10)


@pytest.mark.parametrize("by", ["reml", "ml"])
def test_gradient_is_the_slope_of_the_criterion(design: Design, by: Criterion) -> None:
    likelihood = likelihood_of(design, by)
    entries = random_entries(likelihood, seed=1)
    gradient = likelihood.profiled(entries)[1]
    step = 1e-6
    slopes = [
        (likelihood.profiled(entries + move)[0] - likelihood.profiled(entries - move)[0]) / (2 * step)
        for move in step * np.eye(len(entries))
    ]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-5)


def test_covariance_of_the_coefficients(design: Design) -> None:
    likelihood = likelihood_of(design, "reml")
    entries = random_entries(likelihood, seed=2)
    dense = dense_at(likelihood, entries).coefficients_covariance()
    np.testing.assert_allclose(variances_at(likelihood, entries).coefficients, dense, rtol=1e-7)


@pytest.mark.parametrize("known", [True, False])
def test_covariances_of_the_random_effects(design: Design, known: bool) -> None:
    likelihood = likelihood_of(design, "reml")
    here = optimum_at(likelihood, random_entries(likelihood, seed=3))
    dense = Dense(design, here.covariances, here.sigma)
    found = conditional_covariances(likelihood, here, known_coefficients=known)
    for i, (block, covariances) in enumerate(zip(design.blocks, found, strict=True)):
        full = dense.ranef_covariance(i, known_coefficients=known)
        k = block.n_effects
        own = [full[j * k : j * k + k, j * k : j * k + k] for j in range(block.n_levels)]
        np.testing.assert_allclose(covariances.own, own, rtol=1e-6, atol=1e-9 * np.max(np.abs(full)))
        cross = dense.cross_covariance(i).reshape(block.n_levels, k, -1) * (not known)
        np.testing.assert_allclose(
            covariances.with_coefficients, cross, rtol=1e-6, atol=1e-9 * max(np.max(np.abs(cross)), 1e-300)
        )


def test_numbers_in_which_the_criterion_is_even(design: Design) -> None:
    likelihood = likelihood_of(design, "reml")
    entries = random_entries(likelihood, seed=4)
    for place in likelihood.places:
        covariance, own = place.covariance, entries[place.entries]
        if covariance.is_free:  # a column of the factor with another sign
            own = np.where(np.tril_indices(covariance.size)[1] == 0, -own, own)
        else:
            own = np.where(likelihood.even[place.entries] == 1.0, -own, own)
            if covariance.n_coordinates:
                own[-1] = 2.0 * covariance.turn - own[-1]
        flipped = entries.copy()
        flipped[place.entries] = own
        assert likelihood.profiled(flipped)[0] == pytest.approx(likelihood.profiled(entries)[0], rel=1e-13)


def test_restricted_and_full_are_each_others_twins(design: Design) -> None:
    reml, ml = likelihood_of(design, "reml"), likelihood_of(design, "ml")
    entries = random_entries(reml, seed=5)
    assert reml.full().profiled(entries)[0] == ml.profiled(entries)[0]
    assert ml.restricted().profiled(entries)[0] == reml.profiled(entries)[0]
    assert reml.restricted() is reml


def test_other_responses_are_as_good_as_other_data(frame: pd.DataFrame) -> None:
    parsed = parse_formula("y ~ x + offset(known) + (x | g) + (1 | h)")
    design = build_design(parsed, frame, weights="w")
    others = np.random.default_rng(6).normal(size=(3, len(frame))) * 30 + frame["y"].to_numpy()
    for response, likelihood in zip(others, likelihood_of(design).with_responses(others), strict=True):
        fresh = find_optimum(likelihood_of(build_design(parsed, frame.assign(y=response), weights="w")))
        again = find_optimum(likelihood)
        assert again.criterion == pytest.approx(fresh.criterion, rel=1e-10)
        np.testing.assert_allclose(again.coefficients, fresh.coefficients, rtol=1e-6)


def test_a_refit_finds_what_a_fit_finds(frame: pd.DataFrame) -> None:
    likelihood = likelihood_of(build_design(parse_formula("y ~ x + (x | g)"), frame))
    known = find_optimum(likelihood).entries
    scale = standardizing_scale(hessian_of(likelihood.profiled, known))
    others = np.random.default_rng(7).normal(size=(5, len(frame))) * 10 + frame["y"].to_numpy()
    for other in likelihood.with_responses(others):
        careful, quick = find_optimum(other), refit(other, known, scale)
        assert quick.criterion == pytest.approx(careful.criterion, abs=1e-5)
        np.testing.assert_allclose(quick.coefficients, careful.coefficients, rtol=1e-3)


def test_curvature_is_that_of_the_criterion(frame: pd.DataFrame) -> None:
    likelihood = likelihood_of(build_design(parse_formula("y ~ x + (x | g)"), frame))
    entries = find_optimum(likelihood).entries
    found, step = curvature(likelihood, entries), 1e-3
    for i, move in enumerate(step * np.eye(len(entries))):
        ends = [likelihood.profiled(entries + sign * move)[0] for sign in (-1.0, 0.0, 1.0)]
        assert found.hessian[i, i] == pytest.approx((ends[0] - 2 * ends[1] + ends[2]) / step**2, rel=1e-3)
    np.testing.assert_allclose(found.inverse @ found.hessian, np.eye(len(entries)), atol=1e-8)


@pytest.mark.parametrize("power", [-40, 17])
def test_powers_of_two_change_no_bit(frame: pd.DataFrame, power: int) -> None:
    parsed, factor = parse_formula("y ~ x + (x | g)"), 2.0**power
    plain = find_optimum(likelihood_of(build_design(parsed, frame)))
    scaled = find_optimum(likelihood_of(build_design(parsed, frame.assign(y=factor * frame["y"]))))
    assert np.array_equal(scaled.entries, plain.entries)
    assert np.array_equal(scaled.coefficients, factor * plain.coefficients)


def test_effects_are_in_the_units_of_the_data(frame: pd.DataFrame) -> None:
    likelihood = likelihood_of(build_design(parse_formula("y ~ x + (x | g)"), frame))
    spread = np.std(frame["y"], ddof=1)
    np.testing.assert_allclose(
        np.concatenate(effect_scales(likelihood)), [spread, spread / np.std(frame["x"], ddof=1)]
    )


def test_too_many_crossed_effects_are_refused(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesmixed.engines.reml.likelihood.OPTIMUM_LIMIT", 3)
    design = build_design(parse_formula("y ~ x + (1 | g) + (1 | h)"), frame)
    with pytest.raises(EngineError, match="method='bayes'"):
        likelihood_of(design)


def test_the_dense_twin_is_sound() -> None:
    """The twin's total covariance of one level is what a formula by hand gives."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "g": ["a", "a", "b", "b"]})
    design = build_design(parse_formula("y ~ 1 + (1 | g)"), frame)
    dense = Dense(design, (np.array([[4.0]]),), 3.0)
    block = np.full((2, 2), 4.0) + 9.0 * np.eye(2)
    np.testing.assert_array_equal(dense.total, linalg.block_diag(block, block))
