"""Formulas that a family cannot have."""

from __future__ import annotations

from typing import Any

import pytest

import bayesmixed as bm

SLEEP, CBPP = bm.load_dataset("sleepstudy"), bm.load_dataset("cbpp")
ROWS, COUNTS = "Reaction ~ Days + (1 | Subject)", "incidence ~ period + (1 | herd)"

REFUSED: dict[str, tuple[Any, str, str]] = {
    "an unknown parameter": ([ROWS, "sgima ~ Days"], "gaussian", "Did you mean 'sigma'"),
    "the mean": ([ROWS, "mu ~ Days"], "gaussian", "is the one with the response"),
    "another family": ([COUNTS, "alpha ~ period"], "negativebinomial", "does not take a formula"),
    "known errors": ("incidence | se(size) ~ period + (1 | herd)", "poisson", "residuals of a gaussian"),
    "correlated residuals": (f"{COUNTS} + ar(gr=herd)", "poisson", "ar\\(\\) is about the residuals"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str) -> None:
    formula, family, words = REFUSED[case]
    with pytest.raises(bm.FormulaError, match=words):
        bm.specify(formula, SLEEP if family == "gaussian" else CBPP, family=family)


def test_trials_behind_the_bar_are_those_of_prop() -> None:
    stated = bm.specify("incidence | trials(size) ~ period + (1 | herd)", CBPP, family="binomial")
    given = bm.specify("prop(incidence, size) ~ period + (1 | herd)", CBPP, family="binomial")
    assert stated.priors == given.priors
    assert stated.design.response.trials is not None
    assert given.design.response.trials is not None
    assert (stated.design.response.trials == given.design.response.trials).all()
    assert stated.design.response.name == "incidence | trials(size)"
