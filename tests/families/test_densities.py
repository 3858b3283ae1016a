"""Log densities against SciPy and PyMC."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from bayesmixed.families.bambi_families import compiled_log_density
from bayesmixed.families.registry import FAMILIES, family_by_name
from bayesmixed.posterior.linear_predictor import linear_predictor
from bayesmixed.posterior.response import log_likelihood
from families.cases import CASES, COUNTS, MEANS, NAMES, arrays
from verbs.family_models import PARAMETERS, simulated


def test_every_family_is_tried() -> None:
    assert set(NAMES) == set(FAMILIES)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_density_is_scipys(case: Any) -> None:
    name, y, location, parameters, trials, twin = case
    frozen = twin(location, trials, **parameters)
    expected = frozen.logpmf(y) if hasattr(frozen.dist, "logpmf") else frozen.logpdf(y)
    ours = family_by_name(name).log_density(y, location, arrays(parameters), trials)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_draws_broadcast_over_rows(case: Any) -> None:
    name, y, location, parameters, trials, _ = case
    stacked = {key: np.array([[value], [2 * value]]) for key, value in parameters.items()}
    once = family_by_name(name).log_density(y, location, arrays(parameters), trials)
    both = family_by_name(name).log_density(y, np.tile(location, (2, 1)), stacked, trials)
    assert both.shape == (2, 4)
    np.testing.assert_allclose(both[0], once)


def test_a_sure_event_costs_nothing_and_an_impossible_one_everything() -> None:
    family = family_by_name("bernoulli")
    ours = family.log_density(np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 1.0]), {})
    assert ours.tolist() == [0.0, 0.0, -np.inf]


def test_a_negative_mean_has_no_density() -> None:
    ours = family_by_name("gamma", "inverse").log_density(MEANS, -MEANS, {"alpha": np.array(2.0)})
    assert np.all(ours == -np.inf)


def test_a_family_of_bambis_alone_has_pymcs_density() -> None:
    family, psi = family_by_name("zero_inflated_poisson"), np.array([[0.8]])
    ours = family.log_density(COUNTS, MEANS[None], {"psi": psi})
    plain = family_by_name("poisson").log_density(COUNTS, MEANS, {})
    expected = np.log(np.where(COUNTS == 0, 0.2, 0.0) + 0.8 * np.exp(plain))
    np.testing.assert_allclose(ours[0], expected, rtol=1e-6)


def test_a_density_of_pymcs_is_compiled_once_whatever_the_chains() -> None:
    draws, spec = simulated("laplace")
    chains = xr.concat([draws["posterior"].to_dataset()] * 3, "chain").assign_coords(chain=range(3))
    compiled_log_density.cache_clear()
    found = log_likelihood(xr.DataTree.from_dict({"posterior": chains}), spec)["y"]
    assert compiled_log_density.cache_info().misses == 1
    linked = spec.family.location_of(linear_predictor(chains, spec.design).values)
    expected = stats.laplace(linked, PARAMETERS["b"]).logpdf(spec.design.response.values)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
