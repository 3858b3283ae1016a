"""Posterior moments of integrated random effects, from their conditional moments at every draw.

Given theta and what else is sampled, the effects u and the coefficients b are normal, with means that a draw
from deviates of zero gives and covariances that elimination leaves for every level. What elimination does not
give, the covariance of the coefficients, follows from the last rows of A A^-1 = I:

    cov(b, b) = (X'X + sigma^2 S^-1)^-1 (sigma^2 I - X'Z cov(u, b)).

Nothing of the size of draws times levels is kept.
"""

from __future__ import annotations

import ctypes
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.problem import DOUBLES, conditional_values
from bayesmixed.engines.collapsed.target import (
    CollapsedTarget,
    coefficients_of,
    draw_slices,
    effects_of,
    term_factors,
    unit_factor,
)
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.criterion import level_covariances
from bayesmixed.engines.kernel.cross_products import CrossProducts
from bayesmixed.engines.kernel.sources import require_run
from bayesmixed.engines.moments import LevelSums, MixtureSums, fixed_parts, fixed_places
from bayesmixed.engines.records import LevelMoments

PILOT = 100
"""Draws that tell about where a posterior lies and how wide it is."""
PLACED_VALUES, FEWEST_PLACED = 10_000_000, 400
"""Draws times effects that count for quantiles, and how many draws do however many effects there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalCovariances:
    """Covariances of what is integrated at one point, in the units of the data."""

    # for each integrated factor of the plan the covariance matrix of every level's effects, shape (J, k, k)
    effects: tuple[FloatArray, ...]
    # for each of them the covariance of every effect with the coefficient to which it adds, shape (J, k); 0
    # for one that is only random
    crossed: tuple[FloatArray, ...]
    coefficients: FloatArray  # shape (p, p); zeros where the coefficients are sampled


def posterior_moments(
    target: CollapsedTarget, points: FloatArray, seeds: Sequence[np.random.SeedSequence], cores: int
) -> tuple[FloatArray, tuple[LevelMoments | None, ...]]:
    """Draws of the coefficients, with the posterior moments of integrated random effects.

    Shapes: `points` (chain, draw, dimension); returns (chain, draw, p).

    Memory is that of some fifty numbers for each random effect and chain, and of one chunk of draws for each.
    Distribution functions, which are the costly part, take every draw up to some thousand levels, and 400
    draws at least.
    """
    pilot = _pilot(target, points)
    step = _step(target, points)
    stop = Event()

    def run(chain: FloatArray, seed: np.random.SeedSequence) -> tuple[FloatArray, dict[int, LevelSums]]:
        sums = {i: known.around() for i, known in pilot.items()}
        return _run_chain(target, chain, np.random.default_rng(seed), sums, stop, step), sums

    with ThreadPoolExecutor(cores) as pool:
        try:
            chains = list(pool.map(run, points, seeds))
        except BaseException:
            stop.set()
            raise
    sums = chains[0][1]
    for _, more in chains[1:]:
        for i, total in sums.items():
            total.absorb(more[i])
    moments = tuple(sums[i].moments() if i in sums else None for i in range(len(target.design.blocks)))
    return np.stack([beta for beta, _ in chains]), moments


def _zeros(target: CollapsedTarget, n_draws: int) -> FloatArray:
    """Deviates that give conditional means."""
    return np.zeros((n_draws, int(target.packed.block[at.N_INTEGRATED])))


def _integrated(target: CollapsedTarget) -> Iterator[tuple[int, int]]:
    """Place in the plan and block of every factor that is integrated."""
    for f, factor in enumerate(target.plan.factors):
        if factor.role != at.SAMPLED:
            yield f, factor.block


def _pilot(target: CollapsedTarget, points: FloatArray) -> dict[int, LevelSums]:
    """Moments of every integrated block from some draws, to place the sums of all."""
    flat = points.reshape(-1, points.shape[-1])
    some = np.ascontiguousarray(flat[:: -(-len(flat) // PILOT)])
    means = conditional_values(target.packed, some[:1], _zeros(target, 1))
    beta, pilot = coefficients_of(target, some[:1], means)[0], {}
    for f, i in _integrated(target):
        effects = effects_of(target, f, some[:1], means)[0]
        coef = effects + fixed_parts(beta, fixed_places(target.design, target.design.blocks[i]))
        pilot[i] = LevelSums(MixtureSums(effects), MixtureSums(coef))
    covariances = _Covariances(target)
    for part in draw_slices(target, len(some)):
        _add_draws(target, some[part], covariances, pilot)
    return pilot


def _step(target: CollapsedTarget, points: FloatArray) -> int:
    """Every how many-th draw counts for the quantiles."""
    n_draws = int(np.prod(points.shape[:2]))
    n_effects = int(target.packed.block[at.N_INTEGRATED])
    return max(1, min(n_draws * n_effects // PLACED_VALUES, n_draws // FEWEST_PLACED))


def _run_chain(
    target: CollapsedTarget,
    points: FloatArray,
    rng: np.random.Generator,
    sums: dict[int, LevelSums],
    stop: Event,
    step: int,
) -> FloatArray:
    """Add all draws of a chain to the sums; return draws of the coefficients, shape (draw, p).

    Once `stop` is set, after an interrupt say, the chain gives up at its next chunk.
    """
    covariances = _Covariances(target)
    betas = []
    for part in draw_slices(target, len(points)):
        if stop.is_set():
            raise CancelledError
        chunk = np.ascontiguousarray(points[part])
        if not target.plan.coefficients_sampled:
            deviates = rng.standard_normal((len(chunk), int(target.packed.block[at.N_INTEGRATED])))
            betas.append(coefficients_of(target, chunk, conditional_values(target.packed, chunk, deviates)))
        mean_beta = _add_draws(target, chunk, covariances, sums, range(-part.start % step, len(chunk), step))
        if target.plan.coefficients_sampled:
            betas.append(mean_beta)
    return np.concatenate(betas)


def _add_draws(
    target: CollapsedTarget,
    points: FloatArray,
    covariances: _Covariances,
    sums: dict[int, LevelSums],
    placed: Container[int] = (),
) -> FloatArray:
    """Add the conditional moments at some draws to the sums; return mean coefficients, shape (draw, p).

    The draws whose numbers are in `placed` count for the quantiles too.
    """
    means = conditional_values(target.packed, points, _zeros(target, len(points)))
    beta = coefficients_of(target, points, means)
    for d, around in enumerate(covariances.at(points)):
        own = slice(d, d + 1)
        _add_draw(target, points[own], means[own], beta[d], around, sums, counts=d in placed)
    return beta


def _add_draw(
    target: CollapsedTarget,
    point: FloatArray,
    means: FloatArray,
    mean_beta: FloatArray,
    around: ConditionalCovariances,
    sums: dict[int, LevelSums],
    *,
    counts: bool,
) -> None:
    """Add the conditional moments at one draw to the sums."""
    for (f, i), covariance, crossed in zip(_integrated(target), around.effects, around.crossed, strict=True):
        effects = effects_of(target, f, point, means)[0]
        places = fixed_places(target.design, target.design.blocks[i])
        variance = np.einsum("jkk->jk", covariance).copy()
        for e, place in enumerate(places):
            if place is not None:
                variance[:, e] += 2.0 * crossed[:, e] + around.coefficients[place, place]
        coef = effects + fixed_parts(mean_beta, places)
        sums[i].add(effects, covariance, coef, variance, place=counts)


class _Covariances:
    """The kernel's covariances at points, with a block of its own in which the prior follows sigma.

    The kernel takes sigma as 1 there, and nothing sampled: neither moves a covariance, once the precision of
    the coefficients' prior is multiplied by sigma^2.
    """

    def __init__(self, target: CollapsedTarget) -> None:
        self.target = target
        self.block = target.packed.block.copy()
        self.block[at.N_SAMPLED] = 0
        first, p = int(self.block[at.PRECISION]), int(self.block[at.N_COEFFICIENTS])
        self.precision = self.block.view(np.float64)[first : first + p]
        self.prior = self.precision.copy()
        self.out = np.zeros(sum(int(np.prod(shape)) for shape in self._shapes()))
        units = target.problem.units
        origin = np.zeros(len(units.scales))
        to_data = units.coefficients(np.eye(len(origin))) - units.coefficients(origin)
        self.to_data = to_data if p else np.zeros((0, len(origin)))

    def _shapes(self) -> list[tuple[int, int, int]]:
        """For each integrated factor, (J, k, k + p)."""
        p, blocks = int(self.block[at.N_COEFFICIENTS]), self.target.design.blocks
        return [
            (blocks[i].n_levels, blocks[i].n_effects, blocks[i].n_effects + p)
            for _, i in _integrated(self.target)
        ]

    def at(self, points: FloatArray) -> Iterator[ConditionalCovariances]:
        """Covariances at one point after the other, shape of the points (S, dimension)."""
        sigmas, factors = np.exp(self.target.packed.log_sigma(points)), term_factors(self.target, points)
        triangles, terms = self._entries(points, sigmas), self.target.problem.residual.terms
        products = self.target.problem.products
        for own, factor, sigma in zip(triangles, factors, sigmas, strict=True):
            entries = np.concatenate([own, factor])
            products = products if terms is None else terms.products(factor)
            self.precision[:] = self.prior * sigma**2
            status = level_covariances.ctypes(
                len(entries),
                entries.ctypes.data_as(DOUBLES),
                self.out.ctypes.data_as(DOUBLES),
                self.out.ctypes.data_as(DOUBLES),
                self.block.ctypes.data_as(ctypes.c_void_p),
            )
            if require_run(status):
                raise FloatingPointError(
                    "a draw of theta lies where the precision matrix is not positive definite"
                )
            yield self._in_units(sigma**2, products)

    def _entries(self, points: FloatArray, sigmas: FloatArray) -> FloatArray:
        """Lower triangles of all factors relative to sigma, shape (S, entries)."""
        parts = []
        for f, factor in enumerate(self.target.plan.factors):
            sd, cholesky = unit_factor(self.target, f, points)
            root = (sd / sigmas[:, None])[..., None] * cholesky
            for part in self.target.design.blocks[factor.block].covariances.parts:
                rows, columns = np.tril_indices(part.covariance.size)
                parts.append(root[:, part.effects, part.effects][:, rows, columns])
        sizes = [
            part.size for block in self.target.problem.residual.blocks for part in block.covariances.sets
        ]
        nothing = np.zeros((len(points), sum(size * (size + 1) // 2 for size in sizes)))
        return np.concatenate([*parts, nothing], axis=1)

    def _in_units(self, variance: float, products: CrossProducts) -> ConditionalCovariances:
        """What the kernel left, times sigma^2, in the units of the data."""
        units, first = self.target.problem.units, 0
        effects, crossed, explained = [], [], np.zeros((len(self.prior), len(self.prior)))
        for (_, i), shape in zip(_integrated(self.target), self._shapes(), strict=True):
            k, size = shape[1], int(np.prod(shape))
            own = self.out[first : first + size].reshape(shape)
            first += size
            if len(self.prior):
                explained += products.fixed[i].T @ own.reshape(-1, shape[2])[:, k:]
            to_zero = units.effect_map(i)
            effects.append(variance * (to_zero @ own[:, :, :k] @ to_zero.T))
            crossed.append(self._crossed(i, variance * (to_zero @ own[:, :, k:])))
        return ConditionalCovariances(
            effects=tuple(effects),
            crossed=tuple(crossed),
            coefficients=self._of_coefficients(variance, variance * explained, products.fixed_gram),
        )

    def _crossed(self, i: int, with_beta: FloatArray) -> FloatArray:
        """Covariances of a block's effects with the coefficients to which they add, shape (J, k).

        `with_beta` has those with the unit-free coefficients, shape (J, k, p).
        """
        out = np.zeros(with_beta.shape[:2])
        for e, place in enumerate(fixed_places(self.target.design, self.target.design.blocks[i])):
            if place is not None:
                out[:, e] = with_beta[:, e] @ self.to_data[:, place]
        return out

    def _of_coefficients(self, variance: float, explained: FloatArray, gram: FloatArray) -> FloatArray:
        """Covariance of the coefficients, `gram` X'X weighted as the rows are, shape (p, p)."""
        if not len(self.prior):
            return np.zeros((self.to_data.shape[1],) * 2)
        gram = gram + np.diag(self.precision)
        unit_free = np.linalg.solve(gram, variance * np.eye(len(gram)) - explained)
        covariance: FloatArray = self.to_data.T @ (0.5 * (unit_free + unit_free.T)) @ self.to_data
        return covariance
