"""Models of regressions.json: their formulas here, with what else they need."""

from __future__ import annotations

from typing import Any

import pandas as pd

from references import REGRESSIONS

FRAME = pd.DataFrame(REGRESSIONS["data"])
LINEAR: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("y ~ x + f", {}),
    "weighted": ("y ~ x * f", {"weights": "w"}),
    "offset": ("y ~ x + offset(o)", {}),
    "origin": ("y ~ 0 + x + z", {}),
}
GENERAL: dict[str, tuple[str, str, str | None]] = {
    "logit": ("cbind(k, trials - k) ~ x + z", "binomial", None),
    "probit": ("prop(k, trials) ~ x + z", "binomial", "probit"),
    "cloglog": ("prop(k, trials) ~ x + z", "binomial", "cloglog"),
    "bernoulli": ("b ~ x + z", "bernoulli", None),
    "poisson": ("count ~ x + z + offset(o)", "poisson", None),
    "gamma_log": ("time ~ x + z", "gamma", None),
    "gamma_inverse": ("time ~ x + z", "gamma", "inverse"),
    "negativebinomial": ("over ~ x + z", "negativebinomial", None),
}
