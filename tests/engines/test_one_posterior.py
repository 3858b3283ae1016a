"""The graph of PyMC and the collapsed density state one posterior.

For any theta, coefficients and random effects, the log density of the graph less that of the integrated ones
given the rest is the collapsed log density.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest
from pytensor.scalar.basic import autocast_float, autocast_int
from scipy.linalg import solve_triangular

from bayesmixed import names
from bayesmixed.engines.collapsed.problem import evaluate
from bayesmixed.model.build import build_pymc_model

from .residuals import CHANGES, residual_case
from .twins import TWINS

POINTS = (1, 2)


def test_graph_less_conditional_is_the_collapsed_density(case: Any) -> None:
    log_graph = compiled(case)
    for seed in POINTS:
        parameters = case.parameters(seed)
        value, _ = evaluate(case.packed, case.point(parameters))
        integrated = some_effects(case, parameters, seed)
        coefficients, deviates, log_jacobian = graph_deviates(case, parameters, integrated)
        point = graph_point(case, parameters, coefficients, deviates)
        left = log_graph(point) - log_jacobian - log_conditional(case, parameters, integrated)
        assert left == pytest.approx(value, rel=0, abs=1e-8)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("bars", ["crossed"])
def test_graph_with_residuals_of_its_own(bars: str, change: str) -> None:
    case = residual_case(bars, change)
    parameters = case.parameters(1)
    integrated = some_effects(case, parameters, 1)
    coefficients, deviates, log_jacobian = graph_deviates(case, parameters, integrated)
    point = graph_point(case, parameters, coefficients, deviates) | residual_point(case, parameters)
    left = compiled(case)(point) - log_jacobian - log_conditional(case, parameters, integrated)
    scales = case.predictor.fixed.scales if case.predictor is not None else np.ones(0)
    value, _ = evaluate(case.packed, case.point(parameters))
    assert left == pytest.approx(value + np.sum(np.log(scales)), rel=0, abs=1e-8)


def residual_point(case: Any, parameters: Any) -> dict[str, np.ndarray]:
    """Values of the variables that concern the residuals."""
    serial, point = case.design.residual.correlation, {}
    if serial.name == "unstr":
        point["partial_unstr_logodds__"] = parameters.serial
    elif serial.n_coordinates:
        point[f"{serial.label}_interval__"] = parameters.serial[0]
    if case.predictor is None:
        return point
    own = case.spec.priors.others["sigma"]
    labels = [names.beta_centred_of(term, "sigma") for term in case.predictor.fixed.terms]
    point |= vector(names.beta_centred("sigma"), labels, own.coefficients, parameters.scale, "")
    groups = case.scale_blocks, own, parameters.scale_log_sd, parameters.scale_logits
    return point | points_of_blocks(*groups, list(parameters.deviates))


@pytest.fixture(autouse=True)
def double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTensor makes PyMC's log(2) and sqrt(2.0) of numbers that fit in few bits, in single precision."""
    monkeypatch.setattr(autocast_int, "dtypes", ("int64",))
    monkeypatch.setattr(autocast_float, "dtypes", ("float64",))


def compiled(case: Any) -> Any:
    """Log density of the graph, by what compiles fastest."""
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        return build_pymc_model(case.spec).compile_logp()


def some_effects(case: Any, parameters: Any, seed: int) -> np.ndarray:
    """Values of everything integrated, near where the data put them."""
    mean, precision = case.conditional(parameters)
    deviates = np.random.default_rng(seed).normal(size=len(mean))
    return mean + solve_triangular(np.linalg.cholesky(precision).T, deviates)


def log_conditional(case: Any, parameters: Any, effects: np.ndarray) -> float:
    mean, precision = case.conditional(parameters)
    log_det = np.linalg.slogdet(precision / (2 * np.pi))[1]
    return 0.5 * float(log_det - (effects - mean) @ precision @ (effects - mean))


def graph_deviates(
    case: Any, parameters: Any, integrated: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray], float]:
    """Coefficients, every block's standard normal deviates, and the log Jacobian from deviates to effects."""
    blocks, log_jacobian, used = case.design.blocks, 0.0, 0
    deviates: list[np.ndarray] = [np.empty(0)] * len(blocks)
    for i in case.plan.blocks:
        block, factor = blocks[i], case.factor(parameters, i)
        if case.is_sampled[i] and not case.centred:
            deviates[i] = parameters.sampled[i]
            continue
        effects = parameters.sampled[i]
        if not case.is_sampled[i]:
            effects = integrated[used : used + effects.size].reshape(effects.shape)
            used += effects.size
        deviates[i] = solve_triangular(factor, effects.T, lower=True).T
        log_jacobian += block.n_levels * np.log(np.diag(factor)).sum()
    coefficients = parameters.coefficients if case.plan.coefficients_sampled else integrated[used:]
    return coefficients, deviates, log_jacobian


def graph_point(
    case: Any, parameters: Any, coefficients: np.ndarray, deviates: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """Values of the graph's free variables, under the names that PyMC gives them."""
    design, priors = case.design, case.spec.priors
    point = {}
    if "sigma" in priors.parameters:
        point[f"{names.SIGMA}_log__"] = np.array(parameters.log_sigma)
    if design.fixed.terms:
        labels = [names.beta_centred_of(term) for term in design.fixed.terms]
        point |= vector(names.BETA_CENTRED, labels, priors.coefficients, coefficients, "")
    groups = design.blocks, priors, parameters.log_sd, parameters.logits, deviates
    return point | points_of_blocks(*groups)


def points_of_blocks(
    blocks: Any, priors: Any, log_sd: Any, logits: Any, deviates: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """Values of the variables of the grouping factors of one predictor."""
    point = {}
    for i, block in enumerate(blocks):
        whole, one = (names.sd_centred, names.sd_centred_of) if block.is_centred else (names.sd, names.sd_of)
        labels = [one(block.name, each.name) for each in block.deviations]
        tied = len(labels) < block.n_effects
        point |= vector(whole(block.name), labels, priors.sd[i], log_sd[i], "_log__", tied)
        for j, part in enumerate(block.covariances.parts):
            if part.covariance.n_coordinates:
                twin, values = TWINS[part.covariance.name], logits[i][part.coordinates]
                name = names.of_set(twin.variable, block.name, j)
                point[f"{name}_{twin.transform}__"] = values if twin.variable == "partial_corr" else values[0]
        for j, effect in enumerate(block.effects):
            point[names.standardized_ranef(block.name, effect)] = deviates[i][:, j]
    return point


def vector(
    name: str, labels: list[str], priors: Any, values: np.ndarray, suffix: str, tied: bool = False
) -> dict[str, Any]:
    """One vector when all priors are of one kind and none belongs to several effects, else scalars."""
    if len({prior.name for prior in priors}) == 1 and not tied:
        return {name + suffix: values}
    return {label + suffix: value for label, value in zip(labels, values, strict=True)}
