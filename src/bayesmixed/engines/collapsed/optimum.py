"""The REML or ML estimate of a linear mixed model, by the kernel of the collapsed engine."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.collapsed import layout as at
from bayesmixed.engines.collapsed.criterion import criterion
from bayesmixed.engines.collapsed.cross_products import form_cross_products
from bayesmixed.engines.collapsed.packing import Packed, UnitFreePriors, address, pack
from bayesmixed.engines.collapsed.plan import OPTIMUM_LIMIT, Plan, make_plan
from bayesmixed.engines.collapsed.problem import DOUBLES
from bayesmixed.engines.collapsed.sources import require_run
from bayesmixed.engines.threads import single_threaded_blas
from bayesmixed.engines.units import Units, unit_free, units_of
from bayesmixed.errors import EngineError

Criterion = Literal["reml", "ml"]
SINGULAR = 1e-5
"""Relative standard deviations below this are tried at zero."""

STARTS = (1.0, 0.1, 5.0)
"""Relative standard deviations to look for the optimum from; later ones only when the first is singular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """A REML or ML estimate, in the units of the data, blocks in the order of the design.

    Attributes
    ----------
    criterion : float
        REML criterion, or minus twice the log likelihood.
    coefficients : FloatArray
        Shape (p,), the intercept at x = 0.
    sigma : float
        Residual standard deviation.
    covariances : tuple[FloatArray, ...]
        For each block the covariance matrix of its effects, shape (k, k).
    ranef : tuple[FloatArray, ...]
        For each block the conditional means of its random effects, shape (J, k).
    singular : bool
        Whether a covariance matrix has not full rank.
    gradient : float
        Largest absolute entry of the gradient at the optimum, in the unit-free parameters.
    """

    criterion: float
    coefficients: FloatArray
    sigma: float
    covariances: tuple[FloatArray, ...]
    ranef: tuple[FloatArray, ...]
    singular: bool
    gradient: float


def find_optimum(design: Design, by: Criterion = "reml") -> Optimum:
    """Estimate a linear mixed model by restricted or full maximum likelihood.

    Parameters
    ----------
    design : Design
        The design.
    by : {"reml", "ml"}
        The criterion.

    Returns
    -------
    Optimum
        lme4's estimate of the same model.

    Raises
    ------
    EngineError
        When crossed random effects are too many to be integrated out together.

    Notes
    -----
    Quasi-Newton steps on the entries of the relative Cholesky factors, without bounds: the criterion is
    smooth and even in every column, so a variance of zero is found as an interior minimum.
    """
    plan = make_plan(design, dense_limit=OPTIMUM_LIMIT)
    if plan.samples_effects:
        raise EngineError(
            f"More than {OPTIMUM_LIMIT} crossed random effects cannot be integrated out together."
        )
    units = units_of(design)
    packed = _pack(design, plan, units, by)
    diagonal = _diagonal(design, plan)

    def value(entries: FloatArray) -> tuple[float, FloatArray]:
        here = evaluate_criterion(packed, entries)
        return here.criterion, here.gradient

    with single_threaded_blas():
        entries = _best(value, diagonal)
        return _in_units(design, plan, units, packed, entries, by)


def _pack(design: Design, plan: Plan, units: Units, by: Criterion) -> Packed:
    """Problem without priors."""
    products = form_cross_products(unit_free(design, units))
    p = len(products.fixed_gram)
    nothing = UnitFreePriors(
        theta=tuple(np.zeros((_n_theta(block.correlated), 7)) for block in design.blocks),
        sigma=np.zeros(7),
        mean=np.zeros(p),
        precision=np.zeros(p),
        coefficients=np.zeros((p, 5)),
        constant=0.0,
    )
    correlated = tuple(block.correlated for block in design.blocks)
    return pack(products, plan, correlated, nothing, profile=by == "ml")


