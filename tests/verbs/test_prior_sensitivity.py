"""Power scaling tells priors that matter from those that do not."""

from __future__ import annotations

import pytest

import bayesmixed as bm


@pytest.mark.slow
def test_a_tight_prior_against_the_data_is_found() -> None:
    sleep = bm.load_dataset("sleepstudy")
    formula = "Reaction ~ Days + (1 | Subject)"
    tight = bm.prior("Normal", mu=0, sigma=2)
    default, against = (
        bm.lmer(formula, sleep, priors=priors, seed=1).prior_sensitivity().set_index("term")
        for priors in (None, {"Days": tight})
    )
    assert list(default.index) == ["Intercept", "Days", "sd_Subject[Intercept]", "sigma"]
    assert default.loc["Days", "prior"] < 0.05 <= against.loc["Days", "prior"]
    assert against.loc["Days", "diagnosis"] == "potential prior-data conflict"
    assert default.loc["sigma", "likelihood"] > 0.05 > default["prior"].max()
