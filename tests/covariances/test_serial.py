"""Correlation structures of residuals: what each answers, checked against its matrix."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.covariances.autoregressive import Autoregressive
from bayesmixed.covariances.exchangeable import Exchangeable
from bayesmixed.covariances.occasions import Occasions
from bayesmixed.covariances.registry import RESIDUALS
from bayesmixed.covariances.serial import Independent, Serial, in_order

RNG = np.random.default_rng(4)
CODES = np.repeat([0, 1, 2, 3], [4, 1, 6, 3])[RNG.permutation(14)]
PLACES = in_order(CODES)
GAPS = PLACES * 2 + (PLACES > 2)
IRREGULAR = PLACES + 0.3 * RNG.uniform(size=14)
CASES: dict[str, Serial] = {
    "in order": Autoregressive.build(CODES, None),
    "whole steps": Autoregressive.build(CODES, GAPS),
    "irregular": Autoregressive.build(CODES, IRREGULAR),
    "cosy": Exchangeable.build(CODES, None),
    "unstr": Occasions.build(CODES, None),
    "unstr with gaps": Occasions.build(CODES, np.where(PLACES == 1, 9.0, PLACES)),
}


@pytest.mark.parametrize("case", CASES)
def test_inverse_and_log_determinant_are_those_of_the_matrix(case: str) -> None:
    serial = CASES[case]
    x = RNG.normal(size=serial.n_coordinates)
    value = serial.values(x)
    matrix = serial.correlation(value)
    assert RESIDUALS[serial.name] is type(serial)
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    np.testing.assert_array_equal(matrix[CODES[:, None] != CODES], 0.0)
    np.testing.assert_allclose(serial.precision(value).toarray() @ matrix, np.eye(14), atol=1e-10)
    factors, log_determinant = serial.terms(x)
    assert factors.shape == (serial.n_kinds,)
    np.testing.assert_allclose(log_determinant, np.linalg.slogdet(matrix)[1], atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_slopes_are_those_of_differences_and_coordinates_come_back(case: str) -> None:
    serial = CASES[case]
    x = RNG.normal(size=serial.n_coordinates)
    np.testing.assert_allclose(serial.coordinates(serial.values(x)), x, atol=1e-9)
    slopes, log_slopes = serial.slopes(x)
    for j, move in enumerate(1e-5 * np.eye(len(x))):
        up, down = serial.terms(x + move), serial.terms(x - move)
        np.testing.assert_allclose(slopes[:, j], (up[0] - down[0]) / 2e-5, rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(log_slopes[j], (up[1] - down[1]) / 2e-5, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_many_coordinates_at_once(case: str) -> None:
    serial = CASES[case]
    x = RNG.normal(size=(3, serial.n_coordinates))
    factors, log_determinant = serial.terms(x)
    for s in range(3):
        one, log_one = serial.terms(x[s])
        np.testing.assert_allclose(factors[s], one)
        np.testing.assert_allclose(log_determinant[s], log_one)
        np.testing.assert_allclose(serial.values(x)[s], serial.values(x[s]))


def test_classes_of_rows_split_what_their_standard_deviations_split() -> None:
    classes = RNG.integers(0, 3, 14)
    for serial in CASES.values():
        pairs, value = serial.pairs(classes), serial.values(np.full(serial.n_coordinates, 0.4))
        sds = np.array([0.5, 1.0, 2.0])
        weight = serial.terms(serial.coordinates(value))[0][pairs.kind]
        weight = weight / (sds[pairs.classes[pairs.first]] * sds[pairs.classes[pairs.second]])
        members, total = pairs.members.toarray(), np.zeros((14, 14))
        for w, i, j in zip(weight, pairs.first, pairs.second, strict=True):
            product = np.outer(members[i], members[j])
            total += w * (product if i == j else product + product.T)
        covariance = np.outer(sds[classes], sds[classes]) * serial.correlation(value)
        np.testing.assert_allclose(total @ covariance, np.eye(14), atol=1e-9)


@pytest.mark.parametrize(
    ("times", "low", "first"),
    [
        (None, -1.0, [0, 1, 2, 0, 1]),
        ([0, 2, 3, 0, 5], -1.0, [0, 2, 3, 0, 5]),
        ([0, 0.25, 0.5, 0, 0.4], -1.0, [0, 1, 2, 0, 1]),
        ([0, 0.25, 0.6, 0, 0.4], 0.0, [0, 0.25, 0.6, 0, 0.4]),
    ],
)
def test_times_that_are_counted(times: list[float] | None, low: float, first: list[float]) -> None:
    built = Autoregressive.build(np.array([0, 0, 0, 1, 1]), None if times is None else np.array(times))
    assert built.low == low
    np.testing.assert_array_equal(built.times, first)


def test_some_rows_keep_their_coordinates() -> None:
    kept = CODES != 2
    for serial in CASES.values():
        some = serial.of_rows(kept)
        x = RNG.normal(size=serial.n_coordinates)
        assert some.n_coordinates == serial.n_coordinates
        whole = serial.correlation(serial.values(x))
        np.testing.assert_allclose(some.correlation(some.values(x)), whole[np.ix_(kept, kept)])
        np.testing.assert_allclose(some.terms(x)[1], np.linalg.slogdet(whole[np.ix_(kept, kept)])[1])


def test_independent_rows() -> None:
    assert RESIDUALS["independent"] is Independent


@pytest.mark.parametrize("case", CASES)
def test_inverse_times_residuals_and_its_diagonal(case: str) -> None:
    serial = CASES[case]
    values, z = serial.values(RNG.normal(size=(3, serial.n_coordinates))), RNG.normal(size=(3, 14))
    solved, diagonal = serial.solved(values, z)
    for i in range(3):
        inverse = np.linalg.inv(serial.correlation(values[i]))
        np.testing.assert_allclose(solved[i], inverse @ z[i], atol=1e-10)
        np.testing.assert_allclose(diagonal[i], np.diag(inverse), atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_drawn_residuals_have_the_matrix_as_covariance(case: str) -> None:
    serial = CASES[case]
    value = serial.values(RNG.normal(size=(1, serial.n_coordinates)))
    root = serial.correlated(np.repeat(value, 14, axis=0), np.eye(14))
    np.testing.assert_allclose(root.T @ root, serial.correlation(value[0]), atol=1e-12)


def test_occasions_are_called_as_their_times_or_as_levels() -> None:
    times = np.where(PLACES == 1, 9.0, PLACES)
    assert Occasions.build(CODES, times).occasion_labels == ("0", "2", "3", "4", "5", "9")
    levels = tuple("abcdef")
    named = Occasions.build(CODES, PLACES).labelled(levels)
    assert named.occasion_labels == levels
    assert named.pair_labels[:2] == [("a", "b"), ("a", "c")]
    assert Exchangeable.build(CODES, None).labelled(levels).pair_labels == [()]
