"""One packed block for the joint kernel."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.likelihood import KERNELS
from bayesmixed.engines.joint.problem import JointProblem
from bayesmixed.engines.joint.sources import SOURCES
from bayesmixed.engines.kernel import layout as shared
from bayesmixed.engines.kernel.packing import Ints, PackedBlock, put_sets


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPacked:
    """A problem as the joint kernel sees it.

    The point has theta factor by factor, the logs of the auxiliary parameters, the random effects factor by
    factor and level by level, and the coefficients; in the coordinates z of NUTS, deviates stand for the
    last two.
    """

    block: Ints  # the packed block as integers; its doubles are the same memory
    pattern: Pattern  # of the Cholesky factor of the normal approximation
    # n_low, dimension: length of theta with the auxiliary parameters, and of the whole point
    n_low: int
    dimension: int
    theta_of_factor: tuple[slice, ...]  # for each factor of the plan its parameters in the point

    @property
    def floats(self) -> FloatArray:
        """The block as doubles."""
        return self.block.view(np.float64)

    @property
    def address(self) -> ctypes.c_void_p:
        """Address of the block in memory; the caller keeps the block alive."""
        return ctypes.c_void_p(self.block.ctypes.data)

    def section(self, place: int, size: int) -> FloatArray:
        """Part of the block that a header entry points to, as doubles, shape (size,)."""
        return self.floats[self.block[place] : self.block[place] + size]

    def with_sections(self, sections: dict[int, FloatArray]) -> JointPacked:
        """The same problem with other numbers in some sections."""
        packed = replace(self, block=self.block.copy())
        for place, values in sections.items():
            packed.section(place, values.size)[:] = values.ravel()
        return packed


def pack_joint(problem: JointProblem) -> JointPacked:
    """Pack a problem in standard coordinates, with an empty normal approximation."""
    block = PackedBlock(at.JOINT_HEADER_LENGTH, SOURCES)
    theta_of_factor = _put_factors(block, problem)
    pattern = fill_pattern(_coupling(problem))
    n_low = problem.n_theta + len(problem.family.parameters)
    header = block.header
    header[shared.N_THETA] = problem.n_theta + 1
    header[shared.SIGMA], header[shared.CLASS_SIGMA] = problem.n_theta, -1
    header[[at.N_AUXILIARY, at.N_LOW]] = len(problem.family.parameters), n_low
    header[[at.N_EFFECTS, at.N_FIXED]] = problem.order, problem.rows.fixed.shape[1]
    family, rows = problem.family, problem.rows
    header[at.FAMILY], header[at.LINK] = KERNELS.index(family.kernel), at.LINKS.index(family.link)
    header[at.N_ROWS] = len(rows.y)
    header[at.ONE_TRIAL] = family.takes_successes and bool(np.all(rows.trials == 1.0))
    header[shared.DIMENSION] = n_low + problem.order
    _put_rows(block, problem)
    _put_priors(block, problem)
    _put_pattern(block, pattern, problem.order)
    block.put(at.LOW_CENTER, np.zeros(n_low), np.float64)
    block.put(at.LOW_SCALE, np.eye(n_low), np.float64)
    _reserve_work(block, problem, pattern, n_low)
    return JointPacked(
        block=block.finish(),
        pattern=pattern,
        n_low=n_low,
        dimension=n_low + problem.order,
        theta_of_factor=theta_of_factor,
    )


def _put_factors(block: PackedBlock, problem: JointProblem) -> tuple[slice, ...]:
    """Table of factors and of their sets of effects; each factor's part of theta."""
    table = np.zeros((len(problem.n_levels), shared.FACTOR_LENGTH), dtype=np.int64)
    parts, _ = put_sets(block, table, problem.covariances)
    table[:, shared.FACTOR_J], table[:, shared.FACTOR_ROLE] = problem.n_levels, shared.SAMPLED
    table[:, shared.FACTOR_FIRST_COLUMN] = problem.first_effects[:-1]
    sizes = len(problem.rows.y) * np.array(problem.n_effects)
    table[:, at.FACTOR_Z] = np.cumsum(sizes) - sizes
    block.put(shared.FACTORS, table)
    block.header[shared.N_FACTORS] = len(table)
    return parts


def _put_rows(block: PackedBlock, problem: JointProblem) -> None:
    """The rows of the data."""
    rows = problem.rows
    for place, values in (
        (at.ROW_Y, rows.y),
        (at.ROW_TRIALS, rows.trials),
        (at.ROW_WEIGHT, rows.weights),
        (at.ROW_OFFSET, rows.offset),
        (at.ROW_X, rows.fixed.T),
        (at.ROW_Z, np.concatenate([*(columns.ravel() for columns in rows.columns), np.empty(0)])),
    ):
        block.put(place, values, np.float64)
    pairs = zip(problem.first_effects[:-1], problem.n_effects, rows.codes, strict=True)
    codes = [first + k * codes for first, k, codes in pairs]
    block.put(at.ROW_CODE, np.concatenate([*codes, np.empty(0, dtype=np.int64)]))


def _put_priors(block: PackedBlock, problem: JointProblem) -> None:
    """Priors; the unused last place of theta has one that is flat."""
    unused = np.zeros((1, shared.PRIOR_WORDS))
    block.put(shared.THETA_PRIOR, np.concatenate([*problem.theta_priors, unused]), np.float64)
    block.put(at.AUXILIARY_PRIOR, problem.auxiliary_priors, np.float64)
    block.put(at.FIXED_PRIOR, problem.fixed_priors, np.float64)
    block.put(at.TOTAL_CONSTANT, [problem.constant], np.float64)


