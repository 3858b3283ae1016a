"""One packed block for the kernel, from cross-products, a plan and priors."""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numba.extending import get_cython_function_address
from scipy import sparse

from bayesmixed.covariances.covariance import Covariances
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.cross_products import CrossProducts
from bayesmixed.engines.kernel.plan import Plan
from bayesmixed.engines.kernel.serial import SERIALS
from bayesmixed.engines.kernel.sources import SOURCES
from bayesmixed.engines.kernel.standardization import Coordinates
from bayesmixed.engines.kernel.structure import Structure, build_structure
from bayesmixed.engines.kernel.terms import Classes, Terms, form_terms, needs_terms
from bayesmixed.engines.kernel.theta import KERNELS
from bayesmixed.engines.kernel.unit_priors import UnitFreePriors
from bayesmixed.engines.kernel.units import Units, unit_free
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A problem as the kernel sees it."""

    block: Ints  # the packed block as integers; its doubles are the same memory
    # n_theta, dimension: length of theta, and of the whole point that NUTS walks over
    n_theta: int
    dimension: int
    # effects of each integrated factor of the plan among the integrated columns, then coefficients
    columns: tuple[slice, ...]
    # for each sampled factor its effects among the sampled columns, after the coefficients' (always first)
    sampled: tuple[slice, ...]
    n_coefficients_sampled: int  # number of coefficients that NUTS walks over
    theta_of_factor: tuple[slice, ...]  # for each factor of the plan, then of sigma's predictor, in theta

    __repr__ = short_repr

    @property
    def ints(self) -> Ints:
        """The block as integers."""
        return self.block

    @property
    def floats(self) -> FloatArray:
        """The block as doubles."""
        return self.block.view(np.float64)

    @property
    def n_effects_sampled(self) -> int:
        """Number of random effects that NUTS walks over."""
        return self.dimension - self.n_theta - self.n_coefficients_sampled

    @property
    def scale_places(self) -> range:
        """Places in theta of the coefficients of sigma's predictor."""
        first = int(self.block[at.SCALE_THETA])
        return range(first, first + int(self.block[at.N_SCALE]))

    @property
    def start(self) -> FloatArray:
        """Theta with residuals of 0.7 times the response's standard deviation, shape (n_theta,)."""
        out, block, p = np.zeros(self.n_theta), self.block, int(self.block[at.N_SCALE])
        out[[place for place in (block[at.SIGMA], block[at.CLASS_SIGMA]) if place >= 0]] = np.log(0.7)
        if p:
            n = int(block[at.N_CLASSES])
            matrix, offset = (
                self.floats[block[at.CLASS_FIXED] :][: n * p],
                self.floats[block[at.CLASS_OFFSET] :][:n],
            )
            out[self.scale_places] = np.linalg.lstsq(matrix.reshape(n, p), np.log(0.7) - offset)[0]
        return out

    def log_sigma(self, points: FloatArray) -> FloatArray:
        """Log of the number to which standard deviations are relative, shape (..., dimension) to (...)."""
        place = int(self.block[at.SIGMA])
        return np.zeros(points.shape[:-1]) if place < 0 else points[..., place]

    @property
    def constant(self) -> float:
        """What does not move in the log density, the only part of it that knows the units of the data."""
        return float(self.floats[self.block[at.SCALARS] + at.SCALAR_CONSTANT])

    def without_constant(self) -> Packed:
        """The same problem, its log density less by `constant`: the same to the last bit in all units."""
        block = self.block.copy()
        block.view(np.float64)[block[at.SCALARS] + at.SCALAR_CONSTANT] = 0.0
        return dataclasses.replace(self, block=block)

    def is_centred(self, factor: int) -> bool:
        """Whether NUTS walks over the effects of a sampled factor themselves."""
        row = self.block[at.FACTORS] + factor * at.FACTOR_LENGTH
        return bool(self.block[row + at.FACTOR_CENTRED] == 1)

    def with_coordinates(self, coordinates: Coordinates) -> Packed:
        """The same problem in other coordinates of NUTS."""
        block = self.block.copy()
        floats = block.view(np.float64)
        for place, values in (
            (at.CENTER, coordinates.center),
            (at.SCALE, coordinates.theta_scale),
            (at.SAMPLED_SCALE, coordinates.sampled_scale),
            (at.STRETCH, coordinates.directions),
            (at.STRETCH_AMOUNT, coordinates.amounts),
        ):
            floats[block[place] : block[place] + values.size] = values.ravel()
        return dataclasses.replace(self, block=block)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualPlan:
    """What the kernel is told of the residuals."""

    has_sigma: bool = True  # whether log sigma is in theta
    terms: Terms | None = None  # cross-products as a weighted sum, None where they stay as they are
    blocks: tuple[GroupBlock, ...] = ()  # grouping factors of sigma's predictor


