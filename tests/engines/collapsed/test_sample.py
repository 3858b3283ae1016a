"""Draws of a collapsed posterior against quadrature, and against other plans for the same model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arviz_stats.base import array_stats
from scipy import stats

from bayesmixed.engines.collapsed import coordinates
from bayesmixed.engines.collapsed.problem import evaluate
from bayesmixed.engines.collapsed.sample import collapsed_target, sample_collapsed
from bayesmixed.engines.kernel.layout import SAMPLED
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.priors.choice import prior
from effect_sets import sizes_of, unstructured

SHORT = SamplerSettings(draws=40, tune=100, chains=2, cores=2, seed=5)
LONG = SamplerSettings(draws=1500, tune=500, chains=4, cores=2, seed=6)
Z_BOUND = 4.9  # a normal deviate passes it once in a million


def sampled(case: Any, settings: SamplerSettings, **options: Any) -> RawDraws:
    return sample_collapsed(collapsed_target(case.spec, case.plan), settings, **options)


def columns(draws: RawDraws) -> np.ndarray:
    """Everything drawn, side by side: shape (chain, draw, quantity); spreads in logarithms."""
    chains = draws.beta.shape[:2]
    spreads = [np.log(draws.parameters["sigma"])[..., None], *(np.log(sd) for sd in draws.sd)]
    flat = [u.reshape(*chains, -1) for u in draws.ranef]
    return np.concatenate([draws.beta, *spreads, *flat], axis=-1)


def error_of_mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of every quantity and its Monte Carlo standard error."""
    ess = np.array(
        [array_stats.ess(values[..., i], chain_axis=0, draw_axis=1) for i in range(values.shape[-1])]
    )
    return values.mean(axis=(0, 1)), values.std(axis=(0, 1)) / np.sqrt(ess)


