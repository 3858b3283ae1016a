"""A generalized linear mixed model as the arrays that the joint kernel reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from bayesmixed.covariances.covariance import Covariances
from bayesmixed.design.centring import centred_columns
from bayesmixed.design.records import Design, FloatArray, IntArray
from bayesmixed.engines.kernel import layout as roles
from bayesmixed.engines.kernel.plan import Plan
from bayesmixed.engines.kernel.unit_priors import (
    COEFFICIENT_PRIORS,
    SCALE_PRIORS,
    block_rows,
)
from bayesmixed.engines.kernel.units import Units, units_of
from bayesmixed.families.family import Family
from bayesmixed.model.link_scale import link_scale
from bayesmixed.model.spec import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of the data, unit-free."""

    # y, trials, weights, offset: response, number of trials (binomial), prior weight (normal and Student-t)
    # and offset, shape (n,)
    y: FloatArray
    trials: FloatArray
    weights: FloatArray
    offset: FloatArray
    fixed: FloatArray  # X, centred and scaled, shape (n, p)
    columns: tuple[FloatArray, ...]  # for each factor of the plan, shape (n, k)
    codes: tuple[IntArray, ...]  # for each factor of the plan, shape (n,)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointProblem:
    """A model ready for the joint kernel; factors are in the order of the plan."""

    family: Family  # of the response
    units: Units  # of the design
    plan: Plan  # which factors are eliminated one after the other, and which are left out of the coupling
    rows: Rows  # the data
    # n_levels, n_effects: J and k of every factor
    n_levels: tuple[int, ...]
    n_effects: tuple[int, ...]
    covariances: tuple[Covariances, ...]  # of every factor
    theta_priors: tuple[FloatArray, ...]  # `PRIOR_WORDS` numbers for each parameter of every factor
    auxiliary_priors: FloatArray  # `PRIOR_WORDS` numbers for each auxiliary parameter of the family
    fixed_priors: FloatArray  # `COEFFICIENT_PRIOR_WORDS` numbers for each coefficient
    constant: float  # what does not move in the log density of the data in their own units

    @property
    def n_theta(self) -> int:
        """Number of log sds and correlation logits."""
        return sum(len(rows) for rows in self.theta_priors)

    @property
    def first_effects(self) -> IntArray:
        """Place of the first random effect of every factor, then of the first coefficient."""
        sizes = [j * k for j, k in zip(self.n_levels, self.n_effects, strict=True)]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def order(self) -> int:
        """Number of random effects and coefficients."""
        return int(self.first_effects[-1] + self.rows.fixed.shape[1])

    def columns(self) -> sparse.csr_array:
        """All columns [Z X], shape (n, order)."""
        n = len(self.rows.y)
        parts = []
        for f, (values, codes) in enumerate(zip(self.rows.columns, self.rows.codes, strict=True)):
            k = self.n_effects[f]
            places = (codes[:, None] * k + np.arange(k)).ravel()
            pointer = np.arange(0, n * k + 1, k)
            parts.append(sparse.csr_array((values.ravel(), places, pointer), shape=(n, k * self.n_levels[f])))
        return sparse.csr_array(sparse.hstack([*parts, sparse.csr_array(self.rows.fixed)], format="csr"))

    def components(self) -> IntArray:
        """Label of every random effect and coefficient; only those of one label are coupled.

        All that is coupled has label -1, each level of a factor left out has its own.
        """
        labels = [np.full(self.order, -1)]
        out = labels[0]
        first = self.first_effects
        for f, factor in enumerate(self.plan.factors):
            if factor.role == roles.SAMPLED:
                out[first[f] : first[f + 1]] = first[f] + np.repeat(
                    np.arange(self.n_levels[f]), self.n_effects[f]
                )
        return out.astype(np.int64)