ONE_SIGMA = ResidualPlan()


def residual_plan(design: Design, units: Units) -> ResidualPlan:
    """What the kernel is told of a design's residuals."""
    return ResidualPlan(
        has_sigma=design.residual.has_sigma and not design.others,
        terms=form_terms(design, units, unit_free(design, units)) if needs_terms(design) else None,
        blocks=tuple(block for predictor in design.others for block in predictor.blocks),
    )


def pack(
    products: CrossProducts,
    plan: Plan,
    covariances: tuple[Covariances, ...],
    priors: UnitFreePriors,
    *,
    constant: float = 0.0,
    profile: bool = False,
    centred: Callable[[int], bool] = lambda _: True,
    residual: ResidualPlan = ONE_SIGMA,
) -> Packed:
    """Pack a problem; with terms, `products` number their entries."""
    structure = build_structure(products, plan)
    block = PackedBlock(at.HEADER_LENGTH, SOURCES)
    p = len(products.fixed_gram)
    p_integrated = 0 if plan.coefficients_sampled else p
    first, theta_of_factor = _put_factors(block, products, plan, covariances, structure, centred, residual)
    n_theta = _put_residual_places(block, first, residual)
    _put_nodes(block, products, plan, structure)
    sampled = _put_sampled(block, products, plan, structure, residual)
    n_sampled = block.header[at.N_SAMPLED]
    q, n_integrated = len(structure.root), len(structure.response)
    header = block.header
    header[at.DIMENSION], header[at.N_THETA] = n_theta + n_sampled, n_theta
    header[at.N_COEFFICIENTS], header[at.N_ROOT], header[at.N_INTEGRATED] = p_integrated, q, n_integrated
    header[at.PROFILE] = int(profile)
    header[at.POTRF] = get_cython_function_address("scipy.linalg.cython_lapack", "dpotrf")
    header[at.POTRI] = get_cython_function_address("scipy.linalg.cython_lapack", "dpotri")
    _put_terms(block, structure, residual)
    total = _constant(products, plan, priors, constant, n_sampled)
    block.put(at.SCALARS, (products.n_rows, total), np.float64)
    block.put(at.PRECISION, priors.precision[:p_integrated], np.float64)
    theta_priors = [*(priors.theta[i] for i in plan.blocks), priors.residual]
    block.put(at.THETA_PRIOR, np.concatenate(theta_priors), np.float64)
    block.put(at.SAMPLED_PRIOR, priors.coefficients if plan.coefficients_sampled else (), np.float64)
    block.put(at.CENTER, np.zeros(n_theta + n_sampled), np.float64)
    block.put(at.SCALE, np.eye(n_theta), np.float64)
    block.put(at.SAMPLED_SCALE, np.ones(n_sampled), np.float64)
    _reserve_work(block, products, structure, n_theta, residual.blocks)
    bounds = (*structure.first_columns, n_integrated - p_integrated, n_integrated)
    return Packed(
        block=block.finish(),
        n_theta=n_theta,
        dimension=int(n_theta + n_sampled),
        columns=tuple(slice(int(a), int(b)) for a, b in pairwise(bounds)),
        sampled=sampled,
        n_coefficients_sampled=p - p_integrated,
        theta_of_factor=theta_of_factor,
    )


