"""The matrix of the fixed effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.design.checks import check_columns_near_zero
from bayesmixed.design.evaluate import State, evaluate_numbers
from bayesmixed.design.frame import Column
from bayesmixed.design.matrix import MatrixRecipe, build_matrix
from bayesmixed.design.rank import Aliases, find_aliases, refuse_nearly_aliased, standardized
from bayesmixed.design.records import FixedDesign, FloatArray
from bayesmixed.errors import DataError
from bayesmixed.formula.algebra import Algebra
from bayesmixed.formula.expression import Expression

FEW_ROWS = 10
"""In smaller data a text column may have more levels than half the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRecipe:
    """What encodes the fixed side of new data.

    Attributes
    ----------
    matrix : MatrixRecipe
        Of the terms.
    aliases : Aliases
        Which of its columns X keeps, and what binds the others to them.
    offsets : tuple[tuple[Expression, State], ...]
        Every offset with the memory of its transforms.
    """

    matrix: MatrixRecipe
    aliases: Aliases
    offsets: tuple[tuple[Expression, State], ...]


def build_fixed(
    algebra: Algebra,
    offsets: tuple[tuple[Expression, State], ...],
    columns: Mapping[str, Column],
    n: int,
) -> FixedDesign:
    """Build X of full column rank.

    Parameters
    ----------
    algebra : Algebra
        Terms of the fixed side.
    offsets : tuple
        Evaluated offsets, kept in the recipe.
    columns : Mapping[str, ndarray or Categorical]
        Tidy columns by name.
    n : int
        Number of rows.

    Returns
    -------
    FixedDesign
        Without the columns that are combinations of earlier ones.

    Raises
    ------
    DataError
        When a column is nearly a combination of others, or a text column has hardly a value twice.
    """
    _check_text(algebra.columns, columns, n)
    every, recipe = build_matrix(algebra, columns, n)
    lean = standardized(every, has_intercept=recipe.has_intercept)
    aliases = find_aliases(lean)
    refuse_nearly_aliased(lean, aliases, recipe.names)
    matrix = np.ascontiguousarray(every[:, aliases.kept]) if len(aliases.left_out) else every
    terms = tuple(recipe.names[j] for j in aliases.kept)
    if not recipe.has_intercept:
        check_columns_near_zero(terms, matrix)
    means, scales = matrix.mean(axis=0), column_scales(matrix)
    if recipe.has_intercept:
        means[0], scales[0] = 0.0, 1.0
    return FixedDesign(
        matrix=matrix,
        terms=terms,
        left_out=tuple(recipe.names[j] for j in aliases.left_out),
        has_intercept=recipe.has_intercept,
        means=means,
        scales=scales,
        recipe=FixedRecipe(matrix=recipe, aliases=aliases, offsets=offsets),
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


def column_scales(matrix: FloatArray) -> FloatArray:
    """Compute the scale of every column of a matrix.

    Parameters
    ----------
    matrix : FloatArray
        Shape (n, k).

    Returns
    -------
    FloatArray
        Sample standard deviations (n - 1), shape (k,); the root mean square of a constant column.

    Examples
    --------
    >>> column_scales(np.array([[1.0, 3.0], [3.0, 3.0]])).round(3).tolist()
    [1.414, 3.0]
    """
    if not matrix.size:
        return np.ones(matrix.shape[1])
    constant = matrix.max(axis=0) == matrix.min(axis=0)
    if len(matrix) == 1:
        return np.array(np.abs(matrix[0]))
    scales: FloatArray = np.where(constant, np.abs(matrix[0]), np.std(matrix, axis=0, ddof=1))
    return scales


def sum_offsets(
    offsets: tuple[tuple[Expression, State], ...], columns: Mapping[str, Column], n: int
) -> FloatArray:
    """Sum the offsets of every row, shape (n,); zeros where there are none."""
    total = np.zeros(n)
    for expression, state in offsets:
        total += evaluate_numbers(expression, columns, n, state)
    return total
