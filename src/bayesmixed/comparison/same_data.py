"""Whether two designs are about the same data, and why not."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design


def data_difference(ours: Design, theirs: Design) -> str:
    """Say in which way two designs are about different data.

    Parameters
    ----------
    ours, theirs : Design
        Two models' designs.

    Returns
    -------
    str
        One sentence with advice; empty when rows, responses and weights are the same. Of data that are not in
        memory those of a random sample are looked at.
    """
    if (ours.sums is None) != (theirs.sums is None):
        return "one is fitted to rows in memory, the other where its data lie. Fit both to the same data."
    ours, theirs = held_design(ours), held_design(theirs)
    if ours.n_rows != theirs.n_rows or not ours.frame.index.equals(theirs.frame.index):
        return (
            f"they are fitted to different rows ({ours.n_rows}, after {ours.n_dropped} with missing values "
            f"were left out, and {theirs.n_rows}, after {theirs.n_dropped}). Fit both to the rows in which "
            "no column of either formula is missing."
        )
    if not np.array_equal(ours.response.values, theirs.response.values):
        return (
            f"their responses differ ({ours.response.name!r} and {theirs.response.name!r}). Likelihoods are "
            "comparable for one response on one scale only."
        )
    if not np.array_equal(_weights(ours), _weights(theirs)):
        return "their weights differ. Give both the same weights."
    return ""


def _weights(design: Design) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weight of every row, 1 where none was given."""
    return np.ones(design.n_held) if design.weights is None else design.weights
