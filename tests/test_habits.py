"""What other packages' users type is answered with what to write here."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

import bayesmixed as bm
from bayesmixed.habits import ARGUMENTS, ESTIMATE, EVERY_FIT, POSTERIOR

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


@pytest.mark.parametrize("fit", [bm.lmer, bm.glmer])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_of_other_packages_are_answered(fit: Callable[..., object], name: str) -> None:
    with pytest.raises(TypeError, match=rf"{fit.__name__}\(\) has no argument '{name}'\. Write "):
        fit("Reaction ~ Days + (1 | Subject)", SLEEP, **{name: True})


def test_lme4s_reml_is_answered_by_the_method() -> None:
    with pytest.raises(TypeError, match="method='ml' for REML=False"):
        bm.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, REML=False)  # type: ignore[call-overload]


def test_a_warning_points_at_the_users_line() -> None:
    with pytest.warns(bm.DesignWarning, match="special case") as caught:
        bm.anova(REML, bm.lmer("Reaction ~ poly(Days, 2) + (0 + Days | Subject)", SLEEP, method="reml"))
    assert [record.filename for record in caught] == [__file__]
