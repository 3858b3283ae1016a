"""What must not matter: units, origins, the labels of levels, the order of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.engines.collapsed.problem import draw_integrated, evaluate, make_problem, pack_problem
from bayesmixed.engines.collapsed.sample import collapsed_target, sample_collapsed
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.priors.choice import prior

SETTINGS = SamplerSettings(draws=100, tune=150, chains=2, cores=2, seed=21)
LONG = SamplerSettings(draws=1000, tune=400, chains=4, cores=2, seed=22)
SCALED = [
    ("y ~ x + v + (x | g)", 160),
    ("y ~ 0 + x + (x | g)", 160),
    ("y ~ x + (x | g) + (x + v | h)", 160),
    ("y ~ x + (x | fine) + (1 | mid)", 160),
    ("y ~ x + (1 | g) + (x | h)", 0),
]


class NoDeviates:
    """In the place of a random generator: draws become conditional means."""

    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape)


def fit(spec: Any, settings: SamplerSettings = SETTINGS, dense_limit: int = 160) -> RawDraws:
    sampled = not coefficients_are_integrable(spec)
    plan = make_plan(spec.design, coefficients_sampled=sampled, dense_limit=dense_limit)
    return sample_collapsed(collapsed_target(spec, plan), settings)


def assert_rescaled(spec: Any, one: RawDraws, other: RawDraws, column: str, factor: float) -> None:
    """Draws that differ by a power of two and by nothing else, whatever has the column's units."""

    def unit(effect: str) -> float:
        if column == "y":
            return factor
        return 1 / factor if effect == column else 1.0

    def units(effects: tuple[str, ...]) -> np.ndarray:
        return np.array([unit(effect) for effect in effects])

    np.testing.assert_array_equal(one.beta * units(spec.design.fixed.terms), other.beta)
    np.testing.assert_array_equal(
        one.parameters["sigma"] * (factor if column == "y" else 1), other.parameters["sigma"]
    )
    for i, block in enumerate(spec.design.blocks):
        np.testing.assert_array_equal(one.sd[i] * units(block.effects), other.sd[i])
        np.testing.assert_array_equal(one.ranef[i] * units(block.effects), other.ranef[i])
        if block.has_correlation:
            np.testing.assert_array_equal(one.corr[i], other.corr[i])


@pytest.mark.parametrize(("formula", "dense_limit"), SCALED)
def test_a_power_of_two_rescales_every_bit(
    spec_of: Callable[..., Any], frame: pd.DataFrame, formula: str, dense_limit: int
) -> None:
    spec = spec_of(frame, formula)
    draws = fit(spec, dense_limit=dense_limit)
    for column, factor in (("y", 2.0**-7), ("y", 2.0**30), ("x", 2.0**5), ("x", 2.0**-30)):
        moved = spec_of(frame.assign(**{column: frame[column] * factor}), formula)
        assert_rescaled(spec, draws, fit(moved, dense_limit=dense_limit), column, factor)


def test_priors_in_other_units_rescale_every_bit(spec_of: Callable[..., Any], frame: pd.DataFrame) -> None:
    def priors(unit: float) -> dict[str, Any]:
        return {
            "x": prior("StudentT", nu=4, mu=3 * unit, sigma=4 * unit),
            "sd_g": prior("Exponential", lam=0.05 / unit),
            "sigma": prior("HalfNormal", sigma=30 * unit),
        }

    formula = "y ~ x + (1 | g)"
    spec = spec_of(frame, formula, priors(1))
    moved = spec_of(frame.assign(y=frame["y"] * 2.0**6), formula, priors(2.0**6))
    assert_rescaled(spec, fit(spec), fit(moved), "y", 2.0**6)


@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + s + (s | g) + (1 | h)"])
def test_shifting_a_predictor_moves_the_intercept_alone(
    spec_of: Callable[..., Any], frame: pd.DataFrame, formula: str
) -> None:
    n = 64  # means of so many eighths are exact, so that not even the rounding differs
    few = frame.iloc[:n].assign(x=np.round(8 * frame["x"].iloc[:n]) / 8)
    plain, moved = (fit(spec_of(f, formula)) for f in (few, few.assign(x=few["x"] + 17)))
    np.testing.assert_array_equal(plain.parameters["sigma"], moved.parameters["sigma"])
    np.testing.assert_array_equal(plain.beta[..., 1:], moved.beta[..., 1:])
    for one, other in zip((*plain.sd, *plain.ranef), (*moved.sd, *moved.ranef), strict=True):
        np.testing.assert_array_equal(one, other)
    expected = plain.beta[..., 0] - 17 * plain.beta[..., 1]
    np.testing.assert_allclose(moved.beta[..., 0], expected, rtol=1e-8, atol=1e-8)


def relabelled(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Levels of g under names in another order, and the new name of each."""
    old = sorted(frame["g"].unique())
    new = dict(
        zip(old, np.random.default_rng(2).permutation([f"n{i}" for i in range(len(old))]), strict=True)
    )
    return frame.assign(g=frame["g"].map(new)), new


def shuffled(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows in another order."""
    return frame.sample(frac=1, random_state=3), {level: level for level in frame["g"]}


CHANGES = [relabelled, shuffled]
FORMULAS = ["y ~ x + (x | g)", "y ~ x + (x | g) + (1 | h)", "y ~ x + (1 | g) + (1 | fine) + (1 | mid)"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("formula", FORMULAS)
def test_labels_and_rows_have_no_order(
    spec_of: Callable[..., Any], frame: pd.DataFrame, formula: str, change: Callable[..., Any]
) -> None:
    changed, new = change(frame)
    values, effects = [], []
    for data in (frame, changed):
        spec = spec_of(data, formula)
        problem, plan = make_problem(spec), make_plan(spec.design)
        packed = pack_problem(problem, plan)
        point = np.random.default_rng(4).normal(-0.5, 0.5, packed.dimension)
        values.append(evaluate(packed, point))
        means = draw_integrated(packed, point[None], NoDeviates())[0]
        groups = [i for i, block in enumerate(spec.design.blocks) if block.group == "g"]
        block = spec.design.blocks[groups[0]]
        part = means[packed.columns[plan.blocks.index(groups[0])]].reshape(block.n_levels, -1)
        effects.append(dict(zip(block.levels, part, strict=True)))
    np.testing.assert_allclose(values[0][0], values[1][0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(values[0][1], values[1][1], rtol=1e-8, atol=1e-8)
    for old, effect in effects[0].items():
        np.testing.assert_allclose(effects[1][new[old]], effect, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("change", CHANGES)
def test_posterior_means_have_no_order(
    spec_of: Callable[..., Any], frame: pd.DataFrame, change: Callable[..., Any]
) -> None:
    changed, new = change(frame)
    formula = "y ~ x + (1 | g) + (1 | h)"
    specs = [spec_of(data, formula) for data in (frame, changed)]
    draws = [fit(spec, LONG) for spec in specs]
    blocks = [spec.design.block("g") for spec in specs]
    order = [blocks[1].levels.index(new[level]) for level in blocks[0].levels]
    one = draws[0].ranef[0][..., 0]
    other = draws[1].ranef[0][..., order, 0]
    error = one.std(axis=(0, 1)) * np.sqrt(2 / 1000)  # as of a thousand independent draws
    assert np.max(np.abs(one.mean(axis=(0, 1)) - other.mean(axis=(0, 1))) / error) < 4.5
    assert np.ptp(one.mean(axis=(0, 1))) > 20 * error.max()
