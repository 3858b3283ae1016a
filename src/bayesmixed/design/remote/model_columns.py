"""The different columns of a model whose data are not in memory, each asked for once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import narwhals as nw

from bayesmixed.design.blocks import bars_by_group
from bayesmixed.design.fixed import Offsets
from bayesmixed.design.records import IntArray
from bayesmixed.design.remote.expression import fill_state, lazy_number
from bayesmixed.design.remote.matrix import LazyColumn, LazyMatrix, build_lazy_matrix
from bayesmixed.design.remote.rows import ONE, LazyRows
from bayesmixed.design.remote.sums import TARGET
from bayesmixed.formula.response import ResponseExpression
from bayesmixed.formula.terms import ParsedFormula

RESPONSE = "__response"
"""Name, within queries, of the response as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelColumns:
    """Different columns of X and Z, each by one name within queries.

    Attributes
    ----------
    fixed : LazyMatrix
        X.
    effects : list[list[LazyMatrix]]
        Of every grouping factor, of its bars.
    names : dict
        Name within queries, by key of the column.
    expressions : dict[str, tuple[str, narwhals.Expr]]
        By name within queries: what messages call it, and what it computes; `TARGET`, the response less the
        offset, is among them, and `RESPONSE` where there is an offset.
    numeric : set[str]
        Names of the columns that hold numbers and not levels alone.
    """

    fixed: LazyMatrix
    effects: list[list[LazyMatrix]]
    names: dict[tuple[object, ...], str]
    expressions: dict[str, tuple[str, nw.Expr]]
    numeric: set[str]

    def keeping(self, kept: IntArray) -> ModelColumns:
        """The same with some columns of X alone, by their places."""
        columns = tuple(self.fixed.columns[j] for j in kept)
        return replace(self, fixed=replace(self.fixed, columns=columns))

    def named(self, matrices: Sequence[LazyMatrix]) -> list[str]:
        """Names within queries of the columns of matrices."""
        return [self.names[column.key] for matrix in matrices for column in matrix.columns]

    def labels_of(self, chosen: set[str]) -> frozenset[str]:
        """Names in tables of the columns with some names within queries."""
        return frozenset(
            c.name for c in _all_columns(self.fixed, self.effects) if self.names[c.key] in chosen
        )


def model_columns(parsed: ParsedFormula, offsets: Offsets, rows: LazyRows) -> ModelColumns:
    """Find the columns of a formula."""
    fixed, groups = build_lazy_matrix(parsed.fixed, rows), bars_by_group(parsed.random)
    effects = [[build_lazy_matrix(bar.effects, rows) for bar in bars] for bars in groups]
    expressions, numeric = _left_side(parsed.response, offsets, rows), {TARGET}
    names: dict[tuple[object, ...], str] = {}
    for column in _all_columns(fixed, effects):
        if column.key in names:
            continue
        names[column.key] = name = ONE if _is_one(column) else f"__column{len(names)}"
        if name != ONE:
            expressions[name] = (column.name, column.expression)
        if column.factors:
            numeric.add(name)
    return ModelColumns(fixed=fixed, effects=effects, names=names, expressions=expressions, numeric=numeric)


def _left_side(left: ResponseExpression, offsets: Offsets, rows: LazyRows) -> dict[str, tuple[str, nw.Expr]]:
    """Response less the offsets, and where there are any the response itself."""
    text, response = left.text, lazy_number(left.parts[0], rows.kinds, {})
    whole, target = text, response
    for expression, state in offsets:
        fill_state(expression, rows.frame, rows.kinds, state)
        target = target - lazy_number(expression, rows.kinds, state)
        whole += f" - {expression.text}"
    own = {RESPONSE: (text, response)} if offsets else {}
    return own | {TARGET: (whole, target)}


def _all_columns(fixed: LazyMatrix, effects: Sequence[Sequence[LazyMatrix]]) -> list[LazyColumn]:
    """Columns of X, then of Z."""
    return [*fixed.columns, *(column for same in effects for matrix in same for column in matrix.columns)]


def _is_one(column: LazyColumn) -> bool:
    """Whether a column is an intercept."""
    return not column.factors and not column.cells and column.constant == 1.0