def _n_theta(correlated: tuple[int, ...]) -> int:
    """Length of one factor's part of theta."""
    return sum(size + size * (size - 1) // 2 for size in correlated)


def _diagonal(design: Design, plan: Plan) -> FloatArray:
    """1 where an entry of the lower triangles lies on the diagonal, else 0."""
    return np.concatenate(
        [np.eye(size)[np.tril_indices(size)] for i in plan.blocks for size in design.blocks[i].correlated]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The criterion at one point, unit-free.

    Attributes
    ----------
    criterion, rss : float
        Criterion, and the penalized residual sum of squares.
    gradient : FloatArray
        Of the criterion, shape of the entries.
    effects : FloatArray
        Conditional means of everything integrated, in the plan's order, shape (N,).
    """

    criterion: float
    rss: float
    gradient: FloatArray
    effects: FloatArray


def evaluate_criterion(packed: Packed, entries: FloatArray) -> Evaluated:
    """REML or ML criterion at given relative Cholesky factors.

    Parameters
    ----------
    packed : Packed
        A problem without priors.
    entries : FloatArray
        Lower triangles of all sets of all factors, row by row, in the plan's order.

    Returns
    -------
    Evaluated
        The criterion is infinite where it cannot be computed.
    """
    entries = np.ascontiguousarray(entries)
    gradient, values = np.zeros_like(entries), np.zeros(2 + int(packed.block[at.N_INTEGRATED]))
    status = criterion.ctypes(
        len(entries),
        entries.ctypes.data_as(DOUBLES),
        gradient.ctypes.data_as(DOUBLES),
        values.ctypes.data_as(DOUBLES),
        ctypes.c_void_p(address(packed)),
    )
    lowest = float(values[0]) if require_run(status) == 0 else np.inf
    return Evaluated(criterion=lowest, rss=float(values[1]), gradient=gradient, effects=values[2:])


def _best(value: Callable[[FloatArray], tuple[float, FloatArray]], diagonal: FloatArray) -> FloatArray:
    """Entries at the lowest criterion found."""
    found = _descend(value, STARTS[0] * diagonal)
    if np.any(np.abs(found[diagonal == 1.0]) < SINGULAR):
        others = [_descend(value, start * diagonal) for start in STARTS[1:]]
        found = min([found, *others], key=lambda entries: value(entries)[0])
    return _with_zeros(value, found, diagonal)


def _descend(value: Callable[[FloatArray], tuple[float, FloatArray]], start: FloatArray) -> FloatArray:
    """Minimum near a start, to the last digits that the criterion has."""
    found = optimize.minimize(value, start, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
    return _newton(value, np.asarray(found.x, dtype=np.float64))


def _newton(value: Callable[[FloatArray], tuple[float, FloatArray]], entries: FloatArray) -> FloatArray:
    """Newton steps with differences of the gradient, as long as they bring the gradient down."""
    for _ in range(3):
        gradient = value(entries)[1]
        step = 1e-5 * np.maximum(np.abs(entries), 0.1)
        moves = np.diag(step)
        hessian = np.array([(value(entries + m)[1] - value(entries - m)[1]) / (2.0 * m.sum()) for m in moves])
        values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
        if np.any(values <= 0.0):
            return entries
        moved = entries - vectors @ ((vectors.T @ gradient) / values)
        if not np.max(np.abs(value(moved)[1])) < np.max(np.abs(gradient)):
            return entries
        entries = moved
    return entries


def _with_zeros(
    value: Callable[[FloatArray], tuple[float, FloatArray]], entries: FloatArray, diagonal: FloatArray
) -> FloatArray:
    """Entries with every diagonal one that is as good as zero set to zero."""
    small = (diagonal == 1.0) & (np.abs(entries) < SINGULAR)
    cleaned = np.where(small, 0.0, entries)
    lowest = value(entries)[0]
    return cleaned if value(cleaned)[0] <= lowest + 1e-9 * abs(lowest) else entries


def _in_units(
    design: Design, plan: Plan, units: Units, packed: Packed, entries: FloatArray, by: Criterion
) -> Optimum:
    """Estimate in the units of the data."""
    here = evaluate_criterion(packed, entries)
    n, p = design.n_rows, len(design.fixed.terms)
    m = n - p if by == "reml" else n
    sigma = np.sqrt(here.rss / m)
    factors = _factors(design, plan, entries)
    covariances, ranef = [], []
    for i, block in enumerate(design.blocks):
        scaled = sigma * factors[i]
        scale = units.scale / units.effects[i]
        covariances.append((scaled @ scaled.T) * np.outer(scale, scale))
        columns = packed.columns[plan.blocks.index(i)]
        ranef.append(units.ranef(i, here.effects[columns].reshape(-1, block.n_effects)))
    shift = 2.0 * m * np.log(units.scale)
    if by == "reml":
        shift += 2.0 * float(np.sum(np.log(units.scales)))
    if design.weights is not None:
        shift -= float(np.sum(np.log(design.weights)))
    return Optimum(
        criterion=here.criterion + shift,
        coefficients=units.coefficients(here.effects[packed.columns[-1]]),
        sigma=units.scale * sigma,
        covariances=tuple(covariances),
        ranef=tuple(ranef),
        singular=bool(np.any([np.min(np.abs(np.diag(f)), initial=1.0) < 1e-4 for f in factors.values()])),
        gradient=float(np.max(np.abs(here.gradient))),
    )


def _factors(design: Design, plan: Plan, entries: FloatArray) -> dict[int, FloatArray]:
    """For each block its relative Cholesky factor, shape (k, k), columns with a positive diagonal."""
    out, used = {}, 0
    for i in plan.blocks:
        block = design.blocks[i]
        factor = np.zeros((block.n_effects, block.n_effects))
        first = 0
        for size in block.correlated:
            count = size * (size + 1) // 2
            rows, columns = np.tril_indices(size)
            factor[first + rows, first + columns] = entries[used : used + count]
            first, used = first + size, used + count
        out[i] = factor * np.where(np.diag(factor) < 0.0, -1.0, 1.0)
    return out
