"""Moments, draws and distribution functions agree with SciPy and with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayesmixed.families.family import LARGEST_MEAN
from bayesmixed.families.registry import family_by_name
from families.cases import CASES, NAMES, arrays

DRAWS = 40_000


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_mean_and_variance_are_scipys(case: Any) -> None:
    name, _, location, parameters, trials, twin = case
    frozen, family, by_name = twin(location, trials, **parameters), family_by_name(name), arrays(parameters)
    count = 1 if trials is None else trials
    np.testing.assert_allclose(family.mean(location, by_name) * count, frozen.mean(), rtol=1e-9)
    variance = family.variance(location, by_name, trials)
    np.testing.assert_allclose(variance * count**2, frozen.var(), rtol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_draws_follow_the_distribution_function(case: Any) -> None:
    name, y, location, parameters, trials, _ = case
    family, by_name = family_by_name(name), arrays(parameters)
    tiled = np.tile(location, (DRAWS, 1))
    drawn = family.draws(tiled, by_name, trials, np.random.default_rng(3))
    expected = family.distribution_function(y, location, by_name, trials)
    error = np.sqrt(expected * (1 - expected) / DRAWS)
    assert np.all(np.abs((drawn <= y).mean(axis=0) - expected) <= 5 * error + 1e-12)


def test_two_degrees_of_freedom_have_no_variance() -> None:
    parameters = {"sigma": np.array([1.0, 1.0]), "nu": np.array([2.0, 4.0])}
    variance = family_by_name("t").variance(np.zeros(2), parameters)
    assert variance.tolist() == [np.inf, 2.0]


@pytest.mark.parametrize("name", ["poisson", "negativebinomial", "gamma"])
def test_draws_survive_locations_that_priors_alone_reach(name: str) -> None:
    location = np.array([np.inf, 1e300, -1.0, np.nan, 2.0])
    parameters = {"alpha": np.array(3.0)}
    drawn = family_by_name(name).draws(location, parameters, None, np.random.default_rng(1))
    assert np.isnan(drawn).tolist() == [False, False, True, True, False]
    assert np.all(drawn[:2] > LARGEST_MEAN / 1000)
