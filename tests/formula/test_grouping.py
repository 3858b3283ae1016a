"""The right side of a bar: relations between levels, and several levels a row."""

from __future__ import annotations

import re

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula.parse import parse_formula

WRITTEN = {
    "(1 + x | gr(species, cov=A))": ("species", "gr(species, cov=A)"),
    "(1 | gr(species))": ("species", "species"),
    "(x || gr(a:b, cov = K))": ("a:b", "gr(a:b, cov=K)"),
    "(1 | mm(t1, t2))": ("mm(t1, t2)", "mm(t1, t2)"),
    "(1 | mm(t1,t2,scale=TRUE))": ("mm(t1, t2)", "mm(t1, t2)"),
    "(1 | mm(a, b, weights = cbind(w1, w2 / 2), scale=FALSE))": (
        "mm(a, b)",
        "mm(a, b, weights=cbind(w1, w2 / 2), scale=FALSE)",
    ),
}
REFUSED = {
    "(1 | gr(a, b))": ("one grouping factor", "gr(g, cov=A)"),
    "(1 | gr(a/b, cov=A))": ("one grouping factor", "gr(g, cov=A)"),
    "(1 | gr(a, cov=2))": ("name of a matrix", "data2"),
    "(1 | gr(a, by=z))": ("does not take by=", "data2"),
    "(1 | gr(a, cov=A)/b)": ("stands alone", "bar of its own"),
    "(1 | mm(a))": ("two different columns", "mm(a, b)"),
    "(1 | mm(a, a))": ("two different columns", "mm(a, b)"),
    "(1 | mm(a, b, weights=w))": ("one column for each", "cbind(wa, wb)"),
    "(1 | mm(a, b, weights=cbind(w)))": ("2 columns and 1 weights", "cbind(wa, wb)"),
    "(1 | mm(a, , b))": ("lacks an argument", "mm(a, b)"),
    "(1 | mm(a, b, scale=3))": ("TRUE or FALSE", "mm(a, b)"),
}


@pytest.mark.parametrize("bar", WRITTEN)
def test_a_grouping_is_read_and_written(bar: str) -> None:
    parsed = parse_formula(f"y ~ 1 + {bar}").random[0]
    assert (parsed.group.name, parsed.group.source) == WRITTEN[bar]
    again = parse_formula(f"y ~ 1 + {parsed.source}").random[0]
    assert (again.group.key, again.source) == (parsed.group.key, parsed.source)


@pytest.mark.parametrize("bar", REFUSED)
def test_what_is_not_a_grouping_is_refused(bar: str) -> None:
    wrong, advice = REFUSED[bar]
    with pytest.raises(FormulaError, match=f"(?s){re.escape(wrong)}.*{re.escape(advice)}"):
        parse_formula(f"y ~ 1 + {bar}")


def test_columns_and_keys() -> None:
    parsed = parse_formula("y ~ 1 + (1 | mm(a, b, weights=cbind(w1, w2)))")
    assert parsed.columns == ("y", "a", "b", "w1", "w2")
    keys = {
        parse_formula(f"y ~ (1 | {group})").random[0].group.key for group in ("a", "gr(a, cov=A)", "mm(a, b)")
    }
    assert len(keys) == 3
