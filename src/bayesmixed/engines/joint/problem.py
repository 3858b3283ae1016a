"""A generalized linear mixed model as the arrays that the joint kernel reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import betaln, gammaln

from bayesmixed.design.centring import centred_columns
from bayesmixed.design.records import Design, FloatArray, IntArray
from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.kernel import layout as roles
from bayesmixed.engines.kernel.plan import Plan
from bayesmixed.engines.kernel.unit_priors import (
    COEFFICIENT_PRIORS,
    SCALE_PRIORS,
    block_rows,
)
from bayesmixed.engines.kernel.units import Units, units_of
from bayesmixed.families.records import Family
from bayesmixed.model.link_scale import link_scale
from bayesmixed.model.spec import ModelSpec

FAMILIES = {
    "gaussian": at.GAUSSIAN,
    "lognormal": at.GAUSSIAN,
    "t": at.STUDENT,
    "bernoulli": at.BINOMIAL,
    "binomial": at.BINOMIAL,
    "poisson": at.POISSON,
    "negativebinomial": at.NEGATIVE_BINOMIAL,
    "gamma": at.GAMMA,
    "beta": at.BETA,
}
"""Families of the kernel."""

LINKS = {
    "identity": at.IDENTITY,
    "log": at.LOG,
    "inverse": at.INVERSE,
    "logit": at.LOGIT,
    "probit": at.PROBIT,
    "cloglog": at.CLOGLOG,
}
"""Links of the kernel."""

LOCATED = frozenset({at.GAUSSIAN, at.STUDENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of the data, unit-free.

    Attributes
    ----------
    y, trials, weights, offset : FloatArray
        Response, number of trials (binomial), prior weight (normal and Student-t) and offset, shape (n,).
    fixed : FloatArray
        X, centred and scaled, shape (n, p).
    columns : tuple[FloatArray, ...]
        For each factor of the plan, shape (n, k).
    codes : tuple[IntArray, ...]
        For each factor of the plan, shape (n,).
    """

    y: FloatArray
    trials: FloatArray
    weights: FloatArray
    offset: FloatArray
    fixed: FloatArray
    columns: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JointProblem:
    """A model ready for the joint kernel; factors are in the order of the plan.

    Attributes
    ----------
    family, link : int
        Codes of `layout`.
    units : Units
        Of the design.
    plan : Plan
        Which factors are eliminated one after the other, and which are left out of the coupling.
    rows : Rows
        The data.
    n_levels, n_effects : tuple[int, ...]
        J and k of every factor.
    correlated : tuple[tuple[int, ...], ...]
        Sizes of the correlated sets of every factor.
    theta_priors : tuple[FloatArray, ...]
        ``PRIOR_WORDS`` numbers for each parameter of every factor.
    auxiliary_priors : FloatArray
        ``PRIOR_WORDS`` numbers for each auxiliary parameter of the family.
    fixed_priors : FloatArray
        ``COEFFICIENT_PRIOR_WORDS`` numbers for each coefficient.
    auxiliary : tuple[str, ...]
        Names of the auxiliary parameters.
    constant : float
        What does not move in the log density of the data in their own units.
    """

    family: int
    link: int
    units: Units
    plan: Plan
    rows: Rows
    n_levels: tuple[int, ...]
    n_effects: tuple[int, ...]
    correlated: tuple[tuple[int, ...], ...]
    theta_priors: tuple[FloatArray, ...]
    auxiliary_priors: FloatArray
    fixed_priors: FloatArray
    auxiliary: tuple[str, ...]
    constant: float

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
    design = _on_own_scale(spec)
    family = FAMILIES[spec.family.name]
    units = _units(design, spec.family, family)
    blocks = [design.blocks[i] for i in plan.blocks]
    theta = [block_rows(spec, units, i) for i in plan.blocks]
    auxiliary, auxiliary_constant = _auxiliary_rows(spec, units)
    fixed, fixed_constant = _fixed_rows(spec, units)
    rows = _rows(design, units, family, plan)
    constant = auxiliary_constant + fixed_constant + sum(c for _, c in theta)
    constant += _likelihood_constant(family, rows, units) + _unit_constant(plan, design, units)
    if spec.family.name == "lognormal":
        constant -= float(np.sum(design.response.values))
    return JointProblem(
        family=family,
        link=LINKS[spec.family.link],
        units=units,
        plan=plan,
        rows=rows,
        n_levels=tuple(block.n_levels for block in blocks),
        n_effects=tuple(block.n_effects for block in blocks),
        correlated=tuple(block.correlated for block in blocks),
        theta_priors=tuple(numbers for numbers, _ in theta),
        auxiliary_priors=auxiliary,
        fixed_priors=fixed,
        auxiliary=spec.family.parameters,
        constant=constant,
    )


def _on_own_scale(spec: ModelSpec) -> Design:
    """Design, with the logarithm of a lognormal response in its place."""
    design = spec.design
    if spec.family.name != "lognormal":
        return design
    return replace(design, response=replace(design.response, values=np.log(design.response.values)))


def _units(design: Design, family: Family, code: int) -> Units:
    """Units of a design; a response that is not on the scale of the linear predictor keeps its own."""
    units = units_of(design)
    if code in LOCATED and family.link == "identity":
        return units
    unit = link_scale(design, family).unit
    effects = tuple(scales / unit for scales in units.effects)
    return replace(units, center=0.0, scale=1.0, scales=units.scales / unit, effects=effects)


def _rows(design: Design, units: Units, family: int, plan: Plan) -> Rows:
    """Rows of a design in its units."""
    n = design.n_rows
    response, offset = design.response, design.offset
    blocks = [design.blocks[i] for i in plan.blocks]
    is_located = family in LOCATED
    trials = np.ones(n) if response.trials is None else response.trials
    return Rows(
        y=(response.values - units.center) / units.scale,
        trials=np.asarray(trials, dtype=np.float64),
        weights=design.weights if is_located and design.weights is not None else np.ones(n),
        offset=offset / units.scale if is_located else offset,
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
        for name in spec.family.parameters
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


def _located_constant(rows: Rows, units: Units, log_normalizer: float) -> float:
    """Normal or Student-t: log sqrt(w) of every row, and the units of the response."""
    n = len(rows.y)
    return float(0.5 * np.sum(np.log(rows.weights)) - n * (np.log(units.scale) + log_normalizer))


_CONSTANTS: dict[int, Callable[[Rows, Units], float]] = {
    at.GAUSSIAN: lambda rows, units: _located_constant(rows, units, 0.5 * np.log(2.0 * np.pi)),
    at.STUDENT: lambda rows, units: _located_constant(rows, units, 0.5 * np.log(np.pi)),
    at.BINOMIAL: lambda rows, _: float(
        -np.sum(betaln(rows.y + 1.0, rows.trials - rows.y + 1.0) + np.log(rows.trials + 1.0))
    ),
    at.POISSON: lambda rows, _: -float(np.sum(gammaln(rows.y + 1.0))),
    at.NEGATIVE_BINOMIAL: lambda rows, _: -float(np.sum(gammaln(rows.y + 1.0))),
    at.GAMMA: lambda rows, _: -float(np.sum(np.log(rows.y))),
    at.BETA: lambda rows, _: -float(np.sum(np.log(rows.y) + np.log1p(-rows.y))),
}
"""For each family what does not move in the log likelihood of all rows."""


def _likelihood_constant(family: int, rows: Rows, units: Units) -> float:
    """What does not move in the log likelihood of all rows."""
    return _CONSTANTS[family](rows, units)
