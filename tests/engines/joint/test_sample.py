"""Draws of a joint posterior: their layout, their repeatability, and their moments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arviz_stats.base import array_stats

import bayesmixed as bm
from bayesmixed.design.build import build_design
from bayesmixed.engines.choose import prepare_engine
from bayesmixed.engines.collapsed.sample import collapsed_target, sample_collapsed
from bayesmixed.engines.joint.mode import evaluate_joint
from bayesmixed.engines.joint.sample import joint_target, sample_joint
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.errors import EngineError, SamplingError
from bayesmixed.families.registry import family_by_name
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.choice import prior

from .conftest import RIGHT_SIDES, make_case, make_rows

SHORT = SamplerSettings(draws=40, tune=100, chains=2, cores=2, seed=5)
LONG = SamplerSettings(draws=1500, tune=400, chains=4, cores=2, seed=6)
Z_BOUND = 4.9  # a normal deviate passes it once in a million


def flat(draws: RawDraws) -> np.ndarray:
    """Everything drawn, side by side, shape (chain, draw, quantity)."""
    chains = draws.beta.shape[:2]
    parts = [draws.beta, *draws.sd, *draws.ranef, *(c for c in draws.corr if c is not None)]
    parts += list(draws.parameters.values())
    return np.concatenate([part.reshape(*chains, -1) for part in parts], axis=-1)


@pytest.mark.parametrize("family", ["poisson", "t", "negativebinomial"])
def test_draws_have_the_shapes_of_the_design(family: str) -> None:
    link = "identity" if family == "t" else "log"
    spec = make_case(family, link, "x + (x | g) + (1 | h)").spec
    draws = sample_joint(joint_target(spec), SHORT)
    assert draws.beta.shape == (2, 40, 2)
    for block, sd, ranef, corr in zip(spec.design.blocks, draws.sd, draws.ranef, draws.corr, strict=True):
        k = block.n_effects
        assert sd.shape == (2, 40, k)
        assert ranef.shape == (2, 40, block.n_levels, k)
        assert (corr is None) == (k == 1)
    assert tuple(draws.parameters) == spec.family.parameter_names
    assert all(values.shape == (2, 40) for values in draws.parameters.values())
    assert np.isfinite(flat(draws)).all()


def test_a_seed_repeats_the_draws_and_thinning_keeps_the_last_of_each() -> None:
    target = joint_target(make_case("bernoulli", "logit", "x + (1 | g)").spec)
    first, again = sample_joint(target, SHORT), sample_joint(target, SHORT)
    np.testing.assert_array_equal(flat(first), flat(again))
    thinned = sample_joint(target, SHORT, thin=4)
    assert thinned.beta.shape == first.beta.shape
    assert thinned.sample_stats["diverging"].shape == (2, 40)


def test_pointer_and_callback_give_the_same_draws() -> None:
    target = joint_target(make_case("poisson", "log", "x + (1 | g)").spec)
    pointer, callback = sample_joint(target, SHORT), sample_joint(target, SHORT, callback=True)
    np.testing.assert_allclose(flat(pointer), flat(callback), rtol=1e-6, atol=1e-8)


def test_moments_of_a_gaussian_model_are_those_of_the_exact_engine() -> None:
    spec = make_case("gaussian", "identity", RIGHT_SIDES["crossed slopes"]).spec
    joint = flat(sample_joint(joint_target(spec), LONG))
    exact = flat(sample_collapsed(collapsed_target(spec, make_plan(spec.design)), LONG))
    varying = exact.std(axis=(0, 1)) > 0
    for power in (1, 2):
        (a, s), (b, t) = (moments(x[..., varying] ** power) for x in (joint, exact))
        np.testing.assert_array_less(np.abs(a - b) / np.hypot(s, t), Z_BOUND)


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means with their Monte Carlo standard errors."""
    ess = np.array(
        [array_stats.ess(values[..., i], chain_axis=0, draw_axis=1) for i in range(values.shape[-1])]
    )
    return values.mean(axis=(0, 1)), values.std(axis=(0, 1)) / np.sqrt(ess)


def test_the_plan_names_every_factor_and_how_it_is_sampled() -> None:
    spec = make_case("poisson", "log", RIGHT_SIDES["nested"]).spec
    prepared = prepare_engine(spec)
    assert prepared.name == "joint"
    assert len(prepared.plan) == 4
    for block in spec.design.blocks:
        assert any(sentence.startswith(f"{block.group} is sampled") for sentence in prepared.plan)


def test_a_model_without_a_starting_point_is_refused_before_sampling() -> None:
    """Without an intercept the mean of a count with identity link begins at zero."""
    frame, kind = make_rows(), family_by_name("poisson", "identity")
    design = build_design(parse_formula("count ~ 0 + x + (1 | g)"), frame)
    spec = ModelSpec(design=design, priors=complete_priors(design, None, kind), family=kind)
    with pytest.raises(SamplingError, match="link='log'"):
        joint_target(spec)


@pytest.mark.parametrize(
    ("response", "family"),
    [
        ("x > 0", "bernoulli"),
        ("h == 'h1'", "bernoulli"),
        ("1 * (x > 1.9)", "poisson"),
        ("1 * (g == 'g1')", "poisson"),
    ],
)
def test_separation_and_groups_without_events_have_a_sound_posterior(response: str, family: str) -> None:
    """Four events in all leave one divergence of 4,000 with some seeds, which is warned of."""
    fit = bm.glmer(f"{response} ~ x + (1 | g)", make_rows(), family, seed=2)
    assert fit.run.engine == "joint"
    assert fit.diagnosis.is_good


@pytest.mark.parametrize(
    ("priors", "words"), [({"sd_g": prior("Uniform", lower=0, upper=3)}, "the prior Uniform")]
)
def test_what_the_kernel_does_not_know_is_refused_by_name(priors: Any, words: str) -> None:
    spec = make_case("poisson", "log", "x + (1 | g)").spec
    spec = replace(spec, priors=complete_priors(spec.design, priors, spec.family))
    with pytest.raises(EngineError, match=words):
        prepare_engine(spec, "joint")


@pytest.mark.parametrize("family", ["poisson", "negativebinomial"])
def test_a_mode_is_found_for_counts_far_from_their_priors(family: str) -> None:
    """A single Newton step from a common predictor overflows; calibration found it."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(list("abcdefgh"), 5), "x": rng.normal(size=40)})
    frame["y"] = rng.poisson(1.0, 40)
    frame.loc[[3, 17, 31], "y"] = [411, 264, 20_000]
    priors = {"b": bm.prior("Normal", mu=0, sigma=0.7), "Intercept": bm.prior("Normal", mu=0, sigma=0.7)}
    spec = bm.specify("y ~ x + (1 | g)", frame, family=family, priors=priors)
    mode = joint_target(spec).mode
    value, gradient = evaluate_joint(mode.packed, np.zeros(mode.packed.dimension))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("n_groups", "longer"), [(30, True), (8, False)])
def test_steps_are_longer_where_the_posterior_is_nearly_normal(n_groups: int, longer: bool) -> None:
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(n_groups), 40)
    y = rng.poisson(np.exp(1.0 + rng.normal(size=n_groups)[g]))
    spec = bm.specify("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": g.astype(str)}), family="poisson")
    target = joint_target(spec)
    drawn = sample_joint(target, SamplerSettings(draws=300, tune=300, chains=2, cores=2, seed=1))
    assert target.is_nearly_normal is longer
    assert bool(drawn.sample_stats["acceptance_rate"].mean() < 0.75) is longer
