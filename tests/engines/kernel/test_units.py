"""Unit-free form: the same linear predictor, and no trace of the units of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.engines.kernel.units import unit_free, units_of


def test_the_linear_predictor_is_the_same_in_both_units(case: Any) -> None:
    design, rng = case.design, np.random.default_rng(3)
    units = units_of(design)
    data = unit_free(design, units)
    white = np.ones(design.n_rows) if design.weights is None else np.sqrt(design.weights)
    beta = rng.normal(size=len(design.fixed.terms))
    predictor = data.fixed @ beta
    in_units = design.offset + design.fixed.matrix @ units.coefficients(beta)
    for i, block in enumerate(design.blocks):
        effects = rng.normal(size=(block.n_levels, block.n_effects))
        root = np.eye(block.n_levels) if block.root is None else block.root
        meeting, made = block.meeting, units.ranef(i, effects)
        weights = np.ones(meeting.codes.shape) if meeting.weights is None else meeting.weights
        for m, codes in enumerate(meeting.codes.T):
            predictor += weights[:, m] * np.sum(data.columns[i] * (root @ effects)[codes], axis=1)
            in_units += weights[:, m] * np.sum(block.columns * made[codes], axis=1)
    residual = (design.response.values - in_units) / units.scale * white
    np.testing.assert_allclose(data.response - predictor, residual, atol=1e-11)


def test_the_unit_free_form_is_standardized(spec_of: Callable[..., Any], frame: pd.DataFrame) -> None:
    design = spec_of(frame, "y ~ x + v + offset(known) + (0 + x | g)").design
    data = unit_free(design, units_of(design))
    np.testing.assert_allclose(data.response.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(data.response.std(ddof=1), 1)
    np.testing.assert_allclose(data.fixed[:, 0], 1)
    np.testing.assert_allclose(data.fixed[:, 1:].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.fixed[:, 1:].std(axis=0, ddof=1), 1)
    np.testing.assert_allclose(data.columns[0].std(ddof=1), 1)
    assert data.log_determinant == 0.0


def test_without_an_intercept_nothing_is_centred(spec_of: Callable[..., Any], frame: pd.DataFrame) -> None:
    design = spec_of(frame, "y ~ 0 + x + (1 | g)").design
    units = units_of(design)
    assert units.center == 0.0
    np.testing.assert_array_equal(units.centring, np.eye(1))
    beta = np.array([[0.5], [2.0]])
    expected = beta * frame["y"].std() / frame["x"].std()
    np.testing.assert_allclose(units.coefficients(beta), expected)


def test_weights_multiply_rows_by_their_roots(spec_of: Callable[..., Any], frame: pd.DataFrame) -> None:
    plain, weighted = (spec_of(frame, "y ~ x + (x | g)", weights=w).design for w in (None, "w"))
    a, b = (unit_free(design, units_of(design)) for design in (plain, weighted))
    root = np.sqrt(frame["w"].to_numpy())
    np.testing.assert_allclose(b.response, a.response * root)
    np.testing.assert_allclose(b.fixed, a.fixed * root[:, None])
    np.testing.assert_allclose(b.columns[0], a.columns[0] * root[:, None])
    assert b.log_determinant == pytest.approx(-np.log(frame["w"]).sum())


@pytest.mark.parametrize("column", ["y", "x"])
@pytest.mark.parametrize("power", [-20, 3, 40])
def test_a_power_of_two_leaves_every_bit(
    spec_of: Callable[..., Any], frame: pd.DataFrame, column: str, power: int
) -> None:
    moved = frame.assign(**{column: frame[column] * 2.0**power})
    designs = [spec_of(f, "y ~ x + v + (x | g)", weights="w").design for f in (frame, moved)]
    a, b = (unit_free(design, units_of(design)) for design in designs)
    np.testing.assert_array_equal(a.response, b.response)
    np.testing.assert_array_equal(a.fixed, b.fixed)
    np.testing.assert_array_equal(a.columns[0], b.columns[0])
