"""Estimates of every parameter beside each other: two stages without pooling, lme4's, the posterior's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.comparison.group_columns import (
    CoefficientColumns,
    FirstStage,
    coefficient_columns,
    first_stage,
)
from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.regression import estimate_regression
from bayesmixed.engines.reml.estimate import estimate
from bayesmixed.model.spec import ModelSpec, check_gaussian
from bayesmixed.options import ConfintMethod
from bayesmixed.verbs.estimate.confint import confint
from bayesmixed.verbs.estimate.parameters import chosen_parameters
from bayesmixed.verbs.quantities import quantities
from bayesmixed.verbs.summaries import bound_names, summarize

NO_POOLING, REML, POSTERIOR = "no pooling", "REML", "posterior"
"""Methods, as the table names them."""


def versus(
    draws: xr.DataTree,
    spec: ModelSpec,
    *,
    method: ConfintMethod = "profile",
    prob: float = 0.95,
    parameters: str | Sequence[str] | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Every parameter by no pooling, by REML with its interval, by the posterior with its interval."""
    check_gaussian(spec, "REML")
    chosen = chosen_parameters(spec.design, parameters)
    lower, upper = bound_names(prob)
    found = estimate_regression(spec, "ols") if spec.design.is_plain else estimate(spec.design)
    intervals = confint(found, method, prob=prob, seed=seed, parameters=[p.name for p in chosen])
    by_method = {
        NO_POOLING: two_stage_intervals(two_stages(spec.design), chosen, prob),
        REML: intervals[["estimate", lower, upper]].to_numpy(),
        POSTERIOR: _posterior_intervals(draws, spec, chosen, prob),
    }
    rows = [
        _row(parameter, method, values[i], (lower, upper))
        for i, parameter in enumerate(chosen)
        for method, values in by_method.items()
        if not np.isnan(values[i, 0])
    ]
    return pd.DataFrame(rows)


def _row(parameter: Parameter, method: str, values: FloatArray, bounds: tuple[str, str]) -> dict[str, object]:
    """One parameter by one method; `values` are value, lower and upper end."""
    labels = {"parameter": parameter.name, "kind": parameter.kind, "group": parameter.group}
    return {**labels, "effect": parameter.effect, "method": method} | dict(
        zip(("value", *bounds), values.tolist(), strict=True)
    )


def _posterior_intervals(
    draws: xr.DataTree, spec: ModelSpec, parameters: Sequence[Parameter], prob: float
) -> FloatArray:
    """Median and interval of some parameters, shape (m, 3)."""
    values = quantities(draws, spec.design)
    summary = summarize(np.column_stack([values[each.label].ravel() for each in parameters]), prob)
    return np.column_stack([summary.value, summary.lower, summary.upper])


