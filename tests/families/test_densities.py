"""Log densities against SciPy and PyMC."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayesmixed.families.densities import log_density
from bayesmixed.families.lookup import FAMILIES, family_by_name
from families.cases import CASES, COUNTS, MEANS, NAMES, arrays


def test_every_family_is_tried() -> None:
    assert set(NAMES) == set(FAMILIES)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_density_is_scipys(case: Any) -> None:
    name, y, location, parameters, trials, twin = case
    frozen = twin(location, trials, **parameters)
    expected = frozen.logpmf(y) if hasattr(frozen.dist, "logpmf") else frozen.logpdf(y)
    ours = log_density(family_by_name(name), y, location, arrays(parameters), trials)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_draws_broadcast_over_rows(case: Any) -> None:
    name, y, location, parameters, trials, _ = case
    stacked = {key: np.array([[value], [2 * value]]) for key, value in parameters.items()}
    once = log_density(family_by_name(name), y, location, arrays(parameters), trials)
    both = log_density(family_by_name(name), y, np.tile(location, (2, 1)), stacked, trials)
    assert both.shape == (2, 4)
    np.testing.assert_allclose(both[0], once)


def test_a_sure_event_costs_nothing_and_an_impossible_one_everything() -> None:
    family = family_by_name("bernoulli")
    ours = log_density(family, np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 1.0]), {})
    assert ours.tolist() == [0.0, 0.0, -np.inf]


def test_a_negative_mean_has_no_density() -> None:
    ours = log_density(family_by_name("gamma", "inverse"), MEANS, -MEANS, {"alpha": np.array(2.0)})
    assert np.all(ours == -np.inf)


def test_a_family_of_bambis_alone_has_pymcs_density() -> None:
    family, psi = family_by_name("zero_inflated_poisson"), np.array([[0.8]])
    ours = log_density(family, COUNTS, MEANS[None], {"psi": psi})
    plain = log_density(family_by_name("poisson"), COUNTS, MEANS, {})
    expected = np.log(np.where(COUNTS == 0, 0.2, 0.0) + 0.8 * np.exp(plain))
    np.testing.assert_allclose(ours[0], expected, rtol=1e-6)
