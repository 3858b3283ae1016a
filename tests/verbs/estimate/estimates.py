"""Estimates that the tests of intervals share, made once."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd

import bayesmixed as bm
from bayesmixed.design import build_design
from bayesmixed.engines.reml.estimate import Estimate, estimate
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.formula import parse_formula
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.sources import Estimated

SLEEP = "Reaction ~ Days + (Days | Subject)"
BATCH = "Yield ~ 1 + (1 | Batch)"
CROSSED = "diameter ~ 1 + (1 | plate) + (1 | sample)"
THREE = "y ~ x + v + (x + v | g) + (1 | h)"


@cache
def simulated() -> pd.DataFrame:
    """Rows of 40 groups with three effects that vary together, crossed with 6."""
    rng = np.random.default_rng(5)
    factor = np.array([[3.0, 0.0, 0.0], [0.6, 1.2, 0.0], [-0.5, 0.3, 0.9]])
    g, h = np.repeat(np.arange(40), 9), rng.integers(0, 6, 360)
    x, v = rng.normal(2, 1, 360), rng.normal(0, 1.5, 360)
    effects = rng.standard_normal((40, 3)) @ factor.T
    mean = 5 + 0.7 * x + effects[g, 0] + effects[g, 1] * x + effects[g, 2] * v + rng.normal(0, 1, 6)[h]
    return pd.DataFrame(
        {
            "y": mean + rng.normal(0, 1.5, 360),
            "x": x,
            "v": v,
            "g": [f"g{i}" for i in g],
            "h": [f"h{i}" for i in h],
        }
    )


FRAMES = {
    SLEEP: lambda: bm.load_dataset("sleepstudy"),
    BATCH: lambda: bm.load_dataset("Dyestuff"),
    CROSSED: lambda: bm.load_dataset("Penicillin"),
}


@cache
def estimated(formula: str, by: str = "reml") -> Estimate:
    """Estimate of one of the models above, or of another of the simulated rows."""
    frame = FRAMES.get(formula, simulated)()
    return estimate(build_design(parse_formula(formula), frame), by)


@cache
def singular(by: str = "reml") -> Estimate:
    """Dyestuff2, in which the batches do not vary."""
    return estimate(build_design(parse_formula(BATCH), bm.load_dataset("Dyestuff2")), by)


@cache
def flat_slope() -> Estimate:
    """A correlated slope that does not vary at the estimate, since all groups are alike."""
    x = np.tile([-1.0, 0.0, 1.0], 12)
    y = (
        np.repeat(np.random.default_rng(2).normal(0, 3, 6), 6)
        + 2.0 * x
        + np.tile([0.3, -0.6, 0.3, -0.3, 0.6, -0.3], 6)
    )
    frame = pd.DataFrame({"y": y, "x": x, "g": np.repeat(list("abcdef"), 6)})
    return estimate(build_design(parse_formula("y ~ x + (x | g)"), frame))


def source_of(estimate: Estimate) -> Estimated:
    """An estimate as verbs take it."""
    return Estimated(
        estimate=estimate, spec=cast("ModelSpec", SimpleNamespace(design=estimate.design, family=GAUSSIAN))
    )
