"""Adjusted predictions on grids, and comparisons and slopes at points or averaged over the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.prediction_rows import (
    PredictEffects,
    PredictionRows,
    compared_rows,
    prediction_rows,
    with_effects,
)
from bayesmixed.design.predictors import Predictor, predictor
from bayesmixed.design.records import FloatArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import NewLevels
from bayesmixed.verbs.contrasts import Contrast, ContrastChoice, contrasts_of, slope_of
from bayesmixed.verbs.fitted import n_draws, row_matrix
from bayesmixed.verbs.grid import set_column
from bayesmixed.verbs.places import Places, labelled, places_at, renamed, without
from bayesmixed.verbs.predict import RowDraws, predictor_of
from bayesmixed.verbs.redraw import with_levels
from bayesmixed.verbs.summaries import block_slices, check_prob, summarize_blocks, summary_columns

PredictRows = Callable[[PredictionRows], RowDraws]


def predictions_at(
    draws: xr.DataTree,
    spec: ModelSpec,
    at: Mapping[str, Any],
    *,
    average: bool = False,
    effects: PredictEffects = "fixed",
    new_levels: NewLevels = "error",
    prob: float = 0.95,
    as_draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Adjusted predictions: the mean at every combination of some values.

    Use it for a curve or a table of cells; ``plot`` what comes back against the first column.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    at : Mapping
        Column to one value or several, e.g. ``{"Days": [0, 3, 9]}``.
    average : bool
        False holds what `at` does not name at a typical value: other numbers at their mean over the rows,
        other categorical columns at their most frequent level, and grouping factors that take part run
        through the levels observed. True sets the columns of `at` in every row of the data, and averages over
        the rows.
    effects : {"all", "fixed"} or sequence of str
        The population's value, or with the random effects named, as in
        :func:`~bayesmixed.verbs.predict.predict`.
    new_levels : {"error", "population", "sample"}
        What happens to levels that the model has not seen.
    prob : float
        Probability inside the equal-tailed intervals.
    as_draws : bool
        Whether the draws come back in place of the table.
    seed : int
        Of new levels.

    Returns
    -------
    pandas.DataFrame or xarray.DataArray
        The columns of the grid, ``value``, ``se``, ``lower_2.5``, ``upper_97.5``; or draws with dimensions
        (chain, draw, row) and the grid's columns as coordinates of the rows. NaN where a row needs a
        coefficient that the fixed effects leave out, such as that of a cell without rows. A column of the
        data that has one of these names stands as ``at_value``, ``at_row``.

    Raises
    ------
    DataError
        When a name is not a predictor or has no values, or the model has not seen a level.
    BayesmixedError
        When `effects`, `new_levels` or `prob` is not known.

    Notes
    -----
    The grid is that of R's marginaleffects, ``predictions(newdata = datagrid(...))``, and with `average` its
    counterfactual grid.
    """
    check_prob(prob)
    design = with_effects(spec.design, effects)
    places = places_at(design, at, average)
    wanted = prediction_rows(spec.design, places.rows, effects=effects, new_levels=new_levels)
    found = _row_predictor(draws, spec, new_levels, seed)(wanted)
    return _answers(draws, places, [(places.labels, found)], prob, as_draws)


