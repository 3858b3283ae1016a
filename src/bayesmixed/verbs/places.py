"""Where a model is looked at for adjusted predictions, comparisons and slopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.errors import DataError
from bayesmixed.options import mapping_of
from bayesmixed.verbs.contrasts import Contrast
from bayesmixed.verbs.grid import data_at, reference_grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a model is looked at.

    Attributes
    ----------
    labels : pandas.DataFrame
        What describes each of the m answers.
    rows : pandas.DataFrame
        Predictors of the m * each rows, the rows of one answer together.
    each : int
        Number of rows that one answer is the mean of.
    """

    labels: pd.DataFrame
    rows: pd.DataFrame
    each: int


def places_at(design: Design, at: Mapping[str, Any] | None, average: bool) -> Places:
    """Rows to look at, with what describes the answers."""
    at = mapping_of(at, "at", "{'x': [0, 1]}")
    if at and not average:
        grid = reference_grid(design, at)
        return Places(labels=grid, rows=grid, each=1)
    points, rows = data_at(design, at)
    if not average:
        return Places(labels=rows, rows=rows, each=1)
    return Places(labels=points, rows=rows, each=design.n_rows)


def without(at: Mapping[str, Any] | None, variable: str) -> Mapping[str, Any]:
    """Values of other columns than the one that is compared."""
    at = mapping_of(at, "at", "{'x': [0, 1]}")
    if isinstance(variable, str) and variable in at:
        raise DataError(f"at= cannot hold {variable!r}, which is compared; say contrast=(low, high) instead.")
    return at


def labelled(labels: pd.DataFrame, variable: str, contrast: Contrast) -> pd.DataFrame:
    """Labels of the answers with term and contrast before them."""
    kept = labels if np.ndim(contrast.low) else labels.drop(columns=variable, errors="ignore")
    own = pd.DataFrame({"term": variable, "contrast": contrast.label}, index=labels.index)
    return pd.concat([own, renamed(kept, own.columns)], axis=1)


def renamed(labels: pd.DataFrame, taken: Iterable[str]) -> pd.DataFrame:
    """Labels of answers without columns of certain names: ``at_value`` for a column ``value``."""
    return labels.rename(columns=names.apart(labels.columns, list(taken)))
