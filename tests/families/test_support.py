"""Responses that a family cannot have: one table of mistakes and of what is no mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, DataError, FamilyError, FormulaError

N = 12


def good() -> pd.DataFrame:
    """Responses of every kind."""
    rng = np.random.default_rng(2)
    trials = rng.integers(3, 9, N)
    return pd.DataFrame(
        {
            "g": list("aabbccddeeff"),
            "x": rng.normal(size=N),
            "hit": np.arange(N) % 2,
            "yes": np.arange(N) % 2 == 0,
            "use": ["Y", "N"] * 6,
            "three": ["a", "b", "c"] * 4,
            "n": trials,
            "k": rng.binomial(trials, 0.5),
            "share": rng.uniform(0.1, 0.9, N),
            "count": rng.poisson(3.0, N) + (np.arange(N) == 0),
            "time": rng.gamma(2.0, 1.0, N),
            "t": np.ones(N),
        }
    )


BAD: list[tuple[str, str, dict[str, list[float]], dict[str, Any], type[BayesmixedError], str]] = [
    ("count", "poisson", {"count": [-1]}, {}, FamilyError, "whole numbers that are not negative"),
    (
        "count",
        "poisson",
        {"count": [0.5]},
        {},
        FamilyError,
        "1 row, the first row 0 (counted from 0) with 0.5",
    ),
    ("count", "negativebinomial", {"count": [2.5]}, {}, FamilyError, "whole numbers"),
    ("time", "gamma", {"time": [0]}, {}, FamilyError, "needs positive numbers"),
    ("time", "lognormal", {"time": [-1]}, {}, FamilyError, "needs positive numbers"),
    ("share", "beta", {"share": [0]}, {}, FamilyError, "between 0 and 1, both excluded"),
    ("share", "beta", {"share": [1]}, {}, FamilyError, "between 0 and 1, both excluded"),
    ("count", "bernoulli", {}, {}, FamilyError, "needs 0 and 1"),
    ("share", "binomial", {}, {}, FamilyError, "needs 0 and 1"),
    ("three", "bernoulli", {}, {}, DataError, "has 3 levels, 'a', 'b', 'c', and two are needed"),
    ("use", "poisson", {}, {}, DataError, "is not numeric"),
    ("prop(k, n)", "binomial", {"n": [0]}, {}, FamilyError, "has no trials (zero) in 1 row"),
    ("prop(k, n)", "binomial", {"n": [-1]}, {}, FamilyError, "negative number of trials"),
    ("prop(k, n)", "binomial", {"n": [4.5], "k": [1]}, {}, FamilyError, "trials that is not whole"),
    ("prop(k, n)", "binomial", {"k": [50]}, {}, FamilyError, "more successes than trials"),
    ("prop(k, n)", "binomial", {"k": [-2]}, {}, FamilyError, "negative number of successes"),
    ("prop(k, n)", "binomial", {"k": [0.5]}, {}, FamilyError, "successes that is not whole"),
    ("cbind(k, n - k)", "binomial", {"n": [0], "k": [0]}, {}, FamilyError, "has no trials (zero)"),
    ("prop(k, n)", "binomial", {}, {"weights": "n"}, DataError, "states its trials itself"),
    ("prop(k, n)", "poisson", {}, {}, DataError, "family='binomial'"),
    ("prop(k)", "binomial", {}, {}, FormulaError, "takes two columns"),
    ("cbind(k, n, x)", "binomial", {}, {}, FormulaError, "a model has one response"),
    ("share", "binomial", {}, {"weights": "n"}, DataError, "not a whole number of successes"),
    ("count", "poisson", {}, {"weights": "n"}, DataError, "weights= has no meaning for the family 'poisson'"),
    ("t", "poisson", {}, {}, DataError, "is constant"),
    ("hit", "bernoulli", {"hit": [0] * N}, {}, DataError, "is constant: every row has 0"),
    ("hit", "binomal", {}, {}, FamilyError, "Did you mean 'binomial'"),
    ("hit", "binomial", {}, {"link": "log"}, FamilyError, "has no link 'log'"),
    ("count", "negativebinomial", {}, {"priors": {"alhpa": 1}}, BayesmixedError, "Did you mean 'alpha'?"),
    (
        "count",
        "negativebinomial",
        {},
        {"priors": {"alpha": bm.prior("Normal", sigma=1)}},
        BayesmixedError,
        "reaches below zero",
    ),
    (
        "count",
        "poisson",
        {},
        {"priors": {"sigma": bm.prior("HalfNormal", sigma=1)}},
        BayesmixedError,
        "no such",
    ),
]


@pytest.mark.parametrize(("response", "family", "values", "options", "error", "words"), BAD)
def test_a_mistake_is_named(
    response: str,
    family: str,
    values: dict[str, list[float]],
    options: dict[str, Any],
    error: type[BayesmixedError],
    words: str,
) -> None:
    data = good()
    for column, new in values.items():
        data[column] = [*new, *data[column].iloc[len(new) :]]
    before = data.copy()
    with pytest.raises(error) as caught:
        bm.specify(f"{response} ~ x + (1 | g)", data, family=family, **options)
    assert words in str(caught.value)
    pd.testing.assert_frame_equal(data, before)


def test_a_linear_model_takes_no_successes() -> None:
    with pytest.raises(DataError, match="family='binomial'"):
        bm.lmer("cbind(k, n) ~ x + (1 | g)", good())


def test_a_grouping_factor_may_be_called_like_a_parameter() -> None:
    data = good().rename(columns={"g": "alpha"})
    spec = bm.specify("time ~ x + (1 | alpha)", data, family="gamma")
    assert [block.group for block in spec.design.blocks] == ["alpha"]
    assert list(spec.priors.parameters) == ["alpha"]


@pytest.mark.parametrize("values", [[0] * N, [3] * N])
def test_an_offset_or_trials_let_counts_be_constant(values: list[int]) -> None:
    data = good().assign(count=values)
    spec = bm.specify("count ~ x + offset(log(time)) + (1 | g)", data, family="poisson")
    assert np.isfinite(spec.priors.coefficients[0].args["mu"])
    trials = bm.specify("prop(count, n) ~ x + (1 | g)", data.assign(n=9), family="binomial")
    assert np.isfinite(trials.priors.coefficients[0].args["mu"])
