"""Nested and crossed designs, with what the lines of their levels must run through."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import bayesmixed as bm
from bayesmixed.engines.records import RunInfo
from bayesmixed.posterior.diagnostics import Diagnosis

PARENTS: dict[str, dict[str, list[str]]] = {
    "y ~ x + (1 | a/b)": {"a:b": ["a"], "a": []},
    "y ~ x + (1 | a) + (1 | through)": {"through": ["a"], "a": []},
    "y ~ x + (x | a) + (1 | a:b)": {"a:b": ["a"], "a": []},
    "y ~ x + (x | a/b)": {"a:b": ["a"], "a": []},
    "y ~ 1 + (x | a) + (1 | a:b)": {"a:b": ["a"], "a": []},
    "y ~ x + (1 | a/b/c)": {"a:b:c": ["a:b", "a"], "a:b": ["a"], "a": []},
    "y ~ x * w + (x | a) + (1 | a:b)": {"a:b": ["a"]},
    "y ~ x + (1 | a/b) + (1 | k)": {"a:b": ["a"], "a": [], "k": []},
    "y ~ x + (x | a) + (1 | k)": {"a": [], "k": []},
}
"""Formulas, with the parents of their grouping factors."""
CASES = [(formula, group) for formula, groups in PARENTS.items() for group in groups]


@cache
def nested_frame() -> pd.DataFrame:
    """Five a, three b in each, two c in each, of three to eight rows; four k cross them, w is of every b."""
    rng = np.random.default_rng(7)
    sizes = rng.integers(3, 9, 30)
    cell = np.repeat(np.arange(30), sizes)
    frame = pd.DataFrame(
        {"a": cell // 6, "b": cell // 2 % 3, "c": cell % 2, "k": rng.integers(0, 4, len(cell))}
    )
    frame = frame.apply(lambda column: column.name + column.astype(str))
    frame["through"] = frame["a"] + frame["b"]
    frame["w"] = rng.normal(size=15)[cell // 2]
    frame["x"] = rng.normal(size=30)[cell] * 3 + rng.normal(size=len(cell))
    slope = 1 + rng.normal(size=5)[cell // 6]
    level = (
        10 * rng.normal(size=5)[cell // 6] + 3 * rng.normal(size=15)[cell // 2] + rng.normal(size=30)[cell]
    )
    frame["y"] = level + slope * frame["x"] + 2 * rng.normal(size=4)[frame["k"].str[1].astype(int)]
    return frame.assign(y=frame["y"] + rng.normal(size=len(cell)))


@cache
def nested_fit(formula: str) -> bm.RemlFit:
    """REML estimate of one of the formulas."""
    return bm.lmer(formula, nested_frame(), method="reml")


def as_posterior(fit: bm.RemlFit) -> bm.MixedFit:
    """Posterior whose only draw is an estimate."""
    nothing = np.empty(0)
    return bm.MixedFit(
        spec=fit.spec,
        draws=fit.point,
        run=RunInfo(engine="collapsed", plan=(), draws=1, tune=0, chains=1, thin=1, seed=0, seconds=0.0),
        diagnosis=Diagnosis(
            quantities=(),
            r_hat=nothing,
            ess_bulk=nothing,
            ess_tail=nothing,
            divergences=0,
            n_chains=1,
            n_draws=1,
        ),
    )


def levels_of(group: str) -> pd.Series:
    """Level of every row, by the columns of the data alone."""
    return nested_frame()[group.split(":")].agg(":".join, axis=1)


def means_of_levels(fit: bm.RemlFit | bm.MixedFit, formula: str, group: str) -> pd.DataFrame:
    """Mean of x and of the fitted values of every level, the effects of other than parents taken away."""
    fitted, frame = fit.fitted()["value"].to_numpy().copy(), nested_frame()
    for (other, effect), rows in fit.ranef().groupby(["group_var", "effect"]):
        if other not in (group, *PARENTS[formula][group]):
            column = 1.0 if effect == "Intercept" else frame[effect].to_numpy()
            fitted -= column * rows.set_index("group").loc[levels_of(other), "value"].to_numpy()
    return pd.DataFrame({"x": frame["x"], "fitted": fitted}).groupby(levels_of(group).to_numpy()).mean()
