"""For every family and link the mean of new responses is the mean that is predicted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, seed, settings

from .responses import EVERY_LINK, Case, cases, verdict

ONE = Case(
    family="",
    link="",
    locations=(0.3, 0.6, 0.5, 0.8),
    parameters={"alpha": 1.7, "b": 1.3, "kappa": 6.0, "lam": 3.0, "nu": 4.5, "psi": 0.7, "sigma": 0.6},
    trials=(3, 9, 20, 7),
    as_proportion=False,
    seed=1,
)


@pytest.mark.parametrize(("family", "link"), EVERY_LINK)
def test_the_mean_of_new_responses_is_the_mean_predicted(family: str, link: str) -> None:
    expected = "refused" if family == "vonmises" else "agree"
    assert verdict(replace(ONE, family=family, link=link)) == expected


@seed(1)
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_mean_of_new_responses_at_random(case: Case) -> None:
    assert verdict(case) in ("agree", "refused")