def comparisons(
    draws: xr.DataTree,
    spec: ModelSpec,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    contrast: ContrastChoice = None,
    average: bool = True,
    effects: PredictEffects = "fixed",
    new_levels: NewLevels = "error",
    prob: float = 0.95,
    as_draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Difference that a change of one predictor makes to the mean, all else being equal.

    Use it where an interaction, a spline or a transform keeps a coefficient from saying it.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    variable : str
        The predictor, a column of the data.
    at : Mapping, optional
        Other columns to one value or several.
    contrast : number, pair, {"reference", "pairwise"}, optional
        For a number the size of a step up, 1 by default; for a categorical column every other level against
        the first (``"reference"``, the default) or all pairs (``"pairwise"``); for both a pair, low and high.
    average : bool
        True averages the difference over the rows of the data, once for each combination of the values of
        `at`, which are set in every row. False gives every row of the data its difference, or, with `at`,
        every point of the grid of :func:`predictions_at`.
    effects, new_levels, prob, as_draws, seed
        As in :func:`predictions_at`.

    Returns
    -------
    pandas.DataFrame or xarray.DataArray
        ``term``, ``contrast``, the columns of `at` or of the rows, ``value``, ``se``, ``lower_2.5``,
        ``upper_97.5``; or draws with dimensions (chain, draw, row). NaN where the difference needs a
        coefficient that the fixed effects leave out. A column of the data that has one of these names stands
        as ``at_term``, ``at_value``.

    Raises
    ------
    DataError
        When `variable` or a name of `at` is not a predictor, or `contrast` does not suit it.
    BayesmixedError
        When `effects`, `new_levels` or `prob` is not known.

    Notes
    -----
    As ``avg_comparisons`` and ``comparisons`` of R's marginaleffects: the prediction at the high value minus
    the one at the low value, draw by draw.
    """
    check_prob(prob)
    design = with_effects(spec.design, effects)
    column = predictor(design, variable)
    places = places_at(design, without(at, variable), average)
    contrasts = contrasts_of(column, places.rows[column.name], contrast)
    parts = _differences(draws, spec, places, column, contrasts, effects, new_levels, seed)
    return _answers(draws, places, parts, prob, as_draws)


def slopes(
    draws: xr.DataTree,
    spec: ModelSpec,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    average: bool = True,
    effects: PredictEffects = "fixed",
    new_levels: NewLevels = "error",
    prob: float = 0.95,
    as_draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Slope of the mean in one numeric predictor, all else being equal.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    variable : str
        The predictor, a column of numbers.
    at : Mapping, optional
        Columns to one value or several; `variable` may be among them.
    average : bool
        As in :func:`comparisons`: the mean slope over the rows, or the slope of every row or point.
    effects, new_levels, prob, as_draws, seed
        As in :func:`predictions_at`.

    Returns
    -------
    pandas.DataFrame or xarray.DataArray
        The columns of :func:`comparisons`, in units of the response for one unit of the predictor.

    Raises
    ------
    DataError
        When `variable` or a name of `at` is not a predictor.
    BayesmixedError
        When `variable` is categorical; when `effects`, `new_levels` or `prob` is not known.

    Notes
    -----
    A central difference over a millionth of the predictor's range, one-sided at its ends, where splines end.
    """
    check_prob(prob)
    design = with_effects(spec.design, effects)
    column = predictor(design, variable)
    places = places_at(design, at, average)
    one = slope_of(column, places.rows[column.name])
    parts = _differences(draws, spec, places, column, [one], effects, new_levels, seed)
    return _answers(draws, places, parts, prob, as_draws)


def _row_predictor(draws: xr.DataTree, spec: ModelSpec, new_levels: NewLevels, seed: int) -> PredictRows:
    """Function that predicts the mean of any rows."""

    def predicted(wanted: PredictionRows) -> RowDraws:
        known = with_levels(draws, spec, wanted)
        return predictor_of(
            known, wanted, kind="mean", sampled=new_levels == "sample", seed=seed, family=spec.family
        )

    return predicted


def _differences(
    draws: xr.DataTree,
    spec: ModelSpec,
    places: Places,
    column: Predictor,
    contrasts: Sequence[Contrast],
    effects: PredictEffects,
    new_levels: NewLevels,
    seed: int,
) -> list[tuple[pd.DataFrame, RowDraws]]:
    """Labels of contrasts of one predictor, with functions that give their draws."""
    predicted, parts = _row_predictor(draws, spec, new_levels, seed), []
    for one in contrasts:
        high, low = compared_rows(
            spec.design,
            set_column(places.rows, column, one.high),
            set_column(places.rows, column, one.low),
            linear=spec.family.is_gaussian,
            effects=effects,
            new_levels=new_levels,
        )
        divisor = np.broadcast_to(one.divisor, (len(places.rows),))
        difference = _difference(predicted(high), predicted(low), divisor)
        parts.append((labelled(places.labels, column.name, one), difference))
    return parts


def _difference(high: RowDraws, low: RowDraws, divisor: FloatArray) -> RowDraws:
    """Function that gives the draws of a contrast for a slice of the rows."""

    def difference(part: slice) -> xr.DataArray:
        found = high(part)
        found.values[...] -= low(part).values
        found.values[...] /= divisor[part]
        return found

    return difference


def _answers(
    draws: xr.DataTree,
    places: Places,
    parts: Sequence[tuple[pd.DataFrame, RowDraws]],
    prob: float,
    as_draws: bool,
) -> pd.DataFrame | xr.DataArray:
    """Tables of all parts under each other, or their draws."""
    averaged = [(labels, _averaged(draws, places, predicted)) for labels, predicted in parts]
    if as_draws:
        return xr.concat(
            [_labelled_draws(columns(slice(0, len(labels))), draws, labels) for labels, columns in averaged],
            dim=names.ROW,
        )
    tables = [_table(draws, labels, columns, prob) for labels, columns in averaged]
    return pd.concat(tables, ignore_index=places.each > 1)


def _averaged(draws: xr.DataTree, places: Places, predicted: RowDraws) -> Callable[[slice], FloatArray]:
    """Function that gives the draws of a slice of the answers, shape (chains * draws, answers)."""
    if places.each == 1:
        return lambda part: row_matrix(predicted(part))
    total = n_draws(draws)

    def means(part: slice) -> FloatArray:
        out = np.zeros((total, part.stop - part.start))
        for place, answer in enumerate(range(part.start, part.stop)):
            for block in block_slices(places.each, total):
                first = answer * places.each
                rows = slice(first + block.start, first + block.stop)
                out[:, place] += row_matrix(predicted(rows)).sum(axis=1)
        return out / places.each

    return means


def _table(
    draws: xr.DataTree, labels: pd.DataFrame, columns: Callable[[slice], FloatArray], prob: float
) -> pd.DataFrame:
    """Labels with a summary of every answer beside them."""
    summary = summarize_blocks(columns, len(labels), n_draws(draws), prob)
    own = pd.DataFrame(summary_columns(summary, prob), index=labels.index)
    return pd.concat([renamed(labels, own.columns), own], axis=1)


def _labelled_draws(values: FloatArray, draws: xr.DataTree, labels: pd.DataFrame) -> xr.DataArray:
    """Draws with the labels as coordinates of the rows."""
    posterior = draws["posterior"]
    shape = (posterior.sizes[names.CHAIN], posterior.sizes[names.DRAW], len(labels))
    dims = (names.CHAIN, names.DRAW, names.ROW)
    coords: dict[str, Any] = {dim: posterior[dim].values for dim in dims[:2]}
    coords[names.ROW] = np.asarray(labels.index)
    described = {str(name): (names.ROW, np.asarray(values)) for name, values in renamed(labels, dims).items()}
    return xr.DataArray(values.reshape(shape), coords=coords | described, dims=dims)
