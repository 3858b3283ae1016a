"""No digit is lost in silence: the kernel beside long double arithmetic over the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.engines.collapsed.problem import evaluate, make_problem, pack_problem
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.reml.likelihood import likelihood_of
from bayesmixed.engines.reml.optimum import optimum_at
from bayesmixed.priors.density import log_density

from .dense import marginal_covariance, normal_log_density, reml_criterion, wide

N = 60


def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    g, h, x = np.repeat(np.arange(6), 10), rng.integers(0, 5, N), rng.normal(size=N)
    y = 1 + x + rng.normal(size=6)[g] + rng.normal(size=6)[g] * x + rng.normal(size=N)
    return pd.DataFrame({"y": y, "x": x, "z": rng.normal(size=N), "g": g, "h": h, "w": rng.uniform(1, 2, N)})


FRAMES = {
    "as it is": data(),
    "predictor of 1e-8": data().assign(x=lambda d: d.x * 1e-8),
    "predictor of 1e8": data().assign(x=lambda d: d.x * 1e8),
    "predictor of 1e70": data().assign(x=lambda d: d.x * 1e70),
    "response of 1e-70": data().assign(y=lambda d: d.y * 1e-70),
    "response of 1e70": data().assign(y=lambda d: d.y * 1e70),
    "response at 1e8": data().assign(y=lambda d: d.y + 1e8),
    "predictor at 300": data().assign(x=lambda d: d.x + 300),
}
FORMULAS = ("y ~ x + (1 | g)", "y ~ x + (x | g)", "y ~ x + z + (x || g)", "y ~ x + (1 | g) + (1 | h)")


def reml_error(formula: str, frame: pd.DataFrame, relative_sd: float) -> float:
    """Error of the REML criterion where every relative sd has one value."""
    likelihood = likelihood_of(bm.specify(formula, frame).design)
    entries = relative_sd * np.where(likelihood.is_deviation == 1, 1.0, 0.3)
    found = optimum_at(likelihood, entries)
    return abs(found.criterion - reml_criterion(likelihood.design, found.sigma, found.covariances))


@pytest.mark.parametrize("relative_sd", [0.0, 1e-8, 1e-3, 1.0, 10.0])
@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("case", FRAMES)
def test_the_criterion_keeps_its_digits(case: str, formula: str, relative_sd: float) -> None:
    assert reml_error(formula, FRAMES[case], relative_sd) < 1e-8


@pytest.mark.parametrize("relative_sd", [1e3, 1e4, 1e5])
@pytest.mark.parametrize("formula", FORMULAS)
def test_what_a_huge_sd_costs(formula: str, relative_sd: float) -> None:
    assert reml_error(formula, data(), relative_sd) < 1e-13 * relative_sd**2 * N


@pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-4, 2e-5])
def test_what_collinear_columns_cost_until_they_are_refused(share: float) -> None:
    frame = data().assign(z=lambda d: d.x + share * d.z)
    assert reml_error("y ~ x + z + (1 | g)", frame, 1.0) < 1e-14 * share**-2


@pytest.mark.parametrize("distance", [1e2, 1e3, 1e4, 9e4])
def test_what_slopes_far_from_zero_cost_until_they_are_refused(distance: float) -> None:
    frame = data().assign(x=lambda d: d.x + distance)
    assert reml_error("y ~ x + (x | g)", frame, 1.0) < 1e-13 * distance**2


FLAT = {"sd_g": bm.prior("HalfFlat"), "sigma": bm.prior("HalfFlat")}


@pytest.mark.parametrize("log_sd", [-40.0, -10.0, 0.0, 3.0])
@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + (x || g)"])
@pytest.mark.parametrize("case", FRAMES)
def test_the_collapsed_density_keeps_its_digits(case: str, formula: str, log_sd: float) -> None:
    spec = bm.specify(formula, FRAMES[case], priors=FLAT, weights="w")
    problem = make_problem(spec)
    packed = pack_problem(problem, make_plan(spec.design))
    theta = np.full(packed.dimension, log_sd)
    theta[-1] = -0.7
    units, design = problem.units, spec.design
    sds = [np.exp(log_sd) * units.scale / block.scales for block in design.blocks]
    sigma = np.exp(-0.7) * units.scale
    exact = collapsed_log_density(spec, sds[0], sigma)
    assert evaluate(packed, theta)[0] == pytest.approx(exact, rel=1e-11, abs=1e-8)


def collapsed_log_density(spec: bm.ModelSpec, sd: np.ndarray, sigma: float) -> float:
    """Log density of one grouping factor of independent effects, flat in its sds, in their logarithms."""
    design, fixed = spec.design, spec.design.fixed
    centred = wide(fixed.matrix) @ wide(fixed.centring)
    priors = [prior.args for prior in spec.priors.coefficients]
    center = np.float64(priors[0]["mu"])
    means = wide([0.0, *(args["mu"] for args in priors[1:])])
    covariance = marginal_covariance(design, wide(sigma), [np.diag(wide(sd) ** 2)])
    covariance = covariance + (centred * wide([args["sigma"] for args in priors]) ** 2) @ centred.T
    residual = wide(design.response.values) - center - centred @ means
    flat = sum(float(log_density(bm.prior("HalfFlat"), value)) for value in (*sd, sigma))
    return normal_log_density(residual, covariance) + flat + float(np.log(sd).sum() + np.log(sigma))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "groups"), [(1_000_000, 4), (200_000, 100_000)])
def test_many_rows_keep_their_digits(n: int, groups: int) -> None:
    rng = np.random.default_rng(8)
    g = np.arange(n) % groups
    x = rng.normal(size=n)
    frame = pd.DataFrame({"y": 5 + x + rng.normal(size=groups)[g] + rng.normal(size=n), "x": x, "g": g})
    likelihood = likelihood_of(bm.specify("y ~ x + (1 | g)", frame).design)
    found = optimum_at(likelihood, np.array([0.8]))
    assert found.criterion == pytest.approx(by_groups(frame, groups, 0.8, found.sigma), rel=0, abs=2e-6)


def by_groups(frame: pd.DataFrame, groups: int, relative_sd: float, sigma: float) -> float:
    """REML criterion of equal groups with an intercept each, by Sherman and Morrison in long double."""
    n, m = len(frame), len(frame) // groups
    columns = np.column_stack([wide(np.ones(n)), wide(frame.x), wide(frame.y) - np.float64(frame.y.mean())])
    by_group = columns.reshape(m, groups, 3).sum(axis=0)
    shrunk = wide(relative_sd) ** 2 / (1 + m * wide(relative_sd) ** 2)
    gram = columns.T @ columns - shrunk * (by_group.T @ by_group)
    (a, b), d = gram[0, :2], gram[1, 1]
    determinant = a * d - b * b
    score = gram[:2, 2]
    explained = (d * score[0] ** 2 - 2 * b * score[0] * score[1] + a * score[1] ** 2) / determinant
    scale = 2 * np.log(wide(sigma))
    log_det = n * scale + groups * np.log1p(m * wide(relative_sd) ** 2)
    log_det += np.log(determinant) - 2 * scale
    return float((n - 2) * np.log(2 * np.pi) + log_det + (gram[2, 2] - explained) / wide(sigma) ** 2)
