"""Figures of the data beside the fit."""

from __future__ import annotations

import pytest

from bayesmixed.report.sections import group_lines_svg, slope_variable
from bayesmixed.verbs.drawn import posterior_mean_fitted


def test_lines_are_drawn_over_the_random_slope(hostile_fit) -> None:
    assert slope_variable(hostile_fit.spec.design, hostile_fit.spec.design.blocks[0]) == "Days"


@pytest.mark.parametrize(("fit", "panels"), [("hostile_fit", 6), ("large_fit", 12)])
def test_a_panel_for_each_of_the_first_levels(fit: str, panels: int, request: pytest.FixtureRequest) -> None:
    fit = request.getfixturevalue(fit)
    fitted = posterior_mean_fitted(fit.draws, fit.spec)
    svg = group_lines_svg(fit.spec.design, fit.spec.design.blocks[0], fitted, "Days")
    titles = [level for level in fit.spec.design.blocks[0].levels if f">{level}</text>" in svg]
    assert len(titles) >= panels - 3  # hostile names are escaped
    assert svg.count('id="line2d_') >= panels
