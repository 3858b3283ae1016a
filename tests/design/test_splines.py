"""The basis of a smooth by its definition: natural cubic splines, their penalty, their gauge, their scale."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from bayesmixed.design.splines import smooth_basis, smooth_trend
from bayesmixed.errors import DataError

X = np.random.default_rng(4).gamma(2.0, 3.0, 90).round(1)


def made(k: int, *, is_centred: bool = True) -> tuple[np.ndarray, dict[str, Any]]:
    state: dict[str, Any] = {}
    return smooth_basis(X, k, is_centred, _state=state), state


@pytest.mark.parametrize("k", [3, 4, 10, 25])
def test_columns_are_natural_splines_of_one_penalty(k: int) -> None:
    _, state = made(k)
    knots = state["knots"]
    np.testing.assert_allclose(knots, np.quantile(np.unique(X), np.linspace(0, 1, k)))
    grid = np.linspace(knots[0], knots[-1], 4001)
    values = smooth_basis(grid, k, _state=state)
    splines = CubicSpline(knots, smooth_basis(knots, k, _state=state), bc_type="natural")
    np.testing.assert_allclose(values, splines(grid), atol=1e-9)
    bent = CubicSpline(knots, smooth_basis(knots, k, _state=state), bc_type="natural").derivative(2)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    penalty = np.zeros((k - 2, k - 2))
    for low, high in pairwise(knots):
        curves = bent(low + (high - low) * (nodes + 1) / 2)
        penalty += (high - low) / 2 * np.einsum("g,gi,gj->ij", weights, curves, curves)
    np.testing.assert_allclose(penalty / penalty[0, 0], np.eye(k - 2), atol=1e-8)


@pytest.mark.parametrize("k", [3, 10])
def test_smooths_run_on_as_straight_lines(k: int) -> None:
    _, state = made(k)
    low, high = state["knots"][[0, -1]]
    for at in (low, high):
        out = at + np.array([-2.0, -1.0, 0.0]) if at == low else at + np.array([0.0, 1.0, 2.0])
        inside = at + np.array([1e-6, 0.0]) * (1 if at == low else -1)
        values = smooth_basis(np.concatenate([out, inside]), k, _state=state)
        np.testing.assert_allclose(values[0] - 2 * values[1] + values[2], 0, atol=1e-9)
        step = (values[3] - values[4]) / (inside[0] - inside[1])
        np.testing.assert_allclose(values[1] - values[0], step, atol=1e-4)


@pytest.mark.parametrize("k", [3, 6, 20])
def test_the_penalized_part_is_mgcvs(k: int) -> None:
    basis, state = made(k)
    at_knots = smooth_basis(state["knots"], k, _state=state)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose((state["knots"] - X.mean()) @ at_knots, 0, atol=1e-9)
    assert np.mean(np.sum(basis**2, axis=1)) == pytest.approx(1.0)
    basis, state = made(k, is_centred=False)
    at_knots = smooth_basis(state["knots"], k, False, _state=state)
    for line in (np.ones(k), state["knots"]):
        np.testing.assert_allclose(line @ at_knots, 0, atol=1e-9)


def test_units_of_the_predictor_do_not_matter() -> None:
    moved = smooth_basis(1e6 + 1e-3 * X, 8, _state={})
    np.testing.assert_allclose(moved, made(8)[0], atol=1e-7)


def test_the_trend_is_a_line_through_the_mean() -> None:
    state: dict[str, Any] = {}
    np.testing.assert_allclose(smooth_trend(X, 5, _state=state), X - X.mean())
    np.testing.assert_allclose(smooth_trend(np.array([0.0]), 5, _state=state), -X.mean())


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.repeat([1.0, 2.0, 3.0], 4), "choose a smaller k"), (np.array(["a", "b"]), "one number a row")],
)
def test_what_cannot_be_smoothed(values: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        smooth_basis(values, 5, _state={})
