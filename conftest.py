"""Fixtures of the tests and of the examples in docstrings."""

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

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
    return {"bm": bm, "sleep": sleep, "fit": bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, seed=1)}


@pytest.fixture(autouse=True)
def begun_examples(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Examples know `bm`, `sleep` and `fit`."""
    if isinstance(request.node, pytest.DoctestItem):
        doctest_namespace.update(names_in_examples())
