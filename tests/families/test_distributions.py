"""Mean, variance and draws of every family against sums over the density that is fitted.

The density is :meth:`~bayesmixed.families.family.Family.log_density`, of Bambi's families PyMC's own: what is
stated of a family is tied to what is sampled, in whatever parametrization.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit

from bayesmixed.errors import FamilyError
from bayesmixed.families.bambi_families import STATED, BambiFamily, bambi_names
from bayesmixed.families.family import Family
from bayesmixed.families.registry import FAMILIES, family_by_name

PARAMETERS = {"alpha": 1.7, "b": 1.3, "kappa": 12.0, "lam": 2.0, "nu": 4.5, "psi": 0.7, "sigma": 0.6}
LOCATIONS = {
    "real": np.array([-0.5, 0.1, 1.0, 2.5]),
    "positive": np.array([0.01, 0.4, 1.7, 5.0]),
    "probability": np.array([0.1, 0.4, 0.5, 0.8]),
}
TRIALS = np.array([1.0, 3.0, 9.0, 30.0])
STATED_HERE = [*FAMILIES, *STATED]
STEP = 0.02
FAR = np.arange(-40, 12, STEP)
LOGITS = np.arange(-60, 34, STEP)
DRAWS = 20_000
TOLERANCE = 1e-6
"""Relative error of the sums, whose steps and ends leave less than a tenth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A family at four locations, and the mass of its density at points that rise, shape (points, 4)."""

    family: Family
    location: np.ndarray
    parameters: dict[str, np.ndarray]
    trials: np.ndarray | None
    points: np.ndarray
    mass: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Trials, or ones."""
        return np.ones(4) if self.trials is None else self.trials


@pytest.fixture(scope="module", params=STATED_HERE)
def sums(request: pytest.FixtureRequest) -> Sums:
    """Every family."""
    family = family_by_name(request.param)
    location = LOCATIONS[family.location]
    parameters = {name: np.asarray(PARAMETERS[name]) for name in family.parameter_names}
    trials = TRIALS if family.takes_trials else None
    points, widths = _points(family, location)
    logs = family.log_density(points, np.broadcast_to(location, points.shape), parameters, trials)
    return Sums(
        family=family,
        location=location,
        parameters=parameters,
        trials=trials,
        points=points,
        mass=np.exp(logs) * widths,
    )


def _points(family: Family, location: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points that rise and the widths that they stand for: fine at kinks, at zero and far out."""
    if family.is_discrete:
        points = np.arange(0.0, 400.0)
        return np.tile(points[:, None], (1, 4)), np.ones((len(points), 1))
    if family.name == "vonmises":
        width = 2 * np.pi / 2000
        points = -np.pi + (np.arange(2000) + 0.5) * width
        return np.tile(points[:, None], (1, 4)), np.full((len(points), 1), width)
    if family.name == "beta":
        points = expit(LOGITS)
        return np.tile(points[:, None], (1, 4)), (points * expit(-LOGITS) * STEP)[:, None]
    above = np.exp(FAR)
    if np.isneginf(family.log_density(np.array([-1.0]), location[:1], _ones(family))).all():
        zero = [0.0] if "hurdle" in family.name else []
        points = np.concatenate([zero, above])
        return np.tile(points[:, None], (1, 4)), np.concatenate([np.ones(len(zero)), above * STEP])[:, None]
    around = np.concatenate([-above[::-1], above])
    return location + around[:, None], np.abs(around)[:, None] * STEP


def _ones(family: Family) -> dict[str, np.ndarray]:
    return {name: np.full(1, 0.5) for name in family.parameter_names}


def test_every_family_that_can_be_fitted_states_its_distribution() -> None:
    assert set(STATED_HERE) == set(bambi_names())
    assert [name for name in STATED_HERE if not family_by_name(name).has_mean] == ["vonmises"]


def test_mean_and_variance_are_those_of_the_density(sums: Sums) -> None:
    np.testing.assert_allclose(sums.mass.sum(axis=0), 1, rtol=TOLERANCE)
    if not sums.family.has_mean:
        return
    mean = (sums.points * sums.mass).sum(axis=0)
    variance = ((sums.points - mean) ** 2 * sums.mass).sum(axis=0)
    stated = sums.family.mean(sums.location, sums.parameters)
    np.testing.assert_allclose(stated * sums.counts, mean, rtol=TOLERANCE)
    stated = sums.family.variance(sums.location, sums.parameters, sums.trials)
    np.testing.assert_allclose(stated * sums.counts**2, variance, rtol=TOLERANCE)


def test_draws_follow_the_density(sums: Sums) -> None:
    tiled = np.tile(sums.location, (DRAWS, 1))
    drawn = sums.family.draws(tiled, sums.parameters, sums.trials, np.random.default_rng(5))
    below = np.cumsum(sums.mass, axis=0)
    half = np.where(sums.family.is_discrete | (sums.points == 0), 0, sums.mass / 2)
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98):
        at = np.argmax(below > share, axis=0)
        expected = np.take_along_axis(below - half, at[None], axis=0)[0].clip(0, 1)
        found = (drawn <= np.take_along_axis(sums.points, at[None], axis=0)).mean(axis=0)
        error = np.sqrt(expected * (1 - expected) / DRAWS)
        assert np.all(np.abs(found - expected) <= 5 * error + 1e-9), share


def test_what_a_family_does_not_state_is_refused_by_name() -> None:
    angle = family_by_name("vonmises")
    unknown = BambiFamily(name="skewed", links=("identity",), distribution="Skewed")
    for moment in ("mean", "variance"):
        with pytest.raises(FamilyError, match=r"family 'vonmises' does not have a mean.*angle depends"):
            getattr(angle, moment)(np.zeros(2), {"kappa": np.ones(1)})
        with pytest.raises(FamilyError, match="mean, variance and draws of the family 'skewed'"):
            getattr(unknown, moment)(np.zeros(2), {})
    with pytest.raises(FamilyError, match="'skewed'"):
        unknown.draws(np.zeros(2), {}, None, np.random.default_rng(1))


@pytest.mark.parametrize("name", ["hurdle_poisson", "hurdle_negativebinomial"])
def test_what_is_above_zero_at_a_vanishing_location_is_one(name: str) -> None:
    family, location = family_by_name(name), np.array([0.0, 1e-300, 1e-12])
    parameters = {"alpha": np.array(1.7), "psi": np.array(1.0)}
    np.testing.assert_allclose(family.mean(location, parameters), 1)
    np.testing.assert_allclose(family.variance(location, parameters), 0, atol=1e-11)
    drawn = family.draws(location, parameters, None, np.random.default_rng(1))
    assert drawn.tolist() == [1, 1, 1]
    assert np.isnan(family.mean(np.array([-1.0]), parameters)).all()


@pytest.mark.parametrize("name", ["beta", "beta_binomial", "zero_inflated_binomial"])
def test_shares_at_the_ends_can_be_drawn(name: str) -> None:
    parameters = {"kappa": np.array(5.0), "psi": np.array(1.0)}
    location = np.array([0.0, 1.0, np.nan, 1.5])
    drawn = family_by_name(name).draws(location, parameters, np.ones(4), np.random.default_rng(1))
    assert drawn.tolist()[:2] == [0, 1]
    assert np.isnan(drawn[2:]).all()
