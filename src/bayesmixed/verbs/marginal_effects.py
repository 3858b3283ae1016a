"""Adjusted predictions on grids, and comparisons and slopes at points or averaged over the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.design.encode import Predictor, predictor
from bayesmixed.design.prediction_rows import PredictEffects, compared_rows, prediction_rows, with_effects
from bayesmixed.options import NewLevels
from bayesmixed.verbs.contrasts import Contrast, ContrastChoice, contrasts_of, slope_of
from bayesmixed.verbs.grid import set_column
from bayesmixed.verbs.places import Places, labelled, places_at, without
from bayesmixed.verbs.predict import answers
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import check_prob


def predictions_at(
    source: Source,
    at: Mapping[str, Any],
    *,
    average: bool = False,
    effects: PredictEffects = "fixed",
    new_levels: NewLevels = "error",
    prob: float = 0.95,
    as_draws: bool = False,
) -> pd.DataFrame | xr.DataArray:
    """Adjusted predictions: the mean at every combination of some values."""
    check_prob(prob)
    design = source.spec.design
    places = places_at(with_effects(design, effects), at, average)
    wanted = prediction_rows(design, places.rows, effects=effects, new_levels=new_levels)
    found = source.holding(wanted).rows(wanted, new_levels=new_levels).averaged(places.each)
    renumbered = places.each > 1
    return answers(source, [(places.labels, found)], prob, as_draws=as_draws, renumbered=renumbered)


def comparisons(
    source: Source,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    contrast: ContrastChoice = None,
    average: bool = True,
    effects: PredictEffects = "fixed",
    new_levels: NewLevels = "error",
    prob: float = 0.95,
    as_draws: bool = False,
) -> pd.DataFrame | xr.DataArray:
    """Difference that a change of one predictor makes to the mean, all else being equal."""
    check_prob(prob)
    design = with_effects(source.spec.design, effects)
    column = predictor(design, variable)
    places = places_at(design, without(at, variable), average)
    contrasts = contrasts_of(column, places.rows[column.name], contrast)
    return _compared(source, places, column, contrasts, effects, new_levels, prob, as_draws)


def slopes(
    source: Source,
    variable: str,
    *,
    at: Mapping[str, Any] | None = None,
    average: bool = True,
    effects: PredictEffects = "fixed",
    new_levels: NewLevels = "error",
    prob: float = 0.95,
    as_draws: bool = False,
) -> pd.DataFrame | xr.DataArray:
    """Slope of the mean in one numeric predictor, all else being equal.

    A central difference over a millionth of the predictor's range, one-sided at its ends, where splines end.
    """
    check_prob(prob)
    design = with_effects(source.spec.design, effects)
    column = predictor(design, variable)
    places = places_at(design, at, average)
    one = slope_of(column, places.rows[column.name])
    return _compared(source, places, column, [one], effects, new_levels, prob, as_draws)


def _compared(
    source: Source,
    places: Places,
    column: Predictor,
    contrasts: Sequence[Contrast],
    effects: PredictEffects,
    new_levels: NewLevels,
    prob: float,
    as_draws: bool,
) -> pd.DataFrame | xr.DataArray:
    """Tables of some contrasts of one predictor under each other, or their draws."""
    spec, parts = source.spec, []
    for one in contrasts:
        rows = compared_rows(
            spec.design,
            *(set_column(places.rows, column, value) for value in (one.high, one.low)),
            linear=spec.family.is_gaussian,
            effects=effects,
            new_levels=new_levels,
        )
        high, low = (source.holding(wanted).rows(wanted, new_levels=new_levels) for wanted in rows)
        difference = (high - low).over(np.broadcast_to(one.divisor, (len(places.rows),)))
        parts.append((labelled(places.labels, column.name, one), difference.averaged(places.each)))
    renumbered = places.each > 1
    return answers(source, parts, prob, as_draws=as_draws, tested=True, renumbered=renumbered)
