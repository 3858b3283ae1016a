"""The hierarchical PyMC model of a specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.families.gaussian import residual_scale
from bayesmixed.families.graph import predictor_arguments
from bayesmixed.families.support import is_discrete
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.lkj import partial_shapes
from bayesmixed.priors.prior import Prior

MOST_COLUMNS = 20

Scalars = list[Any]


def build_pymc_model(spec: ModelSpec) -> pm.Model:
    """Hierarchical model of a specification as a PyMC graph.

    Use it to look at the model, to extend it, or to sample it with any sampler of PyMC's.

    Parameters
    ----------
    spec : ModelSpec
        Design, priors and family.

    Returns
    -------
    pymc.Model
        With coordinates, and variables named as in a fit's posterior. Sampled are ``beta_centred`` (the
        intercept at the means of the columns of X, then the slopes), ``sd_<g>``, ``partial_corr_<g>``,
        ``sigma`` and the standard normal ``z_<g>_<effect>``; ``beta``, ``corr_<g>`` and ``ranef_<g>`` are
        computed from them.

    Notes
    -----
    y = X b + offset + sum_k Z_k u_k + e, u_kj = D_k L_k z_kj, e ~ N(0, sigma^2 / w): non-centred. Of another
    family the right side without e is the linear predictor, and ``sigma`` gives way to its parameters.
    The Cholesky factor L_k of a correlation matrix comes from canonical partial correlations (Lewandowski,
    Kurowicka and Joe, 2009), written with scalars: small matrices take many times as long to compile.
    Parameters whose priors are of several kinds are sampled one by one, as ``sd_<g>[<effect>]``.
    """
    design, priors = spec.design, spec.priors
    with pm.Model(coords=graph_coordinates(design)) as model:
        mean: Any = design.offset if np.any(design.offset) else np.zeros(design.n_rows)
        if design.fixed.terms:
            mean = mean + _fixed_part(design, priors.coefficients)
        for block, sd_priors, lkj in zip(design.blocks, priors.sd, priors.correlation, strict=True):
            mean = mean + _random_part(block, sd_priors, lkj)
        _likelihood(spec, mean)
    return model


def _likelihood(spec: ModelSpec, predictor: Any) -> None:
    """Distribution of the response given its linear predictor."""
    design, family = spec.design, spec.family
    parameters = {name: _distribution(prior, name) for name, prior in spec.priors.parameters.items()}
    if family.is_gaussian:
        parameters[names.SIGMA] = parameters[names.SIGMA] * residual_scale(design.weights)
    arguments = predictor_arguments(family, predictor, parameters, design.response.trials)
    y = design.response.values
    whole = is_discrete(family) and np.array_equal(y, np.round(y))
    getattr(pm, family.distribution)(
        names.RESPONSE, **arguments, observed=y.astype(np.int64) if whole else y, dims=names.ROW
    )


def graph_coordinates(design: Design) -> dict[str, Any]:
    """Coordinates of every dimension of the graph.

    Parameters
    ----------
    design : Design
        Supplies terms, levels, effects and row labels.

    Returns
    -------
    dict
        Dimension to labels.
    """
    coords: dict[str, Any] = {names.ROW: np.asarray(design.frame.index)}
    if design.fixed.terms:
        coords[names.TERM] = list(design.fixed.terms)
    for block in design.blocks:
        coords[names.level_dim(block.group)] = list(block.levels)
        coords[names.effect_dim(block.group)] = list(block.effects)
        if block.has_correlation:
            coords[names.effect_bis_dim(block.group)] = list(block.effects)
    return coords


def _fixed_part(design: Design, priors: Sequence[Prior]) -> Any:
    """X b, with b on the original scale recorded as ``beta``."""
    fixed = design.fixed
    labels = {names.beta_centred_of(term): prior for term, prior in zip(fixed.terms, priors, strict=True)}
    free = _parameters(names.BETA_CENTRED, labels, names.TERM)
    centred = pt.stack(free) if isinstance(free, list) else free
    if not fixed.has_intercept:
        beta = pm.Deterministic(names.BETA, centred, dims=names.TERM)
        return _product_by_columns(fixed.matrix, beta)
    first = np.eye(len(fixed.terms))[0]
    pm.Deterministic(names.BETA, centred - first * (fixed.means * centred).sum(), dims=names.TERM)
    return _product_by_columns(fixed.matrix - fixed.means, centred)


def _product_by_columns(matrix: FloatArray, coefficients: Any) -> Any:
    """Matrix times vector, column by column unless there are many: BLAS takes a minute to compile."""
    if matrix.shape[1] > MOST_COLUMNS:
        return pt.as_tensor(matrix) @ coefficients
    return sum(_times(coefficients[j], matrix[:, j]) for j in range(matrix.shape[1]))


def _times(value: Any, column: FloatArray) -> Any:
    """Value times a column of the data, which is often all ones."""
    return value if np.all(column == 1) else value * column


def _random_part(block: GroupBlock, sd_priors: Sequence[Prior], lkj: Prior | None) -> Any:
    """Z u of one grouping factor, with sd, correlations and random effects recorded."""
    labels = {names.sd_of(block.group, e): p for e, p in zip(block.effects, sd_priors, strict=True)}
    effect_dim, level_dim = names.effect_dim(block.group), names.level_dim(block.group)
    free = _parameters(names.sd(block.group), labels, effect_dim)
    if isinstance(free, list):
        pm.Deterministic(names.sd(block.group), pt.stack(free), dims=effect_dim)
    factors = _cholesky_factors(block, lkj)
    if lkj is not None:
        _record_correlation(block, factors)
    deviates = [pm.Normal(names.standardized_ranef(block.group, e), dims=level_dim) for e in block.effects]
    effects: Scalars = []
    for i, row in enumerate(_block_rows(factors)):
        effects.append(free[i] * sum(factor * deviates[m] for m, factor in row.items()))
    pm.Deterministic(names.ranef(block.group), pt.stack(effects).T, dims=(level_dim, effect_dim))
    return sum(_times(effect[block.codes], block.columns[:, i]) for i, effect in enumerate(effects))


def _parameters(name: str, labels: Mapping[str, Prior], dim: str) -> Any:
    """One vector variable when all priors are of one kind, else a list of scalar variables."""
    priors = list(labels.values())
    if len({prior.name for prior in priors}) > 1:
        return [_distribution(prior, label) for label, prior in labels.items()]
    stacked = {argument: np.array([p.args[argument] for p in priors]) for argument in priors[0].args}
    return getattr(pm, priors[0].name)(name, **stacked, dims=dim)


def _distribution(prior: Prior, name: str) -> Any:
    """Scalar random variable; PyTensor would take a Python number such as 1.5 for single precision."""
    return getattr(pm, prior.name)(name, **{argument: np.array(v) for argument, v in prior.args.items()})


def _cholesky_factors(block: GroupBlock, lkj: Prior | None) -> list[list[Scalars]]:
    """Rows of the Cholesky factor of every correlated set's correlation matrix, as scalars."""
    factors = []
    for i, size in enumerate(block.correlated):
        if lkj is None or size == 1:
            factors.append([[pt.constant(1.0)] for _ in range(size)])
            continue
        shapes = partial_shapes(lkj.args["eta"], size)
        share = pm.Beta(
            names.partial_corr(block.group, i),
            alpha=shapes,
            beta=shapes,
            default_transform=pm.distributions.transforms.logodds,
        )
        factors.append(_cholesky_rows([2 * share[j] - 1 for j in range(len(shapes))], size))
    return factors


