"""Moments of mixtures against SciPy's, whatever the order and the origin of the sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesmixed.design.build import build_design
from bayesmixed.engines.moments import LevelSums, MixtureSums, fixed_places, without_ranef
from bayesmixed.engines.records import LevelMoments, RawDraws
from bayesmixed.formula.parse import parse_formula

RNG = np.random.default_rng(4)
VALUES = RNG.gamma(3.0, 2.0, (50, 3, 2)) + 100


def of_values(values: np.ndarray) -> np.ndarray:
    """Mean, sd, skewness and excess kurtosis along the first axis."""
    return np.stack([values.mean(axis=0), values.std(axis=0), stats.skew(values), stats.kurtosis(values)])


@pytest.mark.parametrize("reference", [100.0, 106.0, 90.0])
def test_known_values_have_the_moments_of_a_sample(reference: float) -> None:
    sums = MixtureSums(np.full(VALUES.shape[1:], reference))
    for value in VALUES:
        sums.add(value, 0.0)
    np.testing.assert_allclose(sums.moments(), of_values(VALUES), rtol=1e-9, atol=1e-9)


def test_a_mixture_of_two_normals() -> None:
    """Moments of N(-1, 1) and N(2, 9) in equal parts, by integration of the density."""
    sums = MixtureSums(np.zeros(1))
    sums.add(np.array([-1.0]), np.array([1.0]))
    sums.add(np.array([2.0]), np.array([9.0]))
    x = np.linspace(-40, 40, 200_001)
    density = 0.5 * (stats.norm(-1, 1).pdf(x) + stats.norm(2, 3).pdf(x))
    mean = np.trapezoid(x * density, x)
    central = [np.trapezoid((x - mean) ** power * density, x) for power in (2, 3, 4)]
    expected = [mean, central[0] ** 0.5, central[1] / central[0] ** 1.5, central[2] / central[0] ** 2 - 3]
    np.testing.assert_allclose(sums.moments()[:, 0], expected, rtol=1e-9)


def test_parts_add_up_to_the_whole() -> None:
    reference, variances = VALUES[0], RNG.uniform(1, 2, (len(VALUES), 3, 2, 2))
    covariances = variances @ np.swapaxes(variances, -1, -2)
    whole, first, rest = (LevelSums(reference, 2 * reference) for _ in range(3))
    for i, (value, covariance) in enumerate(zip(VALUES, covariances, strict=True)):
        for sums in (whole, first if i < 20 else rest):
            sums.add(value, covariance, 2 * value, 4 * np.einsum("jkk->jk", covariance))
    first.absorb(rest)
    one, other = whole.moments(), first.moments()
    for name in LevelMoments.__slots__:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10)
    np.testing.assert_allclose(np.einsum("jkk->jk", one.covariance), one.ranef[1] ** 2, rtol=1e-10)
    np.testing.assert_allclose(one.coef[:2], 2 * one.ranef[:2], rtol=1e-10)
    np.testing.assert_allclose(one.coef[2:], one.ranef[2:], rtol=1e-9)


def test_a_constant_has_no_shape() -> None:
    sums = MixtureSums(np.ones(2))
    sums.add(np.array([1.0, 3.0]), 0.0)
    np.testing.assert_array_equal(sums.moments(), [[1, 3], [0, 0], [0, 0], [0, 0]])


def test_draws_give_way_to_their_plain_moments(frame) -> None:  # type: ignore[no-untyped-def]
    design = build_design(parse_formula("y ~ x + (x + v | g) + (1 | h)"), frame)
    big, small = design.blocks
    ranef = tuple(RNG.normal(size=(2, 6, block.n_levels, block.n_effects)) for block in design.blocks)
    beta = RNG.normal(5, 1, (2, 6, 2))
    known = LevelMoments(ranef=np.zeros(0), coef=np.zeros(0), covariance=np.zeros(0))
    raw = RawDraws(
        beta=beta,
        sigma=None,
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
