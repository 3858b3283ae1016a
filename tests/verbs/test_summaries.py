"""Summaries against NumPy's own quantiles."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bayesmixed import verbs
from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs.summaries import bound_names, stack, summarize, summarize_blocks


@pytest.mark.parametrize("n_draws", [2, 3, 10, 101, 1000])
@pytest.mark.parametrize("prob", [0.5, 0.9, 0.95])
def test_equals_numpy(n_draws: int, prob: float) -> None:
    values = np.random.default_rng(n_draws).normal(size=(n_draws, 7))
    summary = summarize(values, prob)
    tail = (1 - prob) / 2
    lower, median, upper = np.quantile(values, [tail, 0.5, 1 - tail], axis=0)
    np.testing.assert_allclose(summary.lower, lower, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(summary.value, median, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(summary.upper, upper, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(summary.se, values.std(axis=0, ddof=1), rtol=1e-12)


def test_leaves_the_draws_untouched() -> None:
    values = np.random.default_rng(0).normal(size=(50, 4))
    before = values.copy()
    summarize(values)
    np.testing.assert_array_equal(values, before)


def test_blocks_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(20, 11))
    whole = summarize(values)
    monkeypatch.setattr("bayesmixed.verbs.summaries.BLOCK_BYTES", 8 * 20 * 3)
    widths: list[int] = []

    def columns(block: slice) -> np.ndarray:
        part = values[:, block]
        widths.append(part.shape[1])
        return part

    parts = summarize_blocks(columns, 11, 20)
    assert widths == [3, 3, 3, 2]
    for name in ("value", "se", "lower", "upper"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_one_draw_has_no_spread() -> None:
    summary = summarize(np.array([[2.0, 3.0]]))
    assert summary.value.tolist() == summary.lower.tolist() == summary.upper.tolist() == [2.0, 3.0]
    assert summary.se.tolist() == [0.0, 0.0]


def test_nothing_to_stack() -> None:
    assert stack([]).value.shape == (0,)


@pytest.mark.parametrize(
    ("prob", "names"),
    [
        (0.95, ("lower_2.5", "upper_97.5")),
        (0.9, ("lower_5", "upper_95")),
        (0.89, ("lower_5.5", "upper_94.5")),
        (0.5, ("lower_25", "upper_75")),
        (0.99, ("lower_0.5", "upper_99.5")),
    ],
)
def test_bound_names(prob: float, names: tuple[str, str]) -> None:
    assert bound_names(prob) == names


@pytest.mark.parametrize(
    ("prob", "words"),
    [
        (95, "prob=95 is not a probability between 0 and 1; 95 % is prob=0.95."),
        (89, "89 % is prob=0.89."),
        (99.9, "99.9 % is prob=0.999."),
        *((odd, "95 % is prob=0.95.") for odd in (0, 1, 100, -0.1, float("nan"), float("inf"))),
        ("a", "prob='a' is not a probability"),
        (None, "prob=None is not a probability"),
        (True, "prob=True is not a probability"),
        ([0.9, 0.95], "is not a probability"),
        (np.array([0.9, 0.95]), "is not a probability"),
    ],
)
def test_what_is_no_probability_is_refused(prob: Any, words: str) -> None:
    with pytest.raises(BayesmixedError, match=re.escape(words)):
        summarize(np.zeros((3, 1)), prob)


VERBS = [verbs.fixef, verbs.ranef, verbs.coef, verbs.varcorr, verbs.icc, verbs.r2]
VERBS += [verbs.fitted, verbs.resid, verbs.tidy, verbs.augment]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("prob", ["a", None, True, 95])
def test_every_verb_refuses_it(toy: Any, verb: Callable[..., Any], prob: Any) -> None:
    with pytest.raises(BayesmixedError, match=re.escape(f"prob={prob!r} is not a probability")):
        verb(toy, prob=prob)


@pytest.mark.parametrize("prob", [np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_any_kind_of_number_is_a_probability(prob: Any) -> None:
    assert bound_names(prob) == ("lower_25", "upper_75")
