"""Terms multiplied out."""

from __future__ import annotations

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula.algebra import algebra_from, read_algebra
from bayesmixed.formula.expression import column_expression, read_expression
from bayesmixed.formula.scan import Token

CASES = {
    "1": "1",
    "0": "",
    "-1": "",
    "0 + x": "x",
    "x - 1": "x",
    "x*f": "1 x f x:f",
    "a/b": "1 a a:b",
    "(a + b + c)^2": "1 a b c a:b a:c b:c",
    "(a + b)**2 - a:b": "1 a b",
    "b:a + c": "1 c b:a",
    "c %in% d": "1 c:d",
    "(a + b) %in% c": "1 a:c b:c",
    "a %in% (b + c)": "1 a:b:c",
    "a*b %in% c": "1 a b:c a:b:c",
    "a / b %in% c": "1 a a:b:c",
    "a %in% b/c": "1 a:b a:b:c",
    "a %in% b:c - a:b:c": "1",
    "log(x) + log( x )": "1 log(x)",
    "log(x + 1) + np.log(x+1):z + z:log((x + 1))": "1 log(x + 1) log(x + 1):z",
    "C(f, 'a') + C(f, \"a\"):x": "1 C(f, 'a') C(f, 'a'):x",
    "a:b + b:a": "1 a:b",
    "x - 0": "1 x",
    "x + -z + z - -w": "1 x z w",
    "(0 + a)*b": "1 a b a:b",
    "(1 + a):b": "1 b a:b",
    "(a + b)^20": "1 a b a:b",
    "a/b/c - a": "1 a:b a:b:c",
    "I(x^2)*`a b`": "1 I(x^2) a b I(x^2):a b",
}


@pytest.mark.parametrize(("text", "terms"), CASES.items())
def test_terms(text: str, terms: str) -> None:
    found = [term.name if term.factors else "1" for term in read_algebra(text).terms]
    assert " ".join(found) == terms


def test_columns_in_order_of_appearance() -> None:
    assert read_algebra("log(z)*x + I(x*w)").columns == ("z", "x", "w")


def test_a_column_may_not_look_like_a_call() -> None:
    with pytest.raises(FormulaError, match="both a column and an expression"):
        read_algebra("`log(x)` + log(x)")


def test_a_factor_is_one_expression_whatever_its_spelling() -> None:
    algebra = read_algebra("x + log(z):x - log( z )")
    assert algebra.expressions == (column_expression("x", "x"), read_expression("log(z)"))
    assert read_algebra("a:b").terms[1].key == read_algebra("b:a").terms[1].key


def test_nothing_is_no_operand() -> None:
    with pytest.raises(FormulaError, match="missing after"):
        algebra_from((Token("operator", "+", 0),), "+")
