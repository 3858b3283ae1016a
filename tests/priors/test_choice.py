"""Priors as users write them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bayesmixed.errors import PriorError
from bayesmixed.priors.choice import as_prior, prior
from bayesmixed.priors.prior import Prior


@pytest.mark.parametrize(
    ("name", "args", "text"),
    [
        ("Normal", {"mu": 0, "sigma": 10}, "Normal(mu=0, sigma=10)"),
        ("Normal", {"sigma": 10}, "Normal(mu=0, sigma=10)"),
        ("StudentT", {"sigma": 10, "nu": 4}, "StudentT(nu=4, mu=0, sigma=10)"),
        ("HalfCauchy", {"beta": np.float32(2)}, "HalfCauchy(beta=2)"),
        ("LKJ", {"eta": 1}, "LKJ(eta=1)"),
        ("Flat", {}, "Flat()"),
        ("Uniform", {"lower": -1, "upper": 1}, "Uniform(lower=-1, upper=1)"),
    ],
)
def test_a_prior_keeps_its_arguments_in_order(name: str, args: dict[str, float], text: str) -> None:
    assert str(prior(name, **args)) == text


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("normal", {"sigma": 1}, "Did you mean 'Normal'"),
        ("StudenT", {"nu": 4}, "Did you mean 'StudentT'"),
        ("Normal", {"sd": 1}, "no argument 'sd'. Write Normal(mu=..., sigma=...)"),
        ("StudentT", {"mu": 0}, "lacks nu and sigma"),
        ("Normal", {"mu": 0, "sigma": 0}, "sigma=0 of Normal must be positive"),
        ("LKJ", {"eta": -1}, "eta=-1 of LKJ must be positive"),
        ("Normal", {"mu": float("nan"), "sigma": 1}, "mu=nan of Normal is not a finite number"),
        ("Normal", {"mu": 0, "sigma": float("inf")}, "not a finite number"),
        ("Normal", {"mu": "0", "sigma": 1}, "not a finite number"),
        ("Normal", {"mu": True, "sigma": 1}, "not a finite number"),
        ("Normal", {"mu": np.zeros(2), "sigma": 1}, "not a finite number"),
        ("Uniform", {"lower": 2, "upper": 1}, "lower=2 of Uniform must be below upper=1"),
        ("Triangular", {"lower": 0, "c": 3, "upper": 1}, "c=3 of Triangular must lie between"),
    ],
)
def test_a_mistake_is_named(name: str, args: dict[str, float], message: str) -> None:
    with pytest.raises(PriorError) as caught:
        prior(name, **args)
    assert message in str(caught.value)


def test_a_prior_of_bambi_is_a_prior() -> None:
    bambi = pytest.importorskip("bambi")
    assert as_prior(bambi.Prior("Normal", mu=1, sigma=2)) == Prior("Normal", {"mu": 1, "sigma": 2})


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (3.0, "3.0 is not a prior"),
        ("Normal(0, 1)", "is not a prior"),
        (Prior("Normal", {"mu": 0.0, "sigma": -1.0}), "must be positive"),
        (SimpleNamespace(name="Normal", args={"mu": 0, "sigma": Prior("HalfNormal")}), "not a finite number"),
        (SimpleNamespace(name="Own", args={}, dist=len), "is a custom function"),
    ],
)
def test_what_is_no_prior_is_refused(choice: object, message: str) -> None:
    with pytest.raises(PriorError, match=message):
        as_prior(choice)
