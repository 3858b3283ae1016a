"""The columns that belong to the coefficients of a grouping factor's levels, and what groups say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesmixed import names
from bayesmixed.design.nesting import Lineage
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.printing.records import short_repr
from bayesmixed.verbs.lines import coefficient_names, line_names

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
        Whether the column is within every group a multiple of others (a constant, or the product of a
        predictor with a constant), so that only groups can determine its coefficient; never so for the
        intercept and for effects that vary.
    """

    names: tuple[str, ...]
    matrix: FloatArray
    between: tuple[bool, ...]

    __repr__ = short_repr

    @property
    def within(self) -> tuple[str, ...]:
        """Coefficients that the rows of one group can determine."""
        return tuple(name for name, flat in zip(self.names, self.between, strict=True) if not flat)


def coefficient_columns(design: Design, block: GroupBlock) -> CoefficientColumns:
    """Line up the columns of the coefficients of a grouping factor's levels."""
    wanted = coefficient_names(design, block)
    matrix = lined_up(design, [block], design.fixed.matrix, [block.columns])
    return CoefficientColumns(names=wanted, matrix=matrix, between=_between(wanted, matrix, block))


def line_columns(design: Design, kin: Lineage) -> CoefficientColumns:
    """Line up the columns of a grouping factor's lines: its own, then those of what varies by parents alone.

    The latter count as told by groups alone: no regression of a group's own rows has them.
    """
    own, wanted = coefficient_columns(design, kin.blocks[0]), line_names(design, kin)
    return CoefficientColumns(
        names=wanted,
        matrix=lined_up(design, kin.blocks, design.fixed.matrix, [block.columns for block in kin.blocks]),
        between=(*own.between, *[True] * (len(wanted) - len(own.names))),
    )


def lined_up(
    design: Design, blocks: Sequence[GroupBlock], fixed: FloatArray, effects: Sequence[FloatArray]
) -> FloatArray:
    """Columns of the coefficients in any rows, each name once, shape (r, m).

    Shapes: `fixed` (r, p), `effects` (r, k).
    """
    columns = dict(zip(design.fixed.terms, fixed.T, strict=True))
    for block, values in zip(blocks, effects, strict=True):
        for effect, column in zip(block.effects, values.T, strict=True):
            columns.setdefault(effect, column)
    return np.column_stack(list(columns.values()))


def group_notes(design: Design, block: GroupBlock) -> tuple[str, ...]:
    """Say of every group why it has no regression of its own, or nothing.

    Returns: J notes, empty where a group tells as many coefficients as any group of this design can.
    """
    columns = coefficient_columns(design, block)
    used = [columns.names.index(name) for name in columns.within]
    parts = [columns.matrix[np.ix_(rows, used)] for rows in rows_of_levels(block)]
    ranks = [np.linalg.matrix_rank(part / lengths(part), tol=RANK) for part in parts]
    most = max(ranks)
    has_rows_left = any(rank == most < len(part) for rank, part in zip(ranks, parts, strict=True))
    enough = most if has_rows_left else len(used)
    return tuple(
        "" if rank == enough else _note(part, columns.within) for rank, part in zip(ranks, parts, strict=True)
    )


def rows_of_levels(block: GroupBlock) -> list[IntArray]:
    """Rows of every level, J arrays of row numbers."""
    order = np.argsort(block.codes, kind="stable")
    ends = np.cumsum(np.bincount(block.codes, minlength=block.n_levels))[:-1]
    return np.split(order, ends)


def lengths(matrix: FloatArray) -> FloatArray:
    """Lengths of the columns, 1 for a column of zeros."""
    found = np.linalg.norm(matrix, axis=0)
    return np.where(found > 0.0, found, 1.0)


def _note(matrix: FloatArray, terms: Sequence[str]) -> str:
    """Why the rows of one group do not tell all coefficients."""
    if len(matrix) == 1 and len(terms) > 1:
        return "one row"
    constant = [
        repr(term)
        for term, column in zip(terms, matrix.T, strict=True)
        if term != names.INTERCEPT and np.all(column == column[0])
    ]
    if constant:
        return f"{' and '.join(constant)} constant in this group"
    if len(np.unique(matrix, axis=0)) < len(terms):
        return "too few different rows"
    return "predictors combinations of each other in this group"


def _between(wanted: Sequence[str], matrix: FloatArray, block: GroupBlock) -> tuple[bool, ...]:
    """Which columns are combinations of others within every group, by Gram and Schmidt group by group."""
    n_rows = np.bincount(block.codes, minlength=block.n_levels)
    first = np.unique(block.codes, return_index=True)[1]
    protected = [name == names.INTERCEPT or name in block.effects for name in wanted]
    rank, bases, found = np.zeros(block.n_levels), list[FloatArray](), [False] * len(wanted)
    for j in sorted(range(len(wanted)), key=lambda j: (wanted[j] != names.INTERCEPT, not protected[j])):
        column = matrix[:, j]
        left = _left_within(column, bases, block)
        told = _squares(left, block) > RANK**2 * _squares(column, block)
        constant = np.array_equal(column, column[first][block.codes])
        spanned = not told.any() and bool(np.any(n_rows > rank))
        found[j] = not protected[j] and (constant or spanned)
        if not found[j]:
            bases.append(left * told[block.codes])
            rank += told
    return tuple(found)


def _left_within(column: FloatArray, bases: Sequence[FloatArray], block: GroupBlock) -> FloatArray:
    """A column less its projections on others within every group; twice, for rounding."""
    for basis in (*bases, *bases):
        square = _squares(basis, block)
        share = np.bincount(block.codes, basis * column, block.n_levels) / np.where(square > 0, square, 1.0)
        column = column - share[block.codes] * basis
    return column


def _squares(column: FloatArray, block: GroupBlock) -> FloatArray:
    """Sum of squares of every group, shape (J,)."""
    return np.bincount(block.codes, column**2, block.n_levels)
