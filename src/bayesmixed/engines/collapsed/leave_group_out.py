"""The density of a group's rows given all other rows, everything else integrated out.

    p(y_g | y_-g) = p(y) / p(y_-g) = mean of p(y | t) p(t) / q(t)  over  mean of p(y_-g | t) p(t) / q(t)

over points t of one heavy-tailed proposal q for theta, the same for both: their errors cancel in part. The
collapsed kernel gives both densities; the constants of the priors stand in both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from bayesmixed.design.meeting import one_level
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray, LinearPredictor
from bayesmixed.engines.collapsed.integrated import (
    BATCH,
    MAX_BATCHES,
    IntegratedModel,
    log_densities,
    pareto_k,
    student_batch,
)
from bayesmixed.engines.collapsed.problem import pack_problem
from bayesmixed.engines.kernel.cross_products import form_cross_products
from bayesmixed.engines.kernel.packing import Packed, residual_plan
from bayesmixed.engines.kernel.units import unit_free

RowMask = np.ndarray[tuple[int], np.dtype[np.bool_]]

WIDENING = 2.0
"""Covariance of the proposal over that of theta's posterior, which moves when a group is left out."""

TARGET_SE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDensities:
    """Log densities of G groups of rows."""

    held_out: FloatArray  # log p(y_g | y_-g), shape (G,)
    se: FloatArray  # their Monte Carlo standard errors, shape (G,)
    # log of the mean of p(y_g | y_-g, theta) over the posterior of theta given all rows, shape (G,)
    seen: FloatArray
    pareto_k: FloatArray  # tail index of the importance weights without the group, shape (G,)
    n_points: int  # largest number of points used


def densities_given_others(
    model: IntegratedModel,
    codes: IntArray,
    center: FloatArray,
    covariance: FloatArray,
    rng: np.random.Generator,
) -> GroupDensities:
    """Log density of every group's rows given the rows of all others."""
    whole = _batches(model.packed, center, WIDENING * covariance, rng)
    n_groups = int(codes.max()) + 1
    parts = [_one_group(packed_without(model, codes != group), whole) for group in range(n_groups)]
    held_out, se, seen, k, n_points = zip(*parts, strict=True)
    return GroupDensities(
        held_out=np.array(held_out),
        se=np.array(se),
        seen=np.array(seen),
        pareto_k=np.array(k),
        n_points=max(n_points),
    )


def _batches(
    packed: Packed, center: FloatArray, covariance: FloatArray, rng: np.random.Generator
) -> Callable[[int], tuple[FloatArray, FloatArray, FloatArray]]:
    """Points by number of batch, with their log densities under the model and under the proposal.

    Batches are drawn when first asked for, one after the other.
    """

    @cache
    def batch(_number: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        points, proposal = student_batch(center, covariance, rng)
        return points, log_densities(packed, points), proposal

    return batch


def _one_group(
    without: Packed, whole: Callable[[int], tuple[FloatArray, FloatArray, FloatArray]]
) -> tuple[float, float, float, float, int]:
    """Held-out log density, standard error, log density seen, Pareto k and number of points."""
    every: list[FloatArray] = []
    for number in range(MAX_BATCHES):
        points, density, proposal = whole(number)
        rest = log_densities(without, points)
        # Far out a factorization may break down with the group or without it: such a point counts as nothing.
        known = np.isfinite(density) & np.isfinite(rest)
        seen = np.full(density.shape, -np.inf)
        seen[known] = 2.0 * density[known] - rest[known]
        every.append(np.stack([density, rest, seen]) - proposal)
        logs = np.concatenate(every, axis=1)
        highest = logs.max(axis=1, keepdims=True)
        weights = np.exp(logs - highest)
        means = weights.mean(axis=1)
        se = float(np.std(weights[0] / means[0] - weights[1] / means[1]) / np.sqrt(logs.shape[1]))
        if se <= TARGET_SE:
            break
    log_mean = highest[:, 0] + np.log(means)
    return (
        float(log_mean[0] - log_mean[1]),
        se,
        float(log_mean[2] - log_mean[0]),
        pareto_k(logs[1]),
        BATCH * (number + 1),
    )


def packed_without(model: IntegratedModel, keep: RowMask) -> Packed:
    """Pack a model for some of its rows, in the units and with the priors of all of them.

    Shapes: `keep` (n,).
    """
    design, units = rows_kept(model.spec.design, keep), model.problem.units
    residual = residual_plan(design, units)
    products = (
        form_cross_products(unit_free(design, units)) if residual.terms is None else residual.terms.typical
    )
    return pack_problem(dataclasses.replace(model.problem, products=products, residual=residual), model.plan)


def rows_kept(design: Design, keep: RowMask) -> Design:
    """Design of some of its rows, with the scales of all of them.

    Shapes: `keep` (n,).
    """
    return dataclasses.replace(
        design,
        response=dataclasses.replace(design.response, values=design.response.values[keep]),
        fixed=dataclasses.replace(design.fixed, matrix=design.fixed.matrix[keep]),
        blocks=tuple(_block_kept(block, keep) for block in design.blocks),
        offset=design.offset[keep],
        others=tuple(_predictor_kept(each, keep) for each in design.others),
        residual=design.residual.of_rows(keep),
        frame=design.frame[keep],
    )


def _predictor_kept(predictor: LinearPredictor, keep: RowMask) -> LinearPredictor:
    """Predictor of some of its rows."""
    return dataclasses.replace(
        predictor,
        fixed=dataclasses.replace(predictor.fixed, matrix=predictor.fixed.matrix[keep]),
        blocks=tuple(_block_kept(block, keep) for block in predictor.blocks),
        offset=predictor.offset[keep],
    )


def _block_kept(block: GroupBlock, keep: RowMask) -> GroupBlock:
    """Block of some of its rows; levels that are coupled stay, with or without rows."""
    if not block.is_plain:
        return dataclasses.replace(block, columns=block.columns[keep], meeting=block.meeting.of_rows(keep))
    levels, codes = np.unique(block.codes[keep], return_inverse=True)
    return dataclasses.replace(
        block,
        columns=block.columns[keep],
        meeting=one_level(codes),
        levels=tuple(block.levels[level] for level in levels),
    )
