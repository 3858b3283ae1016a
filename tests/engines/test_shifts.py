"""Where the zero of a predictor is: no posterior knows, on every structure whose likelihood does not know.

Structures whose likelihood knows are left out here: independent intercepts and slopes, slopes without an
intercept, products without their lower terms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.engines.collapsed.coordinates import find_mode
from bayesmixed.engines.collapsed.integrated import integrate_all, log_densities, log_integral
from bayesmixed.engines.collapsed.null_component import evidence_without
from bayesmixed.engines.collapsed.problem import evaluate, make_problem, pack_problem
from bayesmixed.engines.joint.mode import evaluate_joint
from bayesmixed.engines.joint.packing import pack_joint
from bayesmixed.engines.joint.plan import make_joint_plan
from bayesmixed.engines.joint.problem import make_joint_problem
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable
from bayesmixed.fits.specify import specify
from bayesmixed.model.spec import ModelSpec

N = 120
SHIFTS = [{"x": 1e4}, {"x": -1e4, "v": 37.0}, {"x": 2000.0, "v": -1e4}]
CHOSEN = {"x": bm.prior("StudentT", nu=4, mu=1, sigma=3), "sd_g[x]": bm.prior("Exponential", lam=2)}
STRUCTURES: dict[str, dict[str, Any]] = {
    "y ~ x + (1 | g)": {},
    "y ~ x + (x | g)": {},
    "y ~ 1 + (x | g)": {},
    "y ~ x + v + (x + v | g)": {},
    "y ~ x + (x | g) + (v | h)": {},
    "y ~ x + v + (x | g) + (x + v | h)": {},
    "y ~ x + v + (x | g) + (0 + s | g)": {},
    "y ~ x + (x | fine) + (1 | mid)": {},
    "y ~ x + (x | coarse / mid / fine)": {},
    "y ~ x * v + (1 | g)": {},
    "y ~ x * v + (x | g)": {},
    "y ~ x * v + (x * v | g)": {},
    "y ~ x * f + (x | g)": {},
    "y ~ x * f + (f | g)": {},
    "y ~ f / x + (x | g)": {},
    "y ~ 0 + f + f:x + (0 + f + f:x | h)": {},
    "y ~ x + I(x^2) + (x | g)": {},
    "y ~ x + I(x^2) + (x + I(x^2) | g)": {},
    "y ~ poly(x, 2) + (scale(x) | g)": {},
    "y ~ x + offset(known) + (x | g)": {},
    "y ~ x + v + (x | g) + (1 | h)": {"weights": "w"},
    "y ~ x + v + (x | g)": {"priors": CHOSEN},
}
"""Formulas with the options of the model."""

QUADRATIC = {formula for formula in STRUCTURES if "x^2" in formula or "x * v" in formula}
"""Products are computed as they stand: at 10,000 standard deviations from zero eight digits are left."""


def frame(**shifts: float) -> pd.DataFrame:
    """Crossed and nested groups; predictors of unit size, moved."""
    rng = np.random.default_rng(3)
    fine = rng.permutation(np.arange(N) % 12)
    data = pd.DataFrame(
        {
            "x": rng.normal(1, 2, N),
            "v": rng.normal(-1, 1, N),
            "s": np.where(np.arange(N) % 2, 1.0, -1.0),
            "w": rng.uniform(0.5, 2, N),
            "known": rng.normal(size=N),
            "f": rng.choice(["p", "q", "r"], N),
            "g": rng.permutation(np.arange(N) % 10),
            "h": rng.integers(0, 5, N),
            "fine": [f"c{i}" for i in fine],
            "mid": [f"b{i // 2}" for i in fine],
            "coarse": [f"a{i // 4}" for i in fine],
        }
    )
    slopes = rng.normal(2, 1, 10)[data["g"]]
    data["y"] = 30 + slopes * data["x"] + rng.normal(0, 3, 10)[data["g"]] + rng.normal(0, 2, N)
    data["count"] = rng.poisson(np.exp(0.5 + 0.2 * data["x"]))
    return data.assign(**{name: data[name] + shift for name, shift in shifts.items()})


def collapsed(spec: ModelSpec) -> tuple[float, np.ndarray]:
    """Log density and gradient at one unit-free point."""
    plan = make_plan(spec.design, coefficients_sampled=not coefficients_are_integrable(spec))
    packed = pack_problem(make_problem(spec), plan)
    return evaluate(packed, np.random.default_rng(4).normal(-0.3, 0.5, packed.dimension))


def joint(spec: ModelSpec) -> tuple[float, np.ndarray]:
    """The same of the joint engine."""
    packed = pack_joint(make_joint_problem(spec, make_joint_plan(spec.design)))
    return evaluate_joint(packed, np.random.default_rng(4).normal(-0.3, 0.3, packed.dimension))


def evidence(spec: ModelSpec) -> float:
    """Log marginal likelihood by importance sampling around the mode."""
    model = integrate_all(spec)
    mode = find_mode(model.packed)
    covariance = 2.0 * mode.scale @ mode.scale.T
    rng = np.random.default_rng(1)
    return log_integral(lambda points: log_densities(model.packed, points), mode.theta, covariance, rng).value


@pytest.mark.parametrize("formula", STRUCTURES)
def test_the_log_density_does_not_know_where_zero_is(formula: str) -> None:
    value, gradient = collapsed(specify(formula, frame(), **STRUCTURES[formula]))
    for shift in SHIFTS:
        if formula in QUADRATIC:
            shift = {name: by / 100 for name, by in shift.items()}
        moved, slope = collapsed(specify(formula, frame(**shift), **STRUCTURES[formula]))
        assert moved == pytest.approx(value, rel=0, abs=1e-8)
        np.testing.assert_allclose(slope, gradient, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("family", ["poisson", "negativebinomial"])
@pytest.mark.parametrize("right", ["x + (x | g)", "x * v + (x | g) + (v | h)", "f / x + (0 + f + f:x | h)"])
def test_nor_does_that_of_the_joint_engine(family: str, right: str) -> None:
    value, gradient = joint(specify(f"count ~ {right}", frame(), family=family))
    for shift in ({"x": 1e4}, {"x": -500.0, "v": 20.0}):
        moved, slope = joint(specify(f"count ~ {right}", frame(**shift), family=family))
        assert moved == pytest.approx(value, rel=0, abs=1e-8)
        np.testing.assert_allclose(slope, gradient, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "formula", ["y ~ x + (x | g)", "y ~ x * f + (x | g)", "y ~ x + (x | fine) + (1 | mid)"]
)
def test_nor_does_the_evidence(formula: str) -> None:
    plain, moved = specify(formula, frame()), specify(formula, frame(x=2000.0))
    assert evidence(moved) == pytest.approx(evidence(plain), rel=0, abs=1e-8)
    block = 0 if "fine" in formula else len(plain.design.blocks) - 1
    without = [evidence_without(spec, block, (1,), np.random.default_rng(2)).value for spec in (plain, moved)]
    assert without[1] == pytest.approx(without[0], rel=0, abs=1e-8)


def test_a_power_of_the_shift_is_left_in_products() -> None:
    """What the tolerance of QUADRATIC stands for: eight digits at 10,000, whatever the structure."""
    formula = "y ~ x * v + (x | g)"
    value, _ = collapsed(specify(formula, frame()))
    moved, _ = collapsed(specify(formula, frame(x=1e4, v=1e4)))
    assert moved == pytest.approx(value, rel=0, abs=1e-4)


def test_the_fit_says_so_too() -> None:
    """Days and years of sleepstudy: all tables but those of intercepts and correlations."""
    sleep = bm.load_dataset("sleepstudy")
    sleep["Year"] = sleep["Days"] + 2000
    days = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, seed=1)
    years = bm.lmer("Reaction ~ Year + (Year | Subject)", sleep, seed=1)
    for here, there in (
        (days.fixef().iloc[1], years.fixef().iloc[1]),
        (days.varcorr().iloc[1], years.varcorr().iloc[1]),
        (days.varcorr().iloc[2], years.varcorr().iloc[2]),
    ):
        numbers = [i for i, value in enumerate(here) if isinstance(value, float)][:3]
        np.testing.assert_allclose(
            here.iloc[numbers].astype(float), there.iloc[numbers].astype(float), rtol=1e-6
        )
    np.testing.assert_allclose(days.fitted()["value"], years.fitted()["value"], rtol=1e-8)
    assert days.varcorr()["sd"][1] == pytest.approx(6.04, abs=0.15)
    evidence = [fit.log_marginal_likelihood().value for fit in (days, years)]
    assert evidence[1] == pytest.approx(evidence[0], rel=0, abs=1e-6)
    new = [pd.DataFrame({name: [4.0 + at], "Subject": "new"}) for name, at in (("Days", 0), ("Year", 2000))]
    drawn = [f.predict(d, new_levels="sample") for f, d in zip((days, years), new, strict=True)]
    pd.testing.assert_frame_equal(*drawn, rtol=1e-6)
