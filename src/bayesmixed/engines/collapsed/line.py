"""Independent draws from a posterior of one dimension: its distribution function, inverted.

The log density and its slope on a grid are joined by cubic Hermite polynomials; between the points of a finer
grid the density is taken as exponential, which can be integrated and inverted in closed form.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayesmixed.design.records import FloatArray

DEPTH = 40.0
"""How far below its highest value the log density is followed: beyond lies less than 1e-16 of the mass."""

POINTS, FINER = 801, 16
"""Points at which the density is evaluated, and parts into which each interval between them is divided."""

STREAM = 1
"""Keeps these random numbers apart from those of the effects that are drawn given them."""

FIRST_REACH, LARGEST_REACH = 4.0, 4096.0


def line_draws(
    evaluate: Callable[[FloatArray], tuple[float, FloatArray]], shape: tuple[int, int], seed: int
) -> tuple[FloatArray, FloatArray]:
    """Independent draws of a coordinate that is near standard normal, and the log density at them.

    `evaluate` gives the log density and its slope at a point, shape (1,).

    Returns: shapes (chain, draw) twice.
    """
    highest = evaluate(np.zeros(1))[0]
    ends = [_end(evaluate, sign, highest) for sign in (-1.0, 1.0)]
    grid = np.linspace(ends[0], ends[1], POINTS)
    found = [evaluate(np.array([z])) for z in grid]
    at, logs = _finer(grid, np.array([v for v, _ in found]), np.array([float(g[0]) for _, g in found]))
    seeds = np.random.SeedSequence((seed, STREAM)).spawn(shape[0])
    shares = np.stack([np.random.default_rng(each).uniform(size=shape[1]) for each in seeds])
    return _inverted(at, logs, shares)


def _end(evaluate: Callable[[FloatArray], tuple[float, FloatArray]], sign: float, highest: float) -> float:
    """Where the density has become negligible in one direction."""
    reach = FIRST_REACH
    while reach < LARGEST_REACH and evaluate(np.array([sign * reach]))[0] > highest - DEPTH:
        reach *= 1.5
    return sign * reach


def _finer(grid: FloatArray, values: FloatArray, slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cubic Hermite interpolation of a function on a finer grid."""
    step = grid[1] - grid[0]
    t = (np.arange(FINER) / FINER)[None, :]
    a, b, slope_a, slope_b = (each[:, None] for each in (values[:-1], values[1:], slopes[:-1], slopes[1:]))
    inner = (
        (1 + 2 * t) * (1 - t) ** 2 * a
        + t * (1 - t) ** 2 * step * slope_a
        + t**2 * (3 - 2 * t) * b
        + t**2 * (t - 1) * step * slope_b
    )
    at = grid[:-1, None] + step * t
    whole = np.append(inner.ravel(), values[-1])
    return np.append(at.ravel(), grid[-1]), np.where(np.isfinite(whole), whole, -np.inf)


def _inverted(at: FloatArray, logs: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points below which given shares of the mass lie, and the log density at them."""
    floor = np.max(logs) - 2.0 * DEPTH
    left = np.maximum(logs[:-1], floor)
    rise = np.maximum(logs[1:], floor) - left
    step = at[1] - at[0]
    flat = np.abs(rise) < 1e-12
    safe = np.where(flat, 1.0, rise)
    mass = step * np.exp(left - np.max(logs)) * np.where(flat, 1.0, np.expm1(safe) / safe)
    total = np.cumsum(mass)
    wanted = shares * total[-1]
    cell = np.minimum(np.searchsorted(total, wanted), len(mass) - 1)
    within = np.clip((wanted - (total[cell] - mass[cell])) / mass[cell], 0.0, 1.0)
    place = np.where(flat[cell], within, np.log1p(within * np.expm1(safe[cell])) / safe[cell])
    return at[cell] + step * place, left[cell] + rise[cell] * place
