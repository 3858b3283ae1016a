"""Fits by REML and ML that the tests between models share, made once."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

import bayesmixed as bm
from references import SHARED, reference_frame


@cache
def frame_of(data: str) -> pd.DataFrame:
    """A bundled data set, or a file of the reference data."""
    if data.endswith(".csv"):
        if not SHARED.is_dir():
            pytest.skip("the shared data do not lie beside the project")
        return reference_frame(data)
    return bm.load_dataset(data)


@cache
def fit_of(data: str, formula: str, method: str = "reml") -> bm.RemlFit:
    """Fit by REML or ML."""
    return bm.lmer(formula, frame_of(data), method=method)
