"""Priors of the model in the units of the data, turned into the numbers that the kernel reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np

from bayesmixed import names
from bayesmixed.covariances.covariance import Row
from bayesmixed.design.records import FloatArray, GroupBlock, LinearPredictor
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.units import Units
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.prior import Prior, PriorSet

HALF_LOG_2PI = 0.5 * log(2.0 * pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFreePriors:
    """Priors in the numbers that the kernel reads, for the unit-free model.

    Attributes
    ----------
    theta : tuple[FloatArray, ...]
        For each block of the design one row of ``PRIOR_WORDS`` numbers for each sd, then for each logit
        (whose first number is the shape of its beta distribution).
    residual : FloatArray
        Rows of ``PRIOR_WORDS`` numbers: of the sds and correlations of the bars of sigma's predictor, of the
        coordinates of the residuals' correlations, of the coefficients of that predictor, of sigma.
    mean, precision : FloatArray
        Of normal priors of the coefficients, shape (p,); not used when coefficients are sampled.
    coefficients : FloatArray
        ``COEFFICIENT_PRIOR_WORDS`` numbers for each coefficient, used when they are sampled, shape (p, 5).
    constant : float
        Sum of the log normalizing constants of all priors.
    """

    theta: tuple[FloatArray, ...]
    residual: FloatArray
    mean: FloatArray
    precision: FloatArray
    coefficients: FloatArray
    constant: float


def _half_student(nu: float, sigma: float) -> Row:
    constant = log(2.0) + lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * log(nu * pi) - log(sigma)
    return (0.0, 0.0, 0.0, (nu + 1) / 2, 1.0 / (nu * sigma**2), 0.0, 0.0), constant


def _gamma(alpha: float, beta: float) -> Row:
    return (alpha - 1.0, beta, 1.0, 0.0, 0.0, 0.0, 0.0), alpha * log(beta) - lgamma(alpha)


def _inverse_gamma(alpha: float, beta: float) -> Row:
    return (-alpha - 1.0, beta, -1.0, 0.0, 0.0, 0.0, 0.0), alpha * log(beta) - lgamma(alpha)


SCALE_PRIORS: dict[str, Callable[[Prior, float], Row]] = {
    "HalfStudentT": lambda p, c: _half_student(p.args["nu"], p.args["sigma"] / c),
    "HalfCauchy": lambda p, c: _half_student(1.0, p.args["beta"] / c),
    "HalfNormal": lambda p, c: (
        (0.0, 0.5 * (c / p.args["sigma"]) ** 2, 2.0, 0.0, 0.0, 0.0, 0.0),
        log(2.0) - HALF_LOG_2PI - log(p.args["sigma"] / c),
    ),
    "Exponential": lambda p, c: _gamma(1.0, p.args["lam"] * c),
    "Gamma": lambda p, c: _gamma(p.args["alpha"], p.args["beta"] * c),
    "InverseGamma": lambda p, c: _inverse_gamma(p.args["alpha"], p.args["beta"] / c),
    "LogNormal": lambda p, c: (
        (-1.0, 0.0, 0.0, 0.0, 0.0, p.args["mu"] - log(c), p.args["sigma"] ** -2),
        -HALF_LOG_2PI - log(p.args["sigma"]),
    ),
    "Weibull": lambda p, c: (
        (p.args["alpha"] - 1.0, (c / p.args["beta"]) ** p.args["alpha"], p.args["alpha"], 0.0, 0.0, 0.0, 0.0),
        log(p.args["alpha"]) - p.args["alpha"] * log(p.args["beta"] / c),
    ),
    "HalfFlat": lambda _, c: ((0.0,) * 7, log(c)),
}
"""For each prior of a scale the seven numbers of ``theta.log_prior_of_scale`` and its log constant."""


def _student(nu: float, mu: float, sigma: float) -> Row:
    constant = lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * log(nu * pi) - log(sigma)
    return (mu, 0.0, (nu + 1) / 2, 1.0 / (nu * sigma**2), 0.0), constant


COEFFICIENT_PRIORS: dict[str, Callable[[Prior, float, float], Row]] = {
    "Normal": lambda p, m, c: (
        ((p.args["mu"] - m) / c, (c / p.args["sigma"]) ** 2, 0.0, 0.0, 0.0),
        -HALF_LOG_2PI - log(p.args["sigma"] / c),
    ),
    "StudentT": lambda p, m, c: _student(p.args["nu"], (p.args["mu"] - m) / c, p.args["sigma"] / c),
    "Cauchy": lambda p, m, c: _student(1.0, (p.args["alpha"] - m) / c, p.args["beta"] / c),
    "Laplace": lambda p, m, c: (
        ((p.args["mu"] - m) / c, 0.0, 0.0, 0.0, c / p.args["b"]),
        -log(2.0 * p.args["b"] / c),
    ),
    "Flat": lambda _, _m, c: ((0.0,) * 5, log(c)),
}
"""For each coefficient's prior the numbers of ``theta.log_prior_of_coefficient``, and its log constant."""

INTEGRABLE = frozenset({"Normal", "Flat"})
"""Priors under which coefficients are integrated out."""


def coefficients_are_integrable(spec: ModelSpec) -> bool:
    """Whether every coefficient has a prior that leaves the model gaussian."""
    return all(prior.name in INTEGRABLE for prior in spec.priors.coefficients)


