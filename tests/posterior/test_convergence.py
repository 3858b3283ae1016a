"""ArviZ is the reference: batching must not change its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from bayesmixed.posterior.diagnostics import convergence_statistics, worst_candidates

RNG = np.random.default_rng(20)


def autoregressive(phi: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Stationary AR(1) along the last axis, variance 1."""
    x = rng.normal(size=shape)
    for i in range(1, shape[-1]):
        x[..., i] = phi * x[..., i - 1] + np.sqrt(1 - phi**2) * x[..., i]
    return x


CASES = {
    "independent": RNG.normal(size=(3, 4, 200)),
    "odd length": RNG.normal(size=(2, 4, 101)),
    "heavy tails": RNG.standard_cauchy(size=(2, 4, 200)),
    "autocorrelated": autoregressive(0.9, (2, 4, 300), RNG),
    "antithetic": autoregressive(-0.7, (2, 4, 300), RNG),
    "ties": np.round(RNG.normal(size=(2, 4, 200)), 1),
    "repeated draws": np.repeat(RNG.normal(size=(2, 4, 50)), 4, axis=2),
    "chains apart": RNG.normal(size=(2, 4, 200)) + np.arange(4)[:, None],
    "two chains": RNG.normal(size=(2, 2, 200)),
    "more than a batch": RNG.normal(size=(300, 2, 20)),
}


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_the_numbers_are_those_of_arviz(values: np.ndarray) -> None:
    expected = np.column_stack(
        [
            array_stats.rhat(values, method="rank"),
            array_stats.ess(values, method="bulk"),
            array_stats.ess(values, method="tail", prob=(0.05, 0.95)),
        ]
    )
    np.testing.assert_allclose(convergence_statistics(values), expected, rtol=1e-10)


@pytest.mark.parametrize("spoil", [np.nan, np.inf, -np.inf])
def test_a_draw_that_is_not_finite_spoils_its_quantity_alone(spoil: float) -> None:
    values = RNG.normal(size=(3, 4, 100))
    whole = convergence_statistics(values)
    values[1, 2, 50] = spoil
    found = convergence_statistics(values)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], whole[[0, 2]])


def test_short_chains_are_not_judged() -> None:
    assert np.isnan(convergence_statistics(RNG.normal(size=(2, 4, 7)))).all()


def test_one_chain_is_judged_by_its_halves() -> None:
    drifting = RNG.normal(size=(1, 1, 400)) + np.linspace(0, 3, 400)
    assert convergence_statistics(drifting)[0, 0] > 1.1


def test_chains_that_stand_still_in_different_places_never_agree() -> None:
    stuck = np.repeat(np.arange(4.0)[None, :, None], 100, axis=2)
    assert convergence_statistics(stuck)[0, 0] > 1e6


@pytest.mark.parametrize(
    "bad",
    [
        autoregressive(0.95, (4, 1000), np.random.default_rng(1)),
        np.random.default_rng(2).normal(size=(4, 1000)) + np.array([[0.5], [0], [0], [0]]),
        # Only the spread moves slowly: the mean mixes, the tails do not.
        np.random.default_rng(3).normal(size=(4, 1000))
        * np.exp(autoregressive(0.98, (4, 1000), np.random.default_rng(4))),
        np.full((4, 1000), np.nan),
    ],
    ids=["slow", "chains apart", "slow spread", "not finite"],
)
@pytest.mark.parametrize("position", [0, 57, 199])
def test_the_screen_finds_the_bad_one_among_many(bad: np.ndarray, position: int) -> None:
    values = np.random.default_rng(5).normal(size=(4, 1000, 200))
    values[:, :, position] = bad
    assert position in worst_candidates(values, 3, max_rhat=1.01, min_ess=400)


@pytest.mark.parametrize("seed", range(5))
def test_the_worst_by_arviz_are_among_the_candidates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    phis = rng.permutation(np.linspace(0.0, 0.9, 60))
    values = np.stack([autoregressive(phi, (4, 1000), rng) for phi in phis])
    chosen = set(worst_candidates(np.moveaxis(values, 0, 2), 12, max_rhat=1.01, min_ess=400))
    r_hat, bulk, tail = convergence_statistics(values).T
    assert {np.argmax(r_hat), np.argmin(bulk), np.argmin(tail)} <= chosen


@pytest.mark.parametrize("m", [1, 3, 4])
def test_the_screen_takes_all_when_there_are_few(m: int) -> None:
    values = RNG.normal(size=(4, 100, m))
    assert worst_candidates(values, 4, max_rhat=1.01, min_ess=400).tolist() == list(range(m))


def test_the_screen_ignores_scale_and_shift() -> None:
    values = np.random.default_rng(7).normal(size=(4, 200, 50))
    moved = values * np.logspace(-8, 8, 50) + 3.0
    first = worst_candidates(values, 5, max_rhat=1.01, min_ess=400)
    np.testing.assert_array_equal(first, worst_candidates(moved, 5, max_rhat=1.01, min_ess=400))
