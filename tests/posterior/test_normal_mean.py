"""Means over a normal linear predictor against SciPy's adaptive quadrature."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from bayesmixed.errors import FamilyError
from bayesmixed.families.family import Family
from bayesmixed.families.links import LINKS
from bayesmixed.families.registry import FAMILIES, family_by_name
from bayesmixed.posterior.normal_mean import normal_mean

PARAMETERS = {
    name: np.array(value)
    for name, value in {"alpha": 2, "kappa": 8, "sigma": 0.7, "nu": 6, "psi": 0.6, "b": 1.5}.items()
}
CENTRES = (-6.0, -1.5, 0.2, 3.0)
SPREADS = (0.01, 0.5, 2.5, 6.5, 9.0, 300.0)
EXPONENTIAL = 5.0
"""Widest predictor that is tried where means grow as exponentials."""

ALL = [
    (family, link) for family, entry in FAMILIES.items() for link in entry.links if not LINKS[link].is_power
]
MEANS = {link: family for family, link in ALL if family != "lognormal"}
"""One family for each link; all but a lognormal one have the location as mean."""
OTHER_MEANS = {
    "lognormal": "identity",
    "exgaussian": "identity",
    "asymmetriclaplace": "identity",
    "hurdle_lognormal": "identity",
    "zero_inflated_poisson": "log",
    "hurdle_poisson": "log",
    "hurdle_negativebinomial": "log",
}
"""Families whose mean is another function of the location."""


def parameters_of(family: Family) -> dict[str, np.ndarray]:
    return {name: PARAMETERS[name] for name in family.parameter_names}


def means(name: str, link: str, centre: Any, spread: Any) -> np.ndarray:
    family = family_by_name(name, link)
    centre, spread = np.broadcast_arrays(centre, spread)
    return normal_mean(family, centre, spread**2, parameters_of(family))


def referee(family: Family, centre: float, spread: float, grows: bool) -> float:
    """The integral piece by piece, over whatever has a share of it."""
    own = parameters_of(family)

    def weighted(eta: float) -> float:
        mean = family.mean(family.location_of(np.array(eta)), own)
        return float(mean) * math.exp(-0.5 * ((eta - centre) / spread) ** 2)

    low, high = centre - 10 * spread, centre + 10 * spread + grows * spread**2
    bends = (-20.0, -5.0, 0.0, 5.0, centre, centre + grows * spread**2)
    ends = sorted({low, high, *(bend for bend in bends if low < bend < high)})
    pieces = [quad(weighted, a, b, epsabs=0, epsrel=1e-9, limit=200)[0] for a, b in pairwise(ends)]
    return sum(pieces) / (spread * math.sqrt(2 * math.pi))


@pytest.mark.parametrize(
    ("name", "link"), [*((name, link) for link, name in MEANS.items()), *OTHER_MEANS.items()]
)
def test_mean_is_that_of_adaptive_quadrature(name: str, link: str) -> None:
    grows = link == "log" or name.endswith("lognormal")
    for spread in SPREADS:
        if grows and spread > EXPONENTIAL:
            continue
        expected = [referee(family_by_name(name, link), centre, spread, grows) for centre in CENTRES]
        np.testing.assert_allclose(means(name, link, CENTRES, spread), expected, rtol=1e-7, atol=1e-13)


@pytest.mark.parametrize(("name", "link"), ALL)
def test_families_with_one_link_agree_and_without_spread_nothing_moves(name: str, link: str) -> None:
    if name != "lognormal":
        np.testing.assert_array_equal(means(name, link, CENTRES, 1.3), means(MEANS[link], link, CENTRES, 1.3))
    family = family_by_name(name, link)
    alone = family.mean(family.location_of(np.array(CENTRES)), parameters_of(family))
    np.testing.assert_allclose(means(name, link, CENTRES, 0.0), alone, rtol=1e-9)


def test_spreads_are_integrated_each_for_itself() -> None:
    centre, spread = np.meshgrid(CENTRES, SPREADS)
    together = means("bernoulli", "cloglog", centre, spread)
    for place in np.ndindex(centre.shape):
        alone = means("bernoulli", "cloglog", centre[place], spread[place])
        assert together[place] == pytest.approx(alone.item(), rel=1e-9)


def test_parameters_differ_by_draw() -> None:
    family = family_by_name("lognormal")
    sigma = np.array([[0.2], [1.4]])
    found = normal_mean(family, np.zeros((2, 3)), np.array([[0.0, 1.0, 4.0]] * 2), {"sigma": sigma})
    np.testing.assert_allclose(found, np.exp((np.array([[0.0, 1.0, 4.0]]) + sigma**2) / 2), rtol=1e-10)


def test_a_mean_that_no_double_holds_is_infinite() -> None:
    family = family_by_name("lognormal")
    found = normal_mean(family, np.zeros(3), np.array([1.0, 2500.0, 1.0]), {"sigma": np.array(0.0)})
    np.testing.assert_allclose(found, [np.exp(0.5), np.inf, np.exp(0.5)], rtol=1e-10)


@pytest.mark.parametrize("link", [link for link, function in LINKS.items() if function.is_power])
def test_a_mean_that_does_not_exist_is_refused(link: str) -> None:
    with pytest.raises(FamilyError, match=rf"does not exist for gamma \({link}\)"):
        normal_mean(replace(FAMILIES["gamma"], link=link), np.ones(1), np.ones(1), {})


def test_a_mean_that_some_groups_do_not_have_is_refused() -> None:
    family = family_by_name("hurdle_poisson", "identity")
    with pytest.raises(FamilyError, match=r"does not exist for hurdle_poisson \(identity\)"):
        normal_mean(family, np.ones(1), np.ones(1), {"psi": np.array(0.5)})


def test_a_mean_that_grows_faster_than_groups_become_rare_is_refused() -> None:
    parameters = {"sigma": np.array(0.3), "psi": np.array(0.5)}
    family = family_by_name("hurdle_lognormal", "log")
    with pytest.raises(
        FamilyError, match=r"does not exist for hurdle_lognormal \(log\): the mean of a group g"
    ):
        normal_mean(family, np.zeros(1), np.full(1, 0.1), parameters)


@pytest.mark.parametrize("link", LINKS)
def test_what_a_link_says_of_the_whole_line_is_so(link: str) -> None:
    family = replace(FAMILIES["gamma"], link=link)
    values = family.location_of(np.array([-3.0, 0.0, 3.0]))
    assert bool(np.all(np.isfinite(values))) is (not LINKS[link].is_power)
