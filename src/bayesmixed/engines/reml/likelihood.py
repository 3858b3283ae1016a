"""The profiled likelihood of a linear mixed model as a function of the relative covariance factors."""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from bayesmixed.covariances.covariance import Covariance, Covariances, lower_triangle
from bayesmixed.covariances.unstructured import Unstructured
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.criterion import criterion
from bayesmixed.engines.kernel.cross_products import CrossProducts, columns_of, cross_products_of
from bayesmixed.engines.kernel.packing import ONE_SIGMA, Packed, ResidualPlan, pack, residual_plan
from bayesmixed.engines.kernel.plan import OPTIMUM_LIMIT, Plan, make_plan
from bayesmixed.engines.kernel.sources import require_run
from bayesmixed.engines.kernel.unit_priors import UnitFreePriors
from bayesmixed.engines.kernel.units import (
    UnitFree,
    Units,
    log_determinant_of,
    unit_free,
    unit_precision,
    units_of,
)
from bayesmixed.errors import EngineError
from bayesmixed.printing.records import short_repr

Criterion = Literal["reml", "ml"]

CRITERION = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)(criterion.address)
"""The kernel's entry as a call with plain addresses: casting to pointers costs more than the arithmetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What the kernel says at one point, unit-free.

    Attributes
    ----------
    log_det : float
        log|A| + log|R|, of the coefficients too for REML; infinite where it cannot be computed.
    rss : float
        Penalized residual sum of squares.
    log_det_gradient, rss_gradient : FloatArray
        In the entries of the relative Cholesky factors.
    effects : FloatArray
        Conditional means of everything integrated, in the plan's order, shape (N,).
    covariance : FloatArray
        Covariance over sigma^2 of the coefficients, shape (p, p); zeros for ML, which profiles them.
    """

    log_det: float
    rss: float
    log_det_gradient: FloatArray
    rss_gradient: FloatArray
    effects: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPlace:
    """Where the numbers of one set of effects stand."""

    # block: index of the grouping factor in the design; effects: among those of the grouping factor
    block: int
    covariance: Covariance
    effects: slice
    # among the parameters, and in the triangles of all sets
    entries: slice
    triangle: slice


