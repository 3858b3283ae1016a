"""Residuals of the rows that the model was fitted to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.prediction_rows import prediction_rows
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ResidualKind, one_of
from bayesmixed.posterior.response import serial_draws
from bayesmixed.verbs.drawn import Effects, posterior_mean_fitted, residual_sds
from bayesmixed.verbs.family_residuals import check_residual_kind, pearson_at_mean, quantile_residuals
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import check_prob, draw_matrix


def resid(
    source: Source, *, kind: ResidualKind = "response", effects: Effects = "all", prob: float = 0.95
) -> pd.DataFrame:
    """Residual of every row with its interval, what the model leaves unexplained."""
    one_of(kind, ResidualKind, "kind")
    one_of(effects, Effects, "effects")
    check_prob(prob)
    spec, design = source.spec, source.spec.design
    check_residual_kind(spec, kind, effects)
    if kind == "quantile" and not spec.family.is_gaussian:
        return pd.DataFrame({"value": quantile_residuals(source.draws, spec)}, index=design.frame.index)
    if kind == "normalized":
        return pd.DataFrame({"value": _normalized(source, effects)}, index=design.frame.index)
    mean = source.rows(prediction_rows(design, effects=effects))
    found = mean.below(design.response.observed)
    if kind == "pearson" and spec.family.is_gaussian and not design.formula.says_of_residuals:
        found = found.times(design.residual.weighted(np.ones(design.n_held)))
    elif kind == "standardized":
        found = found.over(source.residual_sd(effects))
    elif kind != "response":
        found = found.over(source.row_sd(effects))
    columns = {"value": found.scores()} if kind == "quantile" else found.columns(prob)
    return pd.DataFrame(columns, index=design.frame.index)


def _normalized(source: Source, effects: Effects) -> FloatArray:
    """Residuals around the point value, over their standard deviations, less what earlier ones tell."""
    spec, design = source.spec, source.spec.design
    if not spec.family.is_gaussian or effects == "fixed":
        raise FamilyError(
            "Residuals of kind 'normalized' are those of gaussian models around fitted values with "
            "effects='all'. Use kind='quantile' for other families, kind='standardized' for effects='fixed'."
        )
    table = resid(source, kind="standardized")["value"].to_numpy()
    serial = design.residual.correlation
    if design.residual.is_independent:
        return table
    values = serial_draws(source.draws["posterior"].to_dataset(), serial)
    return serial.normalized(np.median(values, axis=(0, 1)), table)


def scaled_residuals(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Residuals in units of sigma, one number a row, as the printed summary describes them.

    Returns shape (n,).
    """
    design = spec.design
    if not spec.family.is_gaussian:
        return pearson_at_mean(draws, spec)
    raw = design.response.values - posterior_mean_fitted(draws, spec)
    if design.formula.says_of_residuals:
        return np.asarray(raw / np.median(residual_sds(draws, spec, slice(0, design.n_held)), axis=0))
    scaled: FloatArray = design.residual.weighted(raw) / np.median(draw_matrix(draws, names.SIGMA))
    return scaled
