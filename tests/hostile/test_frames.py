"""Any frame is fitted rightly or refused in our words, and is never changed."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

import bayesmixed as bm
from bayesmixed.errors import DataError

from . import frames as hostile

RNG = np.random.default_rng(4)
N = 24


def good() -> pd.DataFrame:
    codes = np.arange(N) % 4
    return pd.DataFrame({"y": RNG.normal(size=N) + codes, "x": RNG.normal(size=N), "g": codes})


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(hostile.frames())
def test_any_frame_is_fitted_or_refused(pair: tuple[str, pd.DataFrame]) -> None:
    assert hostile.verdict(*pair, fit=True) in ("refused", "fitted")


LOST: dict[str, tuple[str, pd.DataFrame, str]] = {
    "huge response": ("y ~ x + (1 | g)", good().assign(y=lambda d: d.y * 1e200), "choose a unit"),
    "tiny response": ("y ~ x + (1 | g)", good().assign(y=lambda d: d.y * 1e-320), "choose a unit"),
    "huge predictor": ("y ~ x + (1 | g)", good().assign(x=lambda d: d.x * 1e307), "choose a unit"),
    "collinear": ("y ~ x + z + (1 | g)", good().assign(z=lambda d: d.x + 1e-7 * d.y), "'z' differs by less"),
    "slopes far from zero": ("y ~ x + (x | g)", good().assign(x=lambda d: d.x + 1e7), "Write center(x)"),
    "no intercept": ("y ~ 0 + x + (1 | g)", good().assign(y=lambda d: d.y + 1e9), "too little for its size"),
    "offset": ("y ~ x + offset(z) + (1 | g)", good().assign(z=lambda d: d.y), "less its offset is constant"),
    "no residual": (
        "y ~ x + (1 | g)",
        good().assign(y=lambda d: d.x + d.g + 1e-9 * d.y),
        "explains the response completely",
    ),
    "group of no number": ("y ~ x + (1 | log(x))", good(), "is not a number in"),
    "one group": ("y ~ x + (1 | g)", good().assign(g=1), "only one level"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", LOST)
def test_what_would_lose_its_digits_is_refused(case: str) -> None:
    formula, frame, words = LOST[case]
    with pytest.raises(DataError, match=re.escape(words)):
        bm.lmer(formula, frame, method="reml")


def test_a_fit_without_residual_is_refused_by_the_sampler_too() -> None:
    formula, frame, words = LOST["no residual"]
    with pytest.raises(DataError, match=words):
        bm.lmer(formula, frame, chains=2)
