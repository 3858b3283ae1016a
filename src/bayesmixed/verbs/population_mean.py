"""Means of the population: over the distribution of the random effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows, population_rows
from bayesmixed.design.records import FloatArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import linear_predictor
from bayesmixed.posterior.new_levels import covariance_roots
from bayesmixed.posterior.normal_mean import normal_mean
from bayesmixed.verbs.fitted import n_draws, row_matrix
from bayesmixed.verbs.summaries import draw_matrix, summarize_blocks, summary_columns

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


def population_mean(
    draws: xr.DataTree, spec: ModelSpec, newdata: IntoFrame | None = None, *, prob: float = 0.95
) -> pd.DataFrame:
    """Mean of the response over all groups of the population, for every row.

    Use it where a link bends: the mean over groups of exp(x'b + u) is not exp(x'b), the value of a group
    whose random effects are zero, which ``predict(effects="fixed")`` gives.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    newdata : pandas, polars or Arrow frame, optional
        The predictors, those of the random effects among them; by default the rows of the fit. Grouping
        factors are not read: the mean is over new groups of all of them.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` under the index of `newdata`.

    Raises
    ------
    DataError
        For a missing column or value.
    FamilyError
        For a family that does not have a mean, and where the mean over groups does not exist: with the links
        ``inverse`` and ``inverse_squared``, and of a hurdle lognormal family with a log link.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    E h(eta + sqrt(v) Z) with h the mean at a linear predictor, Z standard normal, eta = X b + offset and
    v = sum_k z' S_k z over all grouping factors k, draw by draw. Where the mean is the inverse link: eta for
    the identity, exp(eta + v / 2) for the logarithm, Phi(eta / sqrt(1 + v)) for a probit; by quadrature to
    1e-6 elsewhere; see :func:`bayesmixed.posterior.normal_mean.normal_mean`.
    """
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
    parameters = {name: draw_matrix(draws, name)[:, None] for name in spec.family.parameter_names}
    means = normal_mean(spec.family, centre, _between(posterior, wanted, rows), parameters)
    return np.where(wanted.told[rows], means, np.nan)


def _between(posterior: xr.Dataset, wanted: PredictionRows, rows: slice) -> FloatArray:
    """Draws of the variance that the random effects add to the linear predictor."""
    total = np.zeros(
        (posterior.sizes[names.CHAIN] * posterior.sizes[names.DRAW], len(wanted.data.fixed[rows]))
    )
    for block, columns in zip(wanted.design.blocks, wanted.data.columns, strict=True):
        roots = covariance_roots(posterior, block)
        for column in np.moveaxis(roots.reshape(-1, *roots.shape[2:]), -1, 0):
            total += (column @ columns[rows].T) ** 2
    return total
