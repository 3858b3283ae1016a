"""Formulas that are read, formulas that are refused, and that there is no third kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula

BARS = {
    "(1 | g)": [("1", "g", "us")],
    "(x | g)": [("x", "g", "us")],
    "(1+x|g)": [("1 + x", "g", "us")],
    "(0 + x | g)": [("0 + x", "g", "us")],
    "(-1 + x | g)": [("-1 + x", "g", "us")],
    "(x - 1 | g)": [("x - 1", "g", "us")],
    "(x || g)": [("x", "g", "diag")],
    "us(x | g)": [("x", "g", "us")],
    "diag(x | g)": [("x", "g", "diag")],
    "diag(x || g)": [("x", "g", "diag")],
    "((1 | g))": [("1", "g", "us")],
    "(1 | a/b)": [("1", "a", "us"), ("1", "a:b", "us")],
    "(x || a/b/c)": [("x", "a", "diag"), ("x", "a:b", "diag"), ("x", "a:b:c", "diag")],
    "(1 | a:b)": [("1", "a:b", "us")],
    "(1 | b:a)": [("1", "b:a", "us")],
    "(1 | a*b)": [("1", "a", "us"), ("1", "b", "us"), ("1", "a:b", "us")],
    "(1 | g) + (0 + x | g)": [("1", "g", "us"), ("0 + x", "g", "us")],
    "(1 | a) + (x | b)": [("1", "a", "us"), ("x", "b", "us")],
    "(f | g)": [("f", "g", "us")],
    "(x*f | g)": [("x * f", "g", "us")],
    "(scale(x) | g)": [("scale(x)", "g", "us")],
    "(poly(x,2) | g)": [("poly(x, 2)", "g", "us")],
    "(1 | factor(g))": [("1", "factor(g)", "us")],
    "(1 | `the group`)": [("1", "the group", "us")],
}

FIXED = {
    "y ~ x": ("y", "x"),
    "y~x+z": ("y", "x + z"),
    "y ~ 1": ("y", "1"),
    "y ~ 0 + x": ("y", "0 + x"),
    "y ~ x - 1": ("y", "x - 1"),
    "log(y) ~ x*z": ("log(y)", "x * z"),
    "y ~ (a + b)^2": ("y", "(a + b)^2"),
    "y ~ I(x^2) + I( x**2 )": ("y", "I(x^2) + I(x ** 2)"),
    "y ~ a/b + c %in% d + e:f": ("y", "a / b + c %in% d + e:f"),
    "use=='Y' ~ as.factor(x)": ("use == 'Y'", "as.factor(x)"),
    "`my y` ~ `my x`": ("`my y`", "`my x`"),
    "y ~ my.x + np.log(x)": ("y", "my.x + np.log(x)"),
    "y ~ bs(x, df = 4, knots=c(1, 2)) + cr(x,df=3)": ("y", "bs(x, df=4, knots=c(1, 2)) + cr(x, df=3)"),
    "y ~ C(f, contr.sum) + C(f, levels=['b', 'a'])": ("y", "C(f, contr.sum) + C(f, levels=['b', 'a'])"),
    "y ~ poly(x, 2, raw=TRUE) + {x + 1}": ("y", "poly(x, 2, raw=TRUE) + {x + 1}"),
    "y ~ + x\n + z": ("y", "x + z"),
}

REFUSED = {
    "y + x": ("no '~'", None),
    "y ~ x ~ z": ("more than one '~'", 6),
    "~ x": ("There is no response", 0),
    "y ~": ("There is nothing right", 2),
    "": ("no '~'", None),
    "1 ~ x": ("does not name a column", 0),
    "y ~ x + 1 | g": ("needs parentheses", 10),
    "y ~ x | g": ("Write (x | g)", 6),
    "y ~ |": ("Write (effects | group)", 4),
    "y ~ (x + (1 | g)": ("never closed", 4),
    "y ~ x)": ("closes nothing", 5),
    "y ~ (1 | g": ("never closed", 4),
    "y ~ (1 | )": ("right of '|'", 7),
    "y ~ ( | g)": ("left of '|'", 6),
    "y ~ (1 | g | h)": ("two bars", 11),
    "y ~ (1 + (x | h) | g)": ("two bars", 17),
    "y ~ x * (1 | g)": ("not a summand", 11),
    "y ~ (x + (1 | g))": ("not a summand", 12),
    "y ~ x - (1 | g)": ("cannot be subtracted", 6),
    "y ~ (0 | g)": ("no effects", 5),
    "y ~ (1 | 1)": ("right of a bar", 9),
    "y ~ (1 | a + b)": ("right of a bar", 11),
    "y ~ toep(x | g)": ("Toeplitz", 4),
    "y ~ ou(0 + t | g)": ("Ornstein", 4),
    "y ~ x + (1 | g) + arma(t, gr=g)": ("arma() asks for autocorrelated residuals with moving averages", 18),
    "y ~ ma(gr=g)": ("take ar(time, gr=g), of order 1", 4),
    "y ~ foo(x | g)": ("Write foo + (x | g); around a bar only covariance structures are known", 7),
    "y ~ x + z (1|g)": ("A '+' is missing between 'z' and the bar", 10),
    "y ~ x, (1 | g)": ("',' cannot join terms", 5),
    "y ~ x + (1 | g), data = d": ("arguments of the function", 15),
    "lmer(y ~ x + (1 | g), data = d)": ("stands inside parentheses", 7),
    "y ~ us(x || g)": ("contradict", 9),
    "y ~ cs(x || g)": ("contradict", 9),
    "y ~ (1 | g) + (x | g)": ("'Intercept' varies twice over 'g'", 14),
    "y ~ (x | g) + (x | g)": ("varies twice", 14),
    "y ~ (1 | a:b) + (1 | b:a)": ("varies twice", 16),
    "y ~ (1 | a/b) + (1 | a)": ("varies twice", 16),
    "y ~ .": ("Name the columns", 4),
    "y ~ x z": ("operator is missing before 'z'", 6),
    "y ~ my x": ("with spaces stands between backticks", 7),
    "y ~ x # mine": ("cannot contain comments", 6),
    "y ~ x + y": ("'y' stands on the right side too", 8),
    "y ~ x + (y | g)": ("'y' stands on the right side too", 9),
    "log(y) ~ x:log(y)": ("'log(y)' stands on the right side too", 11),
    "log(y) ~ x + np.log( y )": ("'log(y)' stands on the right side too", 13),
    "y ~ (log(x) | g) + (0 + np.log( x ) | `g`)": ("'np.log(x)' varies twice over 'g'", 19),
    "y ~ x * -z": ("missing before '-'", 8),
    "y ~ x +": ("missing after '+'", 6),
    "y ~ x * * z": ("missing before '*'", 8),
    "y ~ x > 2": ("Inside I()", 6),
    "y = x": ("no '~'", None),
    "y ~ x, z": ("cannot join", 5),
    "y ~ x[1]": ("take parts", 5),
    "y ~ d$x": ("data frame to the function", 5),
    "y ~ 'x'": ("string is not a term", 4),
    "y ~ x + 2 + (1 | g)": ("The number 2 is not a term", 8),
    "y ~ x - 2": ("The number 2 is not a term", 8),
    "y ~ 1.0 + x": ("as in y ~ 1 + x + (1 | g)", 4),
    "y ~ (2 + x | g)": ("The number 2 is not a term", 5),
    "y ~ 2 * x": ("nothing multiplies", 4),
    "y ~ x:2": ("e.g. I(2 * x)", 6),
    "y ~ exp(x)/2": ("nothing multiplies", 11),
    "y ~ log(x, 2)": ("log() takes one column", 4),
    "y ~ I(1 + round(x, 2, 1))": ("a column and a number of digits", 4),
    "y ~ sqrt()": ("sqrt() takes one column", 4),
    "cbind(a, b, c) ~ x": ("one response", 0),
    "y ~ ns(x, 3)": ("cr(x, df=4)", 4),
    "y ~ (1 | interaction(a, b))": ("Write a:b", 9),
    "y ~ lgo(x)": ("Did you mean 'log'", 4),
    "y ~ `x": ("backtick", 4),
    "y ~ log(x": ("never closed", 7),
    "y ~ log(x +)": ("not a complete expression", 4),
    "log(y | x) ~ z": ("inside an expression", 6),
    "y ~ offset()": ("is empty", 4),
    "y ~ x - offset(x)": ("cannot be subtracted", 6),
    "y ~ a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p": ("too many terms", 4),
    "y ~ x^007": ("'007' is not a number of terms", 6),
    "y ~ (x + z)^2.5": ("'2.5' is not a number of terms", 12),
    "y ~ (x + z)^z": ("'z' is not a number of terms", 12),
    "y ~ x^2": ("Write I(x^2)", 5),
    "y ~ log(x)**2": ("Write I(log(x)**2)", 10),
    "y ~ " + "x*" * 4000 + "x": ("too many terms", 4),
    "y ~ (a + b)^1000000": ("too many terms", 4),
    "y ~ (a)^99999999": ("too many terms", 4),
    "y ~ (1 | a*b*c*d*e*f*h*i*j*k) + (1 | l*m*n*o*p*q*r*s*t*u)": ("bars stand for too many terms", 32),
    "y ~ I(" + "+".join(["x"] * 200) + ")": ("too many operations", 4),
    "y ~ poly(x, degree=2, degree=3)": ("an argument twice", 4),
    "y ~ " + "(" * 60 + "x" + ")" * 60: ("too deeply", 54),
    "y ~ " + "x" * 30_000: ("the limit", None),
}

SEVERAL_REFUSED = {
    ("y ~ x", "sigma ~ x", " sigma ~ z"): ("'sigma' has two formulas", " sigma ~ z", 1),
    ("y ~ x", "log(sigma) ~ x"): ("stands the name of a parameter", "log(sigma) ~ x", 0),
    ("y ~ x", "sigma | weights(w) ~ x"): ("stands the name of a parameter", "sigma | weights(w) ~ x", 0),
    ("y ~ x", "sigma ~ x + ar(t, gr=g)"): ("Write it in the first formula", "sigma ~ x + ar(t, gr=g)", 8),
    ("y ~ x", "sigma ~ lgo(x)"): ("Did you mean 'log'", "sigma ~ lgo(x)", 8),
    ("y ~ x", "~ x"): ("no response left", "~ x", 0),
    ("y | se(s) ~ x", "sigma ~ x"): ("Write se(s, sigma=TRUE)", "sigma ~ x", 0),
}

UNSAFE = [
    "y ~ __import__('os').system('ls')",
    "y ~ I(__import__('os'))",
    "y ~ {().__class__}",
    "y ~ I(x.__class__.__mro__())",
    "y ~ I((lambda: x)())",
    "y ~ I([z for z in x])",
    "y ~ I(x[0])",
    "y ~ I(x if z else w)",
    "y ~ I(x := 3)",
    "y ~ I('%s' % x)",
    "y ~ I('a' * 1000000000)",
    "y ~ I(f'{x}')",
    "y ~ I([1] * 1000000000)",
    "y ~ I(*x)",
    "y ~ C(x, **z)",
    "y ~ scale(x, _state=z)",
    "y ~ log(x)(z)",
    "y ~ eval('x')",
    "y ~ np.load('x')",
    "y ~ np.ctypeslib.x(z)",
    "y ~ I((x, z))",
    "(y, z) ~ x",
    "[y] ~ x",
    "I(y; z) ~ x",
]


@pytest.mark.parametrize(("bars", "expected"), BARS.items())
def test_bars(bars: str, expected: list[tuple[str, str, str]]) -> None:
    random = parse_formula(f"y ~ z + {bars}").random
    assert [(term.effects.source, term.group.name, term.covariance) for term in random] == expected


@pytest.mark.parametrize(("text", "expected"), FIXED.items())
def test_fixed_side_and_response(text: str, expected: tuple[str, str]) -> None:
    parsed = parse_formula(text)
    assert (parsed.response.source, parsed.fixed.source) == expected
    assert parsed.random == ()


def test_bars_offsets_and_fixed_terms_in_any_order() -> None:
    parsed = parse_formula("y ~ (1 | g) + x + offset(log(n)) - 1 + (0 + x || h) + offset(m)")
    assert parsed.fixed.source == "x - 1"
    assert [offset.text for offset in parsed.offsets] == ["log(n)", "m"]
    assert [term.text for term in parsed.random] == ["(1 | g)", "(0 + x || h)"]


@pytest.mark.parametrize("text", ["y ~ (1 | g)", "y ~ offset(x)", "y ~ (1|g) + offset(x)"])
def test_the_intercept_is_implied(text: str) -> None:
    assert parse_formula(text).fixed.source == "1"


@pytest.mark.parametrize(("text", "expected"), REFUSED.items())
def test_refused(text: str, expected: tuple[str, int | None]) -> None:
    words, position = expected
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert words in str(caught.value)
    assert caught.value.position == position


@pytest.mark.parametrize(("texts", "expected"), SEVERAL_REFUSED.items())
def test_several_formulas_refused(texts: tuple[str, ...], expected: tuple[str, str, int]) -> None:
    words, text, position = expected
    with pytest.raises(FormulaError) as caught:
        parse_formula(texts)
    assert words in str(caught.value)
    assert (caught.value.text, caught.value.position) == (text, position)


def test_several_formulas() -> None:
    parsed = parse_formula(["y ~ x + (1 | g)", "sigma ~ 0 + f + (x || g) + offset(log(n))"])
    (sigma,) = parsed.others
    assert (sigma.parameter, sigma.fixed.source) == ("sigma", "0 + f")
    assert [bar.source for bar in sigma.random] == ["(x || g)"]
    assert [offset.text for offset in sigma.offsets] == ["log(n)"]
    assert parsed.columns == ("y", "x", "g", "f", "n")
    assert parsed.text == "y ~ x + (1 | g); sigma ~ 0 + f + (x || g) + offset(log(n))"
    assert parse_formula(parsed.written) == parsed
    assert parse_formula(["y ~ x"]) == parse_formula("y ~ x")


def test_the_caret_stands_under_the_place() -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula("y ~ x + lgo(x)")
    assert str(caught.value).splitlines()[1:3] == ["  y ~ x + lgo(x)", "          ^"]


@pytest.mark.parametrize("text", UNSAFE)
def test_a_formula_is_data_not_code(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(text)


@pytest.mark.parametrize("value", [None, 3, b"y ~ x", [], ["y ~ x", 3], {"y ~ x"}])
def test_a_formula_is_a_string_or_several(value: object) -> None:
    with pytest.raises(FormulaError, match=r"is a string such as .* or a list of strings"):
        parse_formula(value)  # type: ignore[arg-type]


FRAGMENTS = st.sampled_from(
    [
        *("y", "x", "g", "1", "0", "2.5", " ~ ", " + ", " - ", "*", "/", ":", "^", "**", "|", "||", "(", ")"),
        *("{", "}", "[", "]", "log(", "I(", "us(", "diag(", "cs(", "offset(", "poly(x, 2)", "`a b`", "'s'"),
        *(",", "=", "==", "%in%", "(1 | g)", ".", "lambda", "if", "\\", "\n", "é", "²", "factor(", "TRUE"),
        *("1e999", "%", "<", "C(f, Sum)", "se(s", "sigma=", "weights(", "ar(t", "gr=g", "cosy(", "unstr("),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(FRAGMENTS, max_size=14).map("".join), st.text(max_size=30)))
def test_any_text_parses_or_is_refused(text: str) -> None:
    formulas = (text, f"y ~ {text}", f"y ~ ({text} | g)", f"y ~ (1 | {text})", f"y | {text} ~ x")
    for formula in (*formulas, f"y | se({text}) ~ x", f"y ~ ar({text})"):
        assert _parses(formula) in (True, False)


def _parses(formula: str) -> bool:
    try:
        return parse_formula(formula).text == formula
    except FormulaError:
        return False


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["x", "z", "I(x^2)", "f:x", "offset(n)", "(1|g)", "(0+x|g)", "(1|h)"]),
        unique=True,
        min_size=1,
    )
)
def test_what_is_rendered_reads_the_same(summands: list[str]) -> None:
    first = parse_formula("y ~ " + " + ".join(summands))
    offsets = [f"offset({offset.source})" for offset in first.offsets]
    again = parse_formula(
        " + ".join(
            [f"{first.response.source} ~ {first.fixed.source}", *offsets, *(t.text for t in first.random)]
        )
    )
    assert (again.fixed, again.random, again.offsets) == (first.fixed, first.random, first.offsets)
