"""Generalized models on the rows of the table of structures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.engines.joint.mode import JointMode, find_joint_mode
from bayesmixed.engines.joint.plan import make_joint_plan
from bayesmixed.engines.joint.problem import JointProblem, make_joint_problem
from bayesmixed.families.registry import family_by_name
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.choice import prior
from engines.structures import make_frame

RESPONSES = {
    "bernoulli": "yes",
    "binomial": "some",
    "poisson": "count",
    "negativebinomial": "count",
    "gamma": "y",
    "weibull": "y",
    "beta": "share",
    "t": "y",
    "lognormal": "y",
    "gaussian": "y",
}
FAMILIES = [
    *((name, link) for name in ("bernoulli", "binomial", "beta") for link in ("logit", "probit", "cloglog")),
    *((name, link) for name in ("poisson", "negativebinomial") for link in ("log", "identity")),
    *((name, link) for name in ("gamma", "weibull") for link in ("log", "inverse", "identity")),
    *((name, "identity") for name in ("t", "lognormal", "gaussian")),
]
RIGHT_SIDES = {
    "intercept": "x + (1 | g)",
    "correlated": "x + v + (x + v | g)",
    "independent": "x + (x || g)",
    "two sets": "x + (x | g) + (0 + v | g)",
    "nested": "x + (1 | coarse/mid/fine)",
    "cs": "x + cs(0 + f | g)",
    "homcs": "x + homcs(0 + f | g) + (v || g)",
    "ar1": "x + ar1(0 + f | g)",
    "homdiag": "x + homdiag(0 + f | g)",
    "crossed slopes": "x + (x | g) + (1 | h)",
    "no coefficients": "0 + (1 | g) + (x | h)",
    "no intercept": "0 + x + v + (x | fine)",
    "offset": "x + offset(known / 10) + (x | g)",
    "no bar": "x + v + offset(known / 10)",
    "no bar, one coefficient": "1",
}
STUDENT = {"x": prior("StudentT", nu=4, mu=0.1, sigma=0.3)}
LAPLACE = {"Intercept": prior("Cauchy", alpha=1, beta=2), "x": prior("Laplace", mu=0.2, b=0.5)}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A generalized model at its mode."""

    spec: ModelSpec
    problem: JointProblem
    mode: JointMode

    def coordinates(self, seed: int) -> np.ndarray:
        """Coordinates of NUTS within the posterior."""
        return 0.5 * np.random.default_rng(seed).normal(size=self.mode.packed.dimension)


def make_rows() -> pd.DataFrame:
    """Rows with a response for every family."""
    rng = np.random.default_rng(7)
    frame = make_frame()
    frame["x"] = (frame["x"] - 5) / 3
    frame["v"] = (frame["v"] + 0.02) * 100
    frame["count"] = rng.poisson(np.exp(2 + 0.3 * frame["x"]))
    frame["yes"] = rng.integers(0, 2, len(frame)).astype(float)
    frame["share"] = rng.beta(4, 6, len(frame))
    frame["trials"] = rng.integers(1, 9, len(frame)).astype(float)
    frame["some"] = rng.binomial(frame["trials"].astype(int), 0.4).astype(float)
    return frame


def make_case(
    family: str, link: str, right: str, priors: dict[str, Any] | None = None, *, loose: bool = False
) -> Case:
    """Case of a family and a right side; `loose` leaves crossed factors out of the coupling."""
    frame, kind = make_rows(), family_by_name(family, link)
    design = build_design(parse_formula(f"{RESPONSES[family]} ~ {right}"), frame)
    if family == "binomial":
        design = replace(design, response=replace(design.response, trials=frame["trials"].to_numpy()))
    spec = ModelSpec(design=design, priors=complete_priors(design, priors, kind), family=kind)
    plan = make_joint_plan(design, most_products=0) if loose else make_joint_plan(design)
    problem = make_joint_problem(spec, plan)
    return Case(spec=spec, problem=problem, mode=find_joint_mode(problem))


def right_side(family: str, link: str) -> str:
    """Slopes, but none where the mean of a count is linear and would become negative."""
    counted = family in ("poisson", "negativebinomial")
    return "1 + (1 | g)" if counted and link == "identity" else RIGHT_SIDES["crossed slopes"]


CASES = {
    **{f"{family} {link}": (family, link, right_side(family, link)) for family, link in FAMILIES},
    **{name: ("poisson", "log", right) for name, right in RIGHT_SIDES.items()},
    "student prior": ("bernoulli", "logit", RIGHT_SIDES["intercept"], STUDENT),
    "laplace prior": ("poisson", "log", RIGHT_SIDES["intercept"], LAPLACE),
}


@pytest.fixture(scope="session", params=[*CASES, "loose"])
def case(request: pytest.FixtureRequest) -> Case:
    """Every family, link, structure and kind of prior in turn."""
    if request.param == "loose":
        return make_case("poisson", "log", RIGHT_SIDES["crossed slopes"], loose=True)
    return make_case(*CASES[request.param])
