"""Least squares with coefficients of a group's own beside common ones: from complete pooling to none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.checks import aliased_columns
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.extract.coef import coefficient_names

RANK = 1e-9
"""Relative length below which a column counts as a combination of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientColumns:
    """The column that belongs to every coefficient of a grouping factor's levels.

    Attributes
    ----------
    names : tuple[str, ...]
        The m coefficients, as ``coef()`` names them.
    matrix : FloatArray
        Shape (n, m).
    between : tuple[bool, ...]
        Whether the column is constant within every group, so that only groups can tell its coefficient.
    """

    names: tuple[str, ...]
    matrix: FloatArray
    between: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRegression:
    """A regression in which some coefficients are a group's own, the others common to all groups.

    Attributes
    ----------
    coefficients : FloatArray
        Shape (J, m), NaN where the rows of a group do not tell it.
    fitted : FloatArray
        Fitted value of every row, shape (n,).
    leverage : FloatArray
        Diagonal of the hat matrix, shape (n,).
    n_coefficients : int
        Number of coefficients that the data tell, the rank.
    """

    coefficients: FloatArray
    fitted: FloatArray
    leverage: FloatArray
    n_coefficients: int


def coefficient_columns(design: Design, block: GroupBlock) -> CoefficientColumns:
    """Line up the columns of the coefficients of a grouping factor's levels.

    Parameters
    ----------
    design : Design
        The design.
    block : GroupBlock
        The grouping factor.

    Returns
    -------
    CoefficientColumns
        The fixed terms, then effects that are only random.
    """
    wanted, terms = coefficient_names(design, block), design.fixed.terms
    columns = [
        design.fixed.matrix[:, terms.index(name)]
        if name in terms
        else block.columns[:, block.effects.index(name)]
        for name in wanted
    ]
    matrix = np.column_stack(columns)
    first = np.unique(block.codes, return_index=True)[1]
    constant = np.all(matrix == matrix[first][block.codes], axis=0)
    between = tuple(
        bool(flat) and name not in block.effects for flat, name in zip(constant, wanted, strict=True)
    )
    return CoefficientColumns(names=wanted, matrix=matrix, between=between)


def regress(design: Design, block: GroupBlock, own: Sequence[str]) -> GroupRegression:
    """Regress the response with a coefficient per group for some columns.

    Use it without own coefficients for complete pooling, with ``["Intercept"]`` for groups as fixed
    intercepts, and with all coefficients for one regression per group.

    Parameters
    ----------
    design : Design
        Response, X, weights; other grouping factors take no part.
    block : GroupBlock
        The groups.
    own : sequence of str
        Coefficients that every group has for itself.

    Returns
    -------
    GroupRegression
        Coefficients, fitted values, leverages.

    Notes
    -----
    Common coefficients come from rows swept of the own columns group by group (Frisch, Waugh, Lovell), own
    ones from what then is left: no matrix has a column for every group. The coefficient of a column that is
    constant within every group comes from a regression of the groups' own coefficients on it, which is the
    limit of the mixed model as its standard deviations grow. An effect that is only random is zero where
    groups have none of their own.
    """
    columns = coefficient_columns(design, block)
    root = np.ones(design.n_rows) if design.weights is None else np.sqrt(design.weights)
    rows = columns.matrix * root[:, None]
    response = (design.response.values - design.offset) * root
    mine = np.array([name in own for name in columns.names], dtype=bool)
    fixed = np.array([name in design.fixed.terms for name in columns.names], dtype=bool)
    shared = np.flatnonzero(~mine & fixed)
    swept, swept_response, leverage, rank = _sweep(rows[:, mine], rows[:, shared], response, block)
    kept, gamma, basis = _common(swept, rows[:, shared], swept_response)
    common = np.zeros(rows.shape[1])
    common[shared[kept]] = gamma
    left = response - rows @ common
    coefficients, fitted = _own_coefficients(rows[:, mine], left, block)
    table = np.tile(common, (block.n_levels, 1))
    table[:, mine] = coefficients
    aliased = np.setdiff1d(shared, shared[kept])
    if len(aliased):
        _give_to_groups(table, rows, block, mine, aliased, fixed[mine])
    return GroupRegression(
        coefficients=table,
        fitted=(fitted + rows @ common) / root + design.offset,
        leverage=leverage + np.sum(basis**2, axis=1),
        n_coefficients=rank + len(gamma),
    )


def group_notes(design: Design, block: GroupBlock) -> tuple[str, ...]:
    """Say of every group why it has no regression of its own, or nothing.

    Parameters
    ----------
    design : Design
        The design.
    block : GroupBlock
        The groups.

    Returns
    -------
    tuple[str, ...]
        J notes, empty where a group tells all its coefficients.
    """
    columns = coefficient_columns(design, block)
    used = [j for j, between in enumerate(columns.between) if not between]
    return tuple(
        _note(columns.matrix[np.ix_(rows, used)], [columns.names[j] for j in used])
        for rows in rows_of_levels(block)
    )


