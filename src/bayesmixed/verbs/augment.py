"""The data with what the model says of every row."""

from __future__ import annotations

import pandas as pd

from bayesmixed.errors import DataError
from bayesmixed.verbs.fitted import fitted
from bayesmixed.verbs.resid import resid
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import bound_names


def augment(source: Source, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
    """Set fitted values and residuals beside the rows used, ready to be plotted."""
    frame = source.spec.design.frame
    population = (
        [_named(fitted(source, effects="fixed", prob=prob), "fixed", prob)]
        if source.spec.design.blocks
        else []
    )
    new = pd.concat(
        [
            _named(fitted(source, prob=prob), "fitted", prob),
            *population,
            resid(source, prob=prob)["value"].rename("resid"),
            resid(source, kind="standardized", prob=prob)["value"].rename("std_resid"),
            pd.DataFrame(source.influence(), index=frame.index),
        ],
        axis=1,
    ).add_prefix(prefix)
    taken = [str(name) for name in new.columns if name in frame.columns]
    if taken:
        raise DataError(f"The data already have a column {', '.join(taken)}; give prefix='.' or another.")
    return pd.concat([frame, new], axis=1)


def _named(table: pd.DataFrame, stem: str, prob: float) -> pd.DataFrame:
    """Columns of a summary under a stem: ``fitted``, ``fitted_se``, ``fitted_lower_2.5``."""
    names = {"value": stem, **{name: f"{stem}_{name}" for name in ("se", *bound_names(prob))}}
    return table[list(names)].rename(columns=names)
