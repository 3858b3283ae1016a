"""The matrix of the fixed effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.centring import (
    ColumnMoments,
    centred_columns,
    codings,
    column_products,
    mean_centring,
    no_centring,
    product_centring,
)
from bayesmixed.design.checks import check_columns_near_zero
from bayesmixed.design.evaluate import State, evaluate_numbers
from bayesmixed.design.frame import Column
from bayesmixed.design.matrix import MatrixRecipe, build_matrix
from bayesmixed.design.rank import Aliases, find_aliases, refuse_nearly_aliased, standardized
from bayesmixed.design.records import FixedDesign, FloatArray
from bayesmixed.errors import DataError
from bayesmixed.formula.algebra import Algebra
from bayesmixed.formula.expression import Expression
from bayesmixed.options import Center
from bayesmixed.printing.records import short_repr

FEW_ROWS = 10
"""In smaller data a text column may have more levels than half the rows."""

Offsets = tuple[tuple[Expression, State], ...]
"""Every offset with the memory of its transforms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRecipe:
    """What encodes the fixed side of new data."""

    matrix: MatrixRecipe  # of the terms
    aliases: Aliases  # which of its columns X keeps, and what binds the others to them
    offsets: Offsets  # what every row adds

    __repr__ = short_repr


def build_fixed(
    algebra: Algebra,
    offsets: Offsets,
    columns: Mapping[str, Column],
    n: int,
    *,
    center: Center = True,
) -> FixedDesign:
    """Build X of full column rank."""
    _check_text(algebra.columns, columns, n)
    every, recipe = build_matrix(algebra, columns, n)
    lean = standardized(every, has_intercept=recipe.has_intercept)
    aliases = find_aliases(lean)
    refuse_nearly_aliased(lean, aliases, recipe.names)
    matrix = np.ascontiguousarray(every[:, aliases.kept]) if len(aliases.left_out) else every
    terms = tuple(recipe.names[j] for j in aliases.kept)
    if not recipe.has_intercept:
        check_columns_near_zero(terms, matrix)
    centring = matrix_centring(matrix, recipe, center=center, aliases=aliases)
    scales = column_scales(matrix, centring)
    if recipe.has_intercept:
        scales[0] = 1.0
    return FixedDesign(
        matrix=matrix,
        terms=terms,
        left_out=tuple(recipe.names[j] for j in aliases.left_out),
        has_intercept=recipe.has_intercept,
        centring=centring,
        scales=scales,
        recipe=FixedRecipe(matrix=recipe, aliases=aliases, offsets=offsets),
        keys=tuple(recipe.columns[j].key for j in aliases.kept),
        left_out_keys=tuple(recipe.columns[j].key for j in aliases.left_out),
    )


def _check_text(names: Iterable[str], columns: Mapping[str, Column], n: int) -> None:
    """Refuse text that would have a coefficient for more than every second row."""
    for name in names:
        column = columns[name]
        if isinstance(column, pd.Categorical) and n > FEW_ROWS and len(column.categories) > n / 2:
            raise DataError(
                f"The predictor {name!r} is text with {len(column.categories)} different values in {n} rows, "
                "and would have a coefficient for each. If it holds numbers, convert it: "
                f"data[{name!r}] = pd.to_numeric(data[{name!r}]). If it is a label, write (1 | {name})."
            )


def matrix_centring(
    matrix: FloatArray, recipe: MatrixRecipe, *, center: Center, aliases: Aliases | None = None
) -> FloatArray:
    """Find the map to the centred columns of a matrix, of those kept where some are left out, (p, p)."""
    if not matrix.size:
        return no_centring(matrix.shape[1])
    moments = ColumnMoments(
        means=matrix.mean(axis=0),
        constant=is_constant(matrix),
        means_of=lambda products: centred_columns(matrix, products).mean(axis=0),
        inner=lambda left, right: float((matrix @ left) @ (matrix @ right)),
    )
    return centring_of(moments, recipe, center=center, aliases=aliases)


def centring_of(
    moments: ColumnMoments, recipe: MatrixRecipe, *, center: Center, aliases: Aliases | None = None
) -> FloatArray:
    """Find the map to the centred columns of a matrix, shape (p, p)."""
    products = no_centring(len(moments.means))
    if center is True:
        columns = column_products(recipe)
        left_out = {} if aliases is None else aliases.combinations(has_intercept=recipe.has_intercept)
        products = product_centring(
            tuple(column for j, column in enumerate(columns) if j not in left_out),
            codings(recipe.spec),
            moments,
            {columns[j]: combination for j, combination in left_out.items()},
        )
    if center is False or not recipe.has_intercept:
        return products
    return products @ mean_centring(np.where(moments.constant, 0.0, moments.means_of(products)))


def is_constant(matrix: FloatArray) -> NDArray[np.bool_]:
    """Tell the columns that are the same in every row, shape (k,)."""
    return np.asarray(matrix.max(axis=0) == matrix.min(axis=0))


def column_scales(matrix: FloatArray, centring: FloatArray) -> FloatArray:
    """Compute the scale of every centred column of a matrix.

    Shapes: `matrix` (n, k), `centring` (k, k); returns (k,).
    """
    if not matrix.size:
        return np.ones(matrix.shape[1])
    if len(matrix) == 1:
        return np.array(np.abs(matrix[0]))
    spread = np.std(centred_columns(matrix, centring), axis=0, ddof=1)
    return np.where(is_constant(matrix), np.abs(matrix[0]), spread)


def remembered(offsets: Iterable[Expression]) -> Offsets:
    """Offsets whose transforms have seen no data yet."""
    return tuple((offset, {}) for offset in offsets)


def sum_offsets(offsets: Offsets, columns: Mapping[str, Column], n: int) -> FloatArray:
    """Sum the offsets of every row, shape (n,); zeros where there are none."""
    total = np.zeros(n)
    for expression, state in offsets:
        total += evaluate_numbers(expression, columns, n, state)
    return total