def rows_of_levels(block: GroupBlock) -> list[IntArray]:
    """Rows of every level, J arrays of row numbers."""
    order = np.argsort(block.codes, kind="stable")
    ends = np.cumsum(np.bincount(block.codes, minlength=block.n_levels))[:-1]
    return np.split(order, ends)


def _note(matrix: FloatArray, terms: Sequence[str]) -> str:
    """Why the rows of one group do not tell all coefficients."""
    if len(matrix) == 1 and len(terms) > 1:
        return "one row"
    if np.linalg.matrix_rank(matrix / _lengths(matrix), tol=RANK) == len(terms):
        return ""
    constant = [
        repr(term)
        for term, column in zip(terms, matrix.T, strict=True)
        if term != names.INTERCEPT and np.all(column == column[0])
    ]
    if constant:
        return f"{' and '.join(constant)} constant in this group"
    return "too few different rows"


def _sweep(
    own: FloatArray, common: FloatArray, response: FloatArray, block: GroupBlock
) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """Common columns and response less their projections on each group's own columns, leverages, rank."""
    swept, swept_response = common.copy(), response.copy()
    leverage, rank = np.zeros(len(response)), 0
    for rows in rows_of_levels(block) if own.shape[1] else ():
        basis = _basis(own[rows])
        swept[rows] -= basis @ (basis.T @ swept[rows])
        swept_response[rows] -= basis @ (basis.T @ swept_response[rows])
        leverage[rows] = np.sum(basis**2, axis=1)
        rank += basis.shape[1]
    return swept, swept_response, leverage, rank


def _common(
    swept: FloatArray, original: FloatArray, response: FloatArray
) -> tuple[list[int], FloatArray, FloatArray]:
    """Common columns that the swept rows tell, their coefficients, and an orthonormal basis of them."""
    gone = np.linalg.norm(swept, axis=0) <= RANK * np.linalg.norm(original, axis=0)
    matrix = np.where(gone, 0.0, swept)
    aliased = set(aliased_columns(matrix)) if matrix.shape[1] else set()
    kept = [j for j in range(matrix.shape[1]) if j not in aliased]
    basis, triangle = np.linalg.qr(matrix[:, kept])
    return kept, np.linalg.solve(triangle, basis.T @ response), basis


def _own_coefficients(own: FloatArray, left: FloatArray, block: GroupBlock) -> tuple[FloatArray, FloatArray]:
    """Every group's own coefficients, NaN where its rows do not tell them, with the fitted values."""
    out, fitted = np.zeros((block.n_levels, own.shape[1])), np.zeros(len(left))
    lengths = _lengths(own)
    for j, rows in enumerate(rows_of_levels(block) if own.shape[1] else ()):
        scaled = own[rows] / lengths
        found = np.linalg.pinv(scaled, rcond=RANK)
        out[j] = found @ left[rows] / lengths
        fitted[rows] = own[rows] @ out[j]
        told = np.abs(np.diag(found @ scaled) - 1.0) < 1e-6
        out[j, ~told] = np.nan
    return out, fitted


def _give_to_groups(
    table: FloatArray,
    rows: FloatArray,
    block: GroupBlock,
    mine: NDArray[np.bool_],
    aliased: IntArray,
    fixed: NDArray[np.bool_],
) -> None:
    """Move what columns constant within groups explain out of the groups' own coefficients, in place."""
    own = rows[:, mine]
    moved = np.array(
        [
            np.linalg.pinv(own[part], rcond=RANK) @ rows[np.ix_(part, aliased)]
            for part in rows_of_levels(block)
        ]
    )
    levels = np.broadcast_to(np.diag(fixed.astype(np.float64)), (*moved.shape[:2], own.shape[1]))
    left = np.concatenate([levels, moved], axis=2).reshape(-1, own.shape[1] + len(aliased))
    right = table[:, mine].ravel()
    known = np.isfinite(right)
    between = np.linalg.lstsq(left[known], right[known])[0][own.shape[1] :]
    table[:, mine] -= moved @ between
    table[:, aliased] = between


def _basis(matrix: FloatArray) -> FloatArray:
    """Orthonormal basis of the columns of a matrix, shape (n, rank)."""
    left, singular, _ = np.linalg.svd(matrix / _lengths(matrix), full_matrices=False)
    return np.asarray(left[:, singular > RANK * np.max(singular, initial=0.0)])


def _lengths(matrix: FloatArray) -> FloatArray:
    """Lengths of the columns, 1 for a column of zeros."""
    lengths = np.linalg.norm(matrix, axis=0)
    return np.where(lengths > 0.0, lengths, 1.0)
