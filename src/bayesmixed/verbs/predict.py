"""Predictions for the rows of a fit and for new ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from bayesmixed.design.prediction_rows import PredictEffects, PredictionRows, prediction_rows
from bayesmixed.design.records import Design
from bayesmixed.design.trials import trials_of_rows
from bayesmixed.errors import DataError
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import NewLevels, PredictKind, checked_seed, one_of
from bayesmixed.posterior.new_levels import new_level_effects
from bayesmixed.posterior.response import prediction_draws, row_keys
from bayesmixed.verbs.fitted import n_draws, row_matrix
from bayesmixed.verbs.progress import counted
from bayesmixed.verbs.redraw import with_levels
from bayesmixed.verbs.summaries import check_prob, summarize_blocks, summary_columns

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

RowDraws = Callable[[slice], xr.DataArray]
"""Predicts a slice of the rows: draws with dimensions (chain, draw, row)."""


def predict(
    draws: xr.DataTree,
    spec: ModelSpec,
    newdata: IntoFrame | None = None,
    *,
    effects: PredictEffects = "all",
    new_levels: NewLevels = "error",
    kind: PredictKind = "mean",
    prob: float = 0.95,
    weights: str | ArrayLike | None = None,
    as_draws: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> pd.DataFrame | xr.DataArray:
    """Prediction of every row with its interval.

    Use it for new rows, new groups and new responses; without `newdata` it predicts the rows of the fit.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    newdata : pandas, polars or Arrow frame, optional
        Predictors, offsets and the grouping factors that take part; m rows, by default those of the fit.
    effects : {"all", "fixed"} or sequence of str
        Random effects that take part: all, none (the population's value), or those of the grouping factors
        named.
    new_levels : {"error", "population", "sample"}
        What happens to levels that the model has not seen: they are refused; they get the effect 0, as in
        lme4's ``allow.new.levels``; or they get effects drawn from N(0, S) with each draw's S, once for each
        level, shared by all its rows.
    kind : {"mean", "link", "response"}
        The mean of the row given the effects that take part, the linear predictor, or a new response, which
        has that mean. Of successes out of trials both are proportions, however the formula writes them.
    prob : float
        Probability inside the equal-tailed intervals.
    weights : str or array-like, optional
        For ``kind="response"`` and a model with weights, those of the rows of `newdata` (of proportions the
        trials): a column, one number for each row (a Series by its index, all else by position), or one for
        all.
    as_draws : bool
        Whether the draws come back in place of the table.
    seed : int
        Of new levels and residuals: the same seed gives a level, or a row's index label, the same random
        numbers, whatever the other rows are and in which order they stand.
    progress : bool, optional
        Whether a progress bar is shown; by default for a long job on a terminal.

    Returns
    -------
    pandas.DataFrame or xarray.DataArray
        ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` under the index of `newdata`; or draws with
        dimensions (chain, draw, row). NaN in rows that need a coefficient that the fixed effects leave out.

    Raises
    ------
    DataError
        For a missing column or value, a column of another kind, an unseen category or level, and where
        weights or trials are needed.
    FamilyError
        For the mean of a family that does not have one.
    BayesmixedError
        When `effects`, `new_levels`, `kind`, `prob` or `seed` is not known; when the fit keeps moments of its
        random effects, and the draws of those that the rows have would not fit in memory or cannot be made.

    Notes
    -----
    X b + Z u + offset, draw by draw, and the mean that the family has there: the inverse link, but for a
    lognormal, zero-inflated, hurdle, ex-gaussian or asymmetric Laplace response; plus sigma / sqrt(w) times a
    standard normal for a response, or a draw from the family's distribution. For the table, rows are computed
    a block at a time, so that memory does not grow with rows times draws. With ``keep_ranef="moments"`` the
    draws of the levels that the rows have are made again, see :mod:`bayesmixed.verbs.redraw`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), seed=1)
    >>> new = pd.DataFrame({"Batch": ["A", "next"]})
    >>> fit.predict(new, new_levels="sample", prob=0.9).columns.tolist()
    ['value', 'se', 'lower_5', 'upper_95']
    """
    one_of(kind, PredictKind, "kind")
    check_prob(prob)
    wanted = prediction_rows(spec.design, newdata, effects=effects, new_levels=new_levels, weights=weights)
    check_weights_given(spec.design, wanted, kind)
    draws = with_levels(draws, spec, wanted)
    predicted = predictor_of(
        draws, wanted, kind=kind, sampled=new_levels == "sample", seed=seed, family=spec.family
    )
    if as_draws:
        return predicted(slice(0, wanted.n_rows))
    return _table(draws, wanted, predicted, prob, progress)


def check_weights_given(design: Design, wanted: PredictionRows, kind: PredictKind) -> None:
    """Refuse to guess the weights of new responses."""
    needs_own = design.weights is not None and design.response.trials is None
    if kind == "response" and needs_own and wanted.weights is None:
        raise DataError(
            "The model was fitted with weights, and the variance of a new response depends on its own: "
            "give weights=, a column or numbers for the rows of newdata, or weights=1."
        )


def predictor_of(
    draws: xr.DataTree,
    wanted: PredictionRows,
    *,
    kind: PredictKind,
    sampled: bool,
    seed: int,
    family: Family = GAUSSIAN,
    counts: bool = False,
) -> RowDraws:
    """Function that predicts a slice of the rows, draw by draw.

    Returns: from a slice to draws with dimensions (chain, draw, row).
    """
    posterior = draws["posterior"].to_dataset()
    seed = checked_seed(seed)
    new = sampled and any(wanted.data.new_levels)
    return partial(
        prediction_draws,
        posterior,
        wanted,
        kind=kind,
        new_effects=new_level_effects(posterior, wanted.design, seed) if new else None,
        keys=row_keys(wanted.data.frame.index),
        seed=seed,
        family=family,
        trials=trials_of_rows(wanted) if kind == "response" else None,
        counts=counts,
    )


def _table(
    draws: xr.DataTree,
    wanted: PredictionRows,
    predicted: RowDraws,
    prob: float,
    progress: bool | None,
) -> pd.DataFrame:
    """Summary of every row, a block of rows at a time."""
    total = n_draws(draws)
    with counted(lambda rows: row_matrix(predicted(rows)), wanted.n_rows, total, progress) as columns:
        summary = summarize_blocks(columns, wanted.n_rows, total, prob)
    return pd.DataFrame(summary_columns(summary, prob), index=wanted.data.frame.index)
