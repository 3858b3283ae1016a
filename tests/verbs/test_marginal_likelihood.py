"""Marginal likelihoods against adaptive quadrature over the variance parameters of a dense normal model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from bayesmixed import names
from bayesmixed.datasets import load_dataset
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.integrated import Evidence
from bayesmixed.errors import ConvergenceWarning, EngineError, PriorError
from bayesmixed.fits.lmer import lmer
from bayesmixed.fits.specify import specify
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.choice import prior
from bayesmixed.verbs.marginal_likelihood import as_marginal_likelihood, log_marginal_likelihood
from bayesmixed.verbs.summaries import draw_matrix

MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Dyestuff": ("Yield ~ 1 + (1 | Batch)", "Dyestuff", {}),
    "Dyestuff2": ("Yield ~ 1 + (1 | Batch)", "Dyestuff2", {}),
    "slope": ("Reaction ~ Days + (0 + Days | Subject)", "sleepstudy", {}),
    "other priors": (
        "Yield ~ 1 + (1 | Batch)",
        "Dyestuff",
        {
            "sd_Batch": prior("HalfNormal", sigma=30),
            "sigma": prior("Gamma", alpha=4, beta=0.07),
            "Intercept": prior("Normal", mu=1500, sigma=20),
        },
    ),
}


def fitted(name: str, **options: Any) -> Any:
    formula, data, priors = MODELS[name]
    return lmer(formula, load_dataset(data), priors=priors, **{"seed": 1} | options)


def log_scale_density(spec: ModelSpec, sd: FloatArray, sigma: FloatArray) -> FloatArray:
    """Log prior of the two standard deviations, written with SciPy."""
    twins: Mapping[str, Callable[[Mapping[str, float]], Any]] = {
        "HalfStudentT": lambda a: stats.t(a["nu"], 0, a["sigma"]),
        "HalfNormal": lambda a: stats.norm(0, a["sigma"]),
        "Gamma": lambda a: stats.gamma(a["alpha"], scale=1 / a["beta"]),
    }
    total = np.zeros_like(sd)
    for choice, value in ((spec.priors.sd[0][0], sd), (spec.priors.parameters["sigma"], sigma)):
        total += twins[choice.name](choice.args).logpdf(value)
        total += np.log(2) if choice.name.startswith("Half") else 0
    return total


def quadrature(spec: ModelSpec, center: tuple[float, float]) -> float:
    """Log marginal likelihood of a model with one effect, over log sd and log sigma.

    The n x n covariance of the random effects is diagonalized once; the coefficients come in by the
    determinant lemma.
    """
    design, priors = spec.design, spec.priors.coefficients
    z = np.eye(design.blocks[0].n_levels)[design.blocks[0].codes] * design.blocks[0].columns
    roots, vectors = np.linalg.eigh(z @ z.T)
    spread = np.array([p.args["sigma"] for p in priors])
    centred = design.fixed.matrix @ design.fixed.centring
    fixed = vectors.T @ (centred * spread)
    residual = vectors.T @ (design.response.values - centred @ [p.args["mu"] for p in priors])

    def log_density(points: FloatArray) -> FloatArray:
        sd, sigma = np.exp(points).T
        variances = sd[:, None] ** 2 * roots + sigma[:, None] ** 2
        inner = np.eye(len(priors)) + np.einsum("ij,mi,ik->mjk", fixed, 1 / variances, fixed)
        score = (residual / variances) @ fixed
        explained = np.einsum("mj,mj->m", score, np.linalg.solve(inner, score[:, :, None])[:, :, 0])
        squares = np.sum(residual**2 / variances, axis=1) - explained
        log_det = np.sum(np.log(2 * np.pi * variances), axis=1) + np.linalg.slogdet(inner)[1]
        return -0.5 * (squares + log_det) + log_scale_density(spec, sd, sigma) + points.sum(axis=1)

    low, high = np.add(center, (-12.0, -1.5)), np.add(center, (4.0, 1.5))
    peak = float(log_density(np.array([center]))[0])
    found = integrate.cubature(lambda points: np.exp(log_density(points) - peak), low, high, rtol=1e-5)
    assert found.status == "converged"
    return peak + float(np.log(found.estimate))


def middle(fit: Any) -> tuple[float, float]:
    """Posterior medians of log sd and log sigma."""
    sd, sigma = (
        np.median(np.log(draw_matrix(fit.draws, name)))
        for name in (names.sd(fit.spec.design.blocks[0].group), names.SIGMA)
    )
    return float(sd), float(sigma)


@pytest.mark.parametrize("name", MODELS)
def test_is_the_integral(name: str) -> None:
    fit = fitted(name)
    found = log_marginal_likelihood(fit.draws, fit.spec, seed=3)
    assert found.value == pytest.approx(quadrature(fit.spec, middle(fit)), rel=0, abs=0.01)
    assert found.se <= 0.005
    assert found.pareto_k < 0.7


def test_twenty_runs_scatter_as_they_say() -> None:
    truth = log_marginal_likelihood(*_parts(fitted("Dyestuff", draws=2000)), seed=0).value
    z = []
    for seed in range(1, 21):
        found = log_marginal_likelihood(*_parts(fitted("Dyestuff", seed=seed, draws=500)), seed=seed)
        z.append((found.value - truth) / found.se)
    assert 1e-5 < stats.chi2(20).cdf(np.sum(np.square(z)) / (1 + 1)) < 1 - 1e-5
    assert np.mean(np.abs(z) < 2.8) >= 0.9


def _parts(fit: Any) -> tuple[Any, Any]:
    return fit.draws, fit.spec


def test_a_change_of_units_adds_a_jacobian() -> None:
    data = load_dataset("Dyestuff")
    fits = [lmer("Yield ~ 1 + (1 | Batch)", data.assign(Yield=data["Yield"] * c), seed=1) for c in (1, 1024)]
    one, other = (log_marginal_likelihood(f.draws, f.spec, seed=3).value for f in fits)
    assert other - one == pytest.approx(-len(data) * np.log(1024), abs=1e-9)


def test_coefficients_that_are_sampled_have_their_prior_in_it() -> None:
    """A Student prior of many degrees of freedom is a normal one."""
    data = load_dataset("Dyestuff")
    wide = {"Intercept": prior("Normal", mu=1500, sigma=100)}
    near = {"Intercept": prior("StudentT", nu=1e6, mu=1500, sigma=100)}
    fits = [lmer("Yield ~ 1 + (1 | Batch)", data, priors=p, seed=1) for p in (wide, near)]
    one, other = (log_marginal_likelihood(f.draws, f.spec, seed=3) for f in fits)
    assert abs(one.value - other.value) < 5 * np.hypot(one.se, other.se)


def test_prints_value_error_and_method() -> None:
    fit = fitted("Dyestuff")
    text = str(log_marginal_likelihood(fit.draws, fit.spec, seed=3))
    assert text.startswith("log marginal likelihood -168.")
    assert "Monte Carlo error 0.00" in text
    assert "integrated exactly" in text


@pytest.mark.parametrize(
    ("priors", "error", "words"),
    [
        ({"sd_Batch": prior("HalfFlat")}, PriorError, "'sd_Batch\\[Intercept\\]' is HalfFlat.*improper"),
        ({"Intercept": prior("Flat")}, PriorError, "'Intercept' is Flat.*no marginal likelihood"),
        ({"sigma": prior("Uniform", lower=0, upper=200)}, EngineError, "prior Uniform"),
    ],
)
def test_refusals_say_why(priors: dict[str, Any], error: type[Exception], words: str) -> None:
    spec = specify("Yield ~ 1 + (1 | Batch)", load_dataset("Dyestuff"), priors=priors)
    with pytest.raises(error, match=words):
        log_marginal_likelihood(fitted("Dyestuff").draws, spec, seed=1)


def test_an_error_that_cannot_be_trusted_is_said() -> None:
    good = Evidence(value=-3.0, se=0.004, n_points=4000, pareto_k=0.2)
    assert as_marginal_likelihood(good).value == -3.0
    with pytest.warns(ConvergenceWarning, match=r"Pareto k of 0\.81"):
        as_marginal_likelihood(dataclasses.replace(good, pareto_k=0.81))
