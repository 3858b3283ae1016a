"""Every structure of the collapsed engine, and the same model written densely in the units of the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.collapsed.problem import Problem, make_problem, pack_problem
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.packing import Packed
from bayesmixed.engines.kernel.plan import Plan, make_plan
from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.density import log_density
from bayesmixed.priors.prior import Prior

from .structures import STRUCTURES, Structure, make_frame, make_relations
from .twins import TWINS


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A point in the units of the data.

    Blocks stand in the order of the design. `coefficients` and `sampled` are used where NUTS walks over
    them: coefficients, effects or standard normal deviates, all of the centred columns.
    """

    log_sd: tuple[FloatArray, ...]
    logits: tuple[FloatArray, ...]
    log_sigma: float
    coefficients: FloatArray
    sampled: tuple[FloatArray, ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A structure, packed for the kernel, and its dense twin."""

    spec: ModelSpec
    plan: Plan
    problem: Problem
    packed: Packed
    centred: bool

    @property
    def design(self) -> Design:
        return self.spec.design

    @property
    def is_sampled(self) -> tuple[bool, ...]:
        """For each block of the design, whether NUTS walks over its effects."""
        roles = {factor.block: factor.role for factor in self.plan.factors}
        return tuple(roles[i] == at.SAMPLED for i in range(len(self.design.blocks)))

    @cached_property
    def scale(self) -> float:
        return float(np.std(self.design.response.values - self.design.offset, ddof=1))

    @cached_property
    def center(self) -> float:
        response = self.design.response.values - self.design.offset
        return float(np.mean(response)) if self.design.fixed.has_intercept else 0.0

    @cached_property
    def fixed(self) -> FloatArray:
        """Centred columns of X."""
        return self.design.fixed.matrix @ self.design.fixed.centring

    @cached_property
    def noise(self) -> FloatArray:
        """Residual variances over sigma squared."""
        weights = self.design.weights
        return np.ones(self.design.n_rows) if weights is None else 1 / weights

    def residual_covariance(self, at_parameters: Parameters) -> FloatArray:
        """Covariance of the residuals, shape (n, n)."""
        return np.diag(np.exp(2 * at_parameters.log_sigma) * self.noise)

    def parameters(self, seed: int) -> Parameters:
        """Random parameters of the size of the data."""
        rng = np.random.default_rng(seed)
        blocks = self.design.blocks
        units = [self.scale / block.scales for block in blocks]
        effects = [rng.normal(0, 0.5, (b.n_levels, b.n_effects)) for b in blocks]
        is_deviate = not self.centred
        fixed = self.design.fixed
        coefficients = rng.normal(0, 0.6, len(fixed.terms)) * self.scale / fixed.scales
        if fixed.has_intercept:
            coefficients[0] += self.center
        return Parameters(
            log_sd=tuple(
                np.log(u[b.covariances.leaders]) + rng.normal(-0.5, 0.5, b.covariances.n_deviations)
                for u, b in zip(units, blocks, strict=True)
            ),
            logits=tuple(rng.normal(0, 1, block.covariances.n_coordinates) for block in blocks),
            log_sigma=float(np.log(self.scale) + rng.normal(-0.5, 0.3)),
            coefficients=coefficients,
            sampled=tuple(e if is_deviate else e * u for e, u in zip(effects, units, strict=True)),
        )

    def point(self, at_parameters: Parameters) -> FloatArray:
        """Parameters as the kernel's unconstrained, unit-free point."""
        p, parts, sampled = at_parameters, [], []
        for i in self.plan.blocks:
            unit = self.scale / self.design.blocks[i].scales
            parts += [p.log_sd[i] - np.log(unit[self.design.blocks[i].covariances.leaders]), p.logits[i]]
            if self.is_sampled[i]:
                sampled.append((p.sampled[i] / (unit if self.centred else 1)).ravel())
        coefficients = p.coefficients.copy()
        if self.design.fixed.has_intercept:
            coefficients[0] -= self.center
        if self.plan.coefficients_sampled:
            sampled.insert(0, coefficients * self.design.fixed.scales / self.scale)
        return np.concatenate([*parts, [p.log_sigma - np.log(self.scale)], *sampled])

    def factor(self, at_parameters: Parameters, i: int) -> FloatArray:
        """Cholesky factor of the covariance of one block's effects."""
        block, logits = self.design.blocks[i], at_parameters.logits[i]
        own = block.covariances
        sets = [TWINS[p.covariance.name].factor(p.covariance.size, logits[p.coordinates]) for p in own.parts]
        return np.exp(at_parameters.log_sd[i][own.of_effect])[:, None] * block_diagonal(sets)

    def log_prior(self, at_parameters: Parameters) -> float:
        """Log prior of theta in log scales and logits, and of everything else that NUTS walks over."""
        p, priors = at_parameters, self.spec.priors
        total = log_scale_density(priors.parameters["sigma"], p.log_sigma)
        for i, block in enumerate(self.design.blocks):
            total += sum(log_scale_density(q, x) for q, x in zip(priors.sd[i], p.log_sd[i], strict=True))
            for part in block.covariances.parts:
                own = part.covariance
                if own.n_coordinates:
                    logits, choice = p.logits[i][part.coordinates], priors.correlation[i][own.name]
                    total += TWINS[own.name].log_prior(choice, own.size, logits)
            if self.is_sampled[i]:
                factor = self.factor(p, i) if self.centred else np.eye(block.n_effects)
                normal = stats.multivariate_normal(np.zeros(block.n_effects), factor @ factor.T)
                total += np.sum(normal.logpdf(p.sampled[i]))
        if self.plan.coefficients_sampled:
            pairs = zip(priors.coefficients, p.coefficients, strict=True)
            total += sum(float(log_density(q, b)) for q, b in pairs)
        return float(total)

    def given(self, at_parameters: Parameters) -> FloatArray:
        """Mean of the response from the offset and everything that NUTS walks over."""
        p = at_parameters
        mean = self.design.offset.copy()
        if self.plan.coefficients_sampled:
            mean += self.fixed @ p.coefficients
        for i, block in enumerate(self.design.blocks):
            if self.is_sampled[i]:
                effects = p.sampled[i] if self.centred else p.sampled[i] @ self.factor(p, i).T
                mean += indicator(block) @ effects.ravel()
        return mean

    def integrated(self, at_parameters: Parameters) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Columns of what is integrated, its prior mean and its prior precision (0 where flat).

        In the order of the kernel: random effects by the plan, then coefficients.
        """
        columns, means, precisions = [np.empty((self.design.n_rows, 0))], [np.empty(0)], []
        for i in self.plan.blocks:
            if not self.is_sampled[i]:
                block, factor = self.design.blocks[i], self.factor(at_parameters, i)
                columns.append(indicator(block))
                means.append(np.zeros(columns[-1].shape[1]))
                precisions += [np.linalg.inv(factor @ factor.T)] * block.n_levels
        if not self.plan.coefficients_sampled:
            columns.append(self.fixed)
            args = [q.args for q in self.spec.priors.coefficients]
            means.append(np.array([a.get("mu", 0.0) for a in args]))
            precisions += [np.array([[a.get("sigma", np.inf) ** -2.0]]) for a in args]
        return np.hstack(columns), np.concatenate(means), block_diagonal(precisions)

    def log_density(self, at_parameters: Parameters) -> float:
        """Collapsed log density by a multivariate normal over the rows."""
        columns, means, precision = self.integrated(at_parameters)
        flat = np.diag(precision) == 0
        proper = np.ix_(~flat, ~flat)
        z = columns[:, ~flat]
        covariance = z @ np.linalg.inv(precision[proper]) @ z.T + self.residual_covariance(at_parameters)
        residual = self.design.response.values - self.given(at_parameters) - columns @ means
        normal = -0.5 * (np.linalg.slogdet(2 * np.pi * covariance)[1])
        solved = np.linalg.solve(covariance, np.column_stack([residual, columns[:, flat]]))
        normal -= 0.5 * residual @ solved[:, 0]
        if flat.any():
            information = columns[:, flat].T @ solved[:, 1:]
            score = columns[:, flat].T @ solved[:, 0]
            normal += 0.5 * score @ np.linalg.solve(information, score)
            normal -= 0.5 * np.linalg.slogdet(information / (2 * np.pi))[1]
        return float(normal) + self.log_prior(at_parameters)

    def conditional(self, at_parameters: Parameters) -> tuple[FloatArray, FloatArray]:
        """Mean and precision of everything integrated given the rest."""
        columns, means, prior_precision = self.integrated(at_parameters)
        weighted = np.linalg.solve(self.residual_covariance(at_parameters), columns)
        residual = self.design.response.values - self.given(at_parameters) - columns @ means
        precision = columns.T @ weighted + prior_precision
        return means + np.linalg.solve(precision, weighted.T @ residual), precision


def block_diagonal(matrices: list[FloatArray]) -> FloatArray:
    out = np.zeros((sum(len(m) for m in matrices),) * 2)
    start = 0
    for matrix in matrices:
        part = slice(start, start + len(matrix))
        out[part, part] = matrix
        start += len(matrix)
    return out


def indicator(block: GroupBlock) -> FloatArray:
    """Z of a block's centred columns, dense, column (level, effect) at place level * k + effect.

    Of related levels those of independent effects.
    """
    out = np.zeros((len(block.columns), block.n_levels, block.n_effects))
    for row, columns in enumerate(block.columns @ block.centring):
        codes = block.meeting.codes[row]
        weights = np.ones(len(codes)) if block.meeting.weights is None else block.meeting.weights[row]
        for level, weight in zip(codes, weights, strict=True):
            out[row, level] += weight * columns
    if block.root is not None:
        out = np.einsum("njk,jl->nlk", out, block.root)
    return out.reshape(len(out), -1)


def log_scale_density(choice: Prior, log_scale: float) -> float:
    return float(log_density(choice, np.exp(log_scale))) + log_scale


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return make_frame()


def make_spec(frame: pd.DataFrame, formula: str, priors: Any = None, **options: Any) -> ModelSpec:
    design = build_design(parse_formula(formula), frame, **options)
    return ModelSpec(design=design, priors=complete_priors(design, priors))


def make_case(structure: Structure, frame: pd.DataFrame) -> Case:
    spec = make_spec(
        frame, structure.formula, structure.priors, weights=structure.weights, data2={"A": make_relations()}
    )
    plan = make_plan(
        spec.design,
        coefficients_sampled=not coefficients_are_integrable(spec),
        dense_limit=structure.dense_limit,
    )
    problem = make_problem(spec)
    packed = pack_problem(problem, plan, centred=lambda _: structure.centred)
    return Case(spec=spec, plan=plan, problem=problem, packed=packed, centred=structure.centred)


@pytest.fixture(scope="session", params=STRUCTURES)
def case(request: pytest.FixtureRequest, frame: pd.DataFrame) -> Case:
    """Every structure in turn."""
    return make_case(STRUCTURES[request.param], frame)


@pytest.fixture(scope="session")
def case_of(frame: pd.DataFrame) -> Callable[[str], Case]:
    """Make one structure of the table, by name."""
    return lambda name: make_case(STRUCTURES[name], frame)


@pytest.fixture(scope="session")
def spec_of() -> Callable[..., ModelSpec]:
    """Make the specification of a frame and a formula."""
    return make_spec


@pytest.fixture(scope="session")
def structure_names() -> list[str]:
    """Names of all structures."""
    return list(STRUCTURES)
