"""Means of the population against brute-force integration over new groups."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit, ndtr

import bayesmixed as bm
from bayesmixed.engines.records import RawDraws
from bayesmixed.errors import DataError, FamilyError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs.population_mean import population_mean

N, DRAWS = 80, 3
DESIGNS = (
    "y ~ x + (1 | g)",
    "y ~ x + (x | g)",
    "y ~ x + offset(w) + (0 + x | g)",
    "y ~ x + (x || g) + (1 | h)",
    "y ~ x + (1 | g:h) + (1 | h)",
)
FAMILIES: tuple[tuple[str, str], ...] = (
    ("bernoulli", "logit"),
    ("bernoulli", "probit"),
    ("bernoulli", "cloglog"),
    ("poisson", "log"),
    ("negativebinomial", "identity"),
    ("beta", "logit"),
    ("lognormal", "identity"),
    ("gaussian", "identity"),
)
PARAMETERS = {"alpha": 2.0, "kappa": 8.0, "sigma": 0.7}


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "w": rng.normal(size=N),
            "g": np.tile([f"g{i}" for i in range(8)], N // 8),
            "h": np.repeat([f"h{i}" for i in range(5)], N // 5),
        }
    )


def model(formula: str, family: str, link: str, size: float = 1.0) -> tuple[xr.DataTree, ModelSpec]:
    """A model with draws made by hand, its standard deviations about as large as asked for."""
    rng, data = np.random.default_rng(4), frame()
    y = rng.integers(0, 2, N).astype(float) if family == "bernoulli" else rng.uniform(0.2, 0.8, N)
    if family in ("poisson", "negativebinomial"):
        y = rng.integers(0, 5, N).astype(float)
    spec = bm.specify(formula, data.assign(y=y), family=family, link=link)
    shape = (1, DRAWS)
    corr = [
        np.broadcast_to(np.eye(b.n_effects), (*shape, b.n_effects, b.n_effects)).copy() for b in blocks(spec)
    ]
    for block, matrix in zip(blocks(spec), corr, strict=True):
        if block.has_correlation:
            matrix[..., 0, 1] = matrix[..., 1, 0] = rng.uniform(-0.9, 0.9, shape)
    raw = RawDraws(
        beta=rng.normal(size=(*shape, len(spec.design.fixed.terms))),
        sd=tuple(size * rng.uniform(0.4, 1.0, (*shape, block.n_effects)) for block in blocks(spec)),
        corr=tuple(c if b.has_correlation else None for b, c in zip(blocks(spec), corr, strict=True)),
        ranef=tuple(rng.normal(size=(*shape, b.n_levels, b.n_effects)) for b in blocks(spec)),
        sample_stats={},
        parameters={name: np.full(shape, PARAMETERS[name]) for name in spec.family.parameter_names},
    )
    return draws_tree(spec.design, raw, {}), spec


def blocks(spec: ModelSpec) -> tuple[Any, ...]:
    return spec.design.blocks


def brute_force(draws: xr.DataTree, spec: ModelSpec) -> np.ndarray:
    """Median over the draws of the mean over new groups, every effect a dimension of its own."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(160 if n_effects(spec) < 3 else 36)
    grid = np.stack(np.meshgrid(*[nodes] * n_effects(spec), indexing="ij"), axis=-1).reshape(
        -1, n_effects(spec)
    )
    mass = np.stack(np.meshgrid(*[weights] * n_effects(spec), indexing="ij"), axis=-1).reshape(
        -1, n_effects(spec)
    )
    probability = mass.prod(axis=1) / mass.prod(axis=1).sum()
    columns = np.hstack([block.columns for block in blocks(spec)])
    out = []
    for d in range(DRAWS):
        point = draws["posterior"].to_dataset().isel(chain=0, draw=d)
        effects, first = [], 0
        for block in blocks(spec):
            sd = np.diag(point[f"sd_{block.group}"].to_numpy())
            corr = point[f"corr_{block.group}"].to_numpy() if block.has_correlation else np.eye(len(sd))
            own = grid[:, first : first + block.n_effects]
            effects.append(own @ np.linalg.cholesky(sd @ corr @ sd).T)
            first += block.n_effects
        fixed = spec.design.fixed.matrix @ point["beta"].to_numpy() + spec.design.offset
        location = spec.family.link_function.inverse(fixed[:, None] + columns @ np.hstack(effects).T)
        mean = (
            np.exp(location + PARAMETERS["sigma"] ** 2 / 2) if spec.family.name == "lognormal" else location
        )
        out.append(mean @ probability)
    return np.median(out, axis=0)