@dataclass(frozen=True, kw_only=True, eq=False)
class Likelihood:
    """The likelihood of a linear mixed model, restricted or full, ready to be evaluated.

    Attributes
    ----------
    design : Design
        What is fitted.
    by : {"reml", "ml"}
        Whether the coefficients are integrated out or profiled.
    plan : Plan
        Order of elimination; everything is integrated.
    units : Units
        What makes the numbers unit-free.
    packed : Packed
        The problem without priors.
    residual : ResidualPlan
        Whether sigma is a number, and the terms of cross-products where residuals are correlated or differ.

    Notes
    -----
    The parameters, ``entries``, are those of the structures of all sets of all grouping factors, in the
    plan's order, unit-free: of a free structure the lower triangle of the Cholesky factor relative to sigma,
    row by row. A diagonal entry may have any sign. Then come those of the residuals: the coordinates of
    their correlations, the coefficients of sigma's predictor, log sigma beside known errors.
    """

    design: Design
    by: Criterion
    plan: Plan
    units: Units
    packed: Packed
    residual: ResidualPlan = ONE_SIGMA

    __repr__ = short_repr

    @property
    def profiles_sigma(self) -> bool:
        """Whether standard deviations are relative to a sigma that is at its best."""
        terms = self.residual.terms
        return self.residual.has_sigma and not (terms is not None and terms.has_class_sigma)

    @property
    def n_residual(self) -> int:
        """Number of entries that concern the residuals; they come last."""
        return 0 if self.residual.terms is None else self.residual.terms.n_parameters

    def of_residuals(self, entries: FloatArray) -> FloatArray:
        """Entries that concern the residuals."""
        return entries[len(entries) - self.n_residual :]

    def variance(self, here: Evaluated) -> float:
        """Unit-free square of what standard deviations are relative to: sigma at its best, or one."""
        return here.rss / self.degrees if self.profiles_sigma else 1.0

    def products(self, entries: FloatArray) -> CrossProducts:
        """Cross-products of the rows, weighted by the residuals' precision relative to that square."""
        terms = self.residual.terms
        if terms is None:
            return cross_products_of(self.design, self.units)
        return terms.products(terms.factors(self.of_residuals(entries))[0])

    @property
    def degrees(self) -> int:
        """Degrees of freedom m of the residual variance: n - p for REML, n for ML."""
        n, p = self.design.n_rows, len(self.design.fixed.terms)
        return n - p if self.by == "reml" else n

    @cached_property
    def shift(self) -> float:
        """What the units of the data add to the criterion."""
        total = 2.0 * self.degrees * np.log(self.units.scale)
        if self.by == "reml":
            total += 2.0 * float(np.sum(np.log(self.units.scales)))
        return float(total + log_determinant_of(self.design, self.units))

    @cached_property
    def places(self) -> tuple[FactorPlace, ...]:
        """Where the numbers of every set of effects stand among the entries."""
        used, triangle, out = 0, 0, []
        for i in self.plan.blocks:
            for part in self.design.blocks[i].covariances.parts:
                own, size = part.covariance, len(lower_triangle(part.covariance.size)[0])
                out.append(
                    FactorPlace(
                        block=i,
                        covariance=own,
                        effects=part.effects,
                        entries=slice(used, used + own.n_parameters),
                        triangle=slice(triangle, triangle + size),
                    )
                )
                used, triangle = used + own.n_parameters, triangle + size
        return tuple(out)

    @cached_property
    def is_free(self) -> bool:
        """Whether the entries are the triangles themselves."""
        return all(place.covariance.is_free for place in self.places)

    @cached_property
    def is_deviation(self) -> FloatArray:
        """1 where an entry makes a standard deviation, else 0, shape of the entries."""
        own = [place.covariance.is_deviation for place in self.places]
        return np.concatenate([*own, np.zeros(self.n_residual)]).astype(np.float64)

    @cached_property
    def turns(self) -> FloatArray:
        """Where the criterion is even in an entry, beside zero; NaN where nowhere, shape of the entries."""
        turns = [np.full(place.covariance.n_parameters, place.covariance.turn) for place in self.places]
        every = np.concatenate([*turns, np.full(self.n_residual, np.nan)])
        return np.where(self.is_deviation == 1.0, np.nan, every)

    @property
    def even(self) -> FloatArray:
        """1 where the criterion is even in an entry around zero, else 0, shape of the entries."""
        return np.where(np.isnan(self.turns), self.is_deviation, 1.0)

    @cached_property
    def powers(self) -> FloatArray:
        """Power of every entry that is of the order of a standard deviation, shape of the entries."""
        powers = [np.full(p.covariance.n_parameters, p.covariance.power) for p in self.places]
        return np.concatenate([*powers, np.ones(self.n_residual)]).astype(np.float64)

    def smallest(self, entries: FloatArray) -> float:
        """Smallest number on the diagonals of the Cholesky factors, relative to sigma."""
        triangles = self.triangles(entries)
        sizes = [(place.triangle, *lower_triangle(place.covariance.size)) for place in self.places]
        return float(min((np.min(np.abs(triangles[own][i == j])) for own, i, j in sizes), default=1.0))

    def start(self, relative: float) -> FloatArray:
        """Entries of independent effects with one standard deviation over sigma."""
        own = [place.covariance.start(relative) for place in self.places]
        first = int(self.packed.block[at.SERIAL_THETA])
        return np.concatenate([*own, self.packed.start[first : first + self.n_residual]])

    def triangles(self, entries: FloatArray) -> FloatArray:
        """Lower triangles of the Cholesky factors, relative to sigma, set after set."""
        if self.is_free:
            return entries[: len(entries) - self.n_residual]
        return np.concatenate([place.covariance.triangle(entries[place.entries]) for place in self.places])

    def _pulled(self, entries: FloatArray, slopes: FloatArray) -> FloatArray:
        """Gradient in the entries from that in the triangles."""
        if self.is_free:
            return slopes
        return np.concatenate(
            [p.covariance.pulled(entries[p.entries], slopes[p.triangle]) for p in self.places]
        )

    def free(self) -> Likelihood:
        """The same model with any covariance of every set of effects: its entries are the triangles."""
        if self.is_free:
            return self
        blocks = [
            dataclasses.replace(
                block,
                covariances=Covariances(
                    tuple(each for own in block.covariances.sets for each in Unstructured.of_bar(own.size))
                ),
            )
            for block in self.design.blocks
        ]
        return dataclasses.replace(self, design=dataclasses.replace(self.design, blocks=tuple(blocks)))

    def kernel_entries(self, entries: FloatArray) -> FloatArray:
        """What the kernel reads of the entries: triangles of all sets, then the factors of the terms."""
        parts, terms = [self.triangles(entries)], self.residual.terms
        if terms is not None:
            parts.append(terms.factors(self.of_residuals(entries))[0])
        return np.ascontiguousarray(np.concatenate(parts))

    def evaluate(self, entries: FloatArray) -> Evaluated:
        """Run the kernel at one point."""
        terms, own = self.residual.terms, self.of_residuals(entries)
        triangles, m = self.kernel_entries(entries), len(self.triangles(entries))
        log_residual = 0.0 if terms is None else float(terms.factors(own)[1])
        n, p = int(self.packed.block[at.N_INTEGRATED]), len(self.design.fixed.terms)
        gradients, values = np.zeros((2, len(triangles))), np.zeros(2 + n + p * p)
        status = CRITERION(
            len(triangles),
            triangles.ctypes.data,
            gradients.ctypes.data,
            values.ctypes.data,
            self.packed.block.ctypes.data,
        )
        possible = require_run(status) == 0
        log_det_gradient, rss_gradient = (self._pulled(entries, each[:m]) for each in gradients)
        if terms is not None:
            slopes, log_slopes = terms.slopes(own)
            log_det_gradient = np.append(log_det_gradient, gradients[0, m:] @ slopes + log_slopes)
            rss_gradient = np.append(rss_gradient, gradients[1, m:] @ slopes)
        return Evaluated(
            log_det=float(values[0] + log_residual) if possible else np.inf,
            rss=float(values[1]) if possible else 1.0,
            log_det_gradient=log_det_gradient,
            rss_gradient=rss_gradient,
            effects=values[2 : 2 + n],
            covariance=values[2 + n :].reshape(p, p),
        )

    def profiled(self, entries: FloatArray) -> tuple[float, FloatArray]:
        """Unit-free criterion with sigma at its best, and the gradient."""
        return self.profile(self.evaluate(entries))

    def profile(self, here: Evaluated) -> tuple[float, FloatArray]:
        """Unit-free criterion with sigma at its best, and the gradient, from what the kernel said.

        m {1 + log(2 pi rss / m)} + log|A|, Bates et al. (2015), equations 34 and 42; without a sigma
        m log(2 pi) + rss + log|A|.
        """
        m = self.degrees
        if not self.profiles_sigma:
            value = m * np.log(2.0 * np.pi) + here.rss + here.log_det
            return float(value), here.log_det_gradient + here.rss_gradient
        value = m * (1.0 + np.log(2.0 * np.pi * here.rss / m)) + here.log_det
        return float(value), here.log_det_gradient + (m / here.rss) * here.rss_gradient

    def restricted(self) -> Likelihood:
        """The same model by REML, whose evaluations give the coefficients' covariance."""
        return self._by("reml")

    def full(self) -> Likelihood:
        """The same model by ML."""
        return self._by("ml")

    def _by(self, by: Criterion) -> Likelihood:
        """The same model by a criterion."""
        if by == self.by:
            return self
        block = self.packed.block.copy()
        block[at.PROFILE] = int(by == "ml")
        return dataclasses.replace(self, by=by, packed=dataclasses.replace(self.packed, block=block))

    def with_responses(self, responses: FloatArray) -> Iterator[Likelihood]:
        """The same model of other responses, one after the other.

        Shapes: `responses` (B, n).
        """
        if self.residual.terms is not None:
            yield from map(self._with_response, responses)
            return
        rows, design = unit_free(self.design, self.units), self.design
        scaled = (responses - design.offset - self.units.center) / self.units.scale
        precision = unit_precision(design, self.units)
        scaled = scaled if precision is None else scaled * np.sqrt(precision)
        for response, products in zip(scaled, self._products(rows, scaled), strict=True):
            block = self.packed.block.copy()
            floats, first = block.view(np.float64), int(block[at.RESPONSE])
            floats[first : first + len(products)] = products
            floats[block[at.RESPONSE_SQUARED]] = response @ response
            yield dataclasses.replace(self, packed=dataclasses.replace(self.packed, block=block))

    def _with_response(self, response: FloatArray) -> Likelihood:
        """The same model of another response, whose terms are formed again."""
        own = dataclasses.replace(self.design.response, values=response)
        design = dataclasses.replace(self.design, response=own)
        packed, residual = _packed(design, self.plan, self.units, self.by)
        return dataclasses.replace(self, packed=packed, residual=residual)

    def _products(self, rows: UnitFree, responses: FloatArray) -> FloatArray:
        """Cross-products of all integrated columns with responses, shape (B, N)."""
        parts = [columns_of(rows, i).T @ responses.T for i in self.plan.blocks]
        return np.concatenate([*parts, rows.fixed.T @ responses.T]).T


