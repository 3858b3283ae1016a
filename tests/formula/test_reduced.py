from __future__ import annotations

import pytest

from bayesmixed.formula.algebra import read_algebra
from bayesmixed.formula.parse import parse_formula
from bayesmixed.formula.reduced import droppable_terms, without_fixed_term, without_random_effect


@pytest.mark.parametrize(
    ("side", "terms"),
    [
        ("1", ()),
        ("x", ("x",)),
        ("0 + x", ("x",)),
        ("x + z", ("x", "z")),
        ("x * z", ("x:z",)),
        ("x * z + w", ("w", "x:z")),
        ("x + I(x^2)", ("x", "I(x^2)")),
        ("poly(x, 2) + scale(z, center=True)", ("poly(x, 2)", "scale(z, center=True)")),
        ("`my x`:log(`my z` + 1)", ("`my x`:log(`my z` + 1)",)),
        ("(a + b + c)^2", ("a:b", "a:c", "b:c")),
    ],
)
def test_droppable_terms(side: str, terms: tuple[str, ...]) -> None:
    assert droppable_terms(side) == terms


@pytest.mark.parametrize(
    ("text", "term", "left"),
    [
        ("y ~ x + z + (1 | g)", "x", (("1",), ("z",))),
        ("y ~ (1 | g) + x", "x", (("1",),)),
        ("y ~ 0 + x + (1 | g)", "x", ()),
        ("y ~ x*z + (1 | g)", "x:z", (("1",), ("x",), ("z",))),
        ("y ~ log(`my x`) + (1 | g) + z", "log(`my x`)", (("1",), ("z",))),
    ],
)
def test_without_fixed_term(text: str, term: str, left: tuple[tuple[str, ...], ...]) -> None:
    reduced = without_fixed_term(parse_formula(text), term)
    assert read_algebra(reduced.fixed).terms == left
    assert reduced.random == parse_formula(text).random


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("y ~ x + (1 | g)", {"(1 | g)": ["y ~ x"]}),
        ("y ~ x + (x | g)", {"x in (x | g)": ["y ~ x + (x - x | g)"]}),
        (
            "y ~ x + offset(z) + (1 | a/b)",
            {
                "(1 | a)": ["y ~ x + offset(z) + (1 | a:b)"],
                "(1 | a:b)": ["y ~ x + offset(z) + (1 | a)"],
            },
        ),
        ("y ~ 1 + (0 + x | g)", {"x in (0 + x | g)": ["y ~ 1 + (1 | g)", "y ~ 1"]}),
        (
            "y ~ 1 + (1 | g) + (0 + x | g)",
            {"(1 | g)": ["y ~ 1 + (0 + x | g)"], "x in (0 + x | g)": ["y ~ 1 + (1 | g)"]},
        ),
    ],
)
def test_without_random_effect(text: str, reduced: dict[str, list[str]]) -> None:
    found = {
        label: [parsed.text for parsed in candidates]
        for label, candidates in without_random_effect(parse_formula(text))
    }
    assert found == reduced
    for candidates in found.values():
        assert all(len(parse_formula(candidate).random) < 3 for candidate in candidates)
