"""Linear combinations of coefficients and random effects: estimates, standard errors, degrees of freedom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from bayesmixed.design.centring import centred_columns
from bayesmixed.design.prediction_rows import PredictionRows, prediction_rows
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.kernel.cross_products import CrossProducts, incidence
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.engines.reml.estimate import Estimate, covariance_root
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.engines.reml.uncertainty import (
    LevelCovariances,
    coefficients_map,
    conditional_covariances,
)
from bayesmixed.options import NewLevels, PredictKind
from bayesmixed.verbs.estimate.satterthwaite import (
    Spread,
    combination_spread,
    degrees_of_freedom,
    interval_summary,
    new_level_spread,
    own_residual_spread,
    residual_spread,
    t_test_columns,
)
from bayesmixed.verbs.summaries import summary_columns

CHUNK = 4_000_000
"""Numbers that are held at a time while equations are solved for rows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Combinations:
    """Linear combinations of coefficients and random effects, x'b + z'u and what is known.

    Attributes
    ----------
    estimate : Estimate or Regression
        Where the coefficients and random effects are from.
    values : FloatArray
        Estimates, shape (c,).
    fixed : FloatArray
        Weights of the coefficients, shape (c, p).
    random : scipy.sparse.csr_array or None
        Weights of the unit random effects, as :func:`relative_columns`, shape (c, q); None where no random
        effect takes part.
    added : Spread or None
        Of what every one is the mean of: effects of new levels, a residual.
    """

    estimate: AnyEstimate
    values: FloatArray
    fixed: FloatArray
    random: sparse.csr_array | None
    added: Spread | None = None

    def __sub__(self, other: Any) -> Combinations:
        """Differences."""
        apart = None if self.random is None else sparse.csr_array(self.random - other.random)
        return self._new(self.values - other.values, self.fixed - other.fixed, apart)

    def below(self, values: FloatArray) -> Combinations:
        """Values of shape (c,) less the combinations."""
        return self._new(values - self.values, self.fixed, self.random)

    def times(self, factor: FloatArray) -> Combinations:
        """Products with factors of shape (c,)."""
        return self.mixed(sparse.diags_array(factor))

    def over(self, divisor: Any) -> Combinations:
        """Quotients by divisors of shape (c,)."""
        return self.times(1.0 / divisor)

    def averaged(self, each: int) -> Combinations:
        """Means of so many consecutive combinations each."""
        means = sparse.eye_array(len(self.values) // each)
        return self.mixed(sparse.kron(means, np.full((1, each), 1.0 / each)))

    def mixed(self, weights: sparse.sparray) -> Combinations:
        """Combinations of the combinations, `weights` of shape (d, c)."""
        random = None if self.random is None else sparse.csr_array(weights @ self.random)
        return self._new(weights @ self.values, weights @ self.fixed, random)

    def _new(self, values: FloatArray, fixed: FloatArray, random: sparse.csr_array | None) -> Combinations:
        """Other combinations of the same effects."""
        return Combinations(estimate=self.estimate, values=values, fixed=fixed, random=random)

    @property
    def of_coefficients(self) -> NDArray[np.bool_]:
        """Which depend on no random effect that varies, shape (c,)."""
        if self.random is None:
            return np.ones(len(self.values), dtype=bool)
        return np.asarray(abs(self.random).sum(axis=1) == 0.0)

    @property
    def se(self) -> FloatArray:
        """Standard errors, NaN of what the data do not tell, shape (c,)."""
        return self._uncertainty[0]

    @property
    def df(self) -> FloatArray:
        """Degrees of freedom, NaN of what the data do not tell, shape (c,)."""
        return self._uncertainty[1]

    @cached_property
    def _uncertainty(self) -> tuple[FloatArray, FloatArray]:
        """Standard errors and degrees of freedom, infinite where a random effect takes part."""
        estimate, alone, added = self.estimate, self.of_coefficients, self.added
        variances, df = np.zeros(len(alone)), np.full(len(alone), np.inf)
        if np.any(alone):
            spread = combination_spread(estimate, self.fixed[alone])
            spread = spread if added is None else spread + added[alone]
            variances[alone], df[alone] = spread.variances, degrees_of_freedom(estimate, spread)
        if self.random is not None and not np.all(alone):
            assert isinstance(estimate, Estimate)
            variances[~alone] = combination_variances(estimate, self.fixed[~alone], self.random[~alone])
            variances[~alone] += 0.0 if added is None else added.variances[~alone]
        untold = np.isnan(self.values)
        variances[untold], df[untold] = np.nan, np.nan
        return np.sqrt(variances), df

    def scores(self) -> FloatArray:
        """Normal scores of the estimated distribution function: the values, where they are standardized."""
        return self.values

    def columns(self, prob: float) -> dict[str, FloatArray]:
        """Estimate, standard error and interval by Student's t as columns of a table, of shape (c,) each."""
        return summary_columns(interval_summary(self.values, self.se, prob, self.df), prob)

    def freedom(self) -> dict[str, FloatArray]:
        """Column ``df``."""
        return {"df": self.df}

    def tests(self) -> dict[str, FloatArray]:
        """Columns ``t``, ``df`` and ``p_value`` of tests against zero."""
        return t_test_columns(self.values, self.se, self.df)


def unit_combinations(estimate: AnyEstimate, which: Sequence[int] | None = None) -> Combinations:
    """Single coefficients, all of them unless given."""
    weights = np.eye(len(estimate.optimum.coefficients))
    chosen = slice(None) if which is None else list(which)
    values = estimate.optimum.coefficients[chosen]
    return Combinations(estimate=estimate, values=values, fixed=weights[chosen], random=None)


def combinations_of(
    estimate: AnyEstimate,
    wanted: PredictionRows,
    *,
    kind: PredictKind = "mean",
    new_levels: NewLevels = "error",
) -> Combinations:
    """Means of any rows, X b + Z u + offset, or new responses; the mean effect of new levels is zero."""
    added = []
    if new_levels == "sample":
        added.append(new_level_spread(estimate, wanted))
    if kind == "response" and estimate.profiles_sigma:
        added.append(residual_spread(estimate, wanted.data.residual.scales(wanted.n_rows)))
    elif kind == "response":
        added.append(own_residual_spread(estimate, wanted))
    return Combinations(
        estimate=estimate,
        values=predicted_values(estimate.design, estimate.optimum, wanted),
        fixed=wanted.data.fixed,
        random=relative_columns(estimate, wanted)
        if wanted.design.blocks and isinstance(estimate, Estimate)
        else None,
        added=sum(added[1:], added[0]) if added else None,
    )


def predicted_values(design: Design, optimum: Optimum, wanted: PredictionRows) -> FloatArray:
    """Mean of any rows, X b + Z u + offset.

    Returns shape (m,).
    """
    data = wanted.data
    ranefs = {block.group: ranef for block, ranef in zip(design.blocks, optimum.ranef, strict=True)}
    total = data.fixed @ optimum.coefficients + data.offset
    for block, columns, meeting in zip(wanted.design.blocks, data.columns, data.meetings, strict=True):
        known = incidence(columns, meeting.where(meeting.codes >= 0), block.n_levels)
        total = total + known @ ranefs[block.group].ravel()
    return np.where(wanted.told, total, np.nan)


def fitted_values(design: Design, optimum: Optimum) -> FloatArray:
    """Mean of every row of the fit, X b + Z u + offset.

    Returns shape (n,).
    """
    return predicted_values(design, optimum, prediction_rows(design))


def row_variances(estimate: Estimate) -> FloatArray:
    """Variance of every fitted value X b + Z u, the variance parameters taken as known, shape (n,)."""
    wanted = prediction_rows(estimate.design)
    return combination_variances(estimate, wanted.data.fixed, relative_columns(estimate, wanted))


def combination_variances(estimate: Estimate, fixed: FloatArray, random: sparse.csr_array) -> FloatArray:
    """Variances of linear combinations of coefficients and random effects, the variances taken as known.

    Shapes: `fixed` (m, p), `random` (m, q); returns (m,).

    With T = [Z L, X], the variance of a row t is sigma^2 t' (T'W T + blockdiag(I, 0))^-1 t (Henderson 1975,
    Biometrics 31:423), L the covariance factors relative to sigma: it holds where a variance is zero too.
    """
    units = estimate.likelihood.units
    centred = centred_columns(fixed, units.centring)
    asked = sparse.csr_array(sparse.hstack([random, sparse.csr_array(centred / units.scales)]))
    solver = splu(_precision(estimate))
    step = max(CHUNK // asked.shape[1], 1)
    variances = np.empty(asked.shape[0])
    for first in range(0, asked.shape[0], step):
        part = asked[first : first + step].toarray()
        variances[first : first + step] = np.einsum("nq,qn->n", part, solver.solve(part.T))
    return np.asarray(estimate.optimum.relative**2 * variances)


def level_covariances(estimate: Estimate, *, known_coefficients: bool) -> tuple[LevelCovariances, ...]:
    """Covariances of the random effects given y, for each block, the variance parameters taken as known."""
    likelihood, optimum = estimate.likelihood, estimate.optimum
    found = conditional_covariances(likelihood, optimum, known_coefficients=known_coefficients)
    return tuple(
        each
        if block.root is None
        else _of_related(estimate, i, block.root, known_coefficients=known_coefficients)
        for i, (block, each) in enumerate(zip(estimate.design.blocks, found, strict=True))
    )


def _of_related(
    estimate: Estimate, i: int, levels_root: FloatArray, *, known_coefficients: bool
) -> LevelCovariances:
    """The same of a block of related levels, whose effects are combinations of independent ones."""
    blocks = estimate.design.blocks
    sizes = np.cumsum([0, *(block.n_levels * block.n_effects for block in blocks)])
    own, first = slice(sizes[i], sizes[i + 1]), sizes[-1]
    precision = _precision(estimate)
    if known_coefficients:
        precision = sparse.csc_array(precision[:first, :first])
    solved = splu(precision).solve(np.eye(precision.shape[0])[:, own])
    root = np.kron(levels_root, _relative_root(estimate, i))
    variance, k = estimate.optimum.relative**2, blocks[i].n_effects
    within = (variance * root @ solved[own] @ root.T).reshape(-1, k, root.shape[0] // k, k)
    levels = np.arange(root.shape[0] // k)
    to_units = coefficients_map(estimate.likelihood.units) / estimate.likelihood.units.scale
    p = len(estimate.optimum.coefficients)
    crossed = np.zeros((root.shape[0], p)) if known_coefficients else root @ solved[first:].T @ to_units.T
    return LevelCovariances(
        own=within[levels, :, levels],
        with_coefficients=variance * crossed.reshape(len(levels), k, p),
    )


def combination_covariance(estimate: Estimate, fixed: FloatArray, random: sparse.csr_array) -> FloatArray:
    """Covariance matrix of combinations, the variance parameters taken as known, shape (c, c)."""
    units = estimate.likelihood.units
    centred = centred_columns(fixed, units.centring) / units.scales
    asked = sparse.hstack([random, sparse.csr_array(centred)], format="csr")
    solved = splu(_precision(estimate)).solve(asked.toarray().T)
    return np.asarray(estimate.optimum.relative**2 * (asked @ solved))


def _precision(estimate: Estimate) -> sparse.csc_array:
    """T'W T + blockdiag(I, 0) of T = [Z L, X], X unit-free, from the cross-products of the fit."""
    products = estimate.likelihood.products(estimate.optimum.entries)
    return precision_of(products, estimate.design, relative_roots(estimate))


def relative_roots(estimate: Estimate) -> list[FloatArray]:
    """Covariance factors of all blocks relative to sigma, in the units of the data, shapes (k, k)."""
    return [_relative_root(estimate, i) for i in range(len(estimate.design.blocks))]


def precision_of(products: CrossProducts, design: Design, relative: Sequence[FloatArray]) -> sparse.csc_array:
    """The same from cross-products and covariance factors relative to sigma."""
    roots = [
        sparse.kron(sparse.eye_array(block.n_levels), block.scales[:, None] * root)
        for block, root in zip(design.blocks, relative, strict=True)
    ]
    indices = range(len(roots))
    random: Any = [[roots[i].T @ products.between(i, j) @ roots[j] for j in indices] for i in indices]
    for i in indices:
        random[i][i] += sparse.eye_array(random[i][i].shape[0])
    mixed = [sparse.csr_array(root.T @ fixed) for root, fixed in zip(roots, products.fixed, strict=True)]
    if design.fixed.terms:
        bottom = [*(part.T for part in mixed), sparse.csr_array(products.fixed_gram)]
        random = [*([*row, part] for row, part in zip(random, mixed, strict=True)), bottom]
    return sparse.csc_array(sparse.block_array(random))


def _relative_root(estimate: Estimate, i: int) -> FloatArray:
    """Covariance factor of a grouping factor relative to sigma, in the units of the data."""
    return np.asarray(covariance_root(estimate.optimum.covariances[i]) / estimate.optimum.relative)


def relative_columns(estimate: Estimate, wanted: PredictionRows) -> sparse.csr_array:
    """Columns of Z L, the weights of random effects of unit variance.

    Returns shape (m, q); columns are zero for new levels and for factors that do not take part.
    """
    parts = [
        _relative_block(estimate, i, block.group, wanted) for i, block in enumerate(estimate.design.blocks)
    ]
    return sparse.csr_array(sparse.hstack(parts))


def _relative_block(estimate: Estimate, i: int, group: str, wanted: PredictionRows) -> sparse.csr_array:
    """Columns of Z L of one grouping factor; zero for new levels and where it does not take part."""
    block = estimate.design.blocks[i]
    groups = [part.group for part in wanted.design.blocks]
    if group not in groups:
        return sparse.csr_array((wanted.n_rows, block.n_levels * block.n_effects))
    meeting, columns = wanted.data.meetings[groups.index(group)], wanted.data.columns[groups.index(group)]
    known = meeting.where(meeting.codes >= 0)
    return incidence(columns @ _relative_root(estimate, i), known, block.n_levels, block.root)
