"""A column has one name in a model, and a name stands for one column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design import Design, build_design
from bayesmixed.design.lookup import effect_of, group_of, term_of
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula import parse_formula

RNG, N = np.random.default_rng(8), 90
FRAME = pd.DataFrame(
    {
        **{name: RNG.normal(size=N) for name in ("y", "a", "b", "a:b", "b:a", "f[T.q]", "Intercept")},
        "w": RNG.uniform(1, 2, N),
        "f": RNG.choice(["p", "q"], N),
        "g": np.arange(N) % 9,
        "k": np.arange(N) // 9 % 5,
        "g:k": np.arange(N) % 3,
    }
)


def design(formula: str) -> Design:
    return build_design(parse_formula(formula), FRAME)


EFFECTS = {
    "y ~ b*a + (a*b | g)": ("Intercept", "a", "b", "b:a"),
    "y ~ a:b + (a:b | g)": ("Intercept", "a:b"),
    "y ~ log(w) + (np.log( w ) | g)": ("Intercept", "log(w)"),
    "y ~ C(f, Treatment('q')) + (C(f, Treatment(\"q\")) | g)": ("Intercept", "C(f, Treatment('q'))[T.p]"),
    "y ~ f:a + a + (a:f | g)": ("Intercept", "a:f[p]", "a:f[q]"),
}


@pytest.mark.parametrize("formula", EFFECTS)
def test_an_effect_has_the_name_of_its_coefficient(formula: str) -> None:
    assert design(formula).blocks[0].effects == EFFECTS[formula]


TWICE = {
    "a column and an interaction": ("y ~ a*b + (0 + `a:b` | g)", "columns of the model are called 'a:b'"),
    "a column and a level": ("y ~ f + (0 + `f[T.q]` | g)", "columns of the model are called 'f[T.q]'"),
    "a column and crossed groups": (
        "y ~ a + (1 | g:k) + (1 | `g:k`)",
        "grouping factors of the model are called",
    ),
    "the intercept": ("y ~ 0 + Intercept + (1 | g)", "has the name of the model's intercept"),
    "the intercept of a bar": ("y ~ a + (0 + Intercept | g)", "has the name of the model's intercept"),
}


@pytest.mark.parametrize("case", TWICE)
def test_one_name_for_two_things_is_refused(case: str) -> None:
    formula, words = TWICE[case]
    with pytest.raises(DataError) as caught:
        design(formula)
    assert words in str(caught.value)
    assert "ename" in str(caught.value)


def test_bars_of_one_factor_are_one_block_however_it_is_spelled() -> None:
    blocks = design("y ~ a + (1 | g:k) + (0 + a | k : g)").blocks
    assert [(block.group, block.effects) for block in blocks] == [("g:k", ("Intercept", "a"))]
    blocks = design("y ~ a + (1 | factor(g)) + (0 + a | as.factor( g ))").blocks
    assert [(block.group, block.effects) for block in blocks] == [("factor(g)", ("Intercept", "a"))]


def test_texts_are_looked_up_by_what_they_mean() -> None:
    found = design("y ~ a*b + log(w) + (1 | g:k) + (a | g)")
    assert term_of(found, "b : a") == "a:b"
    assert term_of(found, "log( w )") == term_of(found, "`log(w)`") == "log(w)"
    assert term_of(found, "b:w") is None
    assert effect_of(found.blocks[1], "`a`") == "a"
    assert group_of(found, "k:g") == group_of(found, "`g:k`") == "g:k"
    assert group_of(found, "k") is None


def test_a_text_for_two_columns_is_answered() -> None:
    found = design("y ~ a*b + `b:a` + (1 | g)")
    with pytest.raises(BayesmixedError, match="Write `b:a` between backticks"):
        term_of(found, "b:a")
    assert (term_of(found, "`b:a`"), term_of(found, "a:b")) == ("b:a", "a:b")


@pytest.mark.parametrize(
    "formulas", [("y ~ a*b + (a | g)", "y ~ b*a + (a | g)"), ("y ~ f*a + (1 | g:k)", "y ~ a*f + (1 | k:g)")]
)
def test_the_order_in_a_product_changes_the_order_of_the_table_alone(formulas: tuple[str, str]) -> None:
    one, other = (bm.lmer(formula, FRAME, method="reml") for formula in formulas)
    assert other.log_likelihood() == pytest.approx(one.log_likelihood(), abs=1e-8)
    values = other.fixef().set_index("term")[["value", "se"]]
    for row in one.fixef().to_dict("records"):
        term = term_of(other.spec.design, row["term"])
        np.testing.assert_allclose(values.loc[term], [row["value"], row["se"]], atol=1e-6)
