"""The joint density: its gradient, and its agreement with PyMC's graph under every family and structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest
from pytensor.scalar.basic import autocast_float, autocast_int
from scipy.linalg import solve_triangular

from bayesmixed import names
from bayesmixed.engines.joint.mode import evaluate_joint, expand_joint
from bayesmixed.model.build import build_pymc_model
from engines.twins import TWINS

from .conftest import RIGHT_SIDES, make_case


def test_the_gradient_is_that_of_the_density(case: Any) -> None:
    z = case.coordinates(1)
    _, gradient = evaluate_joint(case.mode.packed, z)
    np.testing.assert_allclose(gradient, differences(case.mode.packed, z), rtol=1e-6, atol=1e-6)


def differences(packed: Any, z: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Gradient by central differences of fourth order."""

    def value(moved: np.ndarray) -> float:
        return evaluate_joint(packed, moved)[0]

    moves = step * np.eye(len(z))
    near = np.array([value(z + m) - value(z - m) for m in moves])
    far = np.array([value(z + 2 * m) - value(z - 2 * m) for m in moves])
    return (8 * near - far) / (12 * step)


@pytest.fixture
def double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTensor makes PyMC's log(2) and sqrt(2.0) of numbers that fit in few bits, in single precision."""
    monkeypatch.setattr(autocast_int, "dtypes", ("int64",))
    monkeypatch.setattr(autocast_float, "dtypes", ("float64",))


@pytest.mark.usefixtures("double_precision")
def test_the_density_is_that_of_the_graph(case: Any) -> None:
    """In the effects' deviates, hence the two Jacobians: from z to the effects, and on to the deviates."""
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        log_graph = build_pymc_model(case.spec).compile_logp()
    for seed in (1, 2):
        z = case.coordinates(seed)
        value, _ = evaluate_joint(case.mode.packed, z)
        point, log_volume = graph_point(case, expand_joint(case.mode.packed, z))
        theirs = float(log_graph(point)) - log_volume + log_jacobian(case, z)
        assert value == pytest.approx(theirs, rel=1e-12, abs=1e-8)


def log_jacobian(case: Any, z: np.ndarray) -> float:
    """Log volume of the effects per volume of the deviates; they are linear in each other."""
    packed, n_low = case.mode.packed, case.mode.packed.n_low
    origin = np.concatenate([z[:n_low], np.zeros(packed.dimension - n_low)])
    moves = np.eye(packed.dimension)[n_low:]
    zero = expand_joint(packed, origin)[n_low:]
    columns = [expand_joint(packed, origin + move)[n_low:] - zero for move in moves]
    return float(np.linalg.slogdet(np.array(columns))[1])


def graph_point(case: Any, point: np.ndarray) -> tuple[dict[str, Any], float]:
    """The graph's free variables, and the log volume of the effects per volume of their deviates."""
    problem, design, units = case.problem, case.spec.design, case.problem.units
    n_theta, n_low = problem.n_theta, case.mode.packed.n_low
    out: dict[str, Any] = {}
    for name, value in zip(problem.family.parameter_names, point[n_theta:n_low], strict=True):
        shift = np.log(units.scale) if name == names.SIGMA else 0.0
        out[f"{name}_log__"] = np.array(value + shift)
    effects, log_volume = point[n_low:], 0.0
    for f, i in enumerate(problem.plan.blocks):
        block, theta = design.blocks[i], point[case.mode.packed.theta_of_factor[f]]
        unit = units.scale / units.effects[i]
        own = block.covariances
        log_sd = theta[: own.n_deviations] + np.log(unit[own.leaders])
        cholesky = own.cholesky(theta[own.n_deviations :])
        factor = np.exp(log_sd[own.of_effect])[:, None] * cholesky
        u = effects[problem.first_effects[f] : problem.first_effects[f + 1]]
        u = u.reshape(block.n_levels, block.n_effects) * unit
        deviates = solve_triangular(factor, u.T, lower=True).T
        log_volume += block.n_levels * np.log(np.diag(factor)).sum()
        out |= {names.standardized_ranef(block.group, e): deviates[:, j] for j, e in enumerate(block.effects)}
        sd = names.sd_centred if block.is_centred else names.sd
        if own.n_deviations == block.n_effects:
            out[f"{sd(block.group)}_log__"] = log_sd
        else:
            labels = [names.sd_of(block.group, each.name) for each in block.deviations]
            out |= {f"{label}_log__": value for label, value in zip(labels, log_sd, strict=True)}
        out |= logits(block, theta[own.n_deviations :])
    return out | coefficients(case, effects[problem.first_effects[-1] :]), log_volume


def logits(block: Any, values: np.ndarray) -> dict[str, Any]:
    """Coordinates of the correlations, set by set."""
    out = {}
    for j, part in enumerate(block.covariances.parts):
        if part.covariance.n_coordinates:
            twin, own = TWINS[part.covariance.name], values[part.coordinates]
            name = names.of_set(twin.variable, block.group, j)
            out[f"{name}_{twin.transform}__"] = own if twin.variable == "partial_corr" else own[0]
    return out


def coefficients(case: Any, unit_free: np.ndarray) -> dict[str, Any]:
    """Coefficients of the centred columns."""
    units, terms, priors = case.problem.units, case.spec.design.fixed.terms, case.spec.priors.coefficients
    values = unit_free * units.scale / units.scales
    if units.has_intercept:
        values[0] += units.center
    if not terms:
        return {}
    if len({prior.name for prior in priors}) == 1:
        return {names.BETA_CENTRED: values}
    return {names.beta_centred_of(term): value for term, value in zip(terms, values, strict=True)}


def test_deviates_are_standard_normal_to_second_order_at_the_mode() -> None:
    case = make_case("poisson", "log", RIGHT_SIDES["crossed slopes"])
    packed, n_low, step = case.mode.packed, case.mode.packed.n_low, 1e-4
    _, gradient = evaluate_joint(packed, np.zeros(packed.dimension))
    assert np.abs(gradient).max() < 0.05
    moves = step * np.eye(packed.dimension)[n_low:]
    ends = [(evaluate_joint(packed, m)[1], evaluate_joint(packed, -m)[1]) for m in moves]
    curvature = np.array([(after - before)[n_low:] / (2 * step) for after, before in ends])
    np.testing.assert_allclose(curvature, -np.eye(len(moves)), atol=1e-4)


def test_a_point_without_density_is_refused(case: Any) -> None:
    far = np.full(case.mode.packed.dimension, 1e6)
    assert evaluate_joint(case.mode.packed, far)[0] == -np.inf
