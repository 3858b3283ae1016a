"""A small model whose draws are arithmetic progressions, so that every printed digit is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed.covariances.residual import Residual
from bayesmixed.design.meeting import one_level
from bayesmixed.design.records import Design, FixedDesign, FloatArray, GroupBlock, Response
from bayesmixed.engines.records import RawDraws, RunInfo
from bayesmixed.formula import parse_formula
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.priors.prior import Prior, PriorSet
from effect_sets import unstructured
from keys import key_of, keys_of

STEPS = np.linspace(-1, 1, 101)[None, :]


@dataclass(frozen=True)
class Printed:
    """What the printed summary is made of."""

    draws: xr.DataTree
    spec: ModelSpec
    run: RunInfo
    diagnostics: pd.DataFrame


def progression(centre: object, step: float) -> FloatArray:
    """Draws centre * (1 + step * t), t in 101 equal steps from -1 to 1; shape (1, 101, ...)."""
    centre = np.asarray(centre, dtype=float)
    steps = STEPS.reshape(1, 101, *(1,) * centre.ndim)
    return centre * (1 + step * steps)


@pytest.fixture(scope="session")
def spec() -> ModelSpec:
    """Twelve rows; a correlated slope by subject, an intercept by item."""
    days = np.tile([0.0, 1.0, 2.0], 4)
    subject = np.repeat([0, 1, 2, 3], 3)
    item = np.tile([0, 1], 6)
    y = 250 + 10 * days + np.array([-20.0, 20, -5, 5])[subject] + np.tile([1.0, -1, 2, -2], 3)
    frame = pd.DataFrame({"Reaction": y, "Days": days, "Subject": subject, "item": item})
    x = np.column_stack([np.ones(12), days])
    text = "Reaction ~ Days + (Days | Subject) + (1 | item)"
    blocks = (
        GroupBlock(
            group="Subject",
            effects=("Intercept", "Days"),
            columns=x,
            meeting=one_level(subject),
            levels=("308", "309", "310", "330"),
            covariances=unstructured(2),
            centring=np.eye(2),
            scales=np.ones(2),
            recipes=(),
            keys=keys_of(["Intercept", "Days"]),
            group_key=key_of("Subject"),
        ),
        GroupBlock(
            group="item",
            effects=("Intercept",),
            columns=np.ones((12, 1)),
            meeting=one_level(item),
            levels=("a", "b"),
            covariances=unstructured(1),
            centring=np.eye(1),
            scales=np.ones(1),
            recipes=(),
            keys=keys_of(["Intercept"]),
            group_key=key_of("item"),
        ),
    )
    design = Design(
        formula=replace(parse_formula("Reaction ~ Days"), texts=(text,)),
        response=Response(name="Reaction", values=y),
        fixed=FixedDesign(
            matrix=x,
            terms=("Intercept", "Days"),
            has_intercept=True,
            centring=np.array([[1.0, -1.0], [0.0, 1.0]]),
            scales=np.ones(2),
            recipe=None,
            keys=keys_of(["Intercept", "Days"]),
        ),
        blocks=blocks,
        offset=np.zeros(12),
        residual=Residual(),
        frame=frame,
        n_dropped=2,
    )
    normal = Prior("Normal", {"mu": 0, "sigma": 1})
    priors = PriorSet(
        coefficients=(normal, normal),
        sd=((normal, normal), (normal,)),
        correlation=({}, {}),
        parameters={"sigma": normal},
    )
    return ModelSpec(design=design, priors=priors)


@pytest.fixture(scope="session")
def printed(spec: ModelSpec) -> Printed:
    """The model with progressions around round numbers."""
    raw = RawDraws(
        beta=progression([250.0, 10.0], 0.1),
        parameters={"sigma": progression(2.0, 0.5)},
        sd=(progression([20.0, 5.0], 0.5), progression([0.125], 0.5)),
        corr=(progression([[0.0, 0.25], [0.25, 0.0]], 0.5) + np.eye(2), None),
        ranef=(
            progression([[-20.0, 0.5], [20.0, -0.5], [-5.0, 0.0], [5.0, 0.0]], 0.1),
            progression([[0.1], [-0.1]], 0.1),
        ),
        sample_stats={},
    )
    run = RunInfo(engine="collapsed", plan=(), draws=101, tune=500, chains=1, thin=1, seed=7, seconds=1.234)
    diagnostics = pd.DataFrame(
        {
            "r_hat": [1.0004, 1.0021, 1.0],
            "ess_bulk": [3210.4, 1834.0, 2950.0],
            "ess_tail": [2890.0, 1650.6, 3000.0],
        },
        index=["beta[Intercept]", "beta[Days]", "sigma"],
    )
    return Printed(draws_tree(spec.design, raw, {}), spec, run, diagnostics)
