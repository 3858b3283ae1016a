"""Variance components and correlations of the random effects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.frame import Column, pick, tidy_all
from bayesmixed.design.records import Design, FloatArray, LinearPredictor
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.distribution_variance import mean_residual_variance
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import bound_names, draw_matrix, stack, summary_columns

MOST_STRATA = 12
"""Distinct rows of the predictor of sigma up to which every one has a line of its own."""
OVER_ROWS = "mean over rows"
"""What tables call the root of the mean residual variance where every row has its own."""


def varcorr(source: Source, *, prob: float = 0.95, correlations: bool = False) -> pd.DataFrame:
    """Variance components, or the correlations among random effects."""
    return _correlation_table(source, prob) if correlations else _variance_table(source, prob)


def sd_labels(spec: ModelSpec) -> list[tuple[str, str, str]]:
    """List predictor, grouping factor and effect of every standard deviation that is a parameter.

    Returns: those of the mean, then sigma, then those of other predictors.
    """
    mean, *others = (
        [(name, block.group, each.name) for block in predictor.blocks for each in block.deviations]
        for name, predictor in spec.design.predictors.items()
    )
    has_sigma = names.SIGMA in spec.priors.parameters
    residual = [(names.SIGMA, names.RESIDUAL, "")] if has_sigma else []
    return [*mean, *residual, *(label for each in others for label in each)]


def _variance_table(source: Source, prob: float) -> pd.DataFrame:
    """One row for every standard deviation, and for every residual one that follows from parameters."""
    spec, design = source.spec, source.spec.design
    labels, summary = sd_labels(spec), source.deviations(prob)
    strata = residual_strata(design)
    if strata:
        at = sum(name == names.MU for name, _, _ in labels)
        labels[at:at] = [(names.SIGMA, names.RESIDUAL, label) for label, _ in strata]
        own = source.strata(lambda draws: np.column_stack([of(draws, spec) for _, of in strata]), prob)
        summary = stack([summary[:at], own, summary[at:]])
    lower, upper = bound_names(prob, "sd", "sd")
    variance = summary.value**2
    table = pd.DataFrame(labels, columns=[names.PARAMETER, "group", "effect"])
    table = table.assign(
        variance=variance,
        sd=summary.value,
        **{lower: summary.lower, upper: summary.upper},
        var_prop=_shares(source, table, variance),
    )
    return table if design.others else table.drop(columns=names.PARAMETER)


def _shares(source: Source, table: pd.DataFrame, variance: FloatArray) -> FloatArray:
    """Shares of the sum of the variances that have the units of the response.

    Where the residual variance is not one number, its mean over the rows takes part, known errors included.
    """
    spec = source.spec
    if not spec.design.formula.says_of_residuals:
        return np.asarray(variance / variance.sum())
    between = (table[names.PARAMETER] == names.MU).to_numpy()
    within = float(np.median(mean_residual_variance(source.draws, spec)))
    total = variance[between].sum() + within
    is_whole = (table["group"] == names.RESIDUAL).to_numpy() & table["effect"].isin(["", OVER_ROWS])
    return np.where(between | is_whole, variance / total, np.nan)


Sds = Callable[[xr.DataTree, ModelSpec], FloatArray]
"""Draws of one residual standard deviation, shape (chains * draws,)."""


def residual_strata(design: Design) -> list[tuple[str, Sds]]:
    """Label and draws of the residual standard deviations that the predictor of sigma makes.

    Returns: one for each distinct row of the columns that sigma is predicted from, where there are few and
    no random effects; else one for all rows; none where sigma does not have a predictor.
    """
    if names.SIGMA not in design.predictors:
        return []
    predictor = design.predictors[names.SIGMA]
    found = [] if predictor.blocks else _distinct_rows(design, predictor)
    if not found:
        return [(OVER_ROWS, lambda draws, spec: np.sqrt(mean_residual_variance(draws, spec)))]
    return [(label, _sd_of_row(predictor, row)) for label, row in found]


def _sd_of_row(predictor: LinearPredictor, row: int) -> Sds:
    """Draws of sigma in one row."""

    def of(draws: xr.DataTree, _: ModelSpec) -> FloatArray:
        beta = draw_matrix(draws, names.beta(predictor.parameter))
        return np.asarray(np.exp(beta @ predictor.fixed.matrix[row] + predictor.offset[row]))

    return of


def _distinct_rows(design: Design, predictor: LinearPredictor) -> list[tuple[str, int]]:
    """Label and first row of every distinct row of the columns that a predictor is made of, if few."""
    recipe = predictor.fixed.recipe
    wanted = [*recipe.matrix.kinds, *(name for each, _ in recipe.offsets for name in each.columns)]
    columns = tidy_all(pick(design.frame, list(dict.fromkeys(wanted))))
    if not columns:
        return [("", 0)]
    codes = np.column_stack([_codes(column) for column in columns.values()])
    _, first = np.unique(codes, axis=0, return_index=True)
    if len(first) > MOST_STRATA:
        return []
    return [
        (", ".join(f"{name}={_shown(column[row])}" for name, column in columns.items()), int(row))
        for row in first
    ]


def _codes(column: Column) -> FloatArray:
    """Numbers in the order of a column's values, shape (n,)."""
    if isinstance(column, pd.Categorical):
        return column.codes.astype(np.float64)
    return np.unique(column, return_inverse=True)[1].astype(np.float64)


def _shown(value: object) -> str:
    """A value of a column, whole numbers without decimals."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _correlation_table(source: Source, prob: float) -> pd.DataFrame:
    """One row for every pair of correlated effects, and for every correlation of residuals."""
    design = source.spec.design
    mean, *others = (
        [
            (name, block.group, each.names[0], "".join(each.names[1:]))
            for block in predictor.blocks
            for _, each in block.correlations
        ]
        for name, predictor in design.predictors.items()
    )
    serial = design.residual.correlation
    pairs = [] if design.residual.is_independent else serial.pair_labels
    residual = [
        (names.SIGMA, names.RESIDUAL, *(pair or (serial.label,)), *([] if pair else [""])) for pair in pairs
    ]
    labels = [*mean, *residual, *(label for each in others for label in each)]
    columns = [names.PARAMETER, "group", "effect_1", "effect_2"]
    table = pd.DataFrame(labels, columns=columns, dtype="str")
    table = table.assign(**summary_columns(source.correlations(prob), prob))
    return table if design.others else table.drop(columns=names.PARAMETER)
