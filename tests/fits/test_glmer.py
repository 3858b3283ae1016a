"""``glmer`` from the formula to the saved fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed.engines.choose import prepare_engine
from bayesmixed.errors import EngineError
from verbs.family_models import simulated


@pytest.mark.parametrize(
    ("family", "engine", "words"),
    [
        ("poisson", "collapsed", "which only a gaussian model allows"),
        ("gaussian", "joint", "for families other than gaussian"),
        ("zero_inflated_poisson", "joint", "The joint engine cannot fit this model"),
    ],
)
def test_an_engine_that_cannot_fit_says_so(family: str, engine: Any, words: str) -> None:
    _, spec = simulated("poisson", fitted_as=family)
    with pytest.raises(EngineError, match=words):
        prepare_engine(spec, engine)


def test_a_gaussian_family_is_a_linear_model() -> None:
    data = bm.load_dataset("Dyestuff")
    options: dict[str, Any] = {"seed": 1, "draws": 50, "adapt": False, "chains": 1}
    with pytest.warns(bm.ConvergenceWarning):
        general = bm.glmer("Yield ~ 1 + (1 | Batch)", data, "gaussian", **options)
    with pytest.warns(bm.ConvergenceWarning):
        linear = bm.lmer("Yield ~ 1 + (1 | Batch)", data, **options)
    assert general.run.engine == "collapsed"
    xr.testing.assert_equal(general.draws["posterior"].to_dataset(), linear.draws["posterior"].to_dataset())


def test_a_saved_fit_comes_back_with_its_family(tmp_path: Path) -> None:
    _, spec = simulated("negativebinomial")
    fit = bm.glmer(spec.design.formula.text, spec.design.frame, "negativebinomial", seed=1)
    fit.save(tmp_path / "fit.bm")
    again = bm.load(tmp_path / "fit.bm")
    assert (again.spec.family, again.spec.priors) == (fit.spec.family, fit.spec.priors)
    pd.testing.assert_frame_equal(again.fitted(), fit.fitted())
    assert str(again) == str(fit)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["binomial", "negativebinomial"])
def test_the_graph_recovers_the_truth(family: str) -> None:
    _, spec = simulated(family)
    fit = bm.glmer(
        spec.design.formula.text, spec.design.frame, family, engine="pymc", seed=1, chains=2, draws=500
    )
    assert fit.run.engine == "pymc"
    table = fit.fixef(prob=0.999).set_index("term")
    assert np.all(table["lower_0.05"].to_numpy() < [0.4, -0.3])
    assert np.all(table["upper_99.95"].to_numpy() > [0.4, -0.3])
    assert f"Family: {spec.family}" in str(fit)