def unsupported_priors(spec: ModelSpec) -> tuple[str, ...]:
    """Priors of a model that the kernels do not know, as printed in messages."""
    serial, parameters = spec.design.residual.correlation, dict(spec.priors.parameters)
    wrong = []
    if serial.n_coordinates:
        of_serial = parameters.pop(serial.label)
        wrong += [of_serial] if serial.kernel_rows(of_serial) is None else []
    wrong += [p for p in parameters.values() if p.name not in SCALE_PRIORS]
    sets = {names.MU: spec.priors, **spec.priors.others}
    for name, predictor in spec.design.predictors.items():
        wrong += _unsupported(predictor, sets[name])
    return tuple(str(prior) for prior in wrong)


def _unsupported(predictor: LinearPredictor, own: PriorSet) -> list[Prior]:
    """Priors of one predictor that the kernels do not know."""
    wrong = [prior for block in own.sd for prior in block if prior.name not in SCALE_PRIORS]
    for block, priors in zip(predictor.blocks, own.correlation, strict=True):
        kinds = block.covariances.correlated.items()
        wrong += [priors[name] for name, each in kinds if each.kernel_rows(priors[name]) is None]
    return wrong + [p for p in own.coefficients if p.name not in COEFFICIENT_PRIORS]


def unit_free_priors(spec: ModelSpec, units: Units) -> UnitFreePriors:
    """Priors of a model in unit-free form."""
    rows = [block_rows(spec, units, i) for i in range(len(spec.design.blocks))]
    residual, residual_constant = _residual_rows(spec, units)
    coefficients, coefficient_constant = _coefficient_rows(spec, units)
    return UnitFreePriors(
        theta=tuple(numbers for numbers, _ in rows),
        residual=residual,
        mean=coefficients[:, 0],
        precision=coefficients[:, 1],
        coefficients=coefficients,
        constant=sum(constant for _, constant in rows) + residual_constant + coefficient_constant,
    )


def block_rows(spec: ModelSpec, units: Units, i: int) -> tuple[FloatArray, float]:
    """Numbers of one block's parameters in theta, with the sum of their log constants.

    Returns shape (m, ``PRIOR_WORDS``).
    """
    return _padded(_block_rows(spec.design.blocks[i], spec.priors, i, units.scale / units.effects[i]))


def _block_rows(block: GroupBlock, priors: PriorSet, i: int, unit: FloatArray) -> list[Row]:
    """Rows of the sds and correlations of block `i` of a predictor, given what one unit of each effect is."""
    units = unit[block.covariances.leaders]
    rows = [SCALE_PRIORS[p.name](p, float(c)) for p, c in zip(priors.sd[i], units, strict=True)]
    return rows + coordinate_rows(block, priors.correlation[i])


def _padded(rows: list[Row]) -> tuple[FloatArray, float]:
    """Rows of one length, with the sum of their log constants."""
    numbers = [(*row, *[0.0] * (at.PRIOR_WORDS - len(row))) for row, _ in rows]
    return np.array(numbers).reshape(-1, at.PRIOR_WORDS), sum(constant for _, constant in rows)


def _residual_rows(spec: ModelSpec, units: Units) -> tuple[FloatArray, float]:
    """Numbers of everything in theta that concerns the residuals, with the sum of their log constants."""
    rows: list[Row] = []
    serial, parameters = spec.design.residual.correlation, spec.priors.parameters
    for predictor in spec.design.others:
        own = spec.priors.others[predictor.parameter]
        for i, block in enumerate(predictor.blocks):
            rows += _block_rows(block, own, i, 1.0 / block.scales)
    if serial.n_coordinates:
        rows += serial.kernel_rows(parameters[serial.label]) or ()
    for predictor in spec.design.others:
        own, scales = spec.priors.others[predictor.parameter], predictor.fixed.scales
        rows += [
            COEFFICIENT_PRIORS[p.name](p, 0.0, 1.0 / float(s))
            for p, s in zip(own.coefficients, scales, strict=True)
        ]
    if names.SIGMA in parameters:
        of_sigma = parameters[names.SIGMA]
        rows.append(SCALE_PRIORS[of_sigma.name](of_sigma, units.scale))
    return _padded(rows)


def coordinate_rows(block: GroupBlock, priors: Mapping[str, Prior]) -> list[Row]:
    """Numbers of every coordinate of a block's correlations, with their log constants."""
    return [
        row
        for each in block.covariances.sets
        if each.n_coordinates
        for row in each.kernel_rows(priors[each.name]) or ()
    ]


def _coefficient_rows(spec: ModelSpec, units: Units) -> tuple[FloatArray, float]:
    """Numbers for every coefficient, and their log constants where the packing does not add them itself."""
    priors = spec.priors.coefficients
    integrable = coefficients_are_integrable(spec)
    rows = np.zeros((len(priors), 5))
    constant = 0.0
    for j, prior in enumerate(priors):
        center = units.center if units.has_intercept and j == 0 else 0.0
        unit = units.scale / float(units.scales[j])
        rows[j], row_constant = COEFFICIENT_PRIORS[prior.name](prior, center, unit)
        if not integrable:
            constant += row_constant
        elif prior.name == "Flat":
            constant += row_constant + HALF_LOG_2PI
    return rows, constant