def _cholesky_rows(partials: Scalars, size: int) -> list[Scalars]:
    """Rows of a Cholesky factor from canonical partial correlations, as `priors.lkj` writes it."""
    rest = iter(partials)
    rows: list[Scalars] = []
    for i in range(size):
        left: Any = pt.constant(1.0)
        row: Scalars = []
        for _ in range(i):
            partial = next(rest)
            row.append(partial * pt.sqrt(left))
            left = left * (1 - partial**2)
        rows.append([*row, pt.sqrt(left)])
    return rows


def _block_rows(factors: list[list[Scalars]]) -> list[dict[int, Any]]:
    """Rows of the block-diagonal factor of all effects: column to scalar, zeros left out."""
    starts = [0, *accumulate(len(factor) for factor in factors)]
    return [
        {start + m: value for m, value in enumerate(row)}
        for start, factor in zip(starts, factors, strict=False)
        for row in factor
    ]


def _record_correlation(block: GroupBlock, factors: list[list[Scalars]]) -> None:
    """Correlation matrix of all effects, zero between sets that are not correlated."""
    rows = _block_rows(factors)
    entries = [
        _product(rows[i], rows[j]) if i != j else pt.constant(1.0)
        for i in range(len(rows))
        for j in range(len(rows))
    ]
    matrix = pt.stack(entries).reshape((len(rows), len(rows)))
    dims = (names.effect_dim(block.group), names.effect_bis_dim(block.group))
    pm.Deterministic(names.corr(block.group), matrix, dims=dims)


def _product(left: Mapping[int, Any], right: Mapping[int, Any]) -> Any:
    """Inner product of two sparse rows."""
    shared = [left[m] * right[m] for m in left if m in right]
    return sum(shared[1:], shared[0]) if shared else pt.constant(0.0)
