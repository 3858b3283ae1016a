"""Known covariances between the levels of a grouping factor: pedigrees, phylogenies, distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.levels import level_label
from bayesmixed.design.meeting import KnownCovariance
from bayesmixed.errors import DataError, near_names

FloatArray = NDArray[np.float64]

ASYMMETRY = 1e-8
"""Difference of A and A' relative to the largest entry up to which A is symmetric but for rounding."""
SINGULAR = 1e-10
"""Smallest eigenvalue relative to the largest from which A is positive definite."""
MOST_LISTED = 5


def known_covariances(given: object, wanted: Sequence[str]) -> dict[str, KnownCovariance]:
    """Matrices of ``data2`` that a formula names."""
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise DataError(f"data2 is a dictionary such as {{'A': A}}, not {type(given).__name__}.")
    for name in wanted:
        if name not in given:
            known = f" {near_names(name, list(map(str, given)))}" if given else ""
            raise DataError(
                f"The formula has cov={name}, and data2 does not have {name!r}. Write "
                f"data2={{{name!r}: ...}}, a data frame with the levels as its index.{known}"
            )
    return {name: known_covariance(name, given[name]) for name in dict.fromkeys(wanted)}


def known_covariance(name: str, given: Any) -> KnownCovariance:
    """Checked matrix from a frame with labels, or from a pair of labels and an array."""
    if isinstance(given, KnownCovariance):
        return given
    labels, matrix = _labelled(name, given)
    if matrix.ndim != 2 or matrix.shape != (len(labels), len(labels)) or not len(labels):
        raise DataError(
            f"{name} has shape {matrix.shape} and {len(labels)} labels; a covariance has a row and a column "
            "for every level."
        )
    twice = pd.Series(labels)[pd.Series(labels).duplicated()]
    if len(twice):
        raise DataError(f"{name} has the level {twice.iloc[0]!r} twice.")
    if not np.all(np.isfinite(matrix)):
        raise DataError(f"{name} has entries that are not finite numbers.")
    largest = float(np.max(np.abs(matrix)))
    if np.max(np.abs(matrix - matrix.T)) > ASYMMETRY * largest:
        i, j = np.unravel_index(np.argmax(np.abs(matrix - matrix.T)), matrix.shape)
        raise DataError(
            f"{name} is not symmetric: it has {matrix[i, j]:g} for {labels[i]!r} and {labels[j]!r}, and "
            f"{matrix[j, i]:g} for {labels[j]!r} and {labels[i]!r}."
        )
    matrix = 0.5 * (matrix + matrix.T)
    values = np.linalg.eigvalsh(matrix)
    if not values[0] > SINGULAR * values[-1]:
        raise DataError(
            f"{name} is not positive definite: its smallest eigenvalue is {values[0]:.3g}, its largest "
            f"{values[-1]:.3g}. Levels that are the same in all relations, such as clones, need one label."
        )
    return KnownCovariance(labels=tuple(labels), matrix=matrix)


def _labelled(name: str, given: Any) -> tuple[list[str], FloatArray]:
    """Labels and entries, columns in the order of the rows."""
    if isinstance(given, pd.DataFrame):
        rows, columns = ([level_label(each) for each in axis] for axis in (given.index, given.columns))
        if sorted(rows) != sorted(columns):
            other = next((each for each in columns if each not in rows), None)
            what = "different numbers of each" if other is None else f"only a column has {other!r}"
            raise DataError(
                f"The rows and the columns of {name} have different labels: {what}. Give both the levels of "
                "the grouping factor."
            )
        place = pd.Index(columns).get_indexer(pd.Index(rows)) if len(set(columns)) == len(columns) else ...
        return rows, _numbers(name, given.to_numpy())[:, place]
    if isinstance(given, tuple) and len(given) == 2 and np.ndim(given[1]) == 2:
        return [level_label(each) for each in given[0]], _numbers(name, np.asarray(given[1]))
    raise DataError(
        f"{name} in data2 needs labels: give a pandas data frame whose index and columns are the levels, or "
        "a pair (labels, array)."
    )


def _numbers(name: str, values: NDArray[Any]) -> FloatArray:
    """Entries as numbers."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} has entries that are not numbers.") from None


def check_known_levels(group: str, name: str, known: KnownCovariance, levels: Sequence[str]) -> None:
    """Refuse levels of the data between which nothing is known."""
    missing = [level for level in levels if level not in set(known.labels)]
    if missing:
        listed = ", ".join(map(repr, missing[:MOST_LISTED])) + (", ..." if len(missing) > MOST_LISTED else "")
        plural = "s" if len(missing) > 1 else ""
        raise DataError(f"{name} does not have the level{plural} {listed} of {group!r}.")