def likelihood_of(design: Design, by: Criterion = "reml") -> Likelihood:
    """Prepare the likelihood of a design."""
    plan = make_plan(design, dense_limit=OPTIMUM_LIMIT)
    if plan.samples_effects:
        raise EngineError(
            f"REML and ML integrate all random effects out together, and here more than {OPTIMUM_LIMIT} are "
            "crossed; use method='bayes', which samples some of them."
        )
    if any(predictor.blocks for predictor in design.others):
        raise EngineError(
            "REML and ML integrate the random effects out together, which those in the formula of sigma do "
            "not allow; use method='bayes'."
        )
    units = units_of(design, about_means=False)
    packed, residual = _packed(design, plan, units, by)
    return Likelihood(design=design, by=by, plan=plan, units=units, packed=packed, residual=residual)


def _packed(design: Design, plan: Plan, units: Units, by: Criterion) -> tuple[Packed, ResidualPlan]:
    """The problem without priors."""
    residual = residual_plan(design, units)
    terms = residual.terms
    products = cross_products_of(design, units) if terms is None else terms.layout
    p, n_residual = len(products.fixed_gram), 0 if terms is None else terms.n_parameters
    nothing = UnitFreePriors(
        theta=tuple(np.zeros((block.covariances.n_parameters, at.PRIOR_WORDS)) for block in design.blocks),
        residual=np.zeros((n_residual + 1, at.PRIOR_WORDS)),
        mean=np.zeros(p),
        precision=np.zeros(p),
        coefficients=np.zeros((p, at.COEFFICIENT_PRIOR_WORDS)),
        constant=0.0,
    )
    covariances = tuple(block.covariances for block in design.blocks)
    return pack(products, plan, covariances, nothing, profile=by == "ml", residual=residual), residual
