"""Covariances that a REML or ML estimate implies, and how they move with the covariance factors."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.problem import DOUBLES
from bayesmixed.engines.kernel.criterion import level_covariances
from bayesmixed.engines.kernel.packing import address
from bayesmixed.engines.kernel.sources import require_run
from bayesmixed.engines.kernel.units import Units
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.reml.likelihood import Evaluated, Likelihood
from bayesmixed.engines.reml.optimum import Optimum, block_covariances, effect_scales
from bayesmixed.printing.records import short_repr

FLAT, FLAT_ALONE = 1e-8, 1e-6
"""Curvature below which a direction counts as flat: relative to the largest, and by itself."""

LEAST_SCALE = 0.1
"""Steps in the entries of the covariance factors are relative to their size, and to no less than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCovariances:
    """Covariances of the random effects of one grouping factor, the variance parameters taken as known."""

    own: FloatArray  # of every level's effects among themselves, shape (J, k, k)
    # of every level's effects with the coefficients' estimates, shape (J, k, p)
    with_coefficients: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Variances:
    """What covariance factors imply in the units of the data, sigma at its best; or slopes of all that."""

    coefficients: FloatArray  # covariance of the coefficients' estimates, lme4's `vcov`, shape (p, p)
    blocks: tuple[FloatArray, ...]  # for each block of the design the covariance of its effects, shape (k, k)
    residual: FloatArray  # sigma^2, shape ()

    __repr__ = short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class Curvature:
    """Second derivatives of the criterion, and first ones of all variances, at an estimate."""

    hessian: FloatArray  # of the profiled criterion in the entries, shape (m, m)
    scales: FloatArray  # of the entries, shape (m,)
    variances: Variances  # at the estimate
    # their derivatives in the entries, sigma at its best at each: every array with a first axis of m
    slopes: Variances

    __repr__ = short_repr

    @property
    def inverse(self) -> FloatArray:
        """Inverse of the Hessian, shape (m, m), with 0 for directions in which the criterion is flat."""
        values, vectors, curved = self._directions()
        vectors = vectors[:, curved] * self.scales[:, None]
        return np.asarray((vectors / values[curved]) @ vectors.T)

    @property
    def is_flat(self) -> bool:
        """Whether the criterion is flat in some direction, in which variances could be others as well."""
        return not np.all(self._directions()[2])

    def _directions(self) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Curvatures of the criterion in the scaled entries, their directions, and which are not flat."""
        values, vectors = np.linalg.eigh(self.hessian * np.outer(self.scales, self.scales))
        return values, vectors, values > max(FLAT * np.max(values, initial=0.0), FLAT_ALONE)


def variances_at(likelihood: Likelihood, entries: FloatArray) -> Variances:
    """All variances that covariance factors imply."""
    return _implied(likelihood, entries, likelihood.restricted().evaluate(entries))


def curvature(likelihood: Likelihood, entries: FloatArray) -> Curvature:
    """Curvature of the criterion, with all variances around it, by central differences.

    Two evaluations for each entry; twice as many for ML, whose own say nothing of the coefficients.
    """
    scales = np.maximum(np.abs(entries), LEAST_SCALE)
    moves = np.diag(1e-4 * scales)
    widths = 2.0 * moves.sum(axis=1)
    restricted, gradients, around = likelihood.restricted(), [], []
    with single_threaded_blas():
        for end in [entries + sign * move for move in moves for sign in (1.0, -1.0)]:
            here = restricted.evaluate(end)
            own = here if restricted is likelihood else likelihood.evaluate(end)
            gradients.append(likelihood.profile(own)[1])
            around.append(_implied(likelihood, end, here))
        variances = variances_at(likelihood, entries)
    hessian = _differences(gradients, widths)
    return Curvature(
        hessian=0.5 * (hessian + hessian.T),
        scales=scales,
        variances=variances,
        slopes=Variances(
            coefficients=_differences([each.coefficients for each in around], widths),
            blocks=tuple(
                _differences(ends, widths) for ends in zip(*(each.blocks for each in around), strict=True)
            ),
            residual=_differences([each.residual for each in around], widths),
        ),
    )


def _implied(likelihood: Likelihood, entries: FloatArray, here: Evaluated) -> Variances:
    """Variances from what the restricted likelihood says at the entries."""
    variance, to_units = likelihood.variance(here), coefficients_map(likelihood.units)
    relative = to_units @ here.covariance @ to_units.T
    return Variances(
        coefficients=np.asarray(variance * 0.5 * (relative + relative.T)),
        blocks=block_covariances(likelihood, entries, variance),
        residual=np.asarray(variance * likelihood.units.scale**2),
    )


def _differences(ends: Sequence[FloatArray], widths: FloatArray) -> FloatArray:
    """Differences of pairs of arrays, the upper end first, over their widths, shape (m, ...)."""
    values = np.array(ends)
    return np.asarray((values[::2] - values[1::2]) / widths.reshape(-1, *[1] * (values.ndim - 1)))


def coefficients_map(units: Units) -> FloatArray:
    """Matrix that turns differences of unit-free coefficients into the units of the data, shape (p, p)."""
    origin = np.zeros(len(units.scales))
    moved = units.coefficients(np.eye(len(origin)))
    return np.asarray((moved - units.coefficients(origin)).T)


def conditional_covariances(
    likelihood: Likelihood, optimum: Optimum, *, known_coefficients: bool
) -> tuple[LevelCovariances, ...]:
    """Covariances of the random effects given y, with the variance parameters at their estimates.

    Returns: for each block of the design, in the units of the data.
    """
    other = likelihood.full() if known_coefficients else likelihood.restricted()
    blocks, p = likelihood.design.blocks, len(likelihood.design.fixed.terms)
    sizes = [
        blocks[i].n_levels * blocks[i].n_effects * (blocks[i].n_effects + p) for i in likelihood.plan.blocks
    ]
    entries, out = likelihood.kernel_entries(optimum.entries), np.zeros(sum(sizes))
    with single_threaded_blas():
        status = level_covariances.ctypes(
            len(entries),
            entries.ctypes.data_as(DOUBLES),
            out.ctypes.data_as(DOUBLES),
            None,
            ctypes.c_void_p(address(other.packed)),
        )
    if require_run(status):
        raise FloatingPointError("the precision matrix is not positive definite at the estimate")
    parts = dict(zip(likelihood.plan.blocks, np.split(out, np.cumsum(sizes)[:-1]), strict=True))
    scales, to_units = effect_scales(likelihood), coefficients_map(likelihood.units)
    variance = (optimum.relative / likelihood.units.scale) ** 2
    found = []
    for i, block in enumerate(blocks):
        k = block.n_effects
        values = variance * parts[i].reshape(block.n_levels, k, k + p)
        own = values[:, :, :k] * np.outer(scales[i], scales[i])
        found.append(
            LevelCovariances(own=own, with_coefficients=(values[:, :, k:] * scales[i][:, None]) @ to_units.T)
        )
    return tuple(found)
