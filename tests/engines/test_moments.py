"""Moments and quantiles of mixtures, whatever the order and the origin of the sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from bayesmixed import names
from bayesmixed.design.build import build_design
from bayesmixed.engines.moments import (
    LevelSums,
    MixtureSums,
    fixed_places,
    interpolate_rising,
    without_ranef,
)
from bayesmixed.engines.records import LevelMoments, RawDraws
from bayesmixed.formula.parse import parse_formula

RNG = np.random.default_rng(4)
VALUES = RNG.gamma(3.0, 2.0, (50, 3, 2)) + 100
N = 1000


def of_values(values: np.ndarray) -> np.ndarray:
    """Mean, sd and quantiles along the first axis."""
    return np.stack([values.mean(axis=0), values.std(axis=0), *np.quantile(values, names.QUANTILES, axis=0)])


def summed(means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Moments of mixtures, components along the first axis, the nodes placed by the first fifty."""
    pilot = MixtureSums(means[0])
    for component in zip(means[:50], variances[:50], strict=True):
        pilot.add(*component)
    sums = MixtureSums(*pilot.mean_and_sd())
    for component in zip(means, variances, strict=True):
        sums.add(*component)
        sums.place(*component)
    return sums.moments()


def exact_quantile(means: np.ndarray, variances: np.ndarray, probability: float) -> float:
    """Quantile of one mixture by bisection."""
    sd = np.sqrt(variances)
    low, high = (means - 40 * sd).min(), (means + 40 * sd).max()
    return float(
        brentq(lambda x: stats.norm.cdf((x - means) / sd).mean() - probability, low, high, xtol=1e-10)
    )


@pytest.mark.parametrize("reference", [100.0, 106.0, 90.0])
def test_known_values_have_the_moments_of_a_sample(reference: float) -> None:
    sums = MixtureSums(np.full(VALUES.shape[1:], reference))
    for value in VALUES:
        sums.add(value, np.zeros(value.shape))
    np.testing.assert_allclose(sums.mean_and_sd(), of_values(VALUES)[:2], rtol=1e-9, atol=1e-9)


def test_a_mixture_of_two_normals() -> None:
    """Moments of N(-1, 1) and N(2, 9) in equal parts, by integration of the density."""
    found = summed(np.array([[-1.0], [2.0]]), np.array([[1.0], [9.0]]))[:, 0]
    x = np.linspace(-40, 40, 200_001)
    density = 0.5 * (stats.norm(-1, 1).pdf(x) + stats.norm(2, 3).pdf(x))
    mean = np.trapezoid(x * density, x)
    variance = np.trapezoid((x - mean) ** 2 * density, x)
    np.testing.assert_allclose(found[:2], [mean, variance**0.5], rtol=1e-9)
    below = 0.5 * (stats.norm.cdf(found[2:], -1, 1) + stats.norm.cdf(found[2:], 2, 3))
    np.testing.assert_allclose(below, names.QUANTILES, atol=5e-4)


POSTERIORS: dict[str, Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]] = {
    "normal": lambda rng: (rng.normal(0, 1, N), np.ones(N)),
    "skewed": lambda rng: (rng.gamma(3, 0.4, N), rng.gamma(20, 0.05, N)),
    "few groups": lambda rng: (0.3 * rng.standard_normal(N), 0.1 + rng.standard_t(8, N) ** 2),
    "no variance": lambda rng: shrunk(rng.exponential(0.6, N), 1.0),
    "little variance, far out": lambda rng: shrunk(rng.exponential(0.4, N), 4.0),
    "heavy tails": lambda rng: shrunk(np.abs(rng.standard_cauchy(N)), 0.5),
}


def shrunk(tau: np.ndarray, own: float) -> tuple[np.ndarray, np.ndarray]:
    """Conditional means and variances of a group whose own mean is `own` from five rows, sigma 1."""
    weight = 5 * tau**2 / (5 * tau**2 + 1)
    return weight * own, tau**2 * (1 - weight) + 1e-8


@pytest.mark.parametrize("name", POSTERIORS)
def test_quantiles_are_those_of_bisection(name: str) -> None:
    """Within 0.02 sd at the ends of 95 and 99 % intervals and 0.06 elsewhere, however odd the shape."""
    means, variances = (values[:, None] for values in POSTERIORS[name](np.random.default_rng(5)))
    found = summed(means, variances)[:, 0]
    expected = np.array([exact_quantile(means, variances, q) for q in names.QUANTILES])
    off = np.abs(found[2:] - expected) / found[1]
    ends = np.isin(names.QUANTILES, [0.005, 0.025, 0.975, 0.995])
    assert off[ends].max() < 0.02
    assert off[1:-1].max() < 0.06
    assert np.all(np.diff(found[2:]) > 0)


