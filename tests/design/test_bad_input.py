"""Bad input: one clear sentence, an error of ours, the data untouched."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula import parse_formula
from effect_sets import sizes_of

N = 12


def good() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": np.sin(np.arange(N)),
            "x": np.cos(np.arange(N) * 2.0),
            "f": ["a", "b", "c"] * 4,
            "g": np.repeat(["u", "v", "w"], 4),
        }
    )


def changed(**columns: Any) -> Callable[[], pd.DataFrame]:
    return lambda: good().assign(**columns)


def with_value(column: str, value: Any, rows: Any = 2) -> Callable[[], pd.DataFrame]:
    def make() -> pd.DataFrame:
        data = good()
        data.loc[rows, column] = value
        return data

    return make


CASES: dict[str, tuple[str, Callable[[], Any], str]] = {
    "unknown column": ("y ~ X2 + (1 | g)", good, "no column 'X2'. Did you mean 'x'?"),
    "unknown column in a call": ("y ~ log(z) + (1 | g)", good, "no column 'z'. Known names: y, x, f, g."),
    "unknown response": ("Y ~ x", good, "Did you mean 'y'?"),
    "unknown group": ("y ~ x + (1 | G)", good, "Did you mean 'g'?"),
    "no rows": ("y ~ x", lambda: good().iloc[:0], "data has no rows"),
    "no frame": ("y ~ x", lambda: [1, 2], "not a data frame in memory, but of the type list"),
    "no frame but a dictionary": (
        "y ~ x",
        lambda: {"y": [1], "x": [2]},
        "not a data frame in memory, but of the type dict",
    ),
    "all rows missing": ("y ~ x", changed(x=np.nan), "Every row has a missing value"),
    "text response": ("f ~ x", good, "'f' is not numeric: it holds text such as 'a'. Compare it"),
    "numbers stored as text, as response": (
        "t ~ x",
        changed(t=[f"{i}.5" for i in range(N)]),
        "pd.to_numeric(data['t'])",
    ),
    "numbers stored as text, as predictor": (
        "y ~ t + (1 | g)",
        changed(t=[f"{i}.5" for i in range(N)]),
        "'t' is text with 12 different values in 12 rows",
    ),
    "dates as response": ("y ~ 1", changed(y=pd.Timestamp("2020-01-01")), "'y' is not numeric"),
    "constant response": ("y ~ x", changed(y=2.5), "'y' is constant: every row has 2.5"),
    "response of several columns": ("poly(y, 2) ~ x", good, "one number per row"),
    "infinite predictor": ("y ~ x", with_value("x", np.inf), "'x' has 1 infinite value."),
    "infinite response": ("y ~ x", with_value("y", -np.inf, [1, 2]), "'y' has 2 infinite values."),
    "log of a negative number": ("log(y) ~ x", good, "'log(y)' is not finite in "),
    "log of zero": ("y ~ log(z)", changed(z=np.arange(N)), "'log(z)' is not finite in 1 row."),
    "one level": ("y ~ x + (1 | g)", changed(g="u"), "'g' has only one level, 'u'"),
    "a level for every row": ("y ~ x + (1 | g)", changed(g=range(N)), "12 levels for 12 rows"),
    "effects for every row": (
        "y ~ x + (x | g)",
        changed(g=np.arange(N) // 2),
        "12 random effects for 12 rows",
    ),
    "nearly aliased column": (
        "y ~ x + z + w",
        changed(z=lambda d: 2 * d.x + 1e-7 * np.arange(N), w=np.arange(N)),
        "hardly be told apart: 'z' differs by less than 1e-05",
    ),
    "factor with one level": ("y ~ x + f", changed(f="a"), "'f' has only one level"),
    "duplicate column": (
        "y ~ x",
        lambda: pd.concat([good(), good()[["x"]]], axis=1),
        "2 columns called 'x'",
    ),
    "zero effect": ("y ~ 1 + (0 + z | g)", changed(z=0.0), "zero in every row; leave it out of the bar."),
    "cell without rows": (
        "y ~ 1 + (0 + f:h | g)",
        changed(
            f=np.tile(["a", "b"], N // 2),
            h=np.where(np.arange(N) % 3 == 0, "u", np.where(np.arange(N) % 2, "u", "v")),
        ),
        "make one factor of the cells that have rows",
    ),
    "text in arithmetic": ("y ~ log(f)", good, "'log(f)' cannot be computed: text is not a number."),
    "text in a sum": ("y ~ I(f + 1)", good, "text is not a number"),
    "dates as predictor": ("y ~ x", changed(x=pd.Timestamp("2020-01-01")), "Convert dates to numbers"),
    "dates in arithmetic": (
        "y ~ I(x * 2)",
        changed(x=[datetime.date(2020, 1, 1 + i) for i in range(N)]),
        "are not numbers; convert",
    ),
    "complex numbers": ("y ~ x", changed(x=1j), "complex"),
    "objects": ("y ~ x", changed(x=[[1, 2]] * N), "'x' holds list objects"),
    "comparison of numbers with text": ("y ~ I(x == 'a')", good, "compared with the text 'a'"),
    "order of unordered text": ("y ~ I(f < 'b')", good, "'I(f < 'b')' cannot be computed"),
    "too high a degree": ("y ~ poly(z, 3)", changed(z=np.arange(N) % 3), "more than 3 different values"),
    "unknown argument": ("y ~ poly(x, power=2)", good, "cannot be computed"),
    "levels left out": ("y ~ C(f, levels=['a', 'b'])", good, "levels= leaves out 'c'"),
    "unknown reference level": ("y ~ C(f, Treatment('z'))", good, "cannot be turned into columns"),
    "no number per row": ("y ~ c(1, 2, 3)", good, "one number per row"),
    "a column named as the intercept": ("y ~ Intercept", changed(Intercept=range(N)), "Two columns"),
    "huge spline": (
        "y ~ bs(x, df=1000000000)",
        good,
        "df=1000000000 must be a whole number from 1 to the 12",
    ),
    "huge degree of a spline": ("y ~ bs(x, degree=99999)", good, "degree=99999 must be a whole number"),
    "knots of a column": ("y ~ bs(x, knots=x)", good, "knots= takes numbers"),
    "degree of no whole number": ("y ~ poly(x, 1.5)", good, "degree=1.5 must be a whole number"),
    "unknown coding": ("y ~ C(f, 3)", good, "3 is not a coding; write Treatment"),
    "coding that divides by zero": ("y ~ C(f, Poly(scores=c(1, 1, 1)))", good, "is not finite"),
    "levels that are no list": ("y ~ C(f, levels='abc')", good, "levels= takes texts or numbers"),
    "groups of no number": ("y ~ x + (1 | log(x))", good, "'log(x)' is not a number in"),
    "huge numbers": ("y ~ x", changed(x=lambda d: d.x * 1e200), "choose a unit"),
    "nearly aliased": ("y ~ x + z", changed(z=lambda d: d.x + 1e-7 * d.y), "'z' differs by less than 1e-05"),
    "slopes far from zero": ("y ~ (x | g)", changed(x=lambda d: d.x + 1e7), "Write center(x)"),
    "response far from zero": ("y ~ 0 + x", changed(y=lambda d: d.y + 1e9), "too little for its size"),
    "response that is its offset": (
        "y ~ x + offset(z)",
        changed(z=lambda d: d.y),
        "less its offset is constant",
    ),
    "huge powers": ("y ~ I(x * 9 ** 9 ** 9 ** 9)", good, "is not finite"),
}

WEIGHTS: dict[str, tuple[Any, str]] = {
    "wrong length": (np.ones(N - 1), "shape (11,); the data have 12 rows"),
    "a matrix": (np.ones((N, 1)), "shape (12, 1)"),
    "negative": ([1.0] * (N - 1) + [-1.0], "zero or negative"),
    "zero": ([0] + [1] * (N - 1), "zero or negative, the first in row 0"),
    "infinite": ([np.inf] + [1.0] * (N - 1), "infinite"),
    "text": (["1"] * N, "must be numbers"),
    "text column": ("f", "must be numbers"),
    "unknown column": ("G", "Did you mean 'g'"),
    "short series": (pd.Series([1.0] * (N - 1)), "a Series of 11 values whose index is not that of the 12"),
    "long series": (pd.Series([1.0] * (N + 1)), "a Series of 13 values whose index is not that of the 12"),
    "another index": (
        pd.Series([1.0] * N, index=range(1, N + 1)),
        "not clear which weight belongs to which row",
    ),
    "labels twice": (pd.Series([1.0] * N, index=[0] * N), "weights.to_numpy() if both are in the same order"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_data(case: str) -> None:
    formula, make, words = CASES[case]
    data = make()
    before = data.copy(deep=True) if isinstance(data, pd.DataFrame) else data
    with pytest.raises(DataError) as caught:
        build_design(parse_formula(formula), data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    if isinstance(data, pd.DataFrame):
        pd.testing.assert_frame_equal(data, before)


@pytest.mark.parametrize("case", WEIGHTS)
def test_bad_weights(case: str) -> None:
    weights, words = WEIGHTS[case]
    with pytest.raises(DataError) as caught:
        build_design(parse_formula("y ~ x + (1 | g)"), good(), weights=weights)
    assert words in str(caught.value)


def test_missing_raise_names_columns_and_counts() -> None:
    data = with_value("x", np.nan, [1, 2])()
    data.loc[0, "g"] = None
    with pytest.raises(DataError, match=r"'x' \(2\), 'g' \(1\)"):
        build_design(parse_formula("y ~ x + (1 | g)"), data, missing="raise")
    assert build_design(parse_formula("y ~ f"), data, missing="raise").n_dropped == 0


def test_missing_has_two_words() -> None:
    with pytest.raises(BayesmixedError, match="'drop', 'raise'"):
        build_design(parse_formula("y ~ x"), good(), missing="ignore")  # type: ignore[arg-type]


def test_models_without_residual_variance_may_have_a_level_for_every_row() -> None:
    data = good().assign(line=range(N), count=1)
    design = build_design(parse_formula("count ~ x + (1 | line)"), data, residual_variance=False)
    assert design.blocks[0].n_levels == N


def test_the_rule_of_lme4_runs_bar_by_bar() -> None:
    data = good().assign(g=np.arange(N) // 2)
    design = build_design(parse_formula("y ~ x + (x || g)"), data)
    assert sizes_of(design.blocks[0]) == (1, 1)


def test_lazy_frames_are_refused_with_advice() -> None:
    polars = pytest.importorskip("polars")
    with pytest.raises(DataError, match=r"polars\.LazyFrame\. Write data\.collect\(\)"):
        build_design(parse_formula("y ~ x"), polars.DataFrame({"y": [1.0], "x": [2.0]}).lazy())
