"""Models of other families with data drawn from them, and draws that stand at the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bayesmixed as bm
from bayesmixed.engines.records import RawDraws
from bayesmixed.families.registry import family_by_name
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree

GROUPS, PER_GROUP, CHAINS, DRAWS = 30, 8, 1, 60
BETA, SD = np.array([0.4, -0.3]), 0.5
PARAMETERS = {"alpha": 2.0, "kappa": 8.0, "sigma": 0.7, "nu": 6.0, "psi": 0.9, "b": 1.3, "lam": 3.0}


def simulated(
    family: str, link: str | None = None, *, fitted_as: str | None = None, seed: int = 1
) -> tuple[xr.DataTree, ModelSpec]:
    """Draws at the truth, and the model of data drawn from it (fitted as another family where asked)."""
    chosen, rng = family_by_name(family, link), np.random.default_rng(seed)
    codes = np.repeat(np.arange(GROUPS), PER_GROUP)
    n = len(codes)
    x, effects = rng.normal(size=n), SD * rng.standard_normal(GROUPS)
    predictor = BETA[0] + BETA[1] * x + effects[codes]
    if chosen.link.startswith(("inverse", "identity")) and chosen.location == "positive":
        predictor = np.abs(predictor) + 1
    trials = rng.integers(2, 12, n) if chosen.takes_trials else None
    parameters = {name: np.asarray(PARAMETERS[name]) for name in chosen.parameter_names}
    location = chosen.location_of(predictor)
    y = chosen.draws(location, parameters, None if trials is None else trials.astype(float), rng)
    y = np.clip(y, 1e-6, 1 - 1e-6) if family == "beta" else y
    frame = pd.DataFrame({"y": y, "x": x, "g": [f"g{code:02}" for code in codes]})
    response = "y"
    if trials is not None:
        frame["n"], response = trials, "prop(y, n)"
    used: dict[str, Any] = {"family": fitted_as} if fitted_as else {"family": family, "link": link}
    spec = bm.specify(f"{response} ~ x + (1 | g)", frame, **used)
    return truth(spec, effects), spec


def truth(
    spec: ModelSpec,
    effects: np.ndarray,
    *,
    beta: np.ndarray = BETA,
    parameters: Mapping[str, float] = PARAMETERS,
    draws: int = DRAWS,
) -> xr.DataTree:
    """Draws that all equal the truth."""
    shape = (CHAINS, draws)

    def repeat(value: Any) -> np.ndarray:
        array = np.asarray(value, dtype=float)
        return np.broadcast_to(array, (*shape, *array.shape)).copy()

    family = spec.family
    raw = RawDraws(
        beta=repeat(beta),
        sd=(repeat([SD]),),
        corr=(None,),
        ranef=(repeat(effects[:, None]),),
        sample_stats={},
        parameters={name: repeat(parameters[name]) for name in family.parameter_names},
    )
    return draws_tree(spec.design, raw, {})