def n_effects(spec: ModelSpec) -> int:
    return sum(block.n_effects for block in blocks(spec))


@pytest.mark.parametrize("formula", DESIGNS)
@pytest.mark.parametrize(("family", "link"), FAMILIES)
def test_mean_is_that_of_brute_force(family: str, link: str, formula: str) -> None:
    draws, spec = model(formula, family, link)
    np.testing.assert_allclose(population_mean(draws, spec)["value"], brute_force(draws, spec), rtol=1e-6)


@pytest.mark.parametrize("formula", DESIGNS)
def test_grouping_columns_do_not_matter(formula: str) -> None:
    draws, spec = model(formula, "bernoulli", "logit", size=2.0)
    expected = population_mean(draws, spec)
    full = frame()
    for kept in (subset for size in range(3) for subset in combinations(["g", "h"], size)):
        new = full[["x", "w", *kept]]
        pd.testing.assert_frame_equal(population_mean(draws, spec, new), expected)
    for odd in (full.assign(g="unseen"), full.assign(g=None, h=np.nan), full.iloc[:, ::-1]):
        pd.testing.assert_frame_equal(population_mean(draws, spec, odd), expected)


def test_a_grouping_factor_that_predicts_too_is_read() -> None:
    draws, spec = model("y ~ 0 + h + (1 | g:h)", "bernoulli", "logit")
    expected = population_mean(draws, spec)
    pd.testing.assert_frame_equal(population_mean(draws, spec, frame()[["h"]]), expected)
    with pytest.raises(DataError, match="'h'"):
        population_mean(draws, spec, frame()[["g"]])


def test_the_column_of_a_random_slope_is_needed() -> None:
    draws, spec = model("y ~ 1 + (x | g)", "bernoulli", "logit")
    with pytest.raises(DataError, match="'x'"):
        population_mean(draws, spec, frame()[["g"]])


def test_a_wide_probit_is_closed() -> None:
    """Spread 6.5: 31 fixed nodes gave 0.441 for Phi(eta / sqrt(1 + 6.5^2)) = 0.458."""
    draws, spec = model("y ~ 1 + (1 | g)", "bernoulli", "probit")
    draws["posterior"]["sd_g"][:] = 6.5
    draws["posterior"]["beta"][:] = -0.6936
    found = population_mean(draws, spec, pd.DataFrame(index=[0]))["value"]
    assert found.item() == pytest.approx(0.458, abs=5e-4)
    assert found.item() == pytest.approx(float(ndtr(-0.6936 / np.sqrt(1 + 6.5**2))), rel=1e-12)


def test_a_sample_of_new_groups_has_this_mean() -> None:
    draws, spec = model("y ~ 1 + (1 | g) + (1 | h)", "bernoulli", "logit", size=3.0)
    posterior, rng = draws["posterior"].to_dataset(), np.random.default_rng(1)
    sd = np.hypot(posterior["sd_g"].to_numpy().ravel(), posterior["sd_h"].to_numpy().ravel())
    new = expit(posterior["beta"].to_numpy().ravel() + sd * rng.standard_normal((400_000, DRAWS)))
    found = population_mean(draws, spec, pd.DataFrame({"x": [0.0]}))["value"].item()
    assert found == pytest.approx(np.median(new.mean(axis=0)), abs=4 * 0.5 / np.sqrt(400_000))


def test_an_inverse_link_has_none() -> None:
    spec = bm.specify(
        "y ~ x + (1 | g)", frame().assign(y=np.linspace(1, 2, N)), family="gamma", link="inverse"
    )
    draws, _ = model("y ~ x + (1 | g)", "negativebinomial", "log")
    with pytest.raises(FamilyError, match=r"does not exist for gamma \(inverse\)"):
        population_mean(draws, spec)