def make_joint_problem(spec: ModelSpec, plan: Plan) -> JointProblem:
    """Arrays and priors of a model, unit-free."""
    family, whole = spec.family, spec.design.response
    design = replace(spec.design, response=replace(whole, values=family.kernel_response(whole.values)))
    units = _units(design, family)
    blocks = [design.blocks[i] for i in plan.blocks]
    theta = [block_rows(spec, units, i) for i in plan.blocks]
    auxiliary, auxiliary_constant = _auxiliary_rows(spec, units)
    fixed, fixed_constant = _fixed_rows(spec, units)
    rows = _rows(design, units, family, plan)
    constant = auxiliary_constant + fixed_constant + sum(c for _, c in theta)
    constant += family.kernel_constant(whole.values, rows.trials) + _unit_constant(plan, design, units)
    constant += float(0.5 * np.sum(np.log(rows.weights)) - len(rows.y) * np.log(units.scale))
    return JointProblem(
        family=family,
        units=units,
        plan=plan,
        rows=rows,
        n_levels=tuple(block.n_levels for block in blocks),
        n_effects=tuple(block.n_effects for block in blocks),
        covariances=tuple(block.covariances for block in blocks),
        theta_priors=tuple(numbers for numbers, _ in theta),
        auxiliary_priors=auxiliary,
        fixed_priors=fixed,
        constant=constant,
    )


def _units(design: Design, family: Family) -> Units:
    """Units of a design; a response that is not on the scale of the linear predictor keeps its own."""
    units = units_of(design)
    if family.has_residual_sd:
        return units
    unit = link_scale(design, family).unit
    effects = tuple(scales / unit for scales in units.effects)
    return replace(units, center=0.0, scale=1.0, scales=units.scales / unit, effects=effects)


def _rows(design: Design, units: Units, family: Family, plan: Plan) -> Rows:
    """Rows of a design in its units."""
    n = design.n_rows
    response, offset = design.response, design.offset
    blocks = [design.blocks[i] for i in plan.blocks]
    trials = np.ones(n) if response.trials is None else response.trials
    return Rows(
        y=(response.values - units.center) / units.scale,
        trials=np.asarray(trials, dtype=np.float64),
        weights=design.weights if family.has_residual_sd and design.weights is not None else np.ones(n),
        offset=offset / units.scale,
        fixed=centred_columns(design.fixed.matrix, units.centring) / units.scales,
        columns=tuple(
            centred_columns(design.blocks[i].columns, units.effect_centrings[i]) / units.effects[i]
            for i in plan.blocks
        ),
        codes=tuple(block.codes for block in blocks),
    )


def _auxiliary_rows(spec: ModelSpec, units: Units) -> tuple[FloatArray, float]:
    """Numbers of the priors of the family's parameters; only sigma has units."""
    priors = spec.priors.parameters
    pairs = [
        SCALE_PRIORS[priors[name].name](priors[name], units.scale if name == "sigma" else 1.0)
        for name in spec.family.parameter_names
    ]
    rows = np.array([row for row, _ in pairs]).reshape(len(pairs), roles.PRIOR_WORDS)
    return rows, sum(constant for _, constant in pairs)


def _fixed_rows(spec: ModelSpec, units: Units) -> tuple[FloatArray, float]:
    """Numbers of the priors of the coefficients."""
    rows = np.zeros((len(spec.priors.coefficients), roles.COEFFICIENT_PRIOR_WORDS))
    total = 0.0
    for j, prior in enumerate(spec.priors.coefficients):
        center = units.center if units.has_intercept and j == 0 else 0.0
        unit = units.scale / float(units.scales[j])
        rows[j], constant = COEFFICIENT_PRIORS[prior.name](prior, center, unit)
        total += constant
    return rows, total


def _unit_constant(plan: Plan, design: Design, units: Units) -> float:
    """Log Jacobian of the units of effects and coefficients, and the constant of the effects' density."""
    total = -float(np.sum(np.log(units.scale / units.scales)))
    for i in plan.blocks:
        block = design.blocks[i]
        jacobian = float(np.sum(np.log(units.scale / units.effects[i])))
        total -= block.n_levels * (jacobian + 0.5 * block.n_effects * np.log(2.0 * np.pi))
    return total