@pytest.mark.parametrize("name", ["normal priors intercept", "flat priors"])
def test_moments_are_those_of_quadrature(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    draws = sampled(case, LONG)
    mean, error = error_of_mean(np.concatenate([columns(draws), draws.beta**2], axis=-1))
    np.testing.assert_array_less(np.abs(mean - quadrature(case)) / error, Z_BOUND)


def quadrature(case: Any, n: int = 41) -> np.ndarray:
    """Moments of a model with one random intercept, on a grid over log sd and log sigma."""
    log_sd, log_sigma = np.meshgrid(
        np.log(case.scale) + np.linspace(-6, 1.5, 3 * n), np.log(case.scale) + np.linspace(-0.7, 0.4, n)
    )
    weights, moments = [], []
    fixed, base = case.design.fixed, case.parameters(0)
    p, to_original = len(fixed.terms), fixed.centring
    for a, b in zip(log_sd.ravel(), log_sigma.ravel(), strict=True):
        parameters = type(base)(
            log_sd=(np.array([a]),),
            logits=base.logits,
            log_sigma=b,
            coefficients=base.coefficients,
            sampled=base.sampled,
        )
        weights.append(evaluate(case.packed, case.point(parameters))[0])
        effects, precision = case.conditional(parameters)
        covariance = to_original @ np.linalg.inv(precision)[-p:, -p:] @ to_original.T
        beta = to_original @ effects[-p:]
        moments.append(np.concatenate([beta, [b, a], effects[:-p], beta**2 + np.diag(covariance)]))
    share = np.exp(np.array(weights) - max(weights))
    return share @ np.array(moments) / share.sum()


@pytest.fixture(scope="module")
def strong(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with large effects of h and t: a centred factor whose spread may be 0 is beyond NUTS."""
    h, t = frame["h"].str[1:].astype(float), frame["t"].str[1:].astype(float)
    return frame.assign(y=frame["y"] + 40 * np.cos(h) + 80 * np.cos(3 * t))


def small_plan(spec: Any, dense_limit: int = 0) -> Any:
    sampled = not coefficients_are_integrable(spec)
    return make_plan(spec.design, coefficients_sampled=sampled, dense_limit=dense_limit)


def is_centred(target: Any) -> list[bool]:
    """For each sampled factor whether NUTS walks over its effects themselves."""
    factors = enumerate(target.plan.factors)
    return [target.packed.is_centred(f) for f, factor in factors if factor.role == SAMPLED]


@pytest.mark.parametrize(
    ("formula", "priors", "centred"),
    [
        ("y ~ x + (1 | g) + (1 | h)", {}, [True]),
        ("y ~ x + (1 | g) + (1 | h) + (1 | t)", {}, [True, True]),
        ("y ~ x + (1 | g) + (1 | h)", {"x": prior("Laplace", mu=2, b=5)}, [True]),
        ("y ~ x + (1 | h) + (x | g)", {}, [False]),
    ],
)
def test_what_is_sampled_has_the_posterior_of_what_is_integrated(
    spec_of: Callable[..., Any],
    frame: pd.DataFrame,
    strong: pd.DataFrame,
    formula: str,
    priors: dict[str, Any],
    centred: list[bool],
) -> None:
    spec = spec_of(strong if all(centred) else frame, formula, priors)
    integrated, sampled = (collapsed_target(spec, small_plan(spec, limit)) for limit in (160, 0))
    assert is_centred(integrated) == []
    assert is_centred(sampled) == centred
    compare(sample_collapsed(integrated, LONG), sample_collapsed(sampled, LONG))


def test_plain_coordinates_lead_to_the_same_posterior(
    spec_of: Callable[..., Any], strong: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(strong, "y ~ x + (1 | g) + (1 | h)")
    standard = sample_collapsed(collapsed_target(spec, small_plan(spec)), LONG)
    monkeypatch.setattr(coordinates, "OPTIMUM_LIMIT", 0)
    compare(standard, sample_collapsed(collapsed_target(spec, small_plan(spec)), LONG))


def compare(one: RawDraws, other: RawDraws) -> None:
    """Same means and same second moments, within Monte Carlo error."""
    a, b = columns(one), columns(other)
    middle = a.mean(axis=(0, 1))
    for power in (1, 2):
        (mean_a, error_a), (mean_b, error_b) = (error_of_mean((v - middle) ** power) for v in (a, b))
        assert np.max(np.abs(mean_a - mean_b) / np.hypot(error_a, error_b)) < Z_BOUND


@pytest.fixture(scope="module")
def short(case: Any) -> RawDraws:
    """A few draws of every structure."""
    return sampled(case, SHORT)


def test_draws_have_the_shapes_of_the_design(case: Any, short: RawDraws) -> None:
    draws = short
    size = (SHORT.chains, SHORT.draws)
    assert draws.beta.shape == (*size, len(case.design.fixed.terms))
    assert draws.parameters["sigma"].shape == size
    for i, block in enumerate(case.design.blocks):
        assert draws.sd[i].shape == (*size, block.n_effects)
        assert draws.ranef[i].shape == (*size, block.n_levels, block.n_effects)
        assert (draws.corr[i] is not None) == block.has_correlation
        if block.has_correlation:
            check_correlations(draws.corr[i], block)
    assert np.all(np.isfinite(columns(draws)))


def check_correlations(corr: Any, block: Any) -> None:
    """Symmetric, ones on the diagonal, positive definite, zero between sets."""
    within = np.repeat(np.arange(len(sizes_of(block))), sizes_of(block))
    np.testing.assert_array_equal(corr, np.swapaxes(corr, -1, -2))
    np.testing.assert_allclose(np.diagonal(corr, axis1=-2, axis2=-1), 1, rtol=1e-12)
    assert np.all(corr[..., within[:, None] != within] == 0)
    assert np.linalg.eigvalsh(corr).min() > 0


def test_every_draw_comes_from_its_own_conditional(case: Any, short: RawDraws) -> None:
    deviates = [whitened(case, short, c, d) for c in range(SHORT.chains) for d in range(SHORT.draws)]
    n = np.size(deviates)
    if n == 0:
        return  # NUTS walks over everything
    assert 1e-6 < stats.chi2(n).cdf(np.sum(np.square(deviates))) < 1 - 1e-6
    means = np.mean(deviates, axis=0) * np.sqrt(len(deviates))
    assert np.abs(means).max() < Z_BOUND


@pytest.mark.parametrize("name", ["two correlated", "crossed slopes", "weights", "laplace", "flat priors"])
def test_lp_is_the_log_density_in_the_units_of_the_data(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    draws = sampled(case, SHORT)
    expected = [case.log_density(parameters_of(case, draws, 0, d)) for d in range(SHORT.draws)]
    np.testing.assert_allclose(draws.sample_stats["lp"][0], expected, rtol=0, atol=1e-7)
    assert np.all(draws.sample_stats["energy"][0] >= -np.array(expected) - 1e-7)


def independent(block: Any, effects: np.ndarray) -> np.ndarray:
    """Independent effects behind those of related levels."""
    return effects if block.root is None else np.linalg.solve(block.root, effects)


def parameters_of(case: Any, draws: RawDraws, chain: int, draw: int) -> Any:
    """One draw as a point in the units of the data, everything about the means of the columns."""
    fixed, blocks = case.design.fixed, case.design.blocks
    coefficients = np.linalg.solve(fixed.centring, draws.beta[chain, draw])
    effects = [
        np.linalg.solve(b.centring, independent(b, u[chain, draw]).T).T
        for b, u in zip(blocks, draws.ranef, strict=True)
    ]
    scales = [centred_scales(b, draws, i, chain, draw) for i, b in enumerate(blocks)]
    return type(case.parameters(0))(
        log_sd=tuple(np.log(sd[b.covariances.leaders]) for b, (sd, _) in zip(blocks, scales, strict=True)),
        logits=tuple(
            b.covariances.coordinates(corr[None])[0] if b.has_correlation else np.empty(0)
            for b, (_, corr) in zip(blocks, scales, strict=True)
        ),
        log_sigma=float(np.log(draws.parameters["sigma"][chain, draw])),
        coefficients=coefficients,
        sampled=tuple(effects),
    )


def centred_scales(
    block: Any, draws: RawDraws, i: int, chain: int, draw: int
) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations and correlations of one draw's effects about the means of their columns."""
    sd, corr = draws.sd[i][chain, draw], draws.corr[i]
    covariance = np.diag(sd) @ (np.eye(len(sd)) if corr is None else corr[chain, draw]) @ np.diag(sd)
    back = np.linalg.inv(block.centring)
    covariance = back @ covariance @ back.T
    centred = np.sqrt(np.diag(covariance))
    return centred, covariance / np.outer(centred, centred)


def whitened(case: Any, draws: RawDraws, chain: int, draw: int) -> np.ndarray:
    """What was integrated in one draw, as standard normal deviates given the rest of the draw."""
    parameters = parameters_of(case, draws, chain, draw)
    mean, precision = dataclasses.replace(case, centred=True).conditional(parameters)
    parts = [parameters.sampled[i].ravel() for i in case.plan.blocks if not case.is_sampled[i]]
    if not case.plan.coefficients_sampled:
        parts.append(parameters.coefficients)
    return np.linalg.cholesky(precision).T @ (np.concatenate([*parts, np.empty(0)]) - mean)


def test_thinning_keeps_every_other_draw(case_of: Callable[[str], Any]) -> None:
    draws = sampled(case_of("two correlated"), SHORT, thin=3)
    assert draws.parameters["sigma"].shape == draws.sample_stats["lp"].shape == (SHORT.chains, SHORT.draws)
    all_of_them = sampled(case_of("two correlated"), SHORT.times(3))
    np.testing.assert_array_equal(draws.parameters["sigma"], all_of_them.parameters["sigma"][:, 2::3])


@pytest.mark.parametrize("correlated", [(1,), (2,), (3,), (2, 1), (1, 3, 2)])
def test_correlations_come_from_the_logits_of_each_set(correlated: tuple[int, ...]) -> None:
    n = sum(size * (size - 1) // 2 for size in correlated)
    logits = np.random.default_rng(1).normal(size=(4, n))
    factor = unstructured(*correlated).cholesky(logits)
    assert factor.shape == (4, sum(correlated), sum(correlated))
    assert np.all(np.triu(factor, 1) == 0)
    np.testing.assert_allclose(np.sum(factor**2, axis=-1), 1, rtol=1e-12)
    starts = np.cumsum([0, *correlated])
    used = 0
    for start, size in zip(starts, correlated, strict=False):
        for i in range(1, size):  # the first column holds correlations with the set's first effect
            np.testing.assert_allclose(factor[:, start + i, start], np.tanh(logits[:, used] / 2))
            used += i
