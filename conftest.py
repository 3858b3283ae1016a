"""Fixtures of the tests and of the examples in docstrings."""

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import polars as pl
import pytest

import bayesmixed as bm


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """No figure outlives the test that drew it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@cache
def names_in_examples() -> dict[str, Any]:
    """What examples begin with, as `help(bm.MixedFit)` says."""
    sleep = bm.load_dataset("sleepstudy")
    formula = "Reaction ~ Days + (Days | Subject)"
    of_herds = "prop(incidence, size) ~ period + (1 | herd)"
    lazy = bm.lmer(formula, pl.from_pandas(sleep).lazy(), method="reml")
    return {
        "bm": bm,
        "sleep": sleep,
        "fit": bm.lmer(formula, sleep, seed=1),
        "m": bm.lmer(formula, sleep, method="reml"),
        "line": bm.lm("Reaction ~ Days", sleep, method="ols"),
        "lines": bm.lm_by_group("Reaction ~ Days", sleep, group="Subject"),
        "herds": bm.glmer(of_herds, bm.load_dataset("cbpp"), "binomial", seed=1),
        "pooled": bm.pooling(formula, sleep, method="reml"),
        "some": lazy.sample_rows(50),
    }


@pytest.fixture(autouse=True)
def begun_examples(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Examples know these names."""
    if isinstance(request.node, pytest.DoctestItem):
        doctest_namespace.update(names_in_examples())