def _constant(
    products: CrossProducts, plan: Plan, priors: UnitFreePriors, constant: float, n_sampled: int
) -> float:
    """Everything in the log density that does not move."""
    n = products.n_rows
    total = constant + priors.constant - 0.5 * n * np.log(2.0 * np.pi) - 0.5 * products.log_determinant
    if plan.coefficients_sampled:
        n_effects = n_sampled - len(products.fixed_gram)
    else:
        n_effects = n_sampled
        total += 0.5 * float(np.sum(np.log(priors.precision[priors.precision > 0.0])))
    return float(total - 0.5 * n_effects * np.log(2.0 * np.pi))


def put_sets(
    block: PackedBlock, table: Ints, covariances: Sequence[Covariances]
) -> tuple[tuple[slice, ...], int]:
    """Write the structures of all factors into their table, and the table of their sets.

    Returns: each factor's part of theta, and the size of all Cholesky factors.
    """
    theta, lam, first_set, parts = 0, 0, 0, []
    for row, own in zip(table, covariances, strict=True):
        row[[at.FACTOR_K, at.FACTOR_LAMBDA, at.FACTOR_THETA]] = own.n_effects, lam, theta
        row[[at.FACTOR_DEVIATIONS, at.FACTOR_COORDINATES]] = own.n_deviations, own.n_coordinates
        row[[at.FACTOR_N_SETS, at.FACTOR_FIRST_SET]] = len(own.sets), first_set
        parts.append(slice(theta, theta + own.n_parameters))
        theta, lam, first_set = parts[-1].stop, lam + own.n_effects**2, first_set + len(own.sets)
    sets = [each for own in covariances for each in own.sets]
    words = [(s.size, KERNELS.index(s.kernel), int(not s.is_tied), s.n_coordinates) for s in sets]
    block.put(at.SETS, words)
    for place in (at.W_LAMBDA, at.W_LAMBDA_TRANSPOSED, at.W_LOG_GRADIENT):
        block.reserve(place, lam)
    return tuple(parts), lam


def _put_factors(
    block: PackedBlock,
    products: CrossProducts,
    plan: Plan,
    covariances: tuple[Covariances, ...],
    structure: Structure,
    centred: Callable[[int], bool],
    residual: ResidualPlan,
) -> tuple[int, tuple[slice, ...]]:
    """Table of factors and of their sets of effects; length of theta so far, and each factor's part of it.

    The grouping factors of sigma's predictor come last; NUTS walks over their effects' standard deviates.
    """
    table = np.zeros((len(plan.factors) + len(residual.blocks), at.FACTOR_LENGTH), dtype=np.int64)
    own = [*(covariances[i] for i in plan.blocks), *(each.covariances for each in residual.blocks)]
    parts, size = put_sets(block, table, own)
    block.reserve(at.W_RSS_GRADIENT, size)
    first_node, factored = 0, 0
    first_sampled = len(products.fixed_gram) if plan.coefficients_sampled else 0
    for f, factor in enumerate(plan.factors):
        k, n_levels = products.n_effects[factor.block], products.n_levels[factor.block]
        row = table[f]
        row[[at.FACTOR_J, at.FACTOR_ROLE]] = n_levels, factor.role
        row[at.FACTOR_CENTRED] = int(centred(factor.block))
        if factor.role == at.SAMPLED:
            row[at.FACTOR_FIRST_COLUMN] = first_sampled
            first_sampled += n_levels * k
        else:
            row[at.FACTOR_FIRST_COLUMN] = structure.first_columns[f]
        if factor.role == at.DENSE:
            row[at.FACTOR_ROOT] = structure.first_columns[f] - structure.first_dense
        if factor.role == at.CHAIN:
            row[[at.FACTOR_FIRST_NODE, at.FACTOR_FACTORED]] = first_node, factored
            first_node += n_levels
            factored += 2 * k * k * n_levels
    for row, each in zip(table[len(plan.factors) :], residual.blocks, strict=True):
        row[[at.FACTOR_J, at.FACTOR_ROLE]] = each.n_levels, at.SAMPLED
        row[at.FACTOR_FIRST_COLUMN] = first_sampled
        first_sampled += each.n_levels * each.n_effects
    block.put(at.FACTORS, table)
    block.header[at.N_FACTORS] = len(table)
    block.header[at.N_CHAIN] = len(structure.nodes)
    block.reserve(at.W_FACTORED, factored)
    return sum(part.stop - part.start for part in parts), parts


