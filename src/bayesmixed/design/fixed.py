"""The matrix of the fixed effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmixed.design.checks import check_rank
from bayesmixed.design.evaluate import State, evaluate_numbers
from bayesmixed.design.frame import Column
from bayesmixed.design.matrix import MatrixRecipe, build_matrix
from bayesmixed.design.records import FixedDesign, FloatArray
from bayesmixed.formula.algebra import Algebra
from bayesmixed.formula.expression import Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRecipe:
    """What encodes the fixed side of new data.

    Attributes
    ----------
    matrix : MatrixRecipe
        Of the terms.
    offsets : tuple[tuple[Expression, State], ...]
        Every offset with the memory of its transforms.
    """

    matrix: MatrixRecipe
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

    Raises
    ------
    DataError
        When columns of X are aliased; they are named.
    """
    matrix, recipe = build_matrix(algebra, columns, n)
    check_rank(matrix, recipe.names)
    means, scales = matrix.mean(axis=0), column_scales(matrix)
    if recipe.has_intercept:
        means[0], scales[0] = 0.0, 1.0
    return FixedDesign(
        matrix=matrix,
        terms=recipe.names,
        has_intercept=recipe.has_intercept,
        means=means,
        scales=scales,
        recipe=FixedRecipe(matrix=recipe, offsets=offsets),
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
