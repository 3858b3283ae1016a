"""Rows that nobody has are refused whatever is done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.frame import ABSENT, to_pandas
from bayesmixed.errors import DataError


@pytest.mark.parametrize(
    "use",
    [
        len,
        list,
        np.asarray,
        np.mean,
        np.sqrt,
        np.array,
        pd.Series,
        to_pandas,
        lambda rows: rows[0],
        lambda rows: rows.T,
        lambda rows: rows - 1.0,
        lambda rows: np.ones(3) @ rows,
        lambda rows: np.ones(3) - rows,
        lambda rows: rows.shape,
    ],
)
def test_every_use_is_refused(use: Callable[[Any], Any]) -> None:
    with pytest.raises(DataError, match="needs the rows of the data"):
        use(ABSENT)
