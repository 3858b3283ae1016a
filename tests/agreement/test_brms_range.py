"""Posteriors beyond lme4's models agree with brms in every parameter, random effects included.

Maker: brms 2.18, `shared/reference/brms_range.json`, with the priors that it states. The tolerance is four
combined Monte Carlo errors, as in `test_brms`. brms' sigma of an autoregression is that of the innovation, sd
times sqrt(1 - ar^2), and its prior is of that: our draws are weighted by the ratio of the priors.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import arviz_stats
import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.posterior.diagnostics import convergence_statistics
from references import BRMS_RANGE, python_term, reference_frame

P = bm.prior


def half(scale: float) -> Any:
    return P("HalfStudentT", nu=3, sigma=scale)


def normal(mu: float, sigma: float) -> Any:
    return P("Normal", mu=mu, sigma=sigma)


MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "eight_schools": (
        "effect | se(se) ~ 1 + (1 | school)",
        {"Intercept": normal(0, 5), "sd_school": half(10)},
    ),
    "bcg_ablat": (
        "yi | se(sei) ~ ablat + (1 | trial)",
        {"Intercept": normal(0, 2), "ablat": normal(0, 0.2), "sd_trial": half(0.5)},
    ),
    "orthodont_sigma_sex": (
        ["distance ~ age * Sex + (1 | Subject)", "sigma ~ 0 + Sex"],
        {"Intercept": normal(24, 8), "b": normal(0, 5), "sd_Subject": half(3), "b_sigma": normal(0, 1)},
    ),
    "ovary_ar1": (
        "follicles ~ sin(2*pi*Time) + cos(2*pi*Time) + (1 | Mare) + ar(Time, gr=Mare)",
        {"Intercept": normal(12, 10), "b": normal(0, 10), "sd_Mare": half(4), "sigma": half(4)},
    ),
    "sleepstudy_location_scale": (
        ["Reaction ~ Days + (Days | Subject)", "sigma ~ 1 + (1 | Subject)"],
        {
            "Intercept": normal(300, 100),
            "Days": normal(0, 30),
            "sd_Subject[Intercept]": half(50),
            "sd_Subject[Days]": half(20),
            "sigma_Intercept": normal(3, 1),
            "sd_sigma_Subject": half(1),
        },
    ),
}
TEXT = {"trial", "Mare", "Subject", "school"}
QUANTILES = {"2.5%": 0.025, "25%": 0.25, "50%": 0.5, "75%": 0.75, "97.5%": 0.975}
STANDARD_ERRORS = 4.0
pytestmark = pytest.mark.skipif(not BRMS_RANGE, reason="the reference numbers are not beside the project")


@cache
def frame_of(name: str) -> Any:
    frame = reference_frame(BRMS_RANGE[name]["data"])
    return frame.astype(dict.fromkeys(TEXT & set(frame.columns), str))


@cache
def fit_of(name: str) -> bm.MixedFit:
    formula, priors = MODELS[name]
    return bm.lmer(formula, frame_of(name), priors=priors, center="fixed", draws=4000, seed=20)


def our_draws(name: str, variable: str) -> np.ndarray:
    """Draws, shape (chain, draw), of the parameter that brms calls `variable`."""
    fit = fit_of(name)
    posterior = fit.draws["posterior"].dataset
    if variable == "sigma":
        return posterior["sigma"].values * np.sqrt(1 - posterior["ar"].values ** 2)
    if variable == "ar[1]":
        return posterior["ar"].values
    if variable in ("b_s", "b_c"):
        return posterior["beta"].values[:, :, 1 + (variable == "b_c")]
    if variable.startswith("b_sigma_"):
        terms = fit.spec.design.others[0].fixed.terms
        wanted = variable.removeprefix("b_sigma_")
        (place,) = [j for j, term in enumerate(terms) if re.sub(r"\[|\]", "", term) == wanted]
        return posterior["beta_sigma"].values[:, :, place]
    if variable.startswith("b_"):
        return posterior["beta"].sel(term=python_term(variable[2:], fit.spec.design.fixed.terms)).values
    scale = "sigma_" if "__sigma" in variable else ""
    variable = variable.replace("__sigma_", "__").replace("__sigma[", "[")
    if variable.startswith("r_"):
        group, level, effect = re.fullmatch(r"r_(\w+)\[(.*),(\w+)\]", variable).groups()
        block = posterior[f"ranef_{scale}{group}"]
        return block.sel({block.dims[2]: level, block.dims[3]: effect}).values
    kind, group, *effects = re.split("__|(?<=^sd)_|(?<=^cor)_", variable)
    block = posterior[f"{'sd' if kind == 'sd' else 'corr'}_{scale}{group}"]
    return block.sel(dict(zip(block.dims[2:], effects, strict=True))).values


def weights_of(name: str) -> np.ndarray | None:
    """Weights of our draws under brms' prior, None where the priors are the same."""
    if name != "ovary_ar1":
        return None
    posterior = fit_of(name).draws["posterior"].dataset
    sd, root = posterior["sigma"].values, np.sqrt(1 - posterior["ar"].values ** 2)
    logs = stats.t.logpdf(sd * root / 4, 3) + np.log(root) - stats.t.logpdf(sd / 4, 3)
    return np.exp(logs - logs.max())


