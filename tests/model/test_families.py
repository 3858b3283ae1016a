"""The likelihood of every family in the graph is the one written in NumPy."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor
import pytest

from bayesmixed import names
from bayesmixed.families.registry import FAMILIES
from bayesmixed.model.build import build_pymc_model
from verbs.family_models import simulated

CASES = [(name, link) for name, entry in FAMILIES.items() for link in entry.links if name != "gaussian"]
DEVIATES = np.linspace(-1, 1, 30)


@pytest.mark.parametrize(("family", "link"), CASES)
def test_the_graph_has_our_likelihood(family: str, link: str) -> None:
    _, spec = simulated(family, link)
    model = build_pymc_model(spec)
    point = model.initial_point()
    beta, log_sd = np.array([1.8, 0.05]), np.array([-2.0])
    point |= {names.BETA_CENTRED: beta, "sd_g_log__": log_sd}
    point |= {names.standardized_ranef("g", "Intercept"): DEVIATES}
    values = {name: np.asarray(1.5 + i) for i, name in enumerate(spec.family.parameter_names)}
    point |= {f"{name}_log__": np.log(value) for name, value in values.items()}
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        theirs = model.compile_logp(vars=model[names.RESPONSE], sum=False)(point)[0]
    fixed, block = spec.design.fixed, spec.design.blocks[0]
    predictor = fixed.matrix @ fixed.centring @ beta
    predictor += np.exp(log_sd) * DEVIATES[block.codes]
    y, trials = spec.design.response.values, spec.design.response.trials
    ours = spec.family.log_density(y, spec.family.location_of(predictor), values, trials)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8)


def test_a_graph_of_bambis_family_can_be_sampled_from() -> None:
    _, spec = simulated("poisson", fitted_as="zero_inflated_poisson")
    model = build_pymc_model(spec)
    assert "psi" in model.named_vars
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        drawn = pm.draw(model[names.RESPONSE], random_seed=1)
    assert np.all(drawn == np.round(drawn))
