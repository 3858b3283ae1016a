"""Summaries against NumPy's own quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.extract.summaries import bound_names, stack, summarize, summarize_blocks


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
    monkeypatch.setattr("bayesmixed.extract.summaries.BLOCK_BYTES", 8 * 20 * 3)
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


@pytest.mark.parametrize("prob", [0, 1, 95, -0.1, float("nan")])
def test_prob_outside_is_refused(prob: float) -> None:
    with pytest.raises(BayesmixedError, match=r"prob=0\.95"):
        summarize(np.zeros((3, 1)), prob)
