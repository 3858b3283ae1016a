"""Designs that cannot be fitted, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.design.records import FloatArray, GroupBlock, Response
from bayesmixed.errors import DataError

RANK_TOLERANCE = 1e-9


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
    lengths = np.linalg.norm(matrix, axis=0)
    lengths[lengths == 0] = 1.0
    triangle = np.linalg.qr(matrix / lengths, mode="r")
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


def check_rank(matrix: FloatArray, names: Sequence[str]) -> None:
    """Refuse an X whose columns are linearly dependent.

    Raises
    ------
    DataError
        With the names of the aliased columns.
    """
    refuse_aliased(aliased_columns(matrix) if matrix.shape[1] else [], names, len(matrix))


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


def check_response(response: Response) -> None:
    """Refuse a response that does not vary.

    Raises
    ------
    DataError
        When all its values are equal.
    """
    values = response.values
    if np.all(values == values[0]):
        refuse_constant(response.name, float(values[0]))


def refuse_constant(name: str, value: float) -> NoReturn:
    """Refuse a response that is the same in every row.

    Raises
    ------
    DataError
        Always, with the value.
    """
    raise DataError(f"The response {name!r} is constant: every row has {value:g}.")


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
