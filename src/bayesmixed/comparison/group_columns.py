"""Columns of the coefficients of a grouping factor's levels, and the regressions of every level on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.nesting import Lineage
from bayesmixed.design.rank import aliased_columns
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.printing.records import short_repr
from bayesmixed.verbs.lines import coefficient_names, line_names

RANK = 1e-9
"""Relative length below which a column counts as a combination of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientColumns:
    """The column that belongs to every coefficient of a grouping factor's levels."""

    names: tuple[str, ...]  # the m coefficients, as `coef()` names them
    matrix: FloatArray  # shape (n, m)
    # whether the column is within every group a multiple of others (a constant, or the product of a predictor
    # with a constant), so that only groups can determine its coefficient; never so for the intercept and for
    # effects that vary
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
        "" if rank == enough else reason_untold(part, columns.within)
        for rank, part in zip(ranks, parts, strict=True)
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


def reason_untold(matrix: FloatArray, terms: Sequence[str]) -> str:
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


SAME = 1e-6
"""Relative difference below which a row counts as a combination of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """A regression with k own coefficients for each of J groups and s common ones."""

    mine: NDArray[np.bool_]  # which of the m coefficients are a group's own, shape (m,)
    shared: IntArray  # places of the common coefficients among the m, shape (s,)
    # kept, aliased: places among the s of the columns that rows determine beside the groups' own columns, and
    # of the others
    kept: IntArray
    aliased: IntArray
    # own coefficients, aliased columns left out, shape (J, k); the smallest where rows leave a choice
    own: FloatArray
    # covariances of a group's own coefficients over the residual variance, the common ones known, (J, k, k)
    unscaled: FloatArray
    common: FloatArray  # common coefficients, 0 where aliased, shape (s,)
    # root of the information on the kept coefficients over the residual variance, upper triangular
    triangle: FloatArray
    # aliased columns, swept of the own ones, as combinations of the kept, shape (kept, aliased)
    combined: FloatArray
    moved: FloatArray  # common columns as combinations of the own columns of each group, shape (J, k, s)
    # projections on what the rows of each group determine of its own coefficients times `scales`, shape
    # (J, k, k)
    reach: FloatArray
    scales: FloatArray  # root mean squares of the own columns, shape (k,)
    shared_scales: FloatArray  # root mean squares of the common columns, shape (s,)
    fitted: FloatArray  # of every row, shape (n,)
    leverage: FloatArray  # of every row, shape (n,)
    n_coefficients: int  # the rank

    @property
    def told(self) -> NDArray[np.bool_]:
        """Whether the rows of a group determine each of its own coefficients, shape (J, k)."""
        return np.abs(np.diagonal(self.reach, axis1=1, axis2=2) - 1.0) < SAME

    @property
    def carried(self) -> FloatArray:
        """What a unit of each aliased coefficient adds to the own coefficients, shape (J, k, aliased)."""
        return self.moved[:, :, self.aliased] - self.moved[:, :, self.kept] @ self.combined

    def predict(self, rows: FloatArray, codes: IntArray) -> FloatArray:
        """Predict rows of the same groups, NaN where the regression's rows cannot determine them.

        Shapes: `rows` (r, m), `codes` (r,); returns (r,).

        Told is what is a combination of the regression's rows, whatever the coefficients behind it.
        """
        mine, shared = rows[:, self.mine], rows[:, self.shared]
        groups = np.maximum(codes, 0)
        value = np.sum(mine * self.own[groups], axis=1) + shared @ self.common
        scaled = mine / self.scales
        outside = scaled - np.einsum("rk,rkl->rl", scaled, self.reach[groups])
        told = np.all(np.abs(outside) <= SAME * np.abs(scaled).max(axis=1, initial=1.0)[:, None], axis=1)
        left = shared - np.einsum("rk,rks->rs", mine, self.moved[groups])
        apart = np.abs(left[:, self.aliased] - left[:, self.kept] @ self.combined)
        told &= np.all(apart <= SAME * self.shared_scales[self.aliased], axis=1)
        return np.where(told & ((codes >= 0) | ~np.any(self.mine)), value, np.nan)


def first_stage(design: Design, block: GroupBlock, own: Sequence[str]) -> FirstStage:
    """Regress the response with own coefficients per group beside all common ones that rows determine.

    Common coefficients come from rows swept of the own columns group by group (Frisch, Waugh, Lovell), own
    ones from what then is left: no matrix has a column for every group.
    """
    columns = coefficient_columns(design, block)
    root = np.ones(design.n_rows) if design.weights is None else np.sqrt(design.weights)
    rows, response = columns.matrix * root[:, None], (design.response.values - design.offset) * root
    mine = np.array([name in own for name in columns.names], dtype=bool)
    fixed = np.array([name in design.fixed.terms for name in columns.names], dtype=bool)
    shared = np.flatnonzero(~mine & fixed)
    own_rows, common_rows = rows[:, mine], rows[:, shared]
    scales = lengths(own_rows) / np.sqrt(design.n_rows)
    bases, inverses, reach = _decomposed(own_rows, scales, block)
    groups = rows_of_levels(block)
    swept, swept_response = _sweep(common_rows, bases, groups), _sweep(response, bases, groups)
    kept, aliased = _told_columns(swept, common_rows)
    basis, triangle = np.linalg.qr(swept[:, kept])
    common = np.zeros(len(shared))
    common[kept] = np.linalg.solve(triangle, basis.T @ swept_response)
    left = response - common_rows @ common
    coefficients = np.array([inverse @ left[part] for inverse, part in zip(inverses, groups, strict=True)])
    fitted = common_rows @ common + np.sum(own_rows * coefficients[block.codes], axis=1)
    leverage = np.sum(basis**2, axis=1)
    for part, own_basis in zip(groups, bases, strict=True):
        leverage[part] += np.sum(own_basis**2, axis=1)
    return FirstStage(
        mine=mine,
        shared=shared,
        kept=kept,
        aliased=aliased,
        own=coefficients,
        unscaled=np.array([inverse @ inverse.T for inverse in inverses]),
        common=common,
        triangle=triangle,
        combined=np.linalg.solve(triangle, basis.T @ swept[:, aliased]),
        moved=np.array([i @ common_rows[part] for i, part in zip(inverses, groups, strict=True)]),
        reach=reach,
        scales=scales,
        shared_scales=np.linalg.norm(common_rows, axis=0) / np.sqrt(design.n_rows),
        fitted=fitted / root + design.offset,
        leverage=leverage,
        n_coefficients=len(kept) + sum(part.shape[1] for part in bases),
    )


def _decomposed(
    own: FloatArray, scales: FloatArray, block: GroupBlock
) -> tuple[list[FloatArray], list[FloatArray], FloatArray]:
    """Of each group's own columns a basis, the inverse, and the projection on their row space."""
    bases, inverses, reach = [], [], []
    for rows in rows_of_levels(block):
        left, singular, right = np.linalg.svd(own[rows] / scales, full_matrices=False)
        used = singular > RANK * np.max(singular, initial=0.0)
        left, singular, right = left[:, used], singular[used], right[used]
        bases.append(left)
        inverses.append((right.T / singular) @ left.T / scales[:, None])
        reach.append(right.T @ right)
    return bases, inverses, np.array(reach)


def _sweep(values: FloatArray, bases: Sequence[FloatArray], groups: Sequence[IntArray]) -> FloatArray:
    """Columns less their projections on each group's own columns."""
    swept = values.copy()
    for basis, rows in zip(bases, groups, strict=True):
        swept[rows] -= basis @ (basis.T @ swept[rows])
    return swept


def _told_columns(swept: FloatArray, original: FloatArray) -> tuple[IntArray, IntArray]:
    """Places of common columns that swept rows determine, those gone set to zero in place, and others."""
    gone = np.linalg.norm(swept, axis=0) <= RANK * np.linalg.norm(original, axis=0)
    swept[:, gone] = 0.0
    aliased = np.array(aliased_columns(swept) if swept.shape[1] else [], dtype=np.int64)
    return np.setdiff1d(np.arange(swept.shape[1]), aliased), aliased
