"""What complete, no and partial pooling say of the same groups."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.comparison.group_columns import CoefficientColumns
from bayesmixed.design.lineage import Lineage, lineage
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.pooled.group_regressions import GroupRegression
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledGroups:
    """One grouping factor under complete, no and partial pooling.

    Attributes
    ----------
    estimate : Estimate
        The mixed model: its REML or ML estimate, or its conditional means at the middle of the posterior of
        the variances.
    index : int
        Of the grouping factor among the blocks of the design.
    columns : CoefficientColumns
        The m coefficients of the groups' lines.
    own : tuple[str, ...]
        Coefficients that every group has for itself in the regression without pooling.
    complete, intercepts, lines, none : GroupRegression
        One regression; groups as fixed intercepts with common slopes; a regression per group; and the one
        that stands against the mixed model, with own coefficients for `own`.
    partial : FloatArray
        Coefficients of the mixed model, the effects of the parents of a nested factor added, shape (J, m).
    population : FloatArray
        Coefficients of the mixed model's population, shape (m,).
    reliability : FloatArray
        Share of an effect's variance between groups that a group's own rows tell, shape (J, m), 0 for
        coefficients that do not vary.
    n_rows : tuple[int, ...]
        Rows of every group.
    notes : tuple[str, ...]
        Why a group has no regression of its own, or empty.
    """

    estimate: Estimate
    index: int
    columns: CoefficientColumns
    own: tuple[str, ...]
    complete: GroupRegression
    intercepts: GroupRegression
    lines: GroupRegression
    none: GroupRegression
    partial: FloatArray
    population: FloatArray
    reliability: FloatArray
    n_rows: tuple[int, ...]
    notes: tuple[str, ...]

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
