"""Responses in all spellings give the same numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm

FRAME = pd.DataFrame(
    {
        "g": list("aabbcc"),
        "k": [1, 0, 3, 2, 5, 4],
        "n": [4, 2, 6, 2, 8, 9],
        "use": list("NYNYYN"),
        "x": [0.1, 0.5, -1.0, 2.0, 0.0, 1.0],
    }
).assign(fail=lambda d: d["n"] - d["k"], share=lambda d: d["k"] / d["n"])


@pytest.mark.parametrize(
    ("response", "weights"),
    [
        ("prop(k, n)", None),
        ("p(k, n)", None),
        ("proportion(k, n)", None),
        ("cbind(k, fail)", None),
        ("cbind(k, n - k)", None),
        ("share", "n"),
        ("I(k / n)", "n"),
    ],
)
def test_successes_of_trials(response: str, weights: str | None) -> None:
    spec = bm.specify(f"{response} ~ x + (1 | g)", FRAME, family="binomial", weights=weights)
    assert spec.family.name == "binomial"
    assert spec.design.response.values.tolist() == FRAME["k"].tolist()
    assert spec.design.response.trials is not None
    assert spec.design.response.trials.tolist() == FRAME["n"].tolist()


@pytest.mark.parametrize(
    ("column", "levels"),
    [
        (list("NYNYYN"), ("N", "Y")),
        (pd.Categorical(list("NYNYYN"), categories=["Y", "N"]), ("Y", "N")),
        (pd.array([False, True, False, True, True, False]), ("False", "True")),
        (np.array(["no", "yes", "no", "yes", "yes", "no"]), ("no", "yes")),
        ([0, 1, 0, 1, 1, 0], None),
    ],
)
def test_the_later_level_is_modelled(column: object, levels: tuple[str, str] | None) -> None:
    spec = bm.specify("use ~ x + (1 | g)", FRAME.assign(use=column), family="binomial")
    flipped = levels == ("Y", "N")
    assert spec.family.name == "bernoulli"
    assert spec.design.response.levels == levels
    assert spec.design.response.values.tolist() == [float(v != flipped) for v in [0, 1, 0, 1, 1, 0]]


def test_a_comparison_says_itself_what_is_modelled() -> None:
    spec = bm.specify("use == 'N' ~ x + (1 | g)", FRAME, family="bernoulli")
    assert spec.design.response.values.tolist() == [1, 0, 1, 0, 0, 1]
    assert spec.design.response.levels is None


def test_rows_with_missing_trials_are_dropped() -> None:
    data = FRAME.assign(n=[4, None, 6, 2, 8, 9])
    spec = bm.specify("prop(k, n) ~ x + (1 | g)", data, family="binomial")
    assert spec.design.n_dropped == 1
    assert spec.design.response.trials is not None
    assert spec.design.response.trials.tolist() == [4, 6, 2, 8, 9]
