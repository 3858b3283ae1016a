"""Families, links and parameters at random: what a response and its mean must be to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import strategies as st

import bayesmixed as bm
from bayesmixed import verbs
from bayesmixed.errors import FamilyError
from bayesmixed.families.bambi_families import SEVERAL_PARTS, STATED, bambi_names
from bayesmixed.families.links import LINKS
from bayesmixed.families.registry import FAMILIES, family_by_name
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.simulate import simulate
from bayesmixed.verbs.sources import Posterior
from verbs.family_models import truth

DRAWS, ROWS = 2000, 4
EFFECTS = np.array([0.3, -0.3])
LARGEST_ERROR = 6.0
"""How many standard errors the mean of the draws may lie from the mean."""

RANGES = {
    "alpha": (0.8, 6.0),
    "b": (0.4, 3.0),
    "kappa": (5.0, 20.0),
    "lam": (1.0, 8.0),
    "nu": (3.0, 15.0),
    "psi": (0.1, 0.95),
    "sigma": (0.2, 0.8),
}
LOCATIONS = {"real": (-3.0, 3.0), "positive": (0.05, 9.0), "probability": (0.1, 0.9)}
WITHIN = {"log": "positive", "inverse": "positive", "inverse_squared": "positive"}
WITHIN |= {"logit": "probability", "probit": "probability", "cloglog": "probability"}


def _every_link() -> list[tuple[str, str]]:
    """Every family with every link that it can have."""
    pairs = []
    for name in bambi_names():
        for link in LINKS:
            try:
                family_by_name(name, link)
            except FamilyError:
                continue
            pairs.append((name, link))
    assert {name for name, _ in pairs} == set(FAMILIES) | set(bambi_names())
    assert SEVERAL_PARTS.isdisjoint(STATED)
    return pairs


EVERY_LINK = _every_link()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A family at four locations, its parameters, and how the response of one with trials is written."""

    family: str
    link: str
    locations: tuple[float, ...]
    parameters: dict[str, float]
    trials: tuple[int, ...]
    as_proportion: bool
    seed: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Locations where both family and link can be."""
    name, link = draw(st.sampled_from(EVERY_LINK))
    low, high = LOCATIONS[WITHIN.get(link, family_by_name(name).location)]
    return Case(
        family=name,
        link=link,
        locations=tuple(draw(st.lists(st.floats(low, high), min_size=ROWS, max_size=ROWS))),
        parameters={key: draw(st.floats(*RANGES[key])) for key in family_by_name(name).parameter_names},
        trials=tuple(draw(st.lists(st.integers(3, 30), min_size=ROWS, max_size=ROWS))),
        as_proportion=draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def model(case: Case) -> tuple[xr.DataTree, ModelSpec, dict[str, Any]]:
    """Draws that all stand at the case, its model, and the arguments that specify it."""
    family = family_by_name(case.family, case.link)
    codes = np.arange(ROWS) % 2
    x = LINKS[case.link].link(np.array(case.locations)) - EFFECTS[codes]
    y = np.array([0.0, 1.0, 1.0, 0.0]) if family.is_discrete else np.array([0.2, 0.4, 0.3, 0.6])
    frame = pd.DataFrame({"y": y, "x": x, "g": codes, "n": case.trials})
    given: dict[str, Any] = {"formula": "y ~ x + (1 | g)", "data": frame}
    given |= {"family": case.family, "link": case.link}
    if family.takes_trials and case.as_proportion:
        given["weights"] = "n"
    elif family.takes_trials:
        given["formula"] = "prop(y, n) ~ x + (1 | g)"
    spec = bm.specify(**given)
    draws = truth(spec, EFFECTS, beta=np.array([0.0, 1.0]), parameters=case.parameters, draws=DRAWS)
    return draws, spec, given


def verdict(case: Case) -> str:
    """``"agree"`` or ``"refused"``; anything else is raised."""
    draws, spec, given = model(case)
    _goes_back(draws, spec, given, case.seed)
    source = Posterior(draws, spec, seed=case.seed)
    drawn = predict(source, kind="response", as_draws=True)
    assert isinstance(drawn, xr.DataArray)
    if not spec.family.has_mean:
        for verb in (verbs.fitted, verbs.resid, predict):
            with pytest.raises(FamilyError, match=case.family):
                verb(source)
        return "refused"
    mean = predict(source)
    assert isinstance(mean, pd.DataFrame)
    parameters = {name: np.asarray(value) for name, value in case.parameters.items()}
    sd = np.sqrt(spec.family.variance(np.array(case.locations), parameters, spec.design.response.trials))
    errors = (drawn.mean(["chain", "draw"]).to_numpy() - mean["value"]) / (sd / np.sqrt(DRAWS))
    assert np.all(np.abs(errors) < LARGEST_ERROR), errors
    pd.testing.assert_frame_equal(verbs.fitted(source), mean)
    scaled = verbs.resid(source, kind="standardized")["value"]
    np.testing.assert_allclose(scaled * sd, spec.design.response.observed - mean["value"], atol=1e-9)
    return "agree"


def _goes_back(draws: xr.DataTree, spec: ModelSpec, given: dict[str, Any], seed: int) -> None:
    """What is simulated takes the response's place in the data, unless nothing can be learned of it."""
    simulated = simulate(Posterior(draws, spec), seed=seed)["sim_1"]
    informative = simulated[simulated > 0] if spec.family.is_logarithmic else simulated
    if len(np.unique(informative)) < 2 or (spec.family.link in WITHIN and simulated.mean() <= 0):
        return
    again = bm.specify(**given | {"data": given["data"].assign(y=simulated)}).design.response
    np.testing.assert_array_equal(again.trials, spec.design.response.trials)
    shown = simulated if given["formula"].startswith("y ") else simulated / given["data"]["n"]
    np.testing.assert_allclose(again.observed, shown, rtol=1e-12)
