"""Terms of a formula that say how its residuals are correlated."""

from __future__ import annotations

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula

READ = {
    "ar(t, gr=g)": ("ar", "t", "g"),
    "ar(t, g)": ("ar", "t", "g"),
    "ar(time = scale(t), gr = a:b)": ("ar", "scale(t)", "a:b"),
    "ar(gr=g)": ("ar", None, "g"),
    "ar(t)": ("ar", "t", None),
    "ar()": ("ar", None, None),
    "ar(t, gr=g, p=1, cov=TRUE)": ("ar", "t", "g"),
    "cosy(gr=g)": ("cosy", None, "g"),
    "unstr(t, gr=factor(g))": ("unstr", "t", "factor(g)"),
}

REFUSED = {
    "ar(t, gr=g, p=2)": ("ar() of order 2 is not available", 12),
    "ar(t, gr=g, cov=FALSE)": ("from the first row of a series on", 12),
    "ar(t, gr=g, q=1)": ("does not take 'q'", 12),
    "ar(t, gr=g, grp=h)": ("Did you mean 'gr'", 12),
    "ar(t, g, h)": ("Write ar(time, gr=g)", 9),
    "ar(t, time=u)": ("does not take 'time'", 6),
    "ar(gr=a/b)": ("not one grouping factor", 6),
    "ar(, gr=g)": ("lacks an argument", 0),
    "cosy(t, gr=g)": ("cosy() does not look at times", 0),
    "cosy(gr=g, p=1)": ("cosy() has no argument 'p'", 11),
    "unstr(gr=g)": ("unstr() needs the time of every row", 0),
    "ar(t, gr=g) + cosy(gr=g)": ("two structures", 14),
    "x - ar(t, gr=g)": ("cannot be subtracted", 2),
    "x*ar(t, gr=g)": ("a summand of its own", 2),
}


@pytest.mark.parametrize(("term", "expected"), READ.items())
def test_read(term: str, expected: tuple[str, str | None, str | None]) -> None:
    residual = parse_formula(f"y ~ x + {term} + (1 | g)").residual
    assert residual is not None
    time, group = residual.time, residual.group
    assert (residual.structure, time and time.text, group and group.name) == expected
    assert parse_formula(f"y ~ {residual.source}").residual == residual


@pytest.mark.parametrize(("term", "expected"), REFUSED.items())
def test_refused(term: str, expected: tuple[str, int]) -> None:
    words, position = expected
    with pytest.raises(FormulaError) as caught:
        parse_formula(f"y ~ {term}")
    assert words in str(caught.value)
    assert caught.value.position == len("y ~ ") + position


def test_what_a_residual_term_needs_is_needed_of_the_data() -> None:
    assert parse_formula("y ~ x + ar(t, gr=a:b)").columns == ("y", "x", "t", "a", "b")
