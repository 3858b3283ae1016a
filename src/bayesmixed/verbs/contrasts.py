"""What a comparison or a slope subtracts: two values of one predictor in every row."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayesmixed.design.encode import Predictor
from bayesmixed.design.levels import find_level, level_label
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import BayesmixedError, DataError, near_names

ContrastChoice = float | Sequence[Any] | Literal["reference", "pairwise"] | None

SLOPE_STEP = 1e-6
"""Distance, as a share of the predictor's range, over which a slope is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two values of a predictor in every row, whose predictions are subtracted.

    Attributes
    ----------
    label : str
        E.g. ``"+1"`` or ``"treated - control"``.
    low, high : object
        One value for all rows, or an array of shape (m,).
    divisor : FloatArray or float
        What the difference is divided by, 1 but for slopes.
    """

    label: str
    low: Any
    high: Any
    divisor: FloatArray | float = 1.0


def contrasts_of(
    predictor: Predictor, values: pd.Series, choice: ContrastChoice = None
) -> tuple[Contrast, ...]:
    """Contrasts of a predictor that a user chooses.

    Shapes: `values` (m,).

    Returns: high minus low of each.
    """
    if isinstance(choice, Sequence | np.ndarray) and not isinstance(choice, str):
        return (_pair(predictor, list(choice)),)
    if predictor.is_categorical:
        return _level_contrasts(predictor, choice)
    step = 1.0 if choice is None else choice
    if isinstance(step, bool) or not isinstance(step, Real) or not np.isfinite(float(step)) or step == 0:
        raise DataError(
            f"contrast={choice!r} does not suit the number {predictor.name!r}: give the size of a step, "
            "or a pair of values."
        )
    low = values.to_numpy(dtype=np.float64)
    return (Contrast(label=f"{float(step):+g}", low=low, high=low + float(step)),)


def slope_of(predictor: Predictor, values: pd.Series) -> Contrast:
    """Contrast of two values so near that their difference gives the slope.

    Shapes: `values` (m,).
    """
    if predictor.is_categorical or isinstance(predictor.values, pd.Categorical):
        raise BayesmixedError(
            f"{predictor.name!r} is categorical and has no slope; use comparisons({predictor.name!r})."
        )
    first, last = float(predictor.values.min()), float(predictor.values.max())
    half = 0.5 * SLOPE_STEP * ((last - first) or 1.0)
    x = values.to_numpy(dtype=np.float64)
    inside = (first <= x) & (x <= last)
    low = np.where(inside, np.maximum(x - half, first), x - half)
    high = np.where(inside, np.minimum(x + half, last), x + half)
    return Contrast(label="slope", low=low, high=high, divisor=high - low)


def _level_contrasts(predictor: Predictor, choice: object) -> tuple[Contrast, ...]:
    """Contrasts between levels."""
    words = ("reference", "pairwise")
    if choice is not None and choice not in words:
        raise DataError(
            f"contrast={choice!r} does not suit the categorical {predictor.name!r}: use 'reference', "
            "'pairwise', or a pair of levels."
        )
    pairs = list(itertools.combinations(predictor.levels, 2))
    kept = pairs if choice == "pairwise" else pairs[: len(predictor.levels) - 1]
    return tuple(Contrast(label=f"{high} - {low}", low=low, high=high) for low, high in kept)


def _pair(predictor: Predictor, pair: list[Any]) -> Contrast:
    """Contrast of two values that a user names."""
    if len(pair) != 2:
        raise DataError(f"contrast= needs a pair of values, low and high, not {len(pair)}.")
    if any(pd.api.types.is_list_like(value) for value in pair):
        raise DataError(f"contrast= needs two single values, low and high, not {pair!r}.")
    low, high = (_level(predictor, value) for value in pair) if predictor.is_categorical else pair
    return Contrast(label=f"{high} - {low}", low=low, high=high)


def _level(predictor: Predictor, wanted: object) -> object:
    """Level of a categorical predictor, in its own type, by its label or value."""
    labels = [level_label(level) for level in predictor.levels]
    found = find_level(wanted, labels)
    if found is None:
        raise DataError(f"{predictor.name!r} has no level {wanted!r}. {near_names(wanted, labels)}")
    return predictor.levels[labels.index(found)]
