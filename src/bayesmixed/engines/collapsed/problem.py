"""A linear mixed model made ready for the kernel."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bayesmixed.covariances.covariance import Covariances
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.conditional import conditional_draws
from bayesmixed.engines.kernel.cross_products import CrossProducts, cross_products_of
from bayesmixed.engines.kernel.density import density
from bayesmixed.engines.kernel.packing import ONE_SIGMA, Packed, ResidualPlan, address, pack, residual_plan
from bayesmixed.engines.kernel.plan import Plan
from bayesmixed.engines.kernel.sources import require_run
from bayesmixed.engines.kernel.unit_priors import UnitFreePriors, unit_free_priors
from bayesmixed.engines.kernel.units import Units, units_of
from bayesmixed.model.spec import ModelSpec

DOUBLES = ctypes.POINTER(ctypes.c_double)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What stays the same whatever is integrated: units, cross-products and priors."""

    units: Units  # of the design
    products: CrossProducts  # unit-free
    priors: UnitFreePriors  # unit-free
    covariances: tuple[Covariances, ...]  # for each block
    residual: ResidualPlan = ONE_SIGMA  # terms with y itself


def make_problem(spec: ModelSpec) -> Problem:
    """Form the cross-products of a model and its unit-free priors; the only pass over the rows."""
    units = units_of(spec.design)
    residual = residual_plan(spec.design, units)
    terms = residual.terms
    return Problem(
        units=units,
        products=cross_products_of(spec.design, units) if terms is None else terms.typical,
        residual=residual,
        priors=unit_free_priors(spec, units),
        covariances=tuple(block.covariances for block in spec.design.blocks),
    )


def pack_problem(problem: Problem, plan: Plan, *, centred: Any = lambda _: True) -> Packed:
    """Pack a problem under a plan; the density is that of the data in their own units."""
    units, products, residual = problem.units, problem.products, problem.residual
    constant = -products.n_rows * np.log(units.scale)
    if plan.coefficients_sampled:
        constant -= float(np.sum(np.log(units.scale / units.scales)))
    elif residual.terms is None:
        products = products.shifted(problem.priors.mean)
    else:
        terms = residual.terms.shifted(problem.priors.mean)
        products, residual = terms.layout, replace(residual, terms=terms)
    for factor in plan.factors:
        if factor.role == at.SAMPLED and centred(factor.block):
            scales = units.scale / units.effects[factor.block]
            constant -= products.n_levels[factor.block] * float(np.sum(np.log(scales)))
    return pack(
        products,
        plan,
        problem.covariances,
        problem.priors,
        constant=constant,
        centred=centred,
        residual=residual,
    )


def evaluate(packed: Packed, z: FloatArray) -> tuple[float, FloatArray]:
    """Log density at standardized coordinates, and its gradient in them.

    Shapes: `z` (dimension,); returns (dimension,).
    """
    z = np.ascontiguousarray(z, dtype=np.float64)
    gradient, value = np.zeros_like(z), np.zeros(1)
    status = density.ctypes(
        len(z),
        z.ctypes.data_as(DOUBLES),
        gradient.ctypes.data_as(DOUBLES),
        value.ctypes.data_as(DOUBLES),
        ctypes.c_void_p(address(packed)),
    )
    return (float(value[0]) if require_run(status) == 0 else -np.inf), gradient


def draw_integrated(packed: Packed, points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Exact draws of everything integrated, one for each point.

    Shapes: `points` (draws, dimension); returns (draws, N).
    """
    points = np.ascontiguousarray(points)
    deviates = rng.standard_normal((len(points), int(packed.block[at.N_INTEGRATED])))
    return conditional_values(packed, points, deviates)


def conditional_values(packed: Packed, points: FloatArray, deviates: FloatArray) -> FloatArray:
    """Values of everything integrated that standard normal deviates give; zeros give the conditional mean.

    Shapes: `points` (draws, dimension), `deviates` (draws, N).
    """
    failed = conditional_draws.ctypes(
        len(points),
        points.ctypes.data_as(DOUBLES),
        deviates.ctypes.data_as(DOUBLES),
        ctypes.c_void_p(address(packed)),
    )
    if require_run(failed):
        raise FloatingPointError(
            f"{failed} draws of theta lie where the precision matrix is not positive definite"
        )
    return deviates
