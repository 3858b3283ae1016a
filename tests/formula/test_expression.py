"""Expressions: their names, their columns, and the functions they may call."""

from __future__ import annotations

import pytest

from bayesmixed.formula.expression import FUNCTIONS, canonical_function, read_expression

CASES = {
    "x": ("x", ("x",)),
    "`my x`": ("my x", ("my x",)),
    "log( `my x`+1 )": ("log(my x + 1)", ("my x",)),
    "log(log)": ("log(log)", ("log",)),
    "np.log(my.x)": ("np.log(my.x)", ("my.x",)),
    "I(x^2 - -x)": ("I(x^2 - -x)", ("x",)),
    "use == 'Y'": ("use == 'Y'", ("use",)),
    "poly(x, degree=2, raw=FALSE)": ("poly(x, degree=2, raw=FALSE)", ("x",)),
    'C(f, contr.treatment("b"))': ('C(f, contr.treatment("b"))', ("f",)),
    "C(C, Sum)": ("C(C, Sum)", ("C",)),
    "I(x * `z w` / x)": ("I(x * z w / x)", ("x", "z w")),
    "I(lambda + if)": ("I(lambda + if)", ("lambda", "if")),
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_name_and_columns(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    expression = read_expression(text)
    assert (expression.text, expression.columns) == expected


@pytest.mark.parametrize(
    ("name", "canonical"),
    [("as.factor", "factor"), ("np.sqrt", "sqrt"), ("numpy.exp", "exp"), ("contr.sum", "Sum")],
)
def test_spellings_of_r_and_numpy(name: str, canonical: str) -> None:
    assert canonical_function(name) == canonical
    assert canonical in FUNCTIONS


def test_a_power_is_a_power_in_both_spellings() -> None:
    assert read_expression("I(x^2)").key == read_expression("I(x**2)").key


@pytest.mark.parametrize(
    ("text", "alone"), [("x", True), ("`a b`", True), ("log(x)", False), ("x + 1", False)]
)
def test_a_column_alone(text: str, alone: bool) -> None:
    assert read_expression(text).is_column is alone
