"""The hierarchical PyMC model of a specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from bayesmixed import names
from bayesmixed.covariances.serial import Serial
from bayesmixed.design.centring import centred_columns
from bayesmixed.design.meeting import Meeting
from bayesmixed.design.records import Design, FloatArray, GroupBlock, LinearPredictor
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed_program import ctrl_c_waits

with ctrl_c_waits():
    import pymc as pm
    import pytensor.tensor as pt

MOST_COLUMNS = 20

Scalars = list[Any]


def build_pymc_model(spec: ModelSpec) -> pm.Model:
    """Hierarchical model of a specification as a PyMC graph.

    Use it to look at the model, to extend it, or to sample it with any sampler of PyMC's.

    y = X b + offset + sum_k Z_k u_k + e, u_kj = D_k L_k z_kj, e ~ N(0, sigma^2 / w): non-centred. Where sigma
    has a predictor, known errors stand beside it or residuals are correlated, e ~ N(0, D C D). Of another
    family the right side without e is the linear predictor, and ``sigma`` gives way to its parameters.
    The Cholesky factor L_k of a correlation matrix is written with scalars (of an unstructured one, by its
    canonical partial correlations): small matrices take many times as long to compile.
    Parameters whose priors are of several kinds are sampled one by one, as ``sd_<g>[<effect>]``.
    """
    design = spec.design
    with pm.Model(coords=graph_coordinates(design)) as model:
        predictors = {
            name: _predictor(each, spec.priors if name == names.MU else spec.priors.others[name])
            for name, each in design.predictors.items()
        }
        _likelihood(spec, predictors)
    return model


def _predictor(predictor: LinearPredictor, priors: PriorSet) -> Any:
    """X b + offset + Z u of a parameter."""
    eta: Any = predictor.offset if np.any(predictor.offset) else np.zeros(len(predictor.offset))
    if predictor.fixed.terms:
        eta = eta + _fixed_part(predictor, priors.coefficients)
    for block, sd, correlation in zip(predictor.blocks, priors.sd, priors.correlation, strict=True):
        eta = eta + _random_part(block, sd, correlation)
    return eta


def _likelihood(spec: ModelSpec, predictors: Mapping[str, Any]) -> None:
    """Distribution of the response given the linear predictor of every parameter that has one."""
    design, family = spec.design, spec.family
    serial = design.residual.correlation
    priors = {name: prior for name, prior in spec.priors.parameters.items() if name != serial.label}
    parameters = {name: _distribution(prior, name) for name, prior in priors.items()}
    parameters |= {name: pt.exp(eta) for name, eta in predictors.items() if name != names.MU}
    if family.is_gaussian:
        parameters[names.SIGMA] = _row_sds(design, parameters.get(names.SIGMA))
    y = design.response.values
    if not design.residual.is_independent:
        value = serial.graph_variable(spec.priors.parameters[serial.label])
        _correlated_normal(serial, predictors[names.MU], parameters[names.SIGMA], value, y)
        return
    arguments = family.graph_arguments(predictors[names.MU], parameters, design.response.trials)
    whole = family.is_discrete and np.array_equal(y, np.round(y))
    getattr(pm, family.distribution)(
        names.RESPONSE, **arguments, observed=y.astype(np.int64) if whole else y, dims=names.ROW
    )


def _row_sds(design: Design, sigma: Any) -> Any:
    """Residual standard deviation of every row, of which known errors are a part."""
    errors, scale = design.residual.errors, design.residual.scale
    if sigma is None:
        return errors
    return sigma * scale if errors is None else pt.sqrt(errors**2 + (sigma * scale) ** 2)


def _correlated_normal(serial: Serial, mean: Any, sd: Any, value: Any, y: FloatArray) -> None:
    """Response with residuals that are correlated within series."""
    n = len(y)

    def log_density(at: Any, mean: Any, sd: Any, value: Any) -> Any:
        form, log_determinant = serial.graph_terms(value, (at - mean) / sd)
        whole = form + log_determinant + n * float(np.log(2 * np.pi))
        return -0.5 * whole - pt.log(sd).sum()

    def random(mean: Any, sd: Any, value: Any, rng: np.random.Generator, size: Any) -> Any:
        noise = serial.correlated(np.asarray(value)[None], rng.standard_normal((1, n)))[0]
        return np.broadcast_to(mean + sd * noise, (*(size or ()), n))

    inner = "(i,j)" if serial.coords else "()"
    pm.CustomDist(
        names.RESPONSE,
        mean,
        pt.broadcast_to(sd, (n,)),
        value,
        logp=log_density,
        random=random,
        signature=f"(n),(n),{inner}->(n)",
        observed=y,
        dims=names.ROW,
    )


def graph_coordinates(design: Design) -> dict[str, Any]:
    """Coordinates of every dimension of the graph."""
    coords: dict[str, Any] = {names.ROW: np.asarray(design.frame.index)}
    for predictor in design.predictors.values():
        if predictor.fixed.terms:
            coords[names.term_dim(predictor.parameter)] = list(predictor.fixed.terms)
    for block in design.all_blocks:
        coords[names.level_dim(block.group)] = list(block.levels)
        coords[names.effect_dim(block.name)] = list(block.effects)
        if block.has_correlation:
            coords[names.effect_bis_dim(block.name)] = list(block.effects)
    return coords | {dim: list(labels) for dim, labels in design.residual.correlation.coords.items()}


def _fixed_part(predictor: LinearPredictor, priors: Sequence[Prior]) -> Any:
    """X b, with b on the original scale recorded as ``beta``."""
    fixed, parameter = predictor.fixed, predictor.parameter
    dim = names.term_dim(parameter)
    labels = {
        names.beta_centred_of(term, parameter): prior for term, prior in zip(fixed.terms, priors, strict=True)
    }
    free = _parameters(names.beta_centred(parameter), labels, dim)
    centred = pt.stack(free) if isinstance(free, list) else free
    beta = [_combination(row, [centred[j] for j in range(len(row))]) for row in fixed.centring]
    pm.Deterministic(names.beta(parameter), pt.stack(beta), dims=dim)
    return _product_by_columns(centred_columns(fixed.matrix, fixed.centring), centred)


def _combination(weights: FloatArray, values: Scalars) -> Any:
    """Sum of scalars with weights, most of which are 0 or 1."""
    parts = [v if w == 1.0 else v * w for v, w in zip(values, weights, strict=True) if w != 0.0]
    return sum(parts[1:], parts[0])


def _product_by_columns(matrix: FloatArray, coefficients: Any) -> Any:
    """Matrix times vector, column by column unless there are many: BLAS takes a minute to compile."""
    if matrix.shape[1] > MOST_COLUMNS:
        return pt.as_tensor(matrix) @ coefficients
    return sum(_times(coefficients[j], matrix[:, j]) for j in range(matrix.shape[1]))


def _times(value: Any, column: FloatArray) -> Any:
    """Value times a column of the data, which is often all ones."""
    return value if np.all(column == 1) else value * column


def _random_part(block: GroupBlock, sd_priors: Sequence[Prior], correlation: Mapping[str, Prior]) -> Any:
    """Z u of one grouping factor, with sd, correlations and random effects recorded."""
    effect_dim, level_dim = names.effect_dim(block.name), names.level_dim(block.group)
    whole, one = (names.sd_centred, names.sd_centred_of) if block.is_centred else (names.sd, names.sd_of)
    labels = {one(block.name, e.name): p for e, p in zip(block.deviations, sd_priors, strict=True)}
    free = _parameters(whole(block.name), labels, effect_dim if len(labels) == block.n_effects else None)
    if len(labels) < block.n_effects:
        free = [free[place] for place in block.covariances.of_effect]
    factors = [
        each.graph_rows(names.of_set(each.free_name, block.name, i), correlation.get(each.name))
        for i, each in enumerate(block.covariances.sets)
    ]
    deviates = [pm.Normal(names.standardized_ranef(block.name, e), dims=level_dim) for e in block.effects]
    effects: Scalars = []
    for i, row in enumerate(_block_rows(factors)):
        effects.append(free[i] * sum(factor * deviates[m] for m, factor in row.items()))
    _record_scales(block, free, _block_rows(factors))
    if block.root is not None:
        effects = [pt.as_tensor(block.root) @ effect for effect in effects]
    at_zero = [_combination(row, effects) for row in block.centring]
    pm.Deterministic(names.ranef(block.name), pt.stack(at_zero).T, dims=(level_dim, effect_dim))
    columns = centred_columns(block.columns, block.centring)
    return sum(_times(_of_rows(effect, block.meeting), columns[:, i]) for i, effect in enumerate(effects))


def _of_rows(effect: Any, meeting: Meeting) -> Any:
    """What the levels of every row add, of effects of all levels."""
    if meeting.weights is None:
        return effect[meeting.codes[:, 0]]
    if np.all(meeting.codes == np.arange(meeting.codes.shape[1])):
        return pt.as_tensor(meeting.weights) @ effect
    return (effect[meeting.codes] * meeting.weights).sum(axis=1)


def _record_scales(block: GroupBlock, free: Any, rows: list[dict[int, Any]]) -> None:
    """Record standard deviations and correlations of the effects of the columns as they are."""
    sd, corr = names.sd(block.name), names.corr(block.name)
    effect_dim = names.effect_dim(block.name)
    dims = (effect_dim, names.effect_bis_dim(block.name))
    if block.is_centred:
        scaled = [{m: free[i] * factor for m, factor in row.items()} for i, row in enumerate(rows)]
        rows = [
            {
                m: _combination(weights, [each.get(m, pt.constant(0.0)) for each in scaled])
                for m in range(len(rows))
            }
            for weights in block.centring
        ]
        sds = [pt.sqrt(_product(row, row)) for row in rows]
        rows = [{m: value / s for m, value in row.items()} for row, s in zip(rows, sds, strict=True)]
        pm.Deterministic(sd, pt.stack(sds), dims=effect_dim)
    elif isinstance(free, list):
        pm.Deterministic(sd, pt.stack(free), dims=effect_dim)
    if block.has_correlation:
        pm.Deterministic(corr, _correlation(rows), dims=dims)


def _parameters(name: str, labels: Mapping[str, Prior], dim: str | None) -> Any:
    """One vector variable when all priors are of one kind and it has a dimension, else scalar variables."""
    priors = list(labels.values())
    if dim is None or len({prior.name for prior in priors}) > 1:
        return [_distribution(prior, names.variable(label)) for label, prior in labels.items()]
    stacked = {argument: np.array([p.args[argument] for p in priors]) for argument in priors[0].args}
    return getattr(pm, priors[0].name)(name, **stacked, dims=dim)


def _distribution(prior: Prior, name: str) -> Any:
    """Scalar random variable; PyTensor would take a Python number such as 1.5 for single precision."""
    return getattr(pm, prior.name)(name, **{argument: np.array(v) for argument, v in prior.args.items()})


def _block_rows(factors: list[list[Scalars]]) -> list[dict[int, Any]]:
    """Rows of the block-diagonal factor of all effects: column to scalar, zeros left out."""
    starts = [0, *accumulate(len(factor) for factor in factors)]
    return [
        {start + m: value for m, value in enumerate(row)}
        for start, factor in zip(starts, factors, strict=False)
        for row in factor
    ]


def _correlation(rows: list[dict[int, Any]]) -> Any:
    """Correlation matrix of all effects, zero between sets that are not correlated."""
    entries = [
        _product(rows[i], rows[j]) if i != j else pt.constant(1.0)
        for i in range(len(rows))
        for j in range(len(rows))
    ]
    return pt.stack(entries).reshape((len(rows), len(rows)))


def _product(left: Mapping[int, Any], right: Mapping[int, Any]) -> Any:
    """Inner product of two sparse rows."""
    shared = [left[m] * right[m] for m in left if m in right]
    return sum(shared[1:], shared[0]) if shared else pt.constant(0.0)
