"""Densities and draws of priors: PyMC's densities, and draws that follow them."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.errors import PriorError
from bayesmixed.priors.choice import prior
from bayesmixed.priors.density import IMPROPER, log_density, random_draws
from bayesmixed.priors.distributions import DISTRIBUTIONS
from bayesmixed.priors.prior import Prior

VALUES = {
    "mu": 0.5,
    "sigma": 1.5,
    "nu": 3.0,
    "alpha": 1.2,
    "beta": 0.7,
    "b": 0.8,
    "s": 1.1,
    "kappa": 1.4,
    "lam": 0.6,
}
BOUNDS = {"lower": 0.2, "c": 1.0, "upper": 2.5}
POINTS = np.array([-2.0, -0.1, 0.15, 0.3, 0.9, 1.7, 2.4, 6.0])
UNIVARIATE = [name for name in DISTRIBUTIONS if name != "LKJ"]


def example(name: str) -> Prior:
    arguments = DISTRIBUTIONS[name].arguments
    return prior(name, **{argument: {**VALUES, **BOUNDS}[argument] for argument in arguments})


@pytest.mark.parametrize("name", UNIVARIATE)
def test_the_density_is_that_of_pymc(name: str) -> None:
    pm = pytest.importorskip("pymc")
    pytensor = pytest.importorskip("pytensor")
    chosen = example(name)
    arguments = {argument: np.array(value) for argument, value in chosen.args.items()}
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        theirs = pm.logp(getattr(pm, name).dist(**arguments), POINTS).eval()
    # PyMC rounds some constants, such as log(2), to single precision
    np.testing.assert_allclose(log_density(chosen, POINTS), theirs, rtol=1e-10, atol=2e-7)


@pytest.mark.parametrize("name", UNIVARIATE)
def test_the_support_is_that_of_the_table(name: str) -> None:
    inside = np.isfinite(log_density(example(name), POINTS))
    expected = {
        "real": np.full(POINTS.shape, True),
        "positive": np.greater(POINTS, 0),
        "unit": np.greater(POINTS, 0) & np.less(POINTS, 1),
        "interval": np.greater(POINTS, BOUNDS["lower"]) & np.less(POINTS, BOUNDS["upper"]),
    }
    assert np.array_equal(inside, expected[DISTRIBUTIONS[name].support])


@pytest.mark.parametrize("name", [name for name in UNIVARIATE if name not in IMPROPER])
def test_draws_follow_the_density(name: str) -> None:
    chosen = example(name)
    draws = np.sort(random_draws(chosen, 20_000, np.random.default_rng(1)))
    lower, upper = np.quantile(draws, [0.1, 0.8])
    grid = np.linspace(lower, upper, 4001)
    mass = np.trapezoid(np.exp(log_density(chosen, grid)), grid)
    assert mass == pytest.approx(0.7, abs=0.015)  # four standard errors of a share of 20,000 draws
    assert np.isfinite(log_density(chosen, draws)).all()


@pytest.mark.parametrize("name", sorted(IMPROPER))
def test_nothing_is_drawn_from_an_improper_prior(name: str) -> None:
    with pytest.raises(PriorError, match="improper"):
        random_draws(Prior(name), 3, np.random.default_rng(1))
