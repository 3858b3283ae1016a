"""Variance of the response within groups, on the scale of the linear predictor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import Parameters, Within
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.drawn import n_draws, residual_sds
from bayesmixed.verbs.summaries import block_slices, draw_matrix
from bayesmixed.verbs.variances import (
    fixed_variance,
    population_columns,
    random_variance,
    split_blocks,
)


def distribution_variance(draws: xr.DataTree, spec: ModelSpec) -> Within:
    """Variance within groups: distribution-specific, with that of effects which single rows have.

    :meth:`bayesmixed.MixedFit.icc` states the formulas (Nakagawa, Johnson and Schielzeth 2017).
    """
    within = _of_family(draws, spec)
    rows = split_blocks(spec.design)[1]
    if not rows:
        return within
    listed = " and ".join(block.group for block in rows)
    return Within(
        draws=within.draws + np.sum([random_variance(draws, block) for block in rows], axis=0),
        formula=f"V_over+{within.formula}",
        meaning=f"V_over: variance of {listed}, one level a row, which is overdispersion; {within.meaning}",
    )


def _of_family(draws: xr.DataTree, spec: ModelSpec) -> Within:
    """Variance that the family itself adds, one number a draw."""
    family = spec.family
    if spec.design.formula.says_of_residuals and family.is_gaussian:
        return Within(
            draws=mean_residual_variance(draws, spec),
            formula="V_res",
            meaning="V_res: mean over the rows of the residual variance, known errors included",
        )
    parameters = {name: draw_matrix(draws, name) for name in family.parameter_names}
    latent = family.latent_variance(parameters)
    if latent is not None:
        total = draw_matrix(draws, names.BETA).shape[0]
        return replace(latent, draws=np.broadcast_to(latent.draws, total).copy())
    predictor = _mean_predictor(draws, spec)
    if family.link == "log":
        return _of_log_link(draws, spec, predictor, parameters)
    link = family.link_function
    return Within(
        draws=family.variance(link.inverse(predictor), parameters) / link.derivative(predictor) ** 2,
        formula="Var(y)*g'^2",
        meaning="Var(y)*g'^2: variance of the response times the squared slope of the link, at the mean "
        "linear predictor",
    )


def mean_residual_variance(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Mean over the rows of the residual variance of a gaussian model, shape (chains * draws,)."""
    n = spec.design.n_held
    blocks = block_slices(n, n_draws(draws))
    return np.asarray(sum((residual_sds(draws, spec, rows) ** 2).sum(axis=1) for rows in blocks) / n)


def _of_log_link(
    draws: xr.DataTree, spec: ModelSpec, predictor: FloatArray, parameters: Parameters
) -> Within:
    """Lognormal approximation of counts and of positive responses."""
    between = np.sum([random_variance(draws, block) for block in spec.design.groups], axis=0)
    spread = fixed_variance(draws, spec.design) + between
    relative = spec.family.relative_variance(np.exp(predictor + spread / 2), parameters)
    total = "V_fix + V_all + V_over" if split_blocks(spec.design)[1] else "V_fix + V_all"
    expected = f"lambda: expected response, exp(m + ({total})/2), m the mean of X beta + offset"
    return Within(
        draws=np.log1p(relative.draws),
        formula=f"log(1+{relative.formula})",
        meaning=relative.meaning or expected,
    )


def _mean_predictor(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Mean over the rows of X beta + offset, shape (chains * draws,)."""
    matrix, coefficients = population_columns(draws, spec.design)
    return np.asarray(coefficients @ matrix.mean(axis=0) + spec.design.offset.mean())
