"""Cross-products of rows whose residuals are correlated or differ in spread, as terms of a weighted sum.

Every entry of the matrix of all cross-products that any term has is counted, from 1; a term is a sparse row
over these entries. `Terms.products` gives the cross-products for given factors of the terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse

from bayesmixed.covariances.residual import Residual
from bayesmixed.covariances.serial import Pairs, Serial
from bayesmixed.design.centring import centred_columns
from bayesmixed.design.checks import refuse_coupled
from bayesmixed.design.records import Design, FloatArray, IntArray, LinearPredictor
from bayesmixed.engines.kernel.cross_products import CrossProducts, columns_of, indicator, touching
from bayesmixed.engines.kernel.units import UnitFree, Units
from bayesmixed.printing.records import short_repr

FEW = 64
"""Terms up to which each is formed by a product of sparse matrices; more are formed pair by pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Rows whose residuals have one standard deviation, sqrt(known + exp(2 eta)), in unit-free form."""

    of_row: IntArray  # class of every row, shape (n,)
    counts: FloatArray  # shape (C,)
    offset: FloatArray  # of eta, shape (C,)
    known: FloatArray  # variance, shape (C,)
    fixed: FloatArray  # columns of eta's predictor, shape (C, p)
    effects: sparse.csr_array  # columns of its random effects, shape (C, s)
    has_sigma: bool  # whether eta begins with the log of one sigma

    __repr__ = short_repr


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """The matrices K_m = W'Q_m W of W = [Z X y], and what their factors follow from."""

    serial: Serial
    classes: Classes | None  # None where all residuals have sigma
    kind: IntArray  # factor of the correlations that a term has, shape (M,)
    # classes of a term's rows, shape (M,)
    first: IntArray
    second: IntArray
    layout: CrossProducts  # numbers of the entries, 0 for what no term has
    matrix: sparse.csr_array  # terms x entries, entry 0 empty

    __repr__ = short_repr

    @property
    def n_coefficients(self) -> int:
        """Coefficients of eta's predictor."""
        return 0 if self.classes is None else self.classes.fixed.shape[1]

    @property
    def has_class_sigma(self) -> bool:
        """Whether log sigma is a parameter of the classes."""
        return self.classes is not None and self.classes.has_sigma

    @property
    def n_parameters(self) -> int:
        """Length of what `factors` takes: coordinates of correlations, coefficients, log sigma of classes."""
        return self.serial.n_coordinates + self.n_coefficients + self.has_class_sigma

    def _classes_at(self, own: FloatArray, random: FloatArray | float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Log standard deviations of the classes and their rates, shapes (..., p + 1) to (..., C)."""
        assert self.classes is not None
        eta = own[..., : self.n_coefficients] @ self.classes.fixed.T + self.classes.offset + random
        if self.has_class_sigma:
            eta = eta + own[..., -1:]
        free = np.exp(2.0 * eta)
        total = self.classes.known + free
        return 0.5 * np.log(total), free / total

    def factors(
        self, parameters: FloatArray, *, random: FloatArray | float = 0.0, log_sds: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Factors of the terms and log|R| over sigma^2, shape (..., m) to (..., M) and (...).

        `random` is what random effects add to the predictor of every class, shape (..., C).
        """
        m = self.serial.n_coordinates
        kinds, log_determinant = self.serial.terms(parameters[..., :m])
        factors = kinds[..., self.kind]
        if self.classes is None:
            return factors, log_determinant
        log_sds = self._classes_at(parameters[..., m:], random)[0] if log_sds is None else log_sds
        shares = np.exp(-log_sds[..., self.first] - log_sds[..., self.second])
        return factors * shares, log_determinant + 2.0 * log_sds @ self.classes.counts

    def slopes(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Derivatives of the factors and of log|R|, shape (m,) to (M, m) and (m,)."""
        m = self.serial.n_coordinates
        kinds, log_slopes = self.serial.slopes(parameters[:m])
        if self.classes is None:
            return kinds[self.kind], log_slopes
        log_sds, rates = self._classes_at(parameters[m:])
        shares = np.exp(-log_sds[self.first] - log_sds[self.second])
        columns = [self.classes.fixed, *([np.ones((len(rates), 1))] if self.has_class_sigma else [])]
        moved = rates[:, None] * np.concatenate(columns, axis=1)
        factors = self.serial.terms(parameters[:m])[0][self.kind] * shares
        own = -factors[:, None] * (moved[self.first] + moved[self.second])
        return (
            np.concatenate([kinds[self.kind] * shares[:, None], own], axis=1),
            np.concatenate([log_slopes, 2.0 * self.classes.counts @ moved]),
        )

    def products(self, factors: FloatArray) -> CrossProducts:
        """Cross-products for given factors of the terms, shape (M,)."""
        entries = self.matrix.T @ factors
        layout = self.layout

        def filled(places: FloatArray) -> FloatArray:
            return np.asarray(entries[places.astype(np.int64)])

        return replace(
            layout,
            gram={
                pair: sparse.csr_array((filled(each.data), each.indices, each.indptr), shape=each.shape)
                for pair, each in layout.gram.items()
            },
            fixed=tuple(filled(each) for each in layout.fixed),
            response=tuple(filled(each) for each in layout.response),
            fixed_gram=filled(layout.fixed_gram),
            fixed_response=filled(layout.fixed_response),
            response_squared=float(entries[int(layout.response_squared)]),
        )

    @cached_property
    def typical(self) -> CrossProducts:
        """Cross-products where all correlations are in the middle and all standard deviations 1."""
        n_classes = 1 if self.classes is None else len(self.classes.counts)
        return self.products(self.factors(np.zeros(self.n_parameters), log_sds=np.zeros(n_classes))[0])

    def shifted(self, coefficients: FloatArray) -> Terms:
        """The same with y - X m in place of y, shape (p,)."""
        layout = self.layout
        p, n = len(coefficients), self.matrix.shape[1]
        own = np.concatenate([*layout.response, layout.fixed_response]).astype(np.int64)
        fixed = np.concatenate([*layout.fixed, layout.fixed_gram]).astype(np.int64)
        squared = int(layout.response_squared)
        grid = np.outer(coefficients, coefficients).ravel()
        source = np.concatenate(
            [np.arange(n), fixed.ravel(), layout.fixed_response.astype(np.int64), layout.fixed_gram.ravel()]
        ).astype(np.int64)
        target = np.concatenate([np.arange(n), np.repeat(own, p), np.full(p + p * p, squared)])
        weight = np.concatenate([np.ones(n), np.tile(-coefficients, len(own)), -2.0 * coefficients, grid])
        move = sparse.csr_array((weight, (source, target)), shape=(n, n))
        return replace(self, matrix=(self.matrix @ move).tocsr())


def needs_terms(design: Design) -> bool:
    """Whether the covariance of the residuals is more than sigma and known weights."""
    residual = design.residual
    return not residual.is_independent or bool(design.others) or _has_known_beside_sigma(residual)


def _has_known_beside_sigma(residual: Residual) -> bool:
    return residual.has_sigma and residual.errors is not None


def form_terms(design: Design, units: Units, rows: UnitFree) -> Terms:
    """Form the terms in one pass over the rows."""
    serial, classes = design.residual.correlation, _classes_of(design, units)
    of_row = np.zeros(len(rows.response), dtype=np.int64) if classes is None else classes.of_row
    pairs = serial.pairs(of_row)
    layout, keys, order = _layout(rows, pairs)
    ends = np.sort(pairs.classes[np.stack([pairs.first, pairs.second])], axis=0)
    cells, owner = np.unique(np.stack([pairs.kind, *ends]), axis=1, return_inverse=True)
    left = pairs.members @ _columns_of(rows)
    build = _few_terms if cells.shape[1] <= FEW else _many_terms
    return Terms(
        serial=serial,
        classes=classes,
        kind=cells[0],
        first=cells[1],
        second=cells[2],
        layout=layout,
        matrix=build(left, pairs, owner.ravel(), cells.shape[1], keys, order),
    )


def _columns_of(rows: UnitFree) -> sparse.csr_array:
    """W = [Z X y], blocks in the order of the design, shape (n, N + 1)."""
    blocks = [columns_of(rows, i) for i in range(len(rows.columns))]
    dense = np.column_stack([rows.fixed, rows.response])
    return sparse.hstack([*blocks, sparse.csr_array(dense)], format="csr")


def _layout(rows: UnitFree, pairs: Pairs) -> tuple[CrossProducts, IntArray, IntArray]:
    """Numbers of all entries, with their sorted keys (row * width + column) and the numbers in that order."""
    ks = [each.shape[1] for each in rows.columns]
    starts = np.concatenate([[0], np.cumsum([j * k for j, k in zip(rows.n_levels, ks, strict=True)])])
    p, first_fixed = rows.fixed.shape[1], int(starts[-1])
    width, response = first_fixed + p + 1, first_fixed + p
    keys: list[IntArray] = [np.array([-1])]

    def numbered(row: IntArray, column: IntArray) -> FloatArray:
        taken = sum(len(each) for each in keys)
        shape = np.broadcast_shapes(row.shape, column.shape)
        keys.append(np.broadcast_to(row * width + column, shape).ravel())
        return np.arange(taken, taken + len(keys[-1]), dtype=np.float64).reshape(shape)

    members = abs(pairs.members)
    levels = [
        members @ touching(meeting, n, root)
        for meeting, root, n in zip(rows.meetings, rows.roots, rows.n_levels, strict=True)
    ]
    gram = {}
    for i, ki in enumerate(ks):
        for j in range(i, len(ks)):
            one = levels[i][pairs.first].T @ levels[j][pairs.second]
            other = levels[i][pairs.second].T @ levels[j][pairs.first]
            met = (one + other).tocsr()
            met.sort_indices()
            a = np.repeat(np.arange(rows.n_levels[i]), np.diff(met.indptr))
            row = starts[i] + a[:, None, None] * ki + np.arange(ki)[:, None]
            column = starts[j] + met.indices.astype(np.int64)[:, None, None] * ks[j] + np.arange(ks[j])
            blocks = (numbered(row, column), met.indices, met.indptr)
            shape = (rows.n_levels[i] * ki, rows.n_levels[j] * ks[j])
            gram[i, j] = sparse.bsr_array(blocks, shape=shape).tocsr()
            gram[i, j].sort_indices()
    own = [np.arange(a, b)[:, None] for a, b in pairwise(starts)]
    fixed = first_fixed + np.arange(p)
    layout = CrossProducts(
        gram=gram,
        fixed=tuple(numbered(each, fixed) for each in own),
        response=tuple(numbered(each[:, 0], np.array(response)) for each in own),
        fixed_gram=numbered(fixed[:, None], fixed),
        fixed_response=numbered(fixed, np.array(response)),
        response_squared=float(numbered(np.array([response]), np.array([response]))[0]),
        n_rows=len(rows.response),
        log_determinant=rows.log_determinant,
        n_effects=tuple(ks),
        n_levels=rows.n_levels,
    )
    whole = np.concatenate(keys)
    order = np.argsort(whole, kind="stable")
    return layout, whole[order], order


def _few_terms(
    left: sparse.csr_array, pairs: Pairs, owner: IntArray, n_terms: int, keys: IntArray, order: IntArray
) -> sparse.csr_array:
    """Every term by a product of sparse matrices."""
    parts = []
    for m in range(n_terms):
        own = owner == m
        first, second = pairs.first[own], pairs.second[own]
        half = sparse.diags_array(np.where(first == second, 0.5, 1.0)) @ left[first]
        product = (half.T @ left[second]).tocoo()
        row = np.concatenate([product.row, product.col]).astype(np.int64)
        column = np.concatenate([product.col, product.row]).astype(np.int64)
        parts.append((np.full(len(row), m), row, column, np.tile(product.data, 2)))
    term, row, column, value = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _gathered(term, row * left.shape[1] + column, value, n_terms, keys, order)


def _many_terms(
    left: sparse.csr_array, pairs: Pairs, owner: IntArray, n_terms: int, keys: IntArray, order: IntArray
) -> sparse.csr_array:
    """All terms pair by pair: every pair meets the columns of its two members."""
    counts = np.diff(left.indptr).astype(np.int64)
    sizes = counts[pairs.first] * counts[pairs.second]
    pair = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    per = counts[pairs.second][pair]
    a = left.indptr[pairs.first][pair] + place // per
    b = left.indptr[pairs.second][pair] + place % per
    half = np.where(pairs.first == pairs.second, 0.5, 1.0)[pair]
    value = half * left.data[a] * left.data[b]
    row, column = left.indices[a].astype(np.int64), left.indices[b].astype(np.int64)
    width = left.shape[1]
    key = np.concatenate([row * width + column, column * width + row])
    return _gathered(np.tile(owner[pair], 2), key, np.tile(value, 2), n_terms, keys, order)


def _gathered(
    term: IntArray, key: IntArray, value: FloatArray, n_terms: int, keys: IntArray, order: IntArray
) -> sparse.csr_array:
    """Sums of values by term and entry; keys that no entry has belong to the other triangle."""
    found = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    known = keys[found] == key
    entry = order[found[known]]
    return sparse.csr_array((value[known], (term[known], entry)), shape=(n_terms, len(keys)))


def _classes_of(design: Design, units: Units) -> Classes | None:
    """Classes of a design's rows, None where all residuals have sigma."""
    residual = design.residual
    predictor = next((each for each in design.others if each.parameter == "sigma"), None)
    if predictor is None and not _has_known_beside_sigma(residual):
        return None
    n = design.n_rows
    known = np.zeros(n)
    if residual.errors is not None:
        known = (residual.errors / units.scale) ** 2 / np.asarray(residual.scale) ** 2
    fixed, offset = np.zeros((n, 0)), np.zeros(n)
    effects: list[sparse.csr_array] = []
    if predictor is not None:
        fixed, effects = class_columns(predictor)
        offset = predictor.offset - np.log(units.scale)
    random = sparse.hstack(effects, format="csr") if effects else sparse.csr_array((n, 0))
    told = np.column_stack([fixed, offset, known, *_told(predictor)])
    _, first, of_row, counts = np.unique(
        told, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return Classes(
        of_row=of_row.ravel(),
        counts=counts.astype(np.float64),
        offset=offset[first],
        known=known[first],
        fixed=fixed[first],
        effects=random[first].tocsr(),
        has_sigma=predictor is None,
    )


def class_columns(predictor: LinearPredictor) -> tuple[FloatArray, list[sparse.csr_array]]:
    """Unit-free columns of a residual predictor: fixed ones, and those of every block's effects."""
    refuse_coupled(predictor.blocks, f"The predictor of {predictor.parameter}")
    fixed = centred_columns(predictor.fixed.matrix, predictor.fixed.centring) / predictor.fixed.scales
    effects = [
        indicator(centred_columns(block.columns, block.centring) / block.scales, block.codes, block.n_levels)
        for block in predictor.blocks
    ]
    return fixed, effects


def _told(predictor: LinearPredictor | None) -> list[FloatArray]:
    """What of the random effects tells rows apart."""
    if predictor is None:
        return []
    return [np.column_stack([block.columns, block.codes]) for block in predictor.blocks]
