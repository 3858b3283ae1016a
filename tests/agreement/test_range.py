"""Residuals of every kind by REML and ML: nlme's lme and gls, and metafor's rma.

Makers: nlme 3.1 and metafor, `shared/reference/range.json`. The criterion is at or below theirs within 1e-6
of its size, coefficients agree within 1e-4 standard errors, standard deviations and correlations within 1e-4,
conditional means within 1e-3 of their standard deviation. Metafor stops where tau moves by 1e-5: ours is
within 2e-4 of its, at a likelihood that is no lower.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from references import RANGE, python_term, reference_frame

WAVES = "sin(2*pi*Time) + cos(2*pi*Time)"
MODELS: dict[str, tuple[str, Any]] = {
    "orthodont_sigma_sex": ("orthodont.csv", ["distance ~ age*Sex + (1 | Subject)", "sigma ~ 0 + Sex"]),
    "ovary_ar1": ("ovary.csv", f"follicles ~ {WAVES} + (1 | Mare) + ar(Time, gr=Mare)"),
    "ovary_ar1_slope": (
        "ovary.csv",
        f"follicles ~ {WAVES} + (sin(2*pi*Time) || Mare) + ar(gr=Mare)",
    ),
    "orthodont_cs_residual": ("orthodont.csv", "distance ~ age*Sex + cosy(gr=Subject)"),
    "orthodont_unstructured_residual": (
        "orthodont.csv",
        ["distance ~ age*Sex + unstr(age, gr=Subject)", "sigma ~ 0 + factor(age)"],
    ),
    "bcg_ablat": ("bcg.csv", "yi | se(sei) ~ ablat + (1 | trial)"),
}
CASES = [(name, method) for name in MODELS for method in ("reml", "ml") if RANGE]
pytestmark = pytest.mark.skipif(not RANGE, reason="the reference numbers are not beside the project")


@cache
def fit_of(name: str, method: str) -> bm.RemlFit:
    data, formula = MODELS[name]
    frame = reference_frame(data).astype(
        {column: str for column in ("Mare", "trial") if column in _columns(data)}
    )
    return bm.lmer(formula, frame, method=method)


@cache
def _columns(data: str) -> list[str]:
    return list(reference_frame(data).columns)


def log_determinant(fit: bm.RemlFit) -> float:
    """log |X'X|, half of which metafor's restricted likelihood counts, and lme4's and nlme's do not."""
    return float(np.linalg.slogdet(fit.spec.design.fixed.matrix.T @ fit.spec.design.fixed.matrix)[1])


@pytest.mark.parametrize(("name", "method"), CASES)
def test_likelihood_and_coefficients(name: str, method: str) -> None:
    fit, theirs = fit_of(name, method), RANGE[f"{name}_{method.upper()}"]
    log_likelihood = fit.glance()["log_likelihood"].item()
    if name == "bcg_ablat" and method == "reml":
        log_likelihood += 0.5 * log_determinant(fit)
    assert log_likelihood >= theirs["logLik"] - 1e-6 * abs(theirs["logLik"])
    table = fit.fixef().query("parameter == 'mu'") if "parameter" in fit.fixef() else fit.fixef()
    ours = table.set_index("term")
    for row in theirs["fixef"]:
        term = _term(row["term"], tuple(ours.index))
        assert ours.loc[term, "value"] == pytest.approx(row["estimate"], abs=1e-4 * ours.loc[term, "se"])
        if method == "reml":
            assert ours.loc[term, "se"] == pytest.approx(row["se"], rel=1e-4)


def _term(term: str, terms: tuple[str, ...]) -> str:
    blank = {each.replace(" ", ""): each for each in terms}
    return blank.get(term.replace(" ", "")) or python_term(term, terms)


@pytest.mark.parametrize(("name", "method"), CASES)
def test_standard_deviations_and_correlations(name: str, method: str) -> None:
    fit, theirs = fit_of(name, method), RANGE[f"{name}_{method.upper()}"]
    table = fit.varcorr(method="none")
    of_bars = table[table["group"].isin([block.group for block in fit.spec.design.blocks])]
    wanted = np.atleast_1d(theirs.get("sd", theirs.get("tau", [])))
    np.testing.assert_allclose(of_bars["sd"], wanted, rtol=2e-4 if "tau" in theirs else 1e-4)
    residual = table[~table["group"].isin(of_bars["group"])]
    if "sigma_by" in theirs:
        found = {str(effect): sd for effect, sd in zip(residual["effect"], residual["sd"], strict=True)}
        for level, sd in theirs["sigma_by"].items():
            (ours,) = (value for effect, value in found.items() if level in effect)
            assert ours == pytest.approx(sd, rel=1e-4)
    elif "sds" in theirs:
        np.testing.assert_allclose(sorted(residual["sd"]), sorted(theirs["sds"].values()), rtol=1e-4)
    elif "sigma" in theirs:
        np.testing.assert_allclose(residual["sd"], [theirs["sigma"]], rtol=1e-4)
    correlations = [theirs[key] for key in ("phi", "rho") if key in theirs] or theirs.get("corr", [])
    if len(np.ravel(correlations)):
        found = fit.varcorr(method="none", correlations=True)
        ours = found[found["group"] == "Residual"]["value"]
        np.testing.assert_allclose(ours, np.ravel(correlations), atol=1e-4)


@pytest.mark.parametrize(("name", "method"), [case for case in CASES if "residual" not in case[0]])
def test_conditional_means(name: str, method: str) -> None:
    fit, theirs = fit_of(name, method), RANGE[f"{name}_{method.upper()}"]
    rows, table = pd.DataFrame(theirs["ranef"]), fit.ranef()
    sd = float(fit.varcorr(method="none")["sd"].iloc[0])
    if "pred" in rows:
        ours = table.set_index("group")["value"].loc[[str(i + 1) for i in range(len(rows))]]
        np.testing.assert_allclose(ours, rows["pred"], atol=1e-3 * sd)
        return
    for effect, own in table.groupby("effect", sort=False):
        column = "X.Intercept." if effect == "Intercept" else "sin.2...pi...Time."
        expected = rows.set_index("group")[column]
        np.testing.assert_allclose(
            own.set_index("group")["value"].loc[expected.index], expected, atol=1e-3 * sd
        )