def test_parts_add_up_to_the_whole() -> None:
    reference, variances = VALUES[0], RNG.uniform(1, 2, (len(VALUES), 3, 2, 2))
    covariances = variances @ np.swapaxes(variances, -1, -2)
    scale = np.full(reference.shape, 3.0)
    whole, first, rest = (
        LevelSums(MixtureSums(reference, scale), MixtureSums(2 * reference, 2 * scale)) for _ in range(3)
    )
    for i, (value, covariance) in enumerate(zip(VALUES, covariances, strict=True)):
        for sums in (whole, first if i < 20 else rest):
            spread = 4 * np.einsum("jkk->jk", covariance)
            sums.add(value, covariance, 2 * value, spread, place=i % 2 == 0)
    first.absorb(rest)
    one, other = whole.moments(), first.moments()
    for name in LevelMoments.__slots__:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10)
    np.testing.assert_allclose(np.einsum("jkk->jk", one.covariance), one.ranef[1] ** 2, rtol=1e-10)
    np.testing.assert_allclose(one.coef, 2 * one.ranef, rtol=1e-9)
    assert whole.ranef.placed == whole.ranef.count / 2


def test_a_constant_is_all_its_moments() -> None:
    sums = MixtureSums(np.array([1.0, 3.0]), np.zeros(2))
    for part in (sums.add, sums.place):
        part(np.array([1.0, 3.0]), np.zeros(2))
    np.testing.assert_array_equal(sums.moments(), [[1, 3], [0, 0], *[[1, 3]] * len(names.QUANTILES)])


@pytest.mark.parametrize("seed", range(3))
def test_interpolation_rises_and_meets_its_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at, values = (np.sort(rng.normal(size=(9, 4)), axis=0).cumsum(axis=0) for _ in range(2))
    at, values = np.sort(at, axis=0), np.sort(values, axis=0)
    wanted = np.linspace(at.min() - 2, at.max() + 2, 301)
    assert np.all(np.diff(interpolate_rising(at, values, wanted), axis=0) >= 0)
    for j in range(4):
        own = interpolate_rising(at[:, [j]], values[:, [j]], at[:, j])[:, 0]
        np.testing.assert_allclose(own, values[:, j], atol=1e-10)


def test_interpolation_of_a_parabola_is_exact() -> None:
    at = np.array([0.5, 0.7, 1.1, 1.2, 1.9, 2.4])[:, None]
    wanted = np.linspace(0.7, 1.9, 50)
    np.testing.assert_allclose(interpolate_rising(at, at**2, wanted)[:, 0], wanted**2, rtol=1e-12)
    line = interpolate_rising(at, 3 * at - 1, np.array([-4.0, 9.0]))[:, 0]
    np.testing.assert_allclose(line, [-13.0, 26.0])


def test_draws_give_way_to_their_plain_moments(frame) -> None:  # type: ignore[no-untyped-def]
    design = build_design(parse_formula("y ~ x + (x + v | g) + (1 | h)"), frame)
    big, small = design.blocks
    ranef = tuple(RNG.normal(size=(2, 6, block.n_levels, block.n_effects)) for block in design.blocks)
    beta = RNG.normal(5, 1, (2, 6, 2))
    known = LevelMoments(ranef=np.zeros(0), coef=np.zeros(0), covariance=np.zeros(0))
    raw = RawDraws(
        beta=beta,
        parameters={},
        sd=(),
        corr=(),
        ranef=(ranef[0], None),
        sample_stats={},
        moments=(None, known),
    )
    reduced = without_ranef(design, raw)
    assert reduced.ranef == (None, None)
    assert reduced.moments[1] is known
    found = reduced.moments[0]
    assert found is not None
    flat = ranef[0].reshape(12, big.n_levels, 3)
    np.testing.assert_allclose(found.ranef, of_values(flat), rtol=1e-9, atol=1e-9)
    fixed = np.concatenate([beta.reshape(12, 1, 2), np.zeros((12, 1, 1))], axis=2)
    np.testing.assert_allclose(found.coef, of_values(flat + fixed), rtol=1e-9, atol=1e-9)
    for level in range(big.n_levels):
        np.testing.assert_allclose(found.covariance[level], np.cov(flat[:, level].T, ddof=0), atol=1e-12)
    assert fixed_places(design, big) == [0, 1, None]
    assert fixed_places(design, small) == [0]
