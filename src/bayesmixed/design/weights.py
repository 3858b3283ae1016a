"""Prior weights: a column of the data, or numbers beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayesmixed.design.checks import check_weights
from bayesmixed.design.frame import pick
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import DataError

BESIDE = "weights="
"""What messages call weights that are no column."""


def weights_of_rows(weights: str | ArrayLike, frame: pd.DataFrame) -> pd.Series:
    """Weights of all rows of a frame, missing ones among them."""
    if isinstance(weights, str):
        return pick(frame, [weights])[weights]
    if isinstance(weights, pd.Series):
        return _in_order(weights, frame.index).rename(BESIDE)
    values = np.asarray(weights)
    if values.shape != (len(frame),):
        raise DataError(f"weights has shape {values.shape}; the data have {len(frame)} rows.")
    return pd.Series(values, index=frame.index, name=BESIDE)


def _in_order(weights: pd.Series, index: pd.Index) -> pd.Series:
    """Series in the order of an index that has the same labels."""
    if weights.index.equals(index):
        return weights
    if len(weights) == len(index) and index.is_unique and not len(index.difference(weights.index)):
        return weights.reindex(index)
    raise DataError(
        f"weights is a Series of {len(weights)} values whose index is not that of the {len(index)} rows, so "
        "that nobody knows which belongs to which. Make it a column of the data and give its name, or give "
        "weights.to_numpy() if both are in the same order."
    )


def usable_weights(weights: pd.Series) -> FloatArray:
    """Weights as numbers.

    Returns shape (n,).
    """
    is_number = pd.api.types.is_numeric_dtype(weights.dtype) and not pd.api.types.is_bool_dtype(weights.dtype)
    values = weights.to_numpy(dtype=np.float64, na_value=np.nan) if is_number else weights.to_numpy()
    return check_weights(values, len(weights))
