"""Effects of single rows are overdispersion: in the denominator of every share, in no numerator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed import verbs
from bayesmixed.engines.records import RawDraws
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs.sources import Posterior

VARIANCES = {"BROOD": 0.5625497, "INDEX": 0.2932308, "LOCATION": 0.2795418}
COEFFICIENTS = (0.37279728, 1.18039910, -0.97870492, -0.02376042)
"""Poisson, TICKS ~ YEAR + cHEIGHT + (1|BROOD) + (1|INDEX) + (1|LOCATION): glmer of lme4 1.1-31, bobyqa."""
ALPHA, KAPPA = 1.7, 9.0


def at_estimates(
    formula: str, frame: pd.DataFrame, beta: Any, variances: dict[str, float], family: str, **more: Any
) -> tuple[xr.DataTree, ModelSpec]:
    """A model with a single draw."""
    spec = bm.specify(formula, frame, family=family, **more)
    raw = RawDraws(
        beta=np.reshape(beta, (1, 1, -1)).astype(float),
        sd=tuple(np.full((1, 1, 1), np.sqrt(variances[block.group])) for block in spec.design.blocks),
        corr=(None,) * len(spec.design.blocks),
        ranef=tuple(np.zeros((1, 1, block.n_levels, 1)) for block in spec.design.blocks),
        sample_stats={},
        parameters={
            name: np.full((1, 1), {"alpha": ALPHA, "kappa": KAPPA}[name])
            for name in spec.family.parameter_names
        },
    )
    return draws_tree(spec.design, raw, {}), spec


def shares(draws: xr.DataTree, spec: ModelSpec) -> dict[str, float]:
    """Explained variance and the unadjusted and adjusted ICC of all groups together."""
    explained = verbs.r2(Posterior(draws, spec)).set_index("type")["r2"]
    adjusted, unadjusted = (
        verbs.icc(Posterior(draws, spec), kind=kind)["icc"] for kind in ("adjusted", "unadjusted")
    )
    return {**explained, "adjusted": adjusted.iloc[-1], "unadjusted": unadjusted.iloc[-1]}


@pytest.fixture(scope="module")
def ticks() -> pd.DataFrame:
    return bm.load_dataset("grouseticks").astype({"YEAR": str})


def test_ticks_of_grouse_as_the_paper_counts_them(ticks: pd.DataFrame) -> None:
    formula = "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)"
    draws, spec = at_estimates(formula, ticks, COEFFICIENTS, VARIANCES, "poisson")
    fixed = (
        COEFFICIENTS[0]
        + np.select([ticks["YEAR"] == "96", ticks["YEAR"] == "97"], COEFFICIENTS[1:3], 0.0)
        + COEFFICIENTS[3] * ticks["cHEIGHT"].to_numpy()
    )
    v_fix, v_all, v_over = fixed.var(ddof=1), VARIANCES["BROOD"] + VARIANCES["LOCATION"], VARIANCES["INDEX"]
    within = v_over + np.log1p(1 / np.exp(fixed.mean() + (v_fix + v_all + v_over) / 2))
    found = shares(draws, spec)
    assert found["conditional"] == pytest.approx((v_fix + v_all) / (v_fix + v_all + within))
    assert found["conditional"] == pytest.approx(0.859, abs=5e-4)
    assert found["marginal"] == pytest.approx(v_fix / (v_fix + v_all + within))
    assert found["adjusted"] == pytest.approx(v_all / (v_all + within))
    assert found["unadjusted"] == pytest.approx(v_all / (v_fix + v_all + within))
    icc, r2 = verbs.icc(Posterior(draws, spec)), verbs.r2(Posterior(draws, spec))
    assert icc["group"].tolist() == ["BROOD", "LOCATION", "all"]
    assert set(icc["formula"]) == {"V/(V_all+V_over+log(1+1/lambda))"}
    assert r2["formula"].tolist() == [
        "V_fix/(V_fix+V_all+V_over+log(1+1/lambda))",
        "(V_fix+V_all)/(V_fix+V_all+V_over+log(1+1/lambda))",
    ]
    for table in (icc, r2):
        assert "V_over: variance of INDEX, one level a row" in table.attrs["legend"]
        assert "(V_fix + V_all + V_over)/2" in table.attrs["legend"]


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 48
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "n": 9,
            "k": rng.integers(0, 9, n),
            "share": rng.uniform(0.1, 0.9, n),
            "g": np.tile([f"g{i}" for i in range(8)], n // 8),
            "line": [f"r{i:02}" for i in range(n)],
        }
    )


FAMILIES: dict[str, tuple[str, str | None]] = {
    "poisson": ("k", None),
    "negativebinomial": ("k", None),
    "gamma": ("share", "log"),
    "binomial": ("p(k, n)", "logit"),
    "beta": ("share", "logit"),
}
BETA = (0.4, -0.3)


def of_family(family: str, m: float, spread: float) -> float:
    """Variance that the family adds, written out: m the mean predictor, `spread` all variance around it."""
    mu = 1 / (1 + np.exp(-m))
    return {
        "poisson": np.log1p(1 / np.exp(m + spread / 2)),
        "negativebinomial": np.log1p(1 / np.exp(m + spread / 2) + 1 / ALPHA),
        "gamma": np.log1p(1 / ALPHA),
        "binomial": np.pi**2 / 3,
        "beta": 1 / ((1 + KAPPA) * mu * (1 - mu)),
    }[family]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("v_over", [0.0, 0.3, 4.0])
def test_every_family_puts_the_rows_into_the_denominator(family: str, v_over: float) -> None:
    (response, link), frame = FAMILIES[family], rows()
    variances = {"g": 0.6, "line": v_over}
    draws, spec = at_estimates(
        f"{response} ~ x + (1 | g) + (1 | line)", frame, BETA, variances, family, link=link
    )
    fixed = BETA[0] + BETA[1] * frame["x"]
    v_fix = fixed.var()
    total = v_fix + 0.6 + v_over + of_family(family, fixed.mean(), v_fix + 0.6 + v_over)
    assert shares(draws, spec) == pytest.approx(
        {
            "marginal": v_fix / total,
            "conditional": (v_fix + 0.6) / total,
            "adjusted": 0.6 / (total - v_fix),
            "unadjusted": 0.6 / total,
        }
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_with_no_variance_the_rows_change_nothing(family: str) -> None:
    (response, link), frame = FAMILIES[family], rows()
    without = at_estimates(f"{response} ~ x + (1 | g)", frame, BETA, {"g": 0.6}, family, link=link)
    beside = at_estimates(
        f"{response} ~ x + (1 | g) + (1 | line)", frame, BETA, {"g": 0.6, "line": 0.0}, family, link=link
    )
    assert shares(*beside) == pytest.approx(shares(*without))


def test_rows_alone_leave_no_groups() -> None:
    draws, spec = at_estimates("k ~ x + (1 | line)", rows(), BETA, {"line": 0.5}, "poisson")
    with pytest.warns(bm.DesignWarning, match="'line' has one row, so its variance is overdispersion"):
        table = verbs.icc(Posterior(draws, spec))
    explained = verbs.r2(Posterior(draws, spec))["r2"]
    assert table.empty
    assert list(table) == ["group", "icc", "lower_2.5", "upper_97.5", "formula"]
    assert "V_over: variance of line" in table.attrs["legend"]
    assert explained[0] == explained[1]


def test_rows_of_trials_are_groups_where_there_are_no_others() -> None:
    """Twelve groups, as one row of ten trials each or as ten rows of one: the same likelihood, one ICC."""
    k = np.arange(12) % 10
    whole = pd.DataFrame({"k": k, "n": 10, "s": [f"s{i:02}" for i in range(12)]})
    single = pd.DataFrame(
        {
            "yes": np.concatenate([np.arange(10) < each for each in k]).astype(int),
            "s": np.repeat(whole["s"], 10),
        }
    ).reset_index(drop=True)
    found = [
        verbs.icc(Posterior(*at_estimates(formula, frame, (0.4,), {"s": 0.7}, family)))
        for formula, frame, family in (
            ("prop(k, n) ~ 1 + (1 | s)", whole, "binomial"),
            ("yes ~ 1 + (1 | s)", single, "bernoulli"),
        )
    ]
    assert found[0]["group"].tolist() == ["s"]
    assert found[0]["icc"].item() == pytest.approx(found[1]["icc"].item())
    assert found[0]["icc"].item() == pytest.approx(0.7 / (0.7 + np.pi**2 / 3))