def _put_residual_places(block: PackedBlock, first: int, residual: ResidualPlan) -> int:
    """Places of all else in theta; its length."""
    header, terms = block.header, residual.terms
    header[at.SERIAL_THETA], header[at.SIGMA], header[at.CLASS_SIGMA] = first, -1, -1
    if terms is not None:
        header[at.N_SERIAL], header[at.N_SCALE] = terms.serial.n_coordinates, terms.n_coefficients
        first += terms.serial.n_coordinates
    header[at.SCALE_THETA] = first
    first += header[at.N_SCALE]
    if residual.has_sigma:
        of_classes = terms is not None and terms.has_class_sigma
        header[at.CLASS_SIGMA if of_classes else at.SIGMA] = first
    return int(first + residual.has_sigma)


def _put_nodes(block: PackedBlock, products: CrossProducts, plan: Plan, structure: Structure) -> None:
    """Nodes of all chain factors, and the sizes of their fronts."""
    effects = [products.n_effects[f.block] for f in plan.factors[: len(structure.nodes)]]
    first_node = np.concatenate([[0], np.cumsum([len(n.parent) for n in structure.nodes])]).astype(np.int64)
    parents, fronts, rows, maps = [], [], [], []
    front_size = 0
    for depth, (node, k) in enumerate(zip(structure.nodes, effects, strict=True)):
        parents.append(np.where(node.parent < 0, -1, node.parent + first_node[depth + 1]))
        rows.append(k * (k + node.n_columns))
        maps.append(node.n_columns)
        squares = (k + node.n_columns) ** 2 if depth > 0 else np.zeros(len(node.parent), dtype=np.int64)
        fronts.append(front_size + np.cumsum(squares) - squares)
        front_size += int(squares.sum())
    n_columns, row_sizes = _one_after_another(maps), _one_after_another(rows)
    block.put(at.PARENT, _one_after_another(parents))
    block.put(at.N_COLUMNS, n_columns)
    block.put(at.MAP_START, np.cumsum(n_columns) - n_columns)
    block.put(at.MAP, _one_after_another([n.place for n in structure.nodes]))
    block.put(at.COLUMN, _one_after_another([n.column for n in structure.nodes]))
    block.put(at.ROWS, np.concatenate([*(n.rows for n in structure.nodes), np.empty(0)]), np.float64)
    block.put(at.ROOT, structure.root, np.float64)
    block.put(at.RESPONSE, structure.response, np.float64)
    block.put(at.RESPONSE_SQUARED, [products.response_squared], np.float64)
    block.header[at.N_VALUES] = block.size - block.header[at.ROWS]
    block.put(at.ROW_START, block.header[at.ROWS] + np.cumsum(row_sizes) - row_sizes)
    for start, place in ((at.FRONT_START, at.W_FRONTS), (at.COVARIANCE_START, at.W_FRONT_COVARIANCES)):
        block.reserve(place, front_size)
        block.put(start, block.header[place] + _one_after_another(fronts))


