"""Figures of a report."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bayesmixed.report.sections import (
    caterpillar_svg,
    coefficient_svg,
    observed_svg,
    quantile_svg,
    residual_svg,
    trace_svg,
)
from bayesmixed.verbs.drawn import posterior_mean_fitted


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
    assert trace_svg(hostile_fit.draws, hostile_fit.spec.design).startswith("<svg")
    assert plt.get_fignums() == before


def test_drawing_changes_no_setting_of_the_user() -> None:
    before = dict(plt.rcParams)
    coefficient_svg(coefficients("Intercept", "x"))
    assert dict(plt.rcParams) == before


def test_many_rows_of_a_few_levels_become_pictures(large_fit) -> None:
    fitted = posterior_mean_fitted(large_fit.draws, large_fit.spec)
    assert (
        observed_svg(large_fit.spec.design, large_fit.spec.design.blocks[0], fitted, 12).count('id="axes_')
        == 12
    )
    assert "<image" in quantile_svg(fitted)
    assert "<image" not in quantile_svg(fitted[:100])
