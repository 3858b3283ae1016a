"""Densities without a group against dense multivariate normals of the other rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.engines.collapsed import leave_group_out
from bayesmixed.engines.collapsed.integrated import integrate_all, log_densities
from bayesmixed.engines.collapsed.leave_group_out import densities_given_others, packed_without, rows_kept
from bayesmixed.engines.collapsed.problem import evaluate

CASES = [
    ("two correlated", 0),
    ("three correlated", 0),
    ("unbalanced", 0),
    ("cancelling", 1),
    ("nested 3", 0),
    ("nested 3", 1),
    ("nested 3", 2),
    ("nested 3 slopes", 2),
    ("crossed slopes", 0),
    ("crossed slopes", 1),
    ("nested crossed", 0),
    ("weights", 0),
    ("offset", 0),
    ("no intercept", 0),
    ("no coefficients crossed", 1),
    ("normal priors", 0),
    ("flat priors", 0),
    ("student", 0),
    ("laplace", 1),
]


@pytest.mark.parametrize(("name", "block"), CASES)
def test_the_density_without_a_level_is_that_of_the_other_rows(
    case_of: Callable[[str], Any], name: str, block: int
) -> None:
    case = case_of(name)
    model = integrate_all(case.spec)
    parameters = case.parameters(1)
    for level in (0, case.design.blocks[block].n_levels - 1):
        keep = case.design.blocks[block].codes != level
        value, _ = evaluate(packed_without(model, keep), case.point(parameters))
        spec = dataclasses.replace(case.spec, design=rows_kept(case.design, keep))
        dense = dataclasses.replace(case, spec=spec).log_density(parameters)
        assert value == pytest.approx(dense, rel=0, abs=1e-8)


def test_a_level_takes_its_nested_levels_along(case_of: Callable[[str], Any]) -> None:
    design = case_of("nested 3").design
    fine, coarse = (min(design.blocks, key=key) for key in (lambda b: -b.n_levels, lambda b: b.n_levels))
    rest = rows_kept(design, coarse.codes != 0)
    inside = set(np.unique(fine.codes[coarse.codes == 0]))
    expected = tuple(level for i, level in enumerate(fine.levels) if i not in inside)
    assert rest.block(fine.group).levels == expected
    assert rest.block(coarse.group).levels == coarse.levels[1:]
    kept = rest.block(fine.group)
    assert [kept.levels[c] for c in kept.codes] == [fine.levels[c] for c in fine.codes[coarse.codes != 0]]
    np.testing.assert_array_equal(rest.response.values, design.response.values[coarse.codes != 0])


def test_the_proposal_does_not_matter(case_of: Callable[[str], Any]) -> None:
    case = case_of("intercept")
    model = integrate_all(case.spec)
    codes = case.design.blocks[0].codes
    center, wide = np.array([-0.5, -0.3]), np.diag([0.5, 0.05])
    one = densities_given_others(model, codes, center, wide, np.random.default_rng(1))
    other = densities_given_others(model, codes, center + 0.2, 2 * wide, np.random.default_rng(2))
    z = (one.held_out - other.held_out) / np.hypot(one.se, other.se)
    assert np.abs(z).max() < 4.9  # a normal deviate passes it once in a million
    assert np.all(one.seen > one.held_out)
    assert np.all(one.pareto_k < 0.7)
    assert np.all(one.se <= 0.03)


def test_points_where_a_factorization_breaks_down_count_as_nothing(
    case_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of("intercept")
    model = integrate_all(case.spec)
    codes = case.design.blocks[0].codes
    center, wide = np.array([-0.5, -0.3]), np.diag([0.5, 0.05])
    expected = densities_given_others(model, codes, center, wide, np.random.default_rng(1))
    whole = log_densities

    def broken(packed: Any, points: np.ndarray) -> np.ndarray:
        densities = whole(packed, points)
        rare = np.argsort(densities)[:2]
        densities[rare[packed is not model.packed]] = -np.inf
        return densities

    monkeypatch.setattr(leave_group_out, "log_densities", broken)
    found = densities_given_others(model, codes, center, wide, np.random.default_rng(1))
    for field in ("held_out", "seen"):
        np.testing.assert_allclose(getattr(found, field), getattr(expected, field), rtol=1e-4)
