"""Predictions for the rows of a fit and for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictEffects, PredictionRows, prediction_rows
from bayesmixed.design.records import Design
from bayesmixed.errors import DataError
from bayesmixed.options import NewLevels, PredictKind, one_of
from bayesmixed.verbs.drawn import Drawn
from bayesmixed.verbs.places import renamed
from bayesmixed.verbs.sources import Quantities, Source
from bayesmixed.verbs.summaries import check_prob

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


def predict(
    source: Source,
    newdata: IntoFrame | None = None,
    *,
    effects: PredictEffects = "all",
    new_levels: NewLevels = "error",
    kind: PredictKind = "mean",
    prob: float = 0.95,
    weights: str | ArrayLike | None = None,
    as_draws: bool = False,
) -> pd.DataFrame | xr.DataArray:
    """Prediction of every row with its interval, or its draws."""
    one_of(kind, PredictKind, "kind")
    check_prob(prob)
    design = source.spec.design
    wanted = prediction_rows(
        design, newdata, effects=effects, new_levels=new_levels, weights=weights, response=kind == "response"
    )
    check_weights_given(design, wanted, kind)
    found = source.holding(wanted).rows(wanted, kind=kind, new_levels=new_levels)
    return answers(source, [(pd.DataFrame(index=wanted.data.frame.index), found)], prob, as_draws=as_draws)


def check_weights_given(design: Design, wanted: PredictionRows, kind: PredictKind) -> None:
    """Refuse to guess the weights of new responses."""
    needs_own = design.weights is not None and design.response.trials is None
    if kind == "response" and needs_own and wanted.weights is None:
        raise DataError(
            "The model was fitted with weights, and the variance of a new response depends on its own: "
            "give weights=, a column or numbers for the rows of newdata, or weights=1."
        )


def answers(
    source: Source,
    parts: Sequence[tuple[pd.DataFrame, Quantities]],
    prob: float,
    *,
    as_draws: bool = False,
    tested: bool = False,
    renumbered: bool = False,
) -> pd.DataFrame | xr.DataArray:
    """Tables of labelled quantities under each other, or their draws one after another."""
    if as_draws:
        drawn = [found.labelled(source.draws, labels) for labels, found in parts if isinstance(found, Drawn)]
        return drawn[0] if len(drawn) == 1 else xr.concat(drawn, dim=names.ROW)
    tables = []
    for labels, found in parts:
        columns = {**found.columns(prob), **(found.tests() if tested else found.freedom())}
        own = pd.DataFrame(columns, index=labels.index)
        tables.append(pd.concat([renamed(labels, own.columns), own], axis=1))
    return pd.concat(tables, ignore_index=renumbered)
