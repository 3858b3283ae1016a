"""A fit in one row, and its counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.engines.records import RunInfo
from bayesmixed.fits.methods import FitMethods
from bayesmixed.verbs import glance

RUN = RunInfo(engine="collapsed", plan=(), draws=50, tune=20, chains=2, thin=1, seed=1, seconds=0.1)


def _diagnostics(r_hat: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"r_hat": r_hat, "ess_bulk": [500.0, 900.0], "ess_tail": [800.0, 450.0]})


def test_row(toy: Any) -> None:
    table = glance(toy.draws, toy.spec, RUN, _diagnostics([1.0, 1.02]))
    assert table.to_dict("records") == [
        {
            "nobs": 60,
            "sigma": pytest.approx(np.median(toy.draws["posterior"]["sigma"])),
            "engine": "collapsed",
            "chains": 2,
            "draws": 50,
            "max_rhat": 1.02,
            "min_ess": 450.0,
        }
    ]


def test_elpd_on_request(toy: Any) -> None:
    table = glance(toy.draws, toy.spec, RUN, _diagnostics([1.0, 1.0]), elpd_loo=-12.5)
    assert table["elpd_loo"].item() == -12.5


def test_an_unknown_rhat_is_not_hidden(toy: Any) -> None:
    assert np.isnan(glance(toy.draws, toy.spec, RUN, _diagnostics([1.0, np.nan]))["max_rhat"].item())


def test_counts(toy: Any) -> None:
    assert FitMethods.nobs(toy) == 60
    assert FitMethods.ngrps(toy).to_dict() == {"a": 6, "b": 5}
