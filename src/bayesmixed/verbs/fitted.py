"""Fitted values of the rows that the model was fitted to."""

from __future__ import annotations

import pandas as pd

from bayesmixed.design.prediction_rows import prediction_rows
from bayesmixed.options import one_of
from bayesmixed.verbs.drawn import Effects, Scale
from bayesmixed.verbs.sources import Source


def fitted(
    source: Source, *, effects: Effects = "all", scale: Scale = "response", prob: float = 0.95
) -> pd.DataFrame:
    """Fitted value of every row with its interval, the mean that the model gives the row."""
    one_of(effects, Effects, "effects")
    one_of(scale, Scale, "scale")
    wanted = prediction_rows(source.spec.design, effects=effects)
    found = source.rows(wanted, kind="mean" if scale == "response" else "link")
    return pd.DataFrame({**found.columns(prob), **found.freedom()}, index=wanted.data.frame.index)