def _put_pattern(block: PackedBlock, pattern: Pattern, order: int) -> None:
    """Pattern of the Cholesky factor, and room for what it factorizes."""
    block.put(at.COLUMN_POINTER, pattern.pointer)
    block.put(at.COLUMN_ROW, pattern.row)
    block.put(at.COLUMN_RUN, pattern.run)
    block.put(at.PRECISION_VALUE, np.zeros(len(pattern.row)), np.float64)
    block.put(at.PULL, np.zeros(order), np.float64)


def _reserve_work(block: PackedBlock, problem: JointProblem, pattern: Pattern, n_low: int) -> None:
    """Sections of the workspace."""
    n, order, k = len(problem.rows.y), problem.order, max(problem.n_effects, default=0)
    for place, size in (
        (at.W_THETA, problem.n_theta + 1),
        (at.W_THETA_GRADIENT, problem.n_theta + 1),
        (at.W_AUXILIARY, 2 * at.MOST_AUXILIARY + at.DERIVED),
        (at.W_ETA, n),
        (at.W_SCORE, n),
        (at.W_FACTOR, len(pattern.row)),
        (at.W_FACTOR_GRADIENT, len(pattern.row)),
        (at.W_MEAN, order),
        (at.W_JOINT, order),
        (at.W_JOINT_GRADIENT, order),
        (at.W_SOLVED, order),
        (at.W_LOW, n_low),
        (at.W_LOW_GRADIENT, n_low),
        (at.W_SMALL, 4 * k * k),
    ):
        block.reserve(place, size)


def keep_coupled(matrix: sparse.csr_array, problem: JointProblem) -> sparse.csc_array:
    """Cross-products of columns that the normal approximation couples; the others are left out.

    Shapes: `matrix` (order, order).
    """
    entries = matrix.tocoo()
    component = problem.components()
    kept = component[entries.row] == component[entries.col]
    return sparse.csc_array(
        (entries.data[kept], (entries.row[kept], entries.col[kept])), shape=(problem.order, problem.order)
    )


def _coupling(problem: JointProblem) -> sparse.csc_array:
    """Matrix whose pattern holds all coupled cross-products, and every level's block with the diagonal."""
    columns = problem.columns()
    columns.data[:] = 1.0
    blocks = [
        sparse.kron(sparse.eye_array(j), np.ones((k, k)))
        for j, k in zip(problem.n_levels, problem.n_effects, strict=True)
    ]
    p = problem.rows.fixed.shape[1]
    own = sparse.block_diag([*blocks, sparse.csr_array(np.ones((p, p)))], format="csr")
    return keep_coupled(sparse.csr_array(columns.T @ columns), problem) + sparse.csc_array(own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Places of the lower triangle of a matrix of order N that its Cholesky factor fills."""

    # pointer, row: compressed columns, rows in increasing order, the diagonal first; shapes (N + 1,) and (m,)
    pointer: IntArray
    row: IntArray
    # for each column the place, behind the diagonal, from which on its rows follow each other without a gap,
    # shape (N,)
    run: IntArray

    @property
    def order(self) -> int:
        """Order of the matrix, N."""
        return len(self.pointer) - 1

    def values(self, matrix: Any) -> FloatArray:
        """Lower triangle of a sparse symmetric matrix in this pattern, shape (m,)."""
        lower = sparse.tril(matrix).tocoo()
        column = np.repeat(np.arange(self.order), np.diff(self.pointer))
        keys = column * self.order + self.row
        out = np.zeros(len(self.row))
        out[np.searchsorted(keys, lower.col.astype(np.int64) * self.order + lower.row)] = lower.data
        return out


def fill_pattern(matrix: Any) -> Pattern:
    """Pattern of the Cholesky factor of a sparse symmetric matrix, eliminated in its own order.

    Shapes: `matrix` (N, N).

    In the elimination tree (Liu, 1990) the parent of a column is its first row below the diagonal, fill
    included. The rows of a column lie on its path to the root; here they are all of that path. In nested
    factors, and wherever few columns stand at the end, that is the fill itself or little more.
    """
    parent = _elimination_parents(matrix)
    paths: list[list[int]] = []
    for j in range(len(parent) - 1, -1, -1):
        paths.append([j, *(paths[len(parent) - 1 - parent[j]] if parent[j] >= 0 else [])])
    paths.reverse()
    pointer = np.concatenate([[0], np.cumsum([len(path) for path in paths])]).astype(np.int64)
    row = np.array([i for path in paths for i in path], dtype=np.int64)
    return Pattern(pointer=pointer, row=row, run=_runs(pointer, row))


def _elimination_parents(matrix: Any) -> list[int]:
    """For each column its first row below the diagonal in the Cholesky factor, or -1."""
    lower = sparse.csr_array(sparse.tril(matrix, -1))
    parent, ancestor = [-1] * lower.shape[0], [-1] * lower.shape[0]
    for i in range(lower.shape[0]):
        for column in lower.indices[lower.indptr[i] : lower.indptr[i + 1]].tolist():
            j = column
            while j >= 0 and j < i:
                following, ancestor[j] = ancestor[j], i
                if following < 0:
                    parent[j] = i
                j = following
    return parent


def _runs(pointer: IntArray, row: IntArray) -> IntArray:
    """Place behind each diagonal from which on the rows of its column have no gap."""
    first, last = pointer[:-1] + 1, pointer[1:]
    gap = np.concatenate([[True], np.diff(row) != 1])
    latest = np.maximum.accumulate(np.where(gap, np.arange(len(row)), 0))
    return np.maximum(latest[last - 1], first)
