"""Residuals as points and as boxes."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.plots.residuals import binned_means, residual_boxes, residual_scatter
from bayesmixed.plots.style import LABELLED_LEVELS
from plots.check_frames import grouped


@pytest.mark.parametrize("n", [1, 5, 200, 30_000])
def test_bins_hold_every_point_once(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(size=n)
    bins = binned_means(x, y)
    assert 1 <= len(bins) <= 40
    assert bins["x"].is_monotonic_increasing
    assert np.isfinite(bins["mean"]).all()


def test_bins_of_few_values_are_their_means() -> None:
    x, y = np.tile([2.0, 0.0, 5.0], 20), np.random.default_rng(0).normal(size=60)
    bins = binned_means(x, y)
    np.testing.assert_allclose(bins["x"], [0, 2, 5])
    np.testing.assert_allclose(bins["mean"], [y[x == value].mean() for value in (0, 2, 5)])
    half = 1.959963984540054 * np.array([y[x == v].std(ddof=1) for v in (0, 2, 5)]) / np.sqrt(20)
    np.testing.assert_allclose(bins["upper"] - bins["mean"], half)


@pytest.mark.parametrize("trend", [True, False])
def test_points_lie_where_the_data_are(trend: bool) -> None:
    x, y = np.arange(40.0), np.sin(np.arange(40.0))
    ax = residual_scatter(x, y, xlabel="cost in $", trend=trend)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.column_stack([x, y]))
    assert len(ax.lines) == 1 + trend
    assert ax.get_xlabel() == r"cost in \$"


@pytest.mark.parametrize("n_levels", [3, LABELLED_LEVELS, LABELLED_LEVELS + 1, 300])
def test_boxes_are_sorted_by_their_medians(n_levels: int) -> None:
    values, codes, levels = grouped(n_levels, 7)
    ax = residual_boxes(codes, levels, values, name="school")
    medians = np.array([np.median(values[codes == j]) for j in range(n_levels)])
    labels = [label.get_text() for label in ax.get_yticklabels()]
    if n_levels <= LABELLED_LEVELS:
        assert labels == [levels[j] for j in np.argsort(medians)]
        assert ax.get_ylabel() == "school"
    else:
        assert labels == []
        assert ax.get_ylabel() == f"{n_levels} levels of school, sorted"
        np.testing.assert_allclose(ax.collections[-1].get_offsets()[:, 0], np.sort(medians))


def test_boxes_keep_their_order_when_told() -> None:
    ax = residual_boxes(np.array([0, 0, 1, 1]), ["low", "high"], np.array([5.0, 6, 1, 2]), keep_order=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["low", "high"]


def test_box_ends_are_the_quartiles() -> None:
    values, codes, levels = grouped(70, 9)
    ax = residual_boxes(codes, levels, values)
    quartiles = ax.collections[1].get_segments()
    order = np.argsort([np.median(values[codes == j]) for j in range(70)])
    expected = [np.quantile(values[codes == j], [0.25, 0.75]) for j in order]
    np.testing.assert_allclose([segment[:, 0] for segment in quartiles], expected)
