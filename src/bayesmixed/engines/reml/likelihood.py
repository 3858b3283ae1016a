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
from bayesmixed.engines.kernel.cross_products import cross_products_of, indicator
from bayesmixed.engines.kernel.packing import Packed, pack
from bayesmixed.engines.kernel.plan import OPTIMUM_LIMIT, Plan, make_plan
from bayesmixed.engines.kernel.sources import require_run
from bayesmixed.engines.kernel.unit_priors import UnitFreePriors
from bayesmixed.engines.kernel.units import UnitFree, Units, unit_free, units_of
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
        log|A|, of the coefficients too for REML; infinite where it cannot be computed.
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

    Notes
    -----
    The parameters, ``entries``, are those of the structures of all sets of all grouping factors, in the
    plan's order, unit-free: of a free structure the lower triangle of the Cholesky factor relative to sigma,
    row by row. A diagonal entry may have any sign.
    """

    design: Design
    by: Criterion
    plan: Plan
    units: Units
    packed: Packed

    __repr__ = short_repr

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
        return float(total + self.design.residual.log_determinant)

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
        return np.concatenate([place.covariance.is_deviation for place in self.places]).astype(np.float64)

    @cached_property
    def turns(self) -> FloatArray:
        """Where the criterion is even in an entry, beside zero; NaN where nowhere, shape of the entries."""
        turns = [np.full(place.covariance.n_parameters, place.covariance.turn) for place in self.places]
        return np.where(self.is_deviation == 1.0, np.nan, np.concatenate(turns))

    @property
    def even(self) -> FloatArray:
        """1 where the criterion is even in an entry around zero, else 0, shape of the entries."""
        return np.where(np.isnan(self.turns), self.is_deviation, 1.0)

    @cached_property
    def powers(self) -> FloatArray:
        """Power of every entry that is of the order of a standard deviation, shape of the entries."""
        return np.concatenate(
            [np.full(p.covariance.n_parameters, p.covariance.power, dtype=np.float64) for p in self.places]
        )

    def smallest(self, entries: FloatArray) -> float:
        """Smallest number on the diagonals of the Cholesky factors, relative to sigma."""
        triangles = self.triangles(entries)
        sizes = [(place.triangle, *lower_triangle(place.covariance.size)) for place in self.places]
        return float(min(np.min(np.abs(triangles[own][i == j])) for own, i, j in sizes))

    def start(self, relative: float) -> FloatArray:
        """Entries of independent effects with one standard deviation over sigma."""
        return np.concatenate([place.covariance.start(relative) for place in self.places])

    def triangles(self, entries: FloatArray) -> FloatArray:
        """Lower triangles of the Cholesky factors, relative to sigma, set after set."""
        if self.is_free:
            return entries
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

    def evaluate(self, entries: FloatArray) -> Evaluated:
        """Run the kernel at one point."""
        triangles = np.ascontiguousarray(self.triangles(entries))
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
        return Evaluated(
            log_det=float(values[0]) if possible else np.inf,
            rss=float(values[1]) if possible else 1.0,
            log_det_gradient=self._pulled(entries, gradients[0]),
            rss_gradient=self._pulled(entries, gradients[1]),
            effects=values[2 : 2 + n],
            covariance=values[2 + n :].reshape(p, p),
        )

    def profiled(self, entries: FloatArray) -> tuple[float, FloatArray]:
        """Unit-free criterion with sigma at its best, and the gradient."""
        return self.profile(self.evaluate(entries))

    def profile(self, here: Evaluated) -> tuple[float, FloatArray]:
        """Unit-free criterion with sigma at its best, and the gradient, from what the kernel said.

        m {1 + log(2 pi rss / m)} + log|A|, Bates et al. (2015), equations 34 and 42.
        """
        m = self.degrees
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
        rows, design = unit_free(self.design, self.units), self.design
        scaled = (responses - design.offset - self.units.center) / self.units.scale
        scaled = design.residual.weighted(scaled.T).T
        for response, products in zip(scaled, self._products(rows, scaled), strict=True):
            block = self.packed.block.copy()
            floats, first = block.view(np.float64), int(block[at.RESPONSE])
            floats[first : first + len(products)] = products
            floats[block[at.SCALARS] + at.SCALAR_RESPONSE_SQUARED] = response @ response
            yield dataclasses.replace(self, packed=dataclasses.replace(self.packed, block=block))

    def _products(self, rows: UnitFree, responses: FloatArray) -> FloatArray:
        """Cross-products of all integrated columns with responses, shape (B, N)."""
        parts = [
            indicator(rows.columns[i], rows.codes[i], rows.n_levels[i]).T @ responses.T
            for i in self.plan.blocks
        ]
        return np.concatenate([*parts, rows.fixed.T @ responses.T]).T


def likelihood_of(design: Design, by: Criterion = "reml") -> Likelihood:
    """Prepare the likelihood of a design."""
    plan = make_plan(design, dense_limit=OPTIMUM_LIMIT)
    if plan.samples_effects:
        raise EngineError(
            f"REML and ML integrate all random effects out together, and here more than {OPTIMUM_LIMIT} are "
            "crossed; use method='bayes', which samples some of them."
        )
    units = units_of(design, about_means=False)
    products = cross_products_of(design, units)
    p = len(products.fixed_gram)
    nothing = UnitFreePriors(
        theta=tuple(np.zeros((block.covariances.n_parameters, at.PRIOR_WORDS)) for block in design.blocks),
        sigma=np.zeros(at.PRIOR_WORDS),
        mean=np.zeros(p),
        precision=np.zeros(p),
        coefficients=np.zeros((p, at.COEFFICIENT_PRIOR_WORDS)),
        constant=0.0,
    )
    covariances = tuple(block.covariances for block in design.blocks)
    packed = pack(products, plan, covariances, nothing, profile=by == "ml")
    return Likelihood(design=design, by=by, plan=plan, units=units, packed=packed)
