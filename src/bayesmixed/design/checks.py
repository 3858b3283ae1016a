"""Designs that cannot be fitted, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.design.records import FloatArray, GroupBlock, Response
from bayesmixed.errors import DataError

RANK_TOLERANCE, NEARLY = 1e-9, 1e-5
"""Share of a column that must be left beside the others: to be told apart, and to keep its digits."""

REMOTE = 1e5
"""How many standard deviations from zero a column may lie that is not centred."""


def aliased_columns(matrix: FloatArray, tolerance: float = RANK_TOLERANCE) -> list[int]:
    """Find the columns of a matrix that depend linearly on earlier ones.

    Parameters
    ----------
    matrix : FloatArray
        Shape (n, p).
    tolerance : float
        Share of its length below which the remainder of a column counts as nothing.

    Returns
    -------
    list[int]
        Their indices; of two equal columns the later one, as in R's ``lm``.

    Notes
    -----
    One QR decomposition takes the n rows away; Gram-Schmidt (twice, for orthogonality to rounding) then
    runs over the p columns of R, leaving out every column whose remainder is below the tolerance.

    Examples
    --------
    >>> aliased_columns(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0], [1.0, 2.0, 5.0]]))
    [1]
    """
    return _dependent(_triangle(matrix), tolerance)


def nearly_aliased_columns(matrix: FloatArray, *, has_intercept: bool) -> list[int]:
    """Find the columns of which too little is left beside earlier ones for the digits of a cross-product.

    Parameters
    ----------
    matrix : FloatArray
        Shape (n, p).
    has_intercept : bool
        Whether the first column is an intercept: then the others are taken from their means.

    Returns
    -------
    list[int]
        Their indices.

    Notes
    -----
    Cross-products square the condition of a matrix: of a column that differs by a share r of its standard
    deviation from a combination of others, about 16 + 2 log10(r) digits are left, six at 1e-5. In the
    triangular factor of a QR decomposition the first row is what an intercept takes away.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 5.0])
    >>> nearly_aliased_columns(np.column_stack([x, x + [0, 0, 0, 1e-7]]), has_intercept=False)
    [1]
    """
    triangle = _triangle(matrix)
    if not has_intercept:
        return _dependent(triangle, NEARLY)
    return [index + 1 for index in _dependent(_unit_columns(triangle[1:, 1:]), NEARLY)]


def _triangle(matrix: FloatArray) -> FloatArray:
    """Triangular factor of a matrix with columns of length 1."""
    return np.linalg.qr(_unit_columns(matrix), mode="r")


def _unit_columns(matrix: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(matrix, axis=0)
    return np.asarray(matrix / np.where(lengths == 0, 1.0, lengths))


def _dependent(triangle: FloatArray, tolerance: float) -> list[int]:
    """Columns of length 1 of which no more than a tolerance is left beside earlier ones."""
    basis = np.empty((len(triangle), 0))
    aliased: list[int] = []
    for index, column in enumerate(triangle.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length < tolerance:
            aliased.append(index)
        else:
            basis = np.column_stack([basis, rest / length])
    return aliased


def check_rank(matrix: FloatArray, names: Sequence[str], *, has_intercept: bool = False) -> None:
    """Refuse an X whose columns are linearly dependent, or so nearly that digits would be lost.

    Parameters
    ----------
    matrix : FloatArray
        Shape (n, p).
    names : sequence of str
        Of the columns.
    has_intercept : bool
        Whether the first column is an intercept.

    Raises
    ------
    DataError
        With the names of the aliased columns.
    """
    if not matrix.shape[1]:
        return
    refuse_aliased(aliased_columns(matrix), names, len(matrix))
    refuse_nearly_aliased(nearly_aliased_columns(matrix, has_intercept=has_intercept), names)


def refuse_nearly_aliased(nearly: Sequence[int], names: Sequence[str]) -> None:
    """Refuse columns of which too little is left beside earlier ones.

    Parameters
    ----------
    nearly : sequence of int
        Their indices; nothing happens when there are none.
    names : sequence of str
        Of all columns.

    Raises
    ------
    DataError
        With their names.
    """
    if nearly:
        listed = ", ".join(repr(names[index]) for index in nearly)
        raise DataError(
            f"The fixed effects can hardly be told apart: {listed} differs "
            f"by less than {NEARLY:g} of its standard deviation from a combination of the other columns, so "
            "that a fit would lose its digits. Take the difference as the predictor, or leave it out."
        )


def refuse_aliased(aliased: Sequence[int], names: Sequence[str], n: int) -> None:
    """Refuse columns that depend on earlier ones.

    Parameters
    ----------
    aliased : sequence of int
        Their indices; nothing happens when there are none.
    names : sequence of str
        Of all columns.
    n : int
        Number of rows.

    Raises
    ------
    DataError
        With the names of the aliased columns.
    """
    if aliased:
        listed = ", ".join(repr(names[index]) for index in aliased)
        subject = "is a combination" if len(aliased) == 1 else "are combinations"
        raise DataError(
            f"The fixed effects cannot be told apart: {listed} {subject} of the other columns over these "
            f"{n} rows. Leave it out of the formula, or recode."
        )


def check_columns_near_zero(names: Sequence[str], matrix: FloatArray) -> None:
    """Refuse columns so far from zero that their variation would lose its digits.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    matrix : FloatArray
        Shape (n, k).

    Raises
    ------
    DataError
        When a mean is more than 1e5 standard deviations from zero.

    Notes
    -----
    Squares of a column at m standard deviations from zero leave 16 - 2 log10(m) digits for its variation.
    """
    refuse_remote(names, matrix.mean(axis=0), matrix.std(axis=0))


def refuse_remote(names: Sequence[str], means: FloatArray, sds: FloatArray) -> None:
    """Refuse columns whose mean is too many standard deviations from zero.

    Raises
    ------
    DataError
        With the first such column.
    """
    for name, mean, sd in zip(names, means, sds, strict=True):
        if abs(mean) > REMOTE * sd > 0:
            raise DataError(
                f"{name!r} varies by {sd:.3g} around {mean:.6g}, too little for its size: a fit would lose "
                f"its digits. Write center({name}), or subtract a constant in the data."
            )


def check_response(response: Response, offset: FloatArray, *, centred: bool) -> None:
    """Refuse a response that does not vary, or too little for its size.

    Parameters
    ----------
    response : Response
        Of the design.
    offset : FloatArray
        What is known of it, shape (n,).
    centred : bool
        Whether the model has an intercept, which takes the mean away.

    Raises
    ------
    DataError
        When all its values are equal, or no intercept takes a large mean away.
    """
    values = response.values - offset
    if np.all(values == values[0]):
        refuse_constant(response.name, float(values[0]), has_offset=bool(np.any(offset)))
    if not centred:
        check_columns_near_zero([response.name], values[:, None])


def refuse_constant(name: str, value: float, *, has_offset: bool) -> NoReturn:
    """Refuse a response that is the same in every row.

    Raises
    ------
    DataError
        Always, with the value.
    """
    less = " less its offset" if has_offset else ""
    raise DataError(f"The response {name!r}{less} is constant: every row has {value:g}.")


RESERVED = frozenset(
    {names.BETA, names.SIGMA, names.RESPONSE, names.TERM, names.ROW, names.CHAIN, names.DRAW}
)
"""Names that variables and dimensions of every posterior have already."""


def check_group_names(blocks: Sequence[GroupBlock]) -> None:
    """Refuse a grouping factor whose name cannot be a dimension of the posterior.

    Parameters
    ----------
    blocks : sequence of GroupBlock
        The grouping factors.

    Raises
    ------
    DataError
        When a name is taken by the posterior itself, or holds a slash.
    """
    for block in blocks:
        group = block.group
        if group in RESERVED:
            raise DataError(
                f"The grouping factor {group!r} is a name that every posterior uses itself. "
                f"Rename the column, e.g. {group + '_id'!r}."
            )
        if "/" in group:
            raise DataError(
                f"The grouping factor {group!r} holds a slash. "
                f"Rename the column, e.g. {group.replace('/', '_')!r}."
            )


def check_levels(blocks: Sequence[GroupBlock]) -> None:
    """Refuse a grouping factor with one level.

    Raises
    ------
    DataError
        With its name.
    """
    for block in blocks:
        if block.n_levels < 2:
            raise DataError(
                f"The grouping factor {block.group!r} has only one level, {block.levels[0]!r}: "
                "there is nothing to vary over. Leave the bar out."
            )


def check_identified(blocks: Sequence[GroupBlock], n: int) -> None:
    """Refuse as many random effects as rows, in a model with a residual variance.

    Parameters
    ----------
    blocks : sequence of GroupBlock
        Of the design.
    n : int
        Number of rows.

    Raises
    ------
    DataError
        When a correlated set of k effects over J levels has k J >= n.

    Notes
    -----
    The rule is lme4's, bar by bar (``check.nobs.vs.nlev`` and ``check.nobs.vs.nRE``): the variance of the
    effects and the residual variance then cannot be told apart.
    """
    for block in blocks:
        largest = max(block.correlated)
        if largest * block.n_levels >= n:
            what = "levels" if largest == 1 else "random effects"
            raise DataError(
                f"{block.group!r} has {largest * block.n_levels} {what} for {n} rows: the residual variance "
                f"and the variance of {block.group!r} cannot be told apart. A grouping factor names groups "
                "of several rows; use a coarser one, or fewer effects."
            )


def check_weights(weights: ArrayLike, n: int) -> FloatArray:
    """Check prior weights.

    Parameters
    ----------
    weights : array-like
        One for every row.
    n : int
        Number of rows of the data.

    Returns
    -------
    FloatArray
        Shape (n,).

    Raises
    ------
    DataError
        For a wrong length, and for weights that are missing, infinite, zero or negative.
    """
    values = np.asarray(weights)
    if values.dtype == object and all(w is None or isinstance(w, (int, float)) for w in values.flat):
        values = values.astype(np.float64)
    if values.dtype.kind not in "iuf":
        raise DataError("weights must be numbers.")
    if values.shape != (n,):
        raise DataError(f"weights has shape {values.shape}; the data have {n} rows.")
    for word, bad in (
        ("missing", np.isnan(values)),
        ("infinite", np.isinf(values)),
        ("zero or negative", values <= 0),
    ):
        if np.any(bad):
            first = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{int(bad.sum())} of the weights are {word}, the first in row {first} (counted from 0)."
            )
    return np.array(values, dtype=np.float64)
