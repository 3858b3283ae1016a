"""Whether two designs are about the same data, and why not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design, FloatArray

ONE_FRAME = "Comparisons go row by row: fit both to one data frame."


def data_difference(ours: Design, theirs: Design) -> str:
    """Say in which way two designs are about different data."""
    if (ours.sums is None) != (theirs.sums is None):
        return "one is fitted to rows in memory, the other where its data lie. Fit both to the same data."
    ours, theirs = held_design(ours), held_design(theirs)
    if ours.n_rows != theirs.n_rows:
        return (
            f"they are fitted to different rows ({ours.n_rows}, after {ours.n_dropped} with missing values "
            f"were left out, and {theirs.n_rows}, after {theirs.n_dropped}). Fit both to the rows in which "
            "no column of either formula is missing."
        )
    same_responses = np.array_equal(ours.response.values, theirs.response.values)
    if not ours.frame.index.equals(theirs.frame.index):
        return _difference_of_labels(ours.frame.index, theirs.frame.index)
    if not same_responses and _are_reordered(ours.response.values, theirs.response.values):
        return f"the values of {ours.response.name!r} are the same in another order. {ONE_FRAME}"
    if not same_responses:
        return (
            f"their responses differ ({ours.response.name!r} and {theirs.response.name!r}). Likelihoods are "
            "comparable for one response on one scale only."
        )
    if not np.array_equal(_weights(ours), _weights(theirs)):
        return "their weights differ. Give both the same weights."
    return ""


def _difference_of_labels(ours: pd.Index, theirs: pd.Index) -> str:
    """Say in which way the index labels of as many rows differ."""
    if not len(ours.symmetric_difference(theirs)):
        return f"they are fitted to the same rows in another order, by the labels of the index. {ONE_FRAME}"
    place = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return (
        f"they are fitted to different rows, by the labels of the index: row {place} (counted from 0) is "
        f"{ours[place]!r} in one and {theirs[place]!r} in the other. {ONE_FRAME}"
    )


def _are_reordered(ours: FloatArray, theirs: FloatArray) -> bool:
    """Whether two responses have the same values in another order."""
    return np.array_equal(np.sort(ours), np.sort(theirs))


def _weights(design: Design) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weight of every row, 1 where none was given."""
    return np.ones(design.n_held) if design.weights is None else design.weights
