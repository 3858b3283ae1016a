"""Weights and names that a model cannot use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.design.checks import check_weights
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula


@pytest.mark.parametrize("weights", [[1, 2], (0.5, 3.0), np.array([1.0, 2.0], dtype=np.float32)])
def test_good_weights_become_floats(weights: object) -> None:
    checked = check_weights(weights, 2)  # type: ignore[arg-type]
    assert checked.dtype == np.float64
    np.testing.assert_allclose(checked, np.asarray(weights, dtype=float))


@pytest.mark.parametrize(("first", "second", "shared"), [("row", "row_", "row_"), ("a/b", "a_b", "sd_a_b")])
def test_factors_that_a_posterior_could_not_tell_apart_are_refused(
    first: str, second: str, shared: str
) -> None:
    frame = pd.DataFrame({"r": [1.0, 2.0, 4.0, 3.0, 7.0], first: list("aabbb"), second: list("ababb")})
    with pytest.raises(DataError, match=f"both have '{shared}' in the posterior. Rename the column"):
        build_design(parse_formula(f"r ~ 1 + (1 | `{first}`) + (1 | `{second}`)"), frame)
