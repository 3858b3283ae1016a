"""Sets of effects side by side, and structures that a formula names."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.covariances.covariance import Covariances
from bayesmixed.covariances.registry import ABSENT, STRUCTURES
from bayesmixed.engines.kernel.theta import KERNELS
from bayesmixed.errors import FormulaError
from bayesmixed.formula.parse import parse_formula
from effect_sets import unstructured


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_every_structure_answers_for_its_size(name: str, size: int) -> None:
    own = Covariances(STRUCTURES[name].of_bar(size))
    effects = [f"e{i}" for i in range(size)]
    assert own.n_effects == size
    assert all(each.kernel in KERNELS for each in own.sets)
    assert own.n_deviations == len(own.deviations(effects)) == len(own.leaders)
    assert sorted(e for each in own.deviations(effects) for e in each.effects) == list(range(size))
    coordinates = np.random.default_rng(size).normal(size=(3, own.n_coordinates))
    factor = own.cholesky(coordinates)
    np.testing.assert_allclose(np.sum(factor**2, axis=-1), 1, rtol=1e-12)
    assert np.all(np.triu(factor, 1) == 0)
    correlation = factor @ factor.swapaxes(-1, -2)
    np.testing.assert_allclose(own.coordinates(correlation), coordinates, atol=1e-9)
    for part in own.parts:
        assert part.covariance.has(correlation[0][part.effects, part.effects])
    for _, each in own.correlations(effects):
        assert correlation[0][each.pair] != 0


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_bar_is_written_as_it_is_read(name: str) -> None:
    written = STRUCTURES[name].written("0 + x", "g")
    assert parse_formula(f"y ~ {written}").random[0].covariance in (name, "diag")


@pytest.mark.parametrize("name", [name for name in STRUCTURES if name != "diag"])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_gradients_of_an_estimates_numbers(name: str, size: int) -> None:
    own, rng = STRUCTURES[name](size), np.random.default_rng(size)
    numbers = own.start(0.8) + rng.normal(0, 0.2, own.n_parameters)
    slope, step = rng.normal(size=size * (size + 1) // 2), 1e-6
    moves = step * np.eye(len(numbers))
    ends = [(own.triangle(numbers + move) - own.triangle(numbers - move)) @ slope for move in moves]
    np.testing.assert_allclose(own.pulled(numbers, slope), np.array(ends) / (2 * step), atol=1e-8)


@pytest.mark.parametrize("name", [name for name in STRUCTURES if STRUCTURES[name](3).n_coordinates])
def test_a_correlation_can_be_held(name: str) -> None:
    own = STRUCTURES[name](3)
    numbers = own.start(0.8) + np.random.default_rng(1).normal(0, 0.1, own.n_parameters)
    free, held = own.without_correlation(numbers), 0.37
    found, slopes = own.with_correlation(held, free)
    square = np.zeros((3, 3))
    square[np.tril_indices(3)] = own.triangle(found)
    covariance = square @ square.T
    assert covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]) == pytest.approx(held, rel=1e-12)
    np.testing.assert_allclose(own.without_correlation(found), free, atol=1e-12)
    for i, move in enumerate(1e-6 * np.eye(len(free))):
        ends = [own.with_correlation(held, free + sign * move)[0] for sign in (1, -1)]
        np.testing.assert_allclose(slopes[:, i], (ends[0] - ends[1]) / 2e-6, atol=1e-8)


def test_sets_stand_one_after_the_other() -> None:
    own = unstructured(2, 1, 3)
    assert [(p.effects.start, p.effects.stop) for p in own.parts] == [(0, 2), (2, 3), (3, 6)]
    assert [(p.coordinates.start, p.coordinates.stop) for p in own.parts] == [(0, 1), (1, 1), (1, 4)]
    assert own.of_effect.tolist() == own.leaders.tolist() == list(range(6))


@pytest.mark.parametrize("name", ABSENT)
def test_structures_that_are_known_and_absent_are_refused_by_name(name: str) -> None:
    with pytest.raises(FormulaError, match=f"{name}\\(\\) asks for {ABSENT[name]}"):
        parse_formula(f"y ~ {name}(0 + f | g)")


def test_unknown_structures_get_near_names() -> None:
    with pytest.raises(FormulaError, match="Did you mean 'diag'"):
        parse_formula("y ~ diagonal(x | g)")
    with pytest.raises(FormulaError, match="contradict"):
        parse_formula("y ~ us(x || g)")