def _put_terms(block: PackedBlock, structure: Structure, residual: ResidualPlan) -> None:
    """Terms as sparse rows over the values of the block, and the classes of rows."""
    terms, n_values = residual.terms, int(block.header[at.N_VALUES])
    if terms is None:
        return
    header = block.header
    places = [*(n.rows for n in structure.nodes), structure.root.ravel(), structure.response]
    entries = np.append(np.concatenate(places), terms.layout.response_squared).astype(np.int64)
    over_values = sparse.csr_array(terms.matrix[:, entries])
    block.put(at.MULTIPLICITY, _multiplicity(structure, n_values), np.float64)
    block.put(at.TERM_POINTER, over_values.indptr)
    block.put(at.TERM_INDEX, over_values.indices)
    block.put(at.TERM_VALUE, over_values.data, np.float64)
    block.put(at.TERM_KIND, terms.kind)
    block.put(at.TERM_FIRST, terms.first)
    block.put(at.TERM_SECOND, terms.second)
    numbers, n_terms = terms.serial.numbers, len(terms.kind)
    block.put(at.SERIAL_NUMBERS, numbers, np.float64)
    header[at.SERIAL], header[at.N_KINDS] = SERIALS.index(terms.serial.kernel), terms.serial.n_kinds
    header[at.N_TERMS] = n_terms
    for place in (at.W_VALUES, at.W_LOG_PRODUCTS, at.W_RSS_PRODUCTS):
        block.reserve(place, n_values)
    for place in (at.W_TERMS, at.W_TERM_LOG_SLOPES, at.W_TERM_RSS_SLOPES):
        block.reserve(place, n_terms)
    for place in (at.W_KINDS, at.W_KIND_SLOPES):
        block.reserve(place, terms.serial.n_kinds)
    block.reserve(at.W_SERIAL, terms.serial.scratch)
    if terms.classes is not None:
        _put_classes(block, terms.classes)


def _put_classes(block: PackedBlock, classes: Classes) -> None:
    """Classes of rows whose residuals have one standard deviation."""
    block.header[at.N_CLASSES] = len(classes.counts)
    block.put(at.CLASS_COUNT, classes.counts, np.float64)
    block.put(at.CLASS_OFFSET, classes.offset, np.float64)
    block.put(at.CLASS_KNOWN, classes.known, np.float64)
    block.put(at.CLASS_FIXED, classes.fixed, np.float64)
    block.put(at.CLASS_POINTER, classes.effects.indptr)
    block.put(at.CLASS_INDEX, classes.effects.indices)
    block.put(at.CLASS_VALUE, classes.effects.data, np.float64)
    for place in (at.W_CLASSES, at.W_CLASS_RATES, at.W_CLASS_SLOPES):
        block.reserve(place, len(classes.counts))


def _multiplicity(structure: Structure, n_values: int) -> FloatArray:
    """How often every value stands in the symmetric matrix of all cross-products with y."""
    out = np.full(n_values, 2.0)
    first = 0
    for nodes in structure.nodes:
        widths = np.repeat(nodes.n_effects + nodes.n_columns, nodes.n_effects)
        starts = first + np.cumsum(widths) - widths
        out[starts[:, None] + np.arange(nodes.n_effects)] = 1.0
        first += int(widths.sum())
    out[first : first + structure.root.size] = 1.0
    out[-1] = 1.0
    return out


def _one_after_another(parts: Sequence[Ints]) -> Ints:
    """One array of the integers of several, or of none."""
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])


def _put_sampled(
    block: PackedBlock, products: CrossProducts, plan: Plan, structure: Structure, residual: ResidualPlan
) -> tuple[slice, ...]:
    """Sparse cross-products of what is sampled; each sampled factor's place among the sampled columns.

    Effects in sigma's predictor are among them, without cross-products.
    """
    integrated = [f.block for f in plan.factors if f.role != at.SAMPLED]
    factors = [f.block for f in plan.factors if f.role == at.SAMPLED]
    with_fixed = plan.coefficients_sampled
    sizes = [products.n_levels[i] * products.n_effects[i] for i in factors]
    first = len(products.fixed_gram) if with_fixed else 0
    others = [each.n_levels * each.n_effects for each in residual.blocks]
    n_sampled = first + sum(sizes)
    cross = sparse.csr_array((len(structure.response), n_sampled))
    gram = sparse.csr_array((n_sampled, n_sampled))
    response = [products.response[i] for i in factors]
    if n_sampled:
        cross_rows = [_sampled_row(products, i, factors, with_fixed) for i in integrated]
        gram_rows = [_sampled_row(products, i, factors, with_fixed) for i in factors]
        fixed_row = [products.fixed[i].T for i in factors]
        if with_fixed:
            gram_rows.insert(0, [products.fixed_gram, *fixed_row])
            response.insert(0, products.fixed_response)
        else:
            cross_rows.append(fixed_row)
        if cross_rows:
            cross = sparse.block_array([[sparse.csr_array(m) for m in r] for r in cross_rows], format="csr")
        gram = sparse.block_array([[sparse.csr_array(m) for m in r] for r in gram_rows], format="csr")
    n_sampled += sum(others)
    cross.resize((len(structure.response), n_sampled))
    gram.resize((n_sampled, n_sampled))
    flipped = sparse.csr_array(cross.T)
    places = (at.CROSS_POINTER, at.TRANSPOSED_POINTER, at.GRAM_POINTER)
    for place, matrix in zip(places, (cross, flipped, gram), strict=True):
        block.put(place, matrix.indptr)
        block.put(place + 1, matrix.indices)
        block.put(place + 2, matrix.data, np.float64)
    block.put(at.SAMPLED_RESPONSE, np.concatenate([*response, np.zeros(sum(others))]), np.float64)
    n_stretch = sum(products.n_effects[i] for i in factors)
    block.put(at.STRETCH, np.zeros((n_stretch, n_sampled)), np.float64)
    block.put(at.STRETCH_AMOUNT, np.zeros(n_stretch), np.float64)
    block.header[at.N_STRETCH] = n_stretch
    block.header[at.N_SAMPLED] = n_sampled
    block.header[at.N_SAMPLED_COEFFICIENTS] = first
    for place in (at.W_SAMPLED, at.W_SAMPLED_GRADIENT):
        block.reserve(place, n_sampled)
    starts = first + np.concatenate([[0], np.cumsum([*sizes, *others])]).astype(int)
    return tuple(slice(int(a), int(b)) for a, b in pairwise(starts))


