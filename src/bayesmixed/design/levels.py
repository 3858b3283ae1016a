"""Levels of a grouping factor: observed combinations only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.evaluate import evaluate
from bayesmixed.design.frame import Column
from bayesmixed.design.records import IntArray
from bayesmixed.errors import DataError
from bayesmixed.formula.expression import Expression


def level_codes(
    parts: Sequence[Expression], columns: Mapping[str, Column], n: int
) -> tuple[IntArray, tuple[str, ...]]:
    """Code the observed combinations of the parts of a grouping factor, shape (n,)."""
    codes, labels = _part_codes(parts[0], columns, n)
    for part in parts[1:]:
        inner, inner_labels = _part_codes(part, columns, n)
        width = len(inner_labels)
        codes, observed = pd.factorize(codes * width + inner, sort=True)
        labels = [f"{labels[pair // width]}:{inner_labels[pair % width]}" for pair in observed.tolist()]
    if len(set(labels)) < len(labels):
        twice = pd.Series(labels)[pd.Series(labels).duplicated()].iloc[0]
        raise DataError(f"Two levels of {':'.join(p.text for p in parts)!r} are both written {twice!r}.")
    return np.ascontiguousarray(codes, dtype=np.int64), tuple(labels)


def level_label(value: object) -> str:
    """Label of the level of a value of the data, e.g. ``"308"`` for 308 and 308.0."""
    return _labels(pd.Series([value]).to_numpy())[0]


def find_level(wanted: object, labels: Sequence[str]) -> str | None:
    """Label of the level that a user names by its label, its value or its number."""
    for label in (str(wanted), level_label(wanted)):
        if label in labels:
            return label
    if isinstance(wanted, bool) or not isinstance(wanted, Real):
        return None
    same = [label for label in labels if _number(label) == wanted]
    return same[0] if len(same) == 1 else None


def _number(label: str) -> float:
    """Number that a label spells, NaN when it spells none."""
    try:
        return float(label)
    except ValueError:
        return float("nan")


def _part_codes(part: Expression, columns: Mapping[str, Column], n: int) -> tuple[IntArray, list[str]]:
    value = evaluate(part, columns, {})
    value = getattr(value, "__wrapped__", value)
    if isinstance(value, pd.Series):
        value = value.array if isinstance(value.dtype, pd.CategoricalDtype) else value.to_numpy()
    if np.shape(value) != (n,):
        raise DataError(f"{part.text!r} does not give one level per row.")
    if isinstance(value, pd.Categorical):
        return value.codes.astype(np.int64), _labels(np.asarray(value.categories))
    codes, uniques = pd.factorize(value, sort=True)
    if np.any(codes < 0):
        raise DataError(
            f"{part.text!r} is not a number in {int((codes < 0).sum())} rows, so they have no level."
        )
    return codes.astype(np.int64), _labels(uniques)


def _labels(values: NDArray[Any]) -> list[str]:
    """Write values as text, each by itself, so that a label does not depend on the other rows."""
    if values.dtype.kind == "f":
        return [f"{value:.0f}" if value == np.floor(value) else str(value) for value in values]
    if values.dtype.kind in "mM":
        return [str(value).removesuffix(" 00:00:00") for value in pd.Index(values)]
    return [str(value) for value in values]
