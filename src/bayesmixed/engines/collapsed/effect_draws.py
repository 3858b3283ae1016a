"""Exact draws of everything integrated, in the units of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.engines.collapsed.problem import draw_integrated
from bayesmixed.engines.collapsed.target import CollapsedTarget, coefficients_of, effects_of
from bayesmixed.engines.kernel import layout as at

CHUNK_VALUES = 2_000_000
"""Numbers that the draws of everything integrated may take at a time."""


def draw_slices(target: CollapsedTarget, n_draws: int) -> Iterator[slice]:
    """Slices of the draws of a chain whose integrated values take 16 MB at most."""
    width = max(1, CHUNK_VALUES // max(1, int(target.packed.block[at.N_INTEGRATED])))
    for start in range(0, n_draws, width):
        yield slice(start, min(start + width, n_draws))


def draw_effects(
    target: CollapsedTarget,
    points: FloatArray,
    seeds: Sequence[np.random.SeedSequence],
    cores: int,
    *,
    levels: Mapping[int, IntArray] | None = None,
) -> tuple[FloatArray, dict[int, FloatArray]]:
    """Draws of the coefficients and, by block of the design, of random effects.

    Shapes: `points` (chain, draw, dimension); returns (chain, draw, p).
    """
    shape, blocks = points.shape[:2], target.design.blocks
    wanted = {i: np.arange(blocks[i].n_levels) for i in target.plan.blocks} if levels is None else levels
    beta = np.empty((*shape, len(target.problem.units.scales)))
    ranef = {i: np.empty((*shape, len(own), blocks[i].n_effects)) for i, own in wanted.items()}

    def draw(chain: int) -> None:
        rng = np.random.default_rng(seeds[chain])
        for part in draw_slices(target, shape[1]):
            here = points[chain, part]
            integrated = draw_integrated(target.packed, here, rng)
            beta[chain, part] = coefficients_of(target, here, integrated)
            for f, i in enumerate(target.plan.blocks):
                effects = effects_of(target, f, here, integrated)
                ranef[i][chain, part] = effects if levels is None else effects[:, wanted[i]]

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(draw, range(len(points))))
    return beta, ranef
