"""Means of the population: over the distribution of the random effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.design.prediction_rows import PredictionRows, population_rows
from bayesmixed.design.records import FloatArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import linear_predictor
from bayesmixed.posterior.normal_mean import normal_mean
from bayesmixed.verbs.drawn import add_group_variances, n_draws, row_matrix
from bayesmixed.verbs.summaries import draw_matrix, summarize_blocks, summary_columns

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


def population_mean(
    draws: xr.DataTree, spec: ModelSpec, newdata: IntoFrame | None = None, *, prob: float = 0.95
) -> pd.DataFrame:
    """Mean of the response over all groups of the population, for every row."""
    wanted = population_rows(spec.design, newdata)
    summary = summarize_blocks(
        lambda rows: _means(draws, spec, wanted, rows), wanted.n_rows, n_draws(draws), prob
    )
    return pd.DataFrame(summary_columns(summary, prob), index=wanted.data.frame.index)


def _means(draws: xr.DataTree, spec: ModelSpec, wanted: PredictionRows, rows: slice) -> FloatArray:
    """Draws of the population means of a slice of the rows, shape (chains * draws, rows)."""
    posterior = draws["posterior"].to_dataset()
    centre = row_matrix(
        linear_predictor(posterior, wanted.design, effects="fixed", rows=rows, data=wanted.data)
    )
    parameters = {
        name: draw_matrix(draws, name)[:, None]
        for name in spec.family.parameter_names
        if name in spec.priors.parameters
    }
    between = np.zeros_like(centre)
    columns = [own[rows] for own in wanted.data.columns]
    meetings = [own.of_rows(rows) for own in wanted.data.meetings]
    add_group_variances(between, posterior, wanted.design.blocks, columns, meetings)
    means = normal_mean(spec.family, centre, between, parameters)
    return np.where(wanted.told[rows], means, np.nan)