def _sampled_row(products: CrossProducts, i: int, factors: list[int], with_fixed: bool) -> list[Any]:
    """Cross-products of block i with everything sampled."""
    return ([products.fixed[i]] if with_fixed else []) + [products.between(i, j) for j in factors]


def _reserve_work(
    block: PackedBlock,
    products: CrossProducts,
    structure: Structure,
    n_theta: int,
    blocks: tuple[GroupBlock, ...],
) -> None:
    """Sections of the workspace that every problem needs."""
    q, n_integrated = len(structure.root), len(structure.response)
    k = max((*products.n_effects, *(each.n_effects for each in blocks)), default=0)
    widest = max((int(node.n_columns.max()) for node in structure.nodes), default=0)
    block.reserve(at.W_ROOT, q * q)
    block.reserve(at.W_INVERSE, q * q)
    block.reserve(at.W_RESPONSE, n_integrated)
    block.reserve(at.W_EFFECTS, n_integrated)
    block.reserve(at.W_SCRATCH, 6 * k * k + 2 * k + k * widest + widest)
    dimension = n_theta + block.header[at.N_SAMPLED]
    block.reserve(at.W_POINT, dimension)
    block.reserve(at.W_POINT_GRADIENT, dimension)


def address(packed: Packed) -> int:
    """Address of the block in memory; the caller keeps the block alive."""
    return int(packed.block.ctypes.data_as(ctypes.c_void_p).value or 0)


Ints = np.ndarray[Any, np.dtype[np.int64]]


class PackedBlock:
    """Sections appended one after the other behind the header.

    Parameters
    ----------
    header_length : int
        Number of words of the header.
    digest : int
        Of the sources of the kernel that will read the block.
    """

    def __init__(self, header_length: int, digest: int) -> None:
        self.header = np.zeros(header_length, dtype=np.int64)
        self.header[at.DIGEST] = digest
        self.sections: list[Ints] = []
        self.size = header_length
        self.work_size = 0

    def put(self, place: int, values: Any, kind: type = np.int64) -> None:
        """Append a section and write its offset into the header."""
        section = np.ascontiguousarray(values, dtype=kind).ravel().view(np.int64)
        self.header[place] = self.size
        self.sections.append(section)
        self.size += len(section)

    def reserve(self, place: int, size: int) -> None:
        """Reserve a section of the workspace."""
        self.header[place] = self.work_size
        self.work_size += int(size)

    def finish(self) -> Ints:
        """The block."""
        self.header[at.WORDS], self.header[at.WORK_WORDS] = self.size, self.work_size
        return np.concatenate([self.header, *self.sections])
