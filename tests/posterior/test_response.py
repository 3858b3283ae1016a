"""Densities and draws of the response."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import linear_predictor
from bayesmixed.posterior.response import log_likelihood, posterior_predictive

SpecOf = Callable[..., ModelSpec]
DrawsOf = Callable[[ModelSpec], xr.DataTree]


def residual_sd(spec: ModelSpec, draws: xr.DataTree) -> np.ndarray:
    weights = np.ones(spec.design.n_rows) if spec.design.weights is None else spec.design.weights
    return draws["posterior"]["sigma"].values[..., None] / np.sqrt(weights)


def test_the_likelihood_is_normal_with_weights(spec_of: SpecOf, random_draws_of: DrawsOf) -> None:
    for options in ({}, {"weights": "w"}):
        spec = spec_of("y ~ x + offset(known) + (x | g)", **options)
        draws = random_draws_of(spec)
        mean = linear_predictor(draws["posterior"].to_dataset(), spec.design).values
        expected = stats.norm(mean, residual_sd(spec, draws)).logpdf(spec.design.response.values)
        np.testing.assert_allclose(log_likelihood(draws, spec)["y"], expected)


def test_new_responses_are_standard_normal_around_their_mean(
    spec_of: SpecOf, random_draws_of: DrawsOf
) -> None:
    spec = spec_of("y ~ x + (x | g)", weights="w")
    draws = random_draws_of(spec)
    mean = linear_predictor(draws["posterior"].to_dataset(), spec.design).values
    standard = (posterior_predictive(draws, spec, seed=1)["y"].values - mean) / residual_sd(spec, draws)
    assert stats.kstest(standard.ravel(), stats.norm.cdf).pvalue > 1e-4
    assert abs(np.corrcoef(standard.reshape(-1, 96).T)[np.triu_indices(96, 1)]).max() < 0.4


def test_a_seed_repeats_the_draws(spec_of: SpecOf, random_draws_of: DrawsOf) -> None:
    spec = spec_of("y ~ x + (1 | g)")
    draws = random_draws_of(spec)
    one, same, other = (posterior_predictive(draws, spec, seed=seed) for seed in (1, 1, 2))
    xr.testing.assert_identical(one, same)
    assert not one.equals(other)