NEGLIGIBLE = 1e-7
"""Relative size below which a column adds nothing to an effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRegression:
    """The levels' own values of one effect, regressed on what the levels themselves are like."""

    # the q regressors: the effect itself for their mean, and columns that only levels determine
    terms: tuple[str, ...]
    # values, errors: coefficients with their standard errors, shape (q,)
    values: FloatArray
    errors: FloatArray
    residuals: FloatArray  # shape (J,)

    @property
    def degrees(self) -> int:
        """Residual degrees of freedom, J - q."""
        return len(self.residuals) - len(self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStages:
    """Regressions with free coefficients for every level, in place of random effects."""

    levels: dict[str, LevelRegression]  # second stage of each varying effect that has one
    common: dict[str, float]  # coefficients that all levels share
    squares: float  # residual sum of squares, weighted
    degrees: int  # residual degrees of freedom


def two_stages(design: Design) -> TwoStages | None:
    """Estimate a model with the random effects of its only grouping factor free."""
    if len(design.blocks) != 1 or not design.blocks[0].is_plain:
        return None
    block = design.blocks[0]
    first, columns = first_stage(design, block, block.effects), coefficient_columns(design, block)
    degrees = design.n_rows - first.n_coefficients
    if degrees < 1 or not first.told.all():
        return None
    residuals = design.response.values - first.fitted
    weights = 1.0 if design.weights is None else design.weights
    squares = float(np.sum(weights * residuals**2))
    shared = np.asarray(columns.names, dtype=object)[first.shared]
    alone = first.kept[np.all(np.abs(first.combined) < NEGLIGIBLE, axis=1)]
    return TwoStages(
        levels=_second_stages(design, block, columns, first, squares / degrees),
        common={str(shared[place]): float(first.common[place]) for place in alone},
        squares=squares,
        degrees=degrees,
    )


def _second_stages(
    design: Design, block: GroupBlock, columns: CoefficientColumns, first: FirstStage, variance: float
) -> dict[str, LevelRegression]:
    """A regression over the levels for every effect, but for those that share a regressor with another."""
    own = [name for name, mine in zip(columns.names, first.mine, strict=True) if mine]
    shared = [columns.names[place] for place in first.shared[first.aliased]]
    carried, sizes = first.carried, first.shared_scales[first.aliased]
    adds = np.abs(carried).max(axis=0) * first.scales[:, None] > NEGLIGIBLE * sizes
    root = np.linalg.inv(first.triangle)
    out = {}
    for e, effect in enumerate(own):
        mean = [effect] if effect in design.fixed.terms else []
        matrix = np.column_stack([np.ones((block.n_levels, len(mean))), carried[:, e, adds[e]]])
        q = matrix.shape[1]
        if np.any(adds[e] & (adds.sum(axis=0) > 1)) or not _is_told(matrix):
            continue
        inverse = np.linalg.pinv(matrix)
        values = inverse @ first.own[:, e]
        residuals = first.own[:, e] - matrix @ values
        spread = np.sum(residuals**2) / (block.n_levels - q) * np.sum(inverse**2, axis=1)
        passed_on = variance * np.sum((inverse @ first.moved[:, e, first.kept] @ root) ** 2, axis=1)
        terms = (*mean, *(name for name, used in zip(shared, adds[e], strict=True) if used))
        out[effect] = LevelRegression(
            terms=terms, values=values, errors=np.sqrt(spread + passed_on), residuals=residuals
        )
    return out


def _is_told(matrix: FloatArray) -> bool:
    """Whether levels determine the coefficients of their regressors, with degrees of freedom left."""
    rank = int(np.linalg.matrix_rank(matrix))
    return bool(len(matrix) > rank == matrix.shape[1])


def two_stage_intervals(stages: TwoStages | None, parameters: Sequence[Parameter], prob: float) -> FloatArray:
    """Value, lower and upper end of m parameters from regressions of single levels, shape (m, 3).

    The two-stage analysis (Laird and Ware 1982, Biometrics 38:963). A coefficient that varies is the mean of
    the J levels' own, with the t interval of a mean; where predictors are constant within levels, the levels'
    own coefficients are regressed on them by ordinary least squares, and their q coefficients have t
    intervals on J - q degrees of freedom. Errors of coefficients that all levels share are added. A standard
    deviation of random effects is the residual one of that regression, with its chi-squared interval. The
    residual standard deviation pools the levels' residuals. Where one predictor moves several varying
    coefficients the value is NaN.
    """
    if stages is None:
        return np.full((len(parameters), 3), np.nan)
    return np.array([_estimate(stages, parameter, prob) for parameter in parameters]).reshape(-1, 3)


def _estimate(stages: TwoStages, parameter: Parameter, prob: float) -> tuple[float, float, float]:
    """Value and interval of one parameter."""
    first, second = (stages.levels.get(effect) for effect in (parameter.effect_1, parameter.effect_2))
    match parameter.kind:
        case "sigma":
            return _spread(stages.squares, stages.degrees, prob)
        case "sd" if first is not None:
            return _spread(float(np.sum(first.residuals**2)), first.degrees, prob)
        case "cor" if first is not None and second is not None:
            return _correlation(first.residuals, second.residuals), np.nan, np.nan
        case "beta":
            return _coefficient(stages, parameter.effect_1, prob)
    return np.nan, np.nan, np.nan


def _coefficient(stages: TwoStages, term: str, prob: float) -> tuple[float, float, float]:
    """Coefficient with its t interval, without one where all levels share it."""
    from scipy.stats import t

    for level in stages.levels.values():
        if term in level.terms:
            place = level.terms.index(term)
            value = float(level.values[place])
            half = float(t.isf(0.5 - 0.5 * prob, level.degrees) * level.errors[place])
            return value, value - half, value + half
    return stages.common.get(term, np.nan), np.nan, np.nan


def _correlation(first: FloatArray, second: FloatArray) -> float:
    """Correlation of residuals whose mean is zero by the model."""
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def _spread(squares: float, degrees: int, prob: float) -> tuple[float, float, float]:
    """Standard deviation with its chi-squared interval."""
    from scipy.stats import chi2

    low, high = np.sqrt(squares / chi2.isf([0.5 - 0.5 * prob, 0.5 + 0.5 * prob], degrees))
    return float(np.sqrt(squares / degrees)), float(low), float(high)
