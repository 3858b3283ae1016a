"""New responses of trials: proportions, and what is simulated as the formula writes it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed import verbs
from bayesmixed.plots.predictive import replicates
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.simulate import simulate
from bayesmixed.verbs.sources import Posterior
from verbs.family_models import simulated

WAYS = {
    "prop": ("prop(y, n) ~ x + (1 | g)", {}),
    "cbind": ("cbind(y, n - y) ~ x + (1 | g)", {}),
    "weights": ("share ~ x + (1 | g)", {"weights": "n"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("family", ["binomial", "beta_binomial"])
def test_proportions_are_drawn_and_what_is_simulated_goes_back(family: str, way: str) -> None:
    draws, spec = simulated(family)
    formula, options = WAYS[way]
    data = spec.design.frame.assign(share=lambda frame: frame["y"] / frame["n"])
    other = bm.specify(formula, data, family=family, **options)
    drawn = predict(Posterior(draws, other, seed=4), kind="response", as_draws=True)
    assert isinstance(drawn, xr.DataArray)
    assert drawn.max() <= 1
    np.testing.assert_allclose(drawn * data["n"].to_numpy() % 1 % (1 - 1e-9), 0, atol=1e-9)
    assert drawn.mean() == pytest.approx(verbs.fitted(Posterior(draws, other))["value"].mean(), abs=0.02)
    if options:
        new = predict(Posterior(draws, other, seed=4), data, weights="n", kind="response", as_draws=True)
        xr.testing.assert_identical(new, drawn)
    one = simulate(Posterior(draws, other), seed=7)["sim_1"]
    column = "share" if options else "y"
    again = bm.specify(formula, data.assign(**{column: one}), family=family, **options).design.response
    np.testing.assert_array_equal(again.trials, data["n"])
    np.testing.assert_array_equal(again.values, np.round(one * data["n"]) if options else one)
    assert not np.array_equal(again.values, other.design.response.values)


@pytest.mark.parametrize("way", WAYS)
def test_replicated_data_are_on_the_scale_of_the_observed(way: str) -> None:
    draws, spec = simulated("binomial")
    formula, options = WAYS[way]
    data = spec.design.frame.assign(share=lambda frame: frame["y"] / frame["n"])
    other = bm.specify(formula, data, family="binomial", **options)
    replicated = replicates(draws, other, seed=1, n=50)
    assert replicated.max() == 1
    assert replicated.mean() == pytest.approx(other.design.response.observed.mean(), abs=0.03)
