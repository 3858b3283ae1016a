"""The PyMC graph: its density and its deterministics against the same written in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytest
from scipy import stats

from bayesmixed import names
from bayesmixed.covariances.unstructured import cholesky_from_partials, partial_shapes
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.model import build
from bayesmixed.model.build import build_pymc_model
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.choice import prior
from bayesmixed.priors.density import log_density
from bayesmixed.priors.prior import Prior
from effect_sets import sizes_of

SpecOf = Callable[..., ModelSpec]
Point = dict[str, FloatArray]

MIXED = {
    "x": prior("StudentT", nu=4, sigma=1.5),
    "sd_g[x]": prior("Gamma", alpha=2, beta=1.5),
    "corr_g": prior("LKJ", eta=1),
    "sigma": prior("Exponential", lam=0.5),
}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("y ~ x + (1 | g)", {}),
    ("y ~ x + (x | g)", {}),
    ("y ~ x + (x || g)", {}),
    ("y ~ x + (0 + x | g)", {}),
    ("y ~ x + v + (x + v | g)", {}),
    ("y ~ 1 + (1 | g) + (x | h)", {}),
    ("y ~ 0 + x + v + (1 | g)", {}),
    ("y ~ 0 + (1 | g)", {}),
    ("y ~ x + (1 | g) + (0 + x + v | g)", {}),
    ("y ~ x + offset(known) + (x | g)", {"weights": "w"}),
    ("y ~ x + (x | g)", {"priors": MIXED}),
    ("y ~ x * v + I(x^2) + (x * v | g)", {}),
    ("y ~ x * v + (x | g)", {"center": "fixed"}),
    ("y ~ x * v + (x | g)", {"center": False}),
]


def log_of(spec: ModelSpec, point: Point) -> float:
    """Log density of the unconstrained point, and of the data given it, in NumPy."""
    design, priors = spec.design, spec.priors
    total = 0.0
    mean = design.offset.copy()
    if design.fixed.terms:
        labels = [names.beta_centred_of(term) for term in design.fixed.terms]
        beta = values(point, names.BETA_CENTRED, labels)
        total += sum(float(log_density(p, b)) for p, b in zip(priors.coefficients, beta, strict=True))
        mean += design.fixed.matrix @ original(spec, beta)
    for block, sds, lkj in zip(design.blocks, priors.sd, priors.correlation, strict=True):
        log_sd = log_sds(block, point)
        total += sum(float(log_density(p, np.exp(t))) + t for p, t in zip(sds, log_sd, strict=True))
        factor, log_prior = cholesky(block, lkj, point)
        z = np.column_stack([point[names.standardized_ranef(block.group, e)] for e in block.effects])
        total += log_prior + stats.norm.logpdf(z).sum()
        ranef = z @ factor.T * np.exp(log_sd) @ block.centring.T
        mean += (block.columns * ranef[block.codes]).sum(axis=1)
    t = float(point["sigma_log__"])
    total += float(log_density(priors.parameters["sigma"], np.exp(t))) + t
    weights = np.ones(design.n_rows) if design.weights is None else design.weights
    return float(total + stats.norm(mean, np.exp(t) / np.sqrt(weights)).logpdf(design.response.values).sum())


def log_sds(block: GroupBlock, point: Point) -> FloatArray:
    """Logarithms of the standard deviations that have priors, those of centred effects."""
    whole, one = (names.sd_centred, names.sd_centred_of) if block.is_centred else (names.sd, names.sd_of)
    labels = [one(block.group, effect) for effect in block.effects]
    return values(point, whole(block.group), labels, suffix="_log__")


def values(point: Point, name: str, labels: list[str], suffix: str = "") -> FloatArray:
    """One vector, or scalars by label."""
    if name + suffix in point:
        return point[name + suffix]
    return np.array([point[label + suffix] for label in labels])


def original(spec: ModelSpec, centred: FloatArray) -> FloatArray:
    """Coefficients on the original scale."""
    return spec.design.fixed.centring @ centred


def cholesky(block: GroupBlock, priors: Mapping[str, Prior], point: Point) -> tuple[FloatArray, float]:
    """Block-diagonal factor and log prior of the logits behind it."""
    factor, start, total = np.eye(block.n_effects), 0, 0.0
    for i, size in enumerate(sizes_of(block)):
        if size > 1:
            logits = point[f"{names.of_set('partial_corr', block.group, i)}_logodds__"]
            share = 1 / (1 + np.exp(-logits))
            shapes = partial_shapes(priors["us"].args["eta"], size)
            total += (stats.beta(shapes, shapes).logpdf(share) + np.log(share * (1 - share))).sum()
            within = slice(start, start + size)
            factor[within, within] = cholesky_from_partials(np.tanh(logits / 2), size)
        start += size
    return factor, float(total)


def random_point(model: pm.Model, seed: int) -> Point:
    rng = np.random.default_rng(seed)
    shapes = {v.name: v.type.shape for v in model.value_vars}
    lengths = {d: len(c) for d, c in model.coords.items()}
    by_dims = {
        model.rvs_to_values[rv].name: tuple(lengths[d] for d in model.named_vars_to_dims.get(rv.name, ()))
        for rv in model.free_RVs
    }
    return {
        name: rng.normal(0, 0.7, by_dims[name] or tuple(n for n in shape if n is not None))
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize(("formula", "options"), CASES)
def test_the_density_is_the_models(spec_of: SpecOf, formula: str, options: dict[str, Any]) -> None:
    spec = spec_of(formula, **options)
    model = build_pymc_model(spec)
    point = random_point(model, 1)
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        theirs = float(model.compile_logp()(point))
    assert theirs == pytest.approx(log_of(spec, point), abs=1e-6)  # PyMC's log(2) is in single precision


@pytest.mark.parametrize(("formula", "options"), CASES[:2] + CASES[4:9] + CASES[-3:])
def test_what_is_recorded_is_on_the_original_scale(
    spec_of: SpecOf, formula: str, options: dict[str, Any]
) -> None:
    spec = spec_of(formula, **options)
    model = build_pymc_model(spec)
    point = random_point(model, 2)
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        fn = model.compile_fn(model.unobserved_value_vars, inputs=model.value_vars, point_fn=True)
        recorded = dict(zip([v.name for v in model.unobserved_value_vars], fn(point), strict=True))
    if spec.design.fixed.terms:
        expected = original(spec, point[names.BETA_CENTRED])
        np.testing.assert_allclose(recorded[names.BETA], expected, rtol=1e-10)
    for block, lkj in zip(spec.design.blocks, spec.priors.correlation, strict=True):
        factor, _ = cholesky(block, lkj, point)
        root = block.centring @ (np.exp(log_sds(block, point))[:, None] * factor)
        sd = np.sqrt(np.sum(root**2, axis=1))
        np.testing.assert_allclose(recorded[names.sd(block.group)], sd, rtol=1e-9)
        z = np.column_stack([point[names.standardized_ranef(block.group, e)] for e in block.effects])
        np.testing.assert_allclose(recorded[names.ranef(block.group)], z @ root.T, rtol=1e-9)
        assert (names.corr(block.group) in recorded) == block.has_correlation
        if block.has_correlation:
            expected = root @ root.T / np.outer(sd, sd)
            np.testing.assert_allclose(recorded[names.corr(block.group)], expected, atol=1e-12)


def test_dimensions_are_those_of_a_posterior(spec_of: SpecOf) -> None:
    model = build_pymc_model(spec_of("y ~ x + (x | g)"))
    dims = {name: model.named_vars_to_dims.get(name) for name in model.named_vars}
    assert dims[names.BETA] == ("term",)
    assert dims["sd_g"] == ("g_effect",)
    assert dims["corr_g"] == ("g_effect", "g_effect_bis")
    assert dims["ranef_g"] == ("g", "g_effect")
    assert dims[names.RESPONSE] == ("row",)
    assert tuple(model.coords["g"]) == tuple(f"g{i}" for i in range(8))
    assert tuple(model.coords["term"]) == ("Intercept", "x")


def test_scales_walk_on_the_log_scale(spec_of: SpecOf) -> None:
    model = build_pymc_model(spec_of("y ~ x + (x | g)", MIXED))
    log = pm.distributions.transforms.log
    scales = [rv for rv in model.free_RVs if rv.name.startswith("sd_") or rv.name == "sigma"]
    assert len(scales) == 3
    assert all(model.rvs_to_transforms[rv] is log for rv in scales)


def test_many_columns_are_multiplied_as_a_matrix(spec_of: SpecOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MOST_COLUMNS", 1)
    spec = spec_of("y ~ x + v + (1 | g)")
    model = build_pymc_model(spec)
    point = random_point(model, 3)
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        theirs = float(model.compile_logp()(point))
    assert theirs == pytest.approx(log_of(spec, point), abs=1e-6)
