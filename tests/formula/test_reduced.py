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
    assert tuple(term.source for term in droppable_terms(read_algebra(side))) == terms


@pytest.mark.parametrize(
    ("text", "term", "left"),
    [
        ("y ~ x + z + (1 | g)", "x", ("Intercept", "z")),
        ("y ~ (1 | g) + x", "x", ("Intercept",)),
        ("y ~ 0 + x + (1 | g)", "x", ()),
        ("y ~ x*z + (1 | g)", "x:z", ("Intercept", "x", "z")),
        ("y ~ log(`my x`) + (1 | g) + z", "log(`my x`)", ("Intercept", "z")),
    ],
)
def test_without_fixed_term(text: str, term: str, left: tuple[str, ...]) -> None:
    parsed = parse_formula(text)
    dropped = next(each for each in parsed.fixed.terms if each.source == term)
    reduced = without_fixed_term(parsed, dropped)
    assert tuple(each.name for each in reduced.fixed.terms) == left
    again = parse_formula(reduced.text)
    assert (again.fixed.terms, again.random) == (reduced.fixed.terms, reduced.random)


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
    for _, candidates in without_random_effect(parse_formula(text)):
        for parsed in candidates:
            again = parse_formula(parsed.text)
            assert [bar.effects.terms for bar in again.random] == [bar.effects.terms for bar in parsed.random]
