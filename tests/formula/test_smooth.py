"""Smooth terms of a formula."""

from __future__ import annotations

import re

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula.parse import parse_formula

READ = {
    "s(x)": ("s(x)", "s(x, k=10)"),
    's(log(x), k = 5, bs="cr")': ("s(log(x))", "s(log(x), k=5)"),
    "s(x, by=f, k=4)": ("s(x):f", "s(x, k=4, by=f)"),
    "s(`a b`, bs='cr')": ("s(a b)", "s(`a b`, k=10)"),
}
REFUSED = {
    "s(x, z)": ("smooths one predictor", "s(x, k=10)"),
    "s()": ("is empty", "s(x)"),
    's(x, bs="tp")': ("thin plate splines", 'bs="cr"'),
    's(x, bs="cc")': ("cyclic splines", 'bs="cr"'),
    "s(x, bs=nothing)": ("does not have bs='nothing'", 'bs="cr"'),
    "s(x, k=2)": ("whole number of 3 or more", "s(x, k=10)"),
    "s(x, k=z)": ("whole number", "s(x, k=10)"),
    "s(x, m=2)": ("does not take m=", "s(x, k=10)"),
    's(g, k=5, bs="re")': ("grouping factor alone", "(1 | g)"),
    "x * s(x)": ("'s' is not known", "a summand of its own"),
    "s(x) + s(x, k=4)": ("twice", "Leave one out"),
    "x - s(x)": ("cannot be subtracted", "join it with '+'"),
}


@pytest.mark.parametrize("term", READ)
def test_a_smooth_is_read_and_written(term: str) -> None:
    (smooth,) = parse_formula(f"y ~ z + {term} + (1 | g)").smooths
    assert (smooth.name, smooth.source) == READ[term]
    assert parse_formula(f"y ~ {smooth.source}").smooths[0].name == smooth.name


@pytest.mark.parametrize("term", REFUSED)
def test_what_is_not_a_smooth_is_refused(term: str) -> None:
    wrong, advice = REFUSED[term]
    with pytest.raises(FormulaError, match=f"(?s){re.escape(wrong)}.*{re.escape(advice)}"):
        parse_formula(f"y ~ {term}")


def test_a_smooth_of_a_factor_is_a_bar() -> None:
    parsed = parse_formula('y ~ x + s(g, bs="re")')
    assert [bar.source for bar in parsed.random] == ["(1 | g)"]
    assert parsed.smooths == ()


def test_columns_of_smooths_are_needed() -> None:
    assert parse_formula("y ~ s(log(x), by=f) + (1 | g)").columns == ("y", "g", "x", "f")
    assert [term.name for term in parse_formula("y ~ s(x)").fixed.terms] == ["Intercept"]
    assert parse_formula("y ~ 0 + s(x)").fixed.terms == ()
