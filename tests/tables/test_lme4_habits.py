"""What other packages' users type is answered with what to write here."""

from __future__ import annotations

import copy

import pytest

import bayesmixed as bm
from bayesmixed.tables.lme4_habits import ESTIMATE, EVERY_FIT, POSTERIOR

SLEEP = bm.load_dataset("sleepstudy")
REML = bm.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, method="reml")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("summary", r"Write print\(fit\)"),
        ("VarCorr", r"Write fit\.varcorr\(\)"),
        ("draws", "method='bayes'"),
        ("fixeff", "Did you mean 'fixef'"),
        ("_private", "has no attribute '_private'"),
    ],
)
def test_advice(name: str, words: str) -> None:
    with pytest.raises(AttributeError, match=words):
        getattr(REML, name)
    assert not hasattr(REML, name)


@pytest.mark.parametrize(
    ("fit", "words"), [(bm.MixedFit, {**EVERY_FIT, **POSTERIOR}), (bm.RemlFit, {**EVERY_FIT, **ESTIMATE})]
)
def test_habits_are_not_attributes_that_exist(fit: type, words: dict[str, str]) -> None:
    assert [word for word in words if hasattr(fit, word)] == []


def test_a_fit_can_still_be_copied() -> None:
    assert copy.copy(REML).fixef().equals(REML.fixef())
