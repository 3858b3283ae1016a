"""A name means the same however it is spelled, and another name something else."""

from __future__ import annotations

import pytest

from bayesmixed.formula.algebra import read_algebra
from bayesmixed.formula.named import name_ends, read_name

SAME = [
    ["x", " x ", "`x`"],
    ["`a b`"],
    ["a:b", "b:a", " b : a", "`a`:b"],
    ["`a:b`"],
    ["a:b:c", "c:a:b", "b:c:a"],
    ["log(x + 1)", "log(x+1)", "np.log( x+1 )", "log((x + 1))", "log(`x` + 1)"],
    ["log(x + 1):a", "a:log(x+1)"],
    ["I(x^2)", "I(x**2)", "I( x ^ 2 )"],
    ["C(f, Treatment('b'))", 'C(f, Treatment("b"))', "C(f,contr.treatment('b'))"],
    ["C(f, Treatment('b'))[T.a]:x", 'x:C(f, Treatment("b"))[T.a]'],
    ["factor(f)[T.1]", "as.factor(f)[T.1]", "factor( f ) [T.1]"],
    ["f[T.a:b]:x", "x:f[T.a:b]"],
    ["poly(x, 2)[1]", "poly(x,2)[1]"],
    ["poly(x, 2)[2]"],
    ["C(f, Treatment('a b'))"],
    ["C(f, Treatment('ab'))"],
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: spellings[0])
def test_spellings_of_one_name(spellings: list[str]) -> None:
    keys = {read_name(text) for text in spellings}
    assert len(keys) == 1
    assert None not in keys


def test_different_names() -> None:
    keys = [read_name(spellings[0]) for spellings in SAME]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "text", ["", "x y", "x +", "1", "x + z", "nothing(x)", "a:", ":a", "(x)", "x[", "a | b"]
)
def test_what_is_no_name(text: str) -> None:
    assert read_name(text) is None


@pytest.mark.parametrize("text", ["a:b", "factor(g)", "g", "log(x + 1):`the g`"])
def test_the_name_of_a_term_reads_as_the_term(text: str) -> None:
    term = read_algebra(text).terms[-1]
    assert read_name(text) == read_name(term.source) == term.key


ENDS = {
    "a:f[T.b] > 1": ["a:f[T.b]", "a"],
    "log( x + 1 ):z - 2": ["log( x + 1 ):z", "log( x + 1 )"],
    "sd_g[Intercept] / sd_g[x]": ["sd_g[Intercept]"],
    "`a b` * 2": ["`a b`"],
    "log(x": [],
    "+ x": [],
}


@pytest.mark.parametrize("text", ENDS)
def test_where_names_end(text: str) -> None:
    assert [text[:end] for end in name_ends(text, 0)] == ENDS[text]
