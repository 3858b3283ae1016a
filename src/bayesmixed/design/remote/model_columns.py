"""The different columns of a model whose data are not in memory, each asked for once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np

from bayesmixed.design.blocks import bars_by_group
from bayesmixed.design.fixed import Offsets
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.design.remote.expression import fill_state, lazy_number
from bayesmixed.design.remote.matrix import LazyColumn, LazyMatrix, build_lazy_matrix
from bayesmixed.design.remote.rows import ONE, LazyRows
from bayesmixed.design.remote.sums import TARGET, WEIGHT, Range, Sums, all_products, sum_products
from bayesmixed.formula.response import ResponseExpression
from bayesmixed.formula.terms import ParsedFormula

RESPONSE = "__response"
"""Name, within queries, of the response as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelColumns:
    """Different columns of X and Z, each by one name within queries."""

    fixed: LazyMatrix  # X
    effects: list[list[LazyMatrix]]  # of every grouping factor, of its bars
    names: dict[tuple[object, ...], str]  # name within queries, by key of the column
    # by name within queries: what messages call it, and what it computes; `TARGET`, the response less the
    # offset, is among them, and `RESPONSE` where there is an offset
    expressions: dict[str, tuple[str, nw.Expr]]
    numeric: set[str]  # names of the columns that hold numbers and not levels alone

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShiftedColumns:
    """Columns less their means, with what all rows say of them."""

    base: nw.LazyFrame[Any]  # all rows: their own columns and those of the model
    # the m columns of the model within `base`, the ones first, the response less offset last
    names: list[str]
    shifts: dict[str, float]  # what was subtracted
    totals: FloatArray  # sums over the rows of products of the shifted columns, unweighted, shape (m, m)
    weighted: FloatArray  # the same with weights
    # means, scales: of the columns as they are; the scale of a constant column is its size, that of the ones
    # 1
    means: dict[str, float]
    scales: dict[str, float]
    constant: set[str]  # columns that are the same in every row
    weight: str | None  # name of the weights
    grouped: Sums  # what the weighted sums were added up from

    def products(self, keys: Sequence[str], left: Sequence[str], right: Sequence[str]) -> Sums:
        """Weighted sums of products by the cells of some keys, or by finer cells where those are known."""
        if self.grouped.serves(keys, left, right):
            return self.grouped
        return sum_products(self.base, keys, left, right, [self.weight])[0]

    def location(self, columns: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations of columns, the latter 0 for those that are the same in every row."""
        same = {ONE, *self.constant}
        return (
            np.array([self.means[name] for name in columns]),
            np.array([0.0 if name in same else self.scales[name] for name in columns]),
        )

    def standardizing(
        self,
        columns: Sequence[str],
        centring: FloatArray,
        scales: FloatArray,
        over: Sequence[str] | None = None,
    ) -> FloatArray:
        """Linear map to centred columns over their scales."""
        as_they_are = self.mapped(columns, [0.0] * len(columns), over)
        return np.asarray(centring.T @ as_they_are / scales[:, None])

    def target(self, *, centred: bool, over: Sequence[str] | None = None) -> FloatArray:
        """Linear map to the response less offset over its scale, less its mean if asked for, shape (1, m)."""
        centre = self.means[TARGET] if centred else 0.0
        return np.asarray(self.mapped([TARGET], [centre], over) / self.scales[TARGET])

    def centred_scales(self, columns: Sequence[str], centring: FloatArray) -> FloatArray:
        """Standard deviations (n - 1) of centred columns, 1 for the ones, the size of constant ones."""
        to_centred = self.standardizing(columns, centring, np.ones(len(columns)))
        n, squares = self.totals[0, 0], np.einsum("pi,ij,pj->p", to_centred, self.totals, to_centred)
        around = np.maximum(squares - (to_centred @ self.totals[0]) ** 2 / n, 0.0)
        spread = np.sqrt(around / max(n - 1.0, 1.0))
        kept = {ONE, *self.constant}
        return np.array([self.scales[c] if c in kept else s for c, s in zip(columns, spread, strict=True)])

    def mapped(
        self, columns: Sequence[str], centres: Sequence[float] | FloatArray, over: Sequence[str] | None = None
    ) -> FloatArray:
        """Linear map from shifted columns to columns less given numbers.

        Returns shape (p, len(over).
        """
        given = self.names if over is None else list(over)
        out = np.zeros((len(columns), len(given)))
        for j, (name, centre) in enumerate(zip(columns, centres, strict=True)):
            out[j, given.index(name)] = 1.0
            out[j, given.index(ONE)] += self.shifts[name] - centre
        return out


def shift_columns(
    columns: ModelColumns,
    ranges: Mapping[str, Range],
    rows: LazyRows,
    *,
    keys: Sequence[str],
    weights: str | None,
) -> ShiftedColumns:
    """Subtract the means of numbers and sum the products over all rows."""
    expressions = {name: e for name, (_, e) in columns.expressions.items() if name not in (RESPONSE, TARGET)}
    expressions[TARGET] = columns.expressions[TARGET][1]
    shifts = {name: ranges[name].mean if name in columns.numeric else 0.0 for name in expressions}
    queries = [(e - shifts[name] if shifts[name] else e).alias(name) for name, e in expressions.items()]
    if weights is not None:
        queries.append(nw.col(weights).cast(nw.Float64).alias(WEIGHT))
    base, names = rows.frame.with_columns(nw.lit(1.0).alias(ONE), *queries), [ONE, *expressions]
    every = all_products(base, keys, names, [None] if weights is None else [None, WEIGHT])
    totals, grouped = every[0].totals(names), every[-1]
    shifts[ONE] = 0.0
    constant = {name for name in expressions if ranges[name].is_constant}
    means, scales = _moments(totals, names, shifts)
    for name in constant:
        means[name], scales[name] = ranges[name].low, abs(ranges[name].low)
    return ShiftedColumns(
        base=base,
        names=names,
        shifts=shifts,
        totals=totals,
        weighted=grouped.totals(names),
        means=means,
        scales=scales,
        constant=constant,
        weight=None if weights is None else WEIGHT,
        grouped=grouped,
    )


def _moments(
    totals: FloatArray, names: Sequence[str], shifts: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Means and standard deviations (n - 1) of the columns, 1 for the ones."""
    n, sums = totals[0, 0], totals[0]
    spread = np.sqrt(np.maximum(np.diag(totals) - sums**2 / n, 0.0) / max(n - 1.0, 1.0))
    means = {name: shifts[name] + float(sums[i] / n) for i, name in enumerate(names)}
    scales = {name: float(spread[i]) for i, name in enumerate(names)}
    return means, scales | {ONE: 1.0}
