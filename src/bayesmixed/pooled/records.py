"""What complete, no and partial pooling say of the same groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed.comparison.group_columns import (
    CoefficientColumns,
    FirstStage,
    coefficient_columns,
    first_stage,
    lengths,
)
from bayesmixed.design.nesting import Lineage, lineage
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledGroups:
    """One grouping factor under complete, no and partial pooling."""

    # the mixed model: its REML or ML estimate, or its conditional means at the middle of the posterior of the
    # variances
    estimate: Estimate
    index: int  # of the grouping factor among the blocks of the design
    columns: CoefficientColumns  # the m coefficients of the groups' lines
    own: tuple[str, ...]  # coefficients that every group has for itself in the regression without pooling
    # complete, intercepts, lines, none: one regression; groups as fixed intercepts with common slopes; a
    # regression per group; and the one that stands against the mixed model, with own coefficients for `own`
    complete: GroupRegression
    intercepts: GroupRegression
    lines: GroupRegression
    none: GroupRegression
    # coefficients of the mixed model, the effects of the parents of a nested factor added, shape (J, m)
    partial: FloatArray
    population: FloatArray  # coefficients of the mixed model's population, shape (m,)
    # share of an effect's variance between groups that a group's own rows determine, shape (J, m), 0 for
    # coefficients that do not vary
    reliability: FloatArray
    n_rows: tuple[int, ...]  # rows of every group
    notes: tuple[str, ...]  # why a group has no regression of its own, or empty

    __repr__ = short_repr

    @property
    def design(self) -> Design:
        """The design that was fitted."""
        return self.estimate.design

    @property
    def block(self) -> GroupBlock:
        """The grouping factor."""
        return self.design.blocks[self.index]

    @property
    def kin(self) -> Lineage:
        """The grouping factor with those in which it is nested."""
        return lineage(self.design, self.block)

    @property
    def varying(self) -> tuple[str, ...]:
        """Coefficients that vary by group in the mixed model."""
        return self.block.effects

    def place(self, effect: str) -> int:
        """Column of a coefficient."""
        return self.columns.names.index(effect)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRegression:
    """A regression in which some coefficients are a group's own, the others common to all groups."""

    coefficients: FloatArray  # shape (J, m), NaN where the rows of a group do not determine it
    fitted: FloatArray  # fitted value of every row, shape (n,)
    leverage: FloatArray  # diagonal of the hat matrix, shape (n,)
    n_coefficients: int  # number of coefficients that the data determine, the rank

    __repr__ = short_repr


def regress(
    design: Design, block: GroupBlock, own: Sequence[str], covariance: FloatArray | None = None
) -> GroupRegression:
    """Regress the response with a coefficient per group for some columns.

    Use it without own coefficients for complete pooling, with ``["Intercept"]`` for groups as fixed
    intercepts, and with all coefficients for one regression per group.

    Shapes: `covariance` (k, k).

    The coefficient of a column that only groups can determine comes from a second regression, of the groups'
    own coefficients on what the column adds to them, by generalized least squares with `covariance`. With the
    covariance matrix of a mixed model whose random effects are the own coefficients, that is the limit of the
    mixed model as its standard deviations grow. Fitted values do not depend on it. An effect that is only
    random is zero where groups do not have their own.
    """
    columns, first = coefficient_columns(design, block), first_stage(design, block, own)
    common, coefficients = first.common.copy(), first.own
    if np.any(first.mine) and len(first.aliased):
        own_names = [name for name, mine in zip(columns.names, first.mine, strict=True) if mine]
        fixed = np.array([name in design.fixed.terms for name in own_names], dtype=bool)
        order = [list(own).index(name) for name in own_names]
        spread = np.eye(len(order)) if covariance is None else covariance[np.ix_(order, order)]
        between = _second_stage(first, fixed, spread)
        coefficients = coefficients - first.carried @ between
        common[first.kept] -= first.combined @ between
        common[first.aliased] = between
    table = np.zeros((block.n_levels, len(columns.names)))
    table[:, first.shared] = common
    table[:, first.mine] = np.where(first.told, coefficients, np.nan)
    return GroupRegression(
        coefficients=table,
        fitted=first.fitted,
        leverage=first.leverage,
        n_coefficients=first.n_coefficients,
    )


def _second_stage(first: FirstStage, fixed: NDArray[np.bool_], covariance: FloatArray) -> FloatArray:
    """Coefficients of the aliased columns, from what groups determine of their own coefficients."""
    levels, carried = np.diag(fixed.astype(np.float64))[:, fixed], first.carried
    left, right = [], []
    for j, reach in enumerate(first.reach):
        values, vectors = np.linalg.eigh(reach)
        told = vectors[:, values > 0.5].T * first.scales
        root = np.linalg.cholesky(told @ covariance @ told.T)
        left.append(np.linalg.solve(root, told @ np.column_stack([levels, carried[j]])))
        right.append(np.linalg.solve(root, told @ first.own[j]))
    matrix = np.vstack(left)
    size = lengths(matrix)
    return np.asarray((np.linalg.lstsq(matrix / size, np.concatenate(right))[0] / size)[levels.shape[1] :])
