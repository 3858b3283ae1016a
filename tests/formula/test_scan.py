"""Tokens and their house spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.errors import FormulaError
from bayesmixed.formula.scan import closing, outside, render, scan

SPELLINGS = {
    "y~x": "y ~ x",
    "a :b": "a:b",
    "I(x ^ 2)": "I(x^2)",
    "f( x,y=2 )": "f(x, y=2)",
    "x*-1": "x * -1",
    "(a+b)": "(a + b)",
    "a <=b": "a <= b",
}


@pytest.mark.parametrize(("text", "spelling"), SPELLINGS.items())
def test_house_spelling(text: str, spelling: str) -> None:
    assert render(scan(text)) == spelling
    assert render(scan(spelling)) == spelling


def test_tokens_know_their_place() -> None:
    text = "y ~ log(`a b`) + .5"
    assert all(text[token.start : token.end] == token.text for token in scan(text))
    assert [token.name for token in scan(text)] == ["y", "~", "log", "(", "a b", ")", "+", ".5"]


def test_outside_and_closing() -> None:
    tokens = scan("a + f(b + (c)) - d")
    assert [token.text for _, token in outside(tokens)] == ["a", "+", "f", "-", "d"]
    assert tokens[closing(tokens, 3)].start == 13


@given(st.text(alphabet="(){}[]x ", max_size=12))
def test_parentheses_pair_or_are_refused(text: str) -> None:
    stripped = text.replace("x", "").replace(" ", "")
    while any(pair in stripped for pair in ("()", "{}", "[]")):
        for pair in ("()", "{}", "[]"):
            stripped = stripped.replace(pair, "")
    try:
        scan(text)
    except FormulaError:
        assert stripped
    else:
        assert not stripped
