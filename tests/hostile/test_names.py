"""Columns may be called anything and terms spelled in many ways: the answers are the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from . import renamings as renamed
from . import spellings as spelled

FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
CROSSED, FACTORS = renamed.MODELS[1], renamed.MODELS[2]


@FEW
@given(renamed.renamings(verbs=2, models=(CROSSED, FACTORS)))
def test_other_names_change_names_alone(example: renamed.Renaming) -> None:
    assert renamed.verdict(example) in ("same", "refused")


@FEW
@given(spelled.spellings(verbs=2, models=spelled.MODELS[:2]))
def test_other_spellings_change_nothing(example: spelled.Spelling) -> None:
    assert spelled.verdict(example) == "same"


TAKEN = {
    "parameters": {"x": "sigma", "z": "sd_g", "g": "g", "k": "nu"},
    "columns of tables": {"x": "value", "z": "se", "g": "group", "k": "effect"},
    "labels of comparisons": {"x": "term", "z": "contrast", "g": "estimate", "k": "all"},
    "dimensions": {"x": "row_", "z": "chain", "g": "row", "k": "term"},
    "dimensions of draws": {"x": "row", "z": "chain", "g": "draw", "k": "fixed"},
    "words": {"x": "b", "z": "cor", "g": "sd", "k": "beta"},
    "variables": {"x": "beta", "z": "corr_g", "g": "g", "k": "sd_g"},
    "methods": {"x": "self", "z": "index", "g": "columns", "k": "size"},
    "odd": {"x": "a b", "z": "x:z", "g": "a/b", "k": "(g)"},
}


@pytest.mark.parametrize("case", TAKEN)
def test_no_verb_refuses_a_name(case: str) -> None:
    words = {letter: letter for letter in renamed.LETTERS} | TAKEN[case]
    verbs = [(kind, name) for kind in ("posterior", "reml") for name in renamed.VERBS[kind]]
    example = renamed.Renaming(model=CROSSED, words=words, verbs=tuple(verbs))
    assert set(renamed.outcomes(example).values()) == {"same"}


REFUSED = {"x": "Intercept", "g": "Residual"}


@pytest.mark.parametrize("letter", REFUSED)
def test_two_names_are_refused(letter: str) -> None:
    words = {each: each for each in renamed.LETTERS} | {letter: REFUSED[letter]}
    assert renamed.outcomes(renamed.Renaming(model=CROSSED, words=words, verbs=())) == {"model": "refused"}


def test_the_draws_of_other_names_are_those_of_a_run_of_their_own() -> None:
    """The same seed gives the same draws bit by bit, which the other tests take for granted."""
    words = {letter: letter for letter in renamed.LETTERS} | TAKEN["parameters"]
    frame = renamed.data().rename(columns={renamed.PLAIN[k]: name for k, name in words.items()})
    fit = renamed.fitted(CROSSED, words, frame)
    plain = renamed.sampled(CROSSED)
    renamed.check_same(plain.draws, fit.draws, renamed.renamed_texts(words), "draws")
