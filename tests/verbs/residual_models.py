"""Small fits whose residuals are correlated, known or of several spreads."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

import bayesmixed as bm


@cache
def rows() -> pd.DataFrame:
    """Sixty rows of twelve groups at five times, two of them missing."""
    rng = np.random.default_rng(12)
    group, time = np.divmod(np.arange(60), 5)
    sex = np.array(["f", "m"])[group % 2]
    noise = rng.normal(0, np.where(sex == "f", 0.5, 1.5))
    noise += np.where(time > 0, 0.5 * np.roll(noise, 1), 0.0)
    frame = pd.DataFrame(
        {
            "y": 10 + 2 * time + 3 * (sex == "f") + 2 * rng.normal(size=12)[group] + noise,
            "time": time,
            "sex": sex,
            "g": [f"g{i:02d}" for i in group],
            "h": [f"h{i % 4}" for i in group],
            "s": rng.uniform(0.3, 1.2, 60),
            "w": rng.uniform(0.5, 2.0, 60),
        }
    )
    return frame.drop([7, 33]).reset_index(drop=True)


MODELS: dict[str, Any] = {
    "strata": ["y ~ time + (1 | g)", "sigma ~ 0 + sex"],
    "continuous": ["y | weights(w) ~ time + (1 | g)", "sigma ~ time + s"],
    "bars": ["y ~ time + (time | g)", "sigma ~ sex + (1 | h)"],
    "known": "y | se(s) ~ time + (1 | g)",
    "known and sigma": "y | se(s, sigma=TRUE) + weights(w) ~ time + (1 | g)",
    "ar": "y ~ time + (1 | g) + ar(time, gr=g)",
    "ar alone": "y ~ time + sex + ar(time, gr=g)",
    "cosy": "y ~ time + (1 | h) + cosy(gr=g)",
    "unstr": "y ~ time + unstr(time, gr=g)",
    "ar, strata": ["y ~ time + (1 | h) + ar(time, gr=g)", "sigma ~ sex"],
}
BY_LIKELIHOOD = [name for name in MODELS if name != "bars"]


@cache
def posterior(name: str) -> bm.MixedFit:
    """Posterior of one of the models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.ConvergenceWarning)
        return bm.lmer(MODELS[name], rows(), draws=150, chains=2, seed=3, adapt=False)


@cache
def estimate(name: str, method: Literal["reml", "ml"] = "reml") -> bm.RemlFit:
    """Estimate of one of the models."""
    return bm.lmer(MODELS[name], rows(), method=method)
