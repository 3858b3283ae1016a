"""Priors of the predictor of sigma and of residual correlations: defaults, names, classes, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.design.parameters import parameter_named, parameters_of, prior_parameters
from bayesmixed.design.records import Design
from bayesmixed.errors import PriorError
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors, prior_table
from bayesmixed.priors.choice import prior
from bayesmixed.priors.prior import Prior

NORMAL, HALF, LKJ = prior("Normal", mu=1, sigma=2), prior("HalfNormal", sigma=7), prior("LKJ", eta=5)


@pytest.fixture
def rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a factor, and times within g."""
    number = np.arange(len(frame))
    return frame.assign(f=np.where(number % 3 == 0, "a", "b"), t=number // 8, sigma_x=frame["v"])


def design_of(formula: Any, rows: pd.DataFrame) -> Design:
    return build_design(parse_formula(formula), rows)


def priors_of(formula: Any, rows: pd.DataFrame, **chosen: object) -> dict[str, Prior]:
    """Prior of every parameter by its label."""
    design = design_of(formula, rows)
    priors = complete_priors(design, chosen)
    labels = [parameter.label for parameter in prior_parameters(design, priors.parameters)]
    return dict(zip(labels, priors.in_order, strict=True))


def test_defaults_on_the_scale_of_the_logarithm(rows: pd.DataFrame) -> None:
    found = priors_of(["y ~ x + (1 | g)", "sigma ~ x + offset(known) + (v | g)"], rows)
    centre = np.log(rows["y"].std()) - rows["known"].mean()
    assert "sigma" not in found
    assert found["sigma_Intercept"].args == pytest.approx({"mu": centre, "sigma": 1.0})
    assert found["sigma_x"].args == pytest.approx({"mu": 0.0, "sigma": 1 / rows["x"].std()})
    assert found["sd_sigma_g[Intercept]"].args == pytest.approx({"nu": 3, "sigma": 0.5})
    assert found["sd_sigma_g[v]"].args == pytest.approx({"nu": 3, "sigma": 0.5 / rows["v"].std()})
    assert found["corr_sigma_g"] == prior("LKJ", eta=2)


@pytest.mark.parametrize("formula", ["sigma ~ 0 + f", "sigma ~ 0 + f + x", "sigma ~ 0 + f:h"])
def test_without_an_intercept_every_stratum_has_its_prior(formula: str, rows: pd.DataFrame) -> None:
    found = priors_of(["y ~ x + (1 | g)", formula], rows)
    strata = {label: own for label, own in found.items() if label.startswith("sigma_f[")}
    assert len(strata) >= 2
    for own in strata.values():
        assert own.args == pytest.approx({"mu": np.log(rows["y"].std()), "sigma": 1.0})
    if "sigma_x" in found:
        assert found["sigma_x"].args == pytest.approx({"mu": 0.0, "sigma": 1 / rows["x"].std()})


def test_a_slope_alone_carries_the_level(rows: pd.DataFrame) -> None:
    found = priors_of(["y ~ x + (1 | g)", "sigma ~ 0 + x"], rows)
    size = np.hypot(np.log(rows["y"].std()), 1.0)
    assert found["sigma_x"].args == pytest.approx({"mu": 0.0, "sigma": size / rows["x"].std()})


def test_correlations_of_residuals(rows: pd.DataFrame) -> None:
    assert priors_of("y ~ x + ar(t, gr=g)", rows)["ar"] == prior("Normal", mu=0, sigma=0.5)
    assert priors_of("y ~ x + cosy(gr=g)", rows)["cosy"] == prior("Normal", mu=0, sigma=0.5)
    assert priors_of("y ~ x + unstr(t, gr=g)", rows)["unstr"] == prior("LKJ", eta=2)
    known = priors_of("y | se(w) ~ x + (1 | g)", rows)
    assert list(known) == ["Intercept", "x", "sd_g[Intercept]"]


TWO = ["y ~ x + (x | g)", "sigma ~ v + (v | g)"]
CHOICES: dict[str, tuple[Any, Prior, set[str]]] = {
    "sigma_Intercept": (TWO, NORMAL, {"sigma_Intercept"}),
    "b_sigma_v": (TWO, NORMAL, {"sigma_v"}),
    "beta_sigma[v]": (TWO, NORMAL, {"sigma_v"}),
    "sigma_`v`": (TWO, NORMAL, {"sigma_v"}),
    "sd_sigma_g": (TWO, HALF, {"sd_sigma_g[Intercept]", "sd_sigma_g[v]"}),
    "sd_sigma_g[v]": (TWO, HALF, {"sd_sigma_g[v]"}),
    "corr_sigma_g": (TWO, LKJ, {"corr_sigma_g"}),
    "b_sigma": (TWO, NORMAL, {"sigma_v"}),
    "sd_sigma": (TWO, HALF, {"sd_sigma_g[Intercept]", "sd_sigma_g[v]"}),
    "cor_sigma": (TWO, LKJ, {"corr_sigma_g"}),
    "b": (TWO, NORMAL, {"x"}),
    "sd": (TWO, HALF, {"sd_g[Intercept]", "sd_g[x]"}),
    "sd_g": (TWO, HALF, {"sd_g[Intercept]", "sd_g[x]"}),
    "cor": (TWO, LKJ, {"corr_g"}),
    "ar": ("y ~ x + ar(t, gr=g)", prior("Uniform", lower=-1, upper=1), {"ar"}),
    "unstr": ("y ~ x + unstr(t, gr=g)", LKJ, {"unstr"}),
    "sigma": ("y ~ x + ar(t, gr=g)", HALF, {"sigma"}),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_name_or_a_class_replaces_a_prior(name: str, rows: pd.DataFrame) -> None:
    formula, chosen, labels = CHOICES[name]
    before, after = priors_of(formula, rows), priors_of(formula, rows, **{name: chosen})
    assert {label for label in after if after[label] != before[label]} == labels
    assert all(after[label] == chosen for label in labels)


REFUSED: dict[str, tuple[Any, dict[str, Prior], str]] = {
    "sigma has a predictor": (TWO, {"sigma": HALF}, "no such parameter"),
    "known errors leave no sigma": ("y | se(w) ~ x + (1 | g)", {"sigma": HALF}, "no such parameter"),
    "another name": (TWO, {"sigma_w": NORMAL}, "Did you mean 'sigma_v'"),
    "not correlated": (["y ~ x + (1 | g)", "sigma ~ (1 | g)"], {"corr_sigma_g": LKJ}, "not correlated"),
    "a negative deviation": (TWO, {"sd_sigma_g": NORMAL}, "reaches below zero"),
    "no matrix": ("y ~ x + unstr(t, gr=g)", {"unstr": NORMAL}, "not a prior for a correlation matrix"),
    "a matrix": ("y ~ x + ar(t, gr=g)", {"ar": LKJ}, "not a prior for a correlation between"),
    "half of the interval": ("y ~ x + ar(t, gr=g)", {"ar": HALF}, "not a prior for a correlation between"),
    "one parameter twice": (TWO, {"sigma_v": NORMAL, "b_sigma_v": NORMAL}, "are the same parameter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, rows: pd.DataFrame) -> None:
    formula, chosen, words = REFUSED[case]
    with pytest.raises(PriorError, match=words):
        priors_of(formula, rows, **chosen)


def test_a_column_that_is_called_like_a_parameter_of_sigma(rows: pd.DataFrame) -> None:
    design = design_of(["y ~ sigma_x + (1 | g)", "sigma ~ x"], rows)
    labels = [each.label for each in parameters_of(design, ())]
    assert labels == ["Intercept", "beta[sigma_x]", "sd_g[Intercept]", "sigma_Intercept", "beta_sigma[x]"]


def test_every_pair_of_occasions_has_a_name(rows: pd.DataFrame) -> None:
    design = design_of("y ~ x + unstr(t, gr=g)", rows[rows["t"] < 3])
    found = parameters_of(design, ["sigma", "unstr"])
    assert [each.label for each in found][-3:] == ["unstr[0, 1]", "unstr[0, 2]", "unstr[1, 2]"]
    named = parameter_named(found, "unstr[2, 1]")
    assert named is not None
    assert (named.label, str(named)) == ("unstr[1, 2]", "the correlation of residuals at '1' and '2'")


def test_the_table_says_what_scales_were_made_of(rows: pd.DataFrame) -> None:
    formula = ["y ~ x + (1 | g) + ar(t, gr=g)", "sigma ~ x + (0 + v | g)"]
    design = design_of(formula, rows)
    table = prior_table(design, complete_priors(design)).table().set_index("parameter")["note"]
    assert table["sigma_Intercept"] == "at the means of the columns: log(sd(y)), 1"
    assert table["sigma_x"] == "1 / sd(x)"
    assert table["sd_sigma_g[v]"] == "0.5 / sd(z)"
    assert table["ar"] == "restricted to what the correlation can be"
