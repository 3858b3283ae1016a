"""Figures of a report."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from bayesmixed.report.figures import (
    caterpillar_svg,
    coefficient_svg,
    draw_intervals,
    residual_svg,
    trace_svg,
)


def coefficients(*terms: str) -> pd.DataFrame:
    value = np.arange(1.0, len(terms) + 1)
    return pd.DataFrame({"term": terms, "value": value, "lower_2.5": value - 1, "upper_97.5": value + 1})


@pytest.mark.parametrize(
    ("terms", "shown", "hidden"),
    [
        (("Intercept", "Days"), ("Days",), ("Intercept",)),
        (("Intercept",), ("Intercept",), ()),
        (("a", "b"), ("a", "b"), ("Intercept",)),
    ],
)
def test_intercept_is_shown_only_when_it_is_alone(terms, shown, hidden) -> None:
    svg = coefficient_svg(coefficients(*terms))
    assert all(f">{term}</text>" in svg for term in shown)
    assert not any(f">{term}</text>" in svg for term in hidden)


def test_intervals_lie_where_the_table_says() -> None:
    ax = Figure().subplots()
    table = coefficients("a", "b")
    draw_intervals(ax, table, ["a", "b"])
    segments = ax.collections[0].get_segments()
    np.testing.assert_allclose([segment[:, 0] for segment in segments], table[["lower_2.5", "upper_97.5"]])
    np.testing.assert_allclose([segment[:, 1] for segment in segments], [[0, 0], [1, 1]])
    np.testing.assert_allclose(ax.collections[1].get_offsets()[:, 0], table["value"])


def test_many_points_become_a_picture_and_few_stay_vectors() -> None:
    rng = np.random.default_rng(1)
    small, large = rng.normal(size=50), rng.normal(size=20_000)
    assert "<image" not in residual_svg(small, small)
    svg = residual_svg(large, large)
    assert "data:image/png;base64" in svg
    assert len(svg) < 500_000


def test_caterpillar_has_a_panel_for_each_effect(hostile_fit) -> None:
    svg = caterpillar_svg(hostile_fit.ranef())
    assert svg.count('id="axes_') == 2


def test_traces_leave_no_open_figure(hostile_fit) -> None:
    before = plt.get_fignums()
    assert trace_svg(hostile_fit.draws, ["g"]).startswith("<svg")
    assert plt.get_fignums() == before


def test_drawing_changes_no_setting_of_the_user() -> None:
    before = dict(plt.rcParams)
    coefficient_svg(coefficients("Intercept", "x"))
    assert dict(plt.rcParams) == before