def distances(draws: np.ndarray, theirs: dict[str, float], weights: np.ndarray | None) -> dict[str, float]:
    """For each summary the gap, ours less theirs, in combined Monte Carlo errors."""
    array = arviz_stats.base.array_stats
    w = np.ones(draws.shape) if weights is None else weights
    spent = float(np.sum(w**2) * w.size / w.sum() ** 2) ** 0.5  # errors grow as fewer draws count
    ess = float(array.ess(draws, method="bulk")) / spent**2
    mean = float(np.average(draws, weights=w))
    spread = float(np.average((draws - mean) ** 2, weights=w)) ** 0.5
    gaps = {
        "mean": (mean - theirs["mean"], spread / ess**0.5, theirs["mcse_mean"]),
        "sd": (spread - theirs["sd"], spent * float(array.mcse(draws, method="sd")), theirs["mcse_sd"]),
    }
    for label, q in QUANTILES.items():
        own = spent * float(array.mcse(draws, method="quantile", prob=q))
        their_ess = theirs["ess_bulk"]
        if q != 0.5:
            their_ess = min(their_ess, (theirs["sd"] / theirs["mcse_sd"]) ** 2 / 2.0)
        at = np.quantile(draws, q, weights=w, method="inverted_cdf")
        gaps[label] = (at - theirs[label], own, own * np.sqrt(ess / their_ess))
    return {label: gap / np.hypot(a, b) for label, (gap, a, b) in gaps.items()}


@pytest.mark.parametrize("name", MODELS)
def test_every_summary_of_every_parameter(name: str) -> None:
    weights = weights_of(name)
    far = {
        (row["variable"], label): gap
        for row in BRMS_RANGE[name]["summary"]
        for label, gap in distances(our_draws(name, row["variable"]), row, weights).items()
        if abs(gap) > STANDARD_ERRORS
    }
    assert far == {}, json.dumps({str(key): gap for key, gap in far.items()}, indent=1)


@pytest.mark.parametrize("name", MODELS)
def test_good_at_the_defaults(name: str) -> None:
    fit = bm.lmer(MODELS[name][0], frame_of(name), seed=2)
    assert fit.run.engine == "collapsed"
    assert fit.diagnosis.divergences == 0
    posterior = fit.draws["posterior"].dataset
    drawn = [values.values.reshape(4, 1000, -1) for values in posterior.data_vars.values()]
    statistics = convergence_statistics(np.moveaxis(np.concatenate(drawn, axis=-1), -1, 0))
    moves = statistics[~np.isnan(statistics[:, 0])]  # not the ones of a correlation matrix's diagonal
    assert moves[:, 0].max() < 1.01
    assert moves[:, 1:].min() >= 1000


def test_eight_schools_by_quadrature() -> None:
    frame, (formula, priors) = frame_of("eight_schools"), MODELS["eight_schools"]
    y, se = frame["effect"].to_numpy(float), frame["se"].to_numpy(float)
    tau = np.linspace(1e-4, 120, 40001)
    variance = se**2 + tau[:, None] ** 2
    precision = np.sum(1 / variance, axis=1) + 1 / 25
    mean = np.sum(y / variance, axis=1) / precision
    logs = -0.5 * np.sum(np.log(variance) + y**2 / variance, axis=1) + 0.5 * precision * mean**2
    logs += -0.5 * np.log(precision) + stats.t.logpdf(tau / 10, 3)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    fit = bm.lmer(formula, frame, priors=priors, draws=20000, chains=4, seed=8)
    posterior = fit.draws["posterior"].dataset
    ours = posterior["sd_school"].values
    error = ours.std() / float(arviz_stats.base.array_stats.ess(ours[:, :, 0], method="bulk")) ** 0.5
    assert ours.mean() == pytest.approx(float(weight @ tau), abs=4 * error)
    assert posterior["beta"].values.mean() == pytest.approx(float(weight @ mean), abs=0.06)
    density = fit_log_density(fit, tau[100:2000:100])
    expected = logs[100:2000:100]
    np.testing.assert_allclose(density - density[0], expected - expected[0], atol=1e-8)


def fit_log_density(fit: bm.MixedFit, tau: np.ndarray) -> np.ndarray:
    """Collapsed log density in tau."""
    from bayesmixed.engines.collapsed.integrated import integrate_all, log_densities

    model = integrate_all(fit.spec)
    points = np.log(tau / model.problem.units.scale)[:, None]
    return log_densities(model.packed, points) - np.log(tau)
