"""Caterpillars, coefficients, variance components, spaghetti and methods beside each other."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

import bayesmixed as bm
from bayesmixed.plots import caterpillar, coefficients, spaghetti, versus
from bayesmixed.plots.style import PALETTE, bounds, clear_of

STYLES = ("default", "dark_background")


def ranef_table(n_levels: int, effects: tuple[str, ...] = ("Intercept",)) -> pd.DataFrame:
    value = np.random.default_rng(n_levels).normal(size=n_levels * len(effects))
    return pd.DataFrame(
        {
            "group_var": "school",
            "effect": np.repeat(effects, n_levels),
            "group": np.tile([f"s{i}" for i in range(n_levels)], len(effects)),
            "value": value,
            "se": 0.5,
            "lower_2.5": value - 1,
            "upper_97.5": value + 1,
        }
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("n_levels", [1, 3, 60, 61, 300])
def test_caterpillar_is_sorted_and_emphasizes_what_is_clear_of_zero(n_levels: int, style: str) -> None:
    table = ranef_table(n_levels)
    with plt.style.context(style):
        (ax,) = caterpillar(table)
    points = ax.collections[1]
    drawn = points.get_offsets()[:, 0]
    np.testing.assert_allclose(drawn, np.sort(table["value"]))
    emphasized = (points.get_facecolors() == to_rgba(PALETTE[0])).all(axis=1).sum()
    assert emphasized == (table["value"].abs() > 1).sum()
    assert len(ax.get_yticklabels()) == (n_levels if n_levels <= 60 else 0)
    assert str(n_levels) in ax.get_ylabel() or n_levels <= 60


def test_intervals_of_a_caterpillar_lie_where_the_table_says() -> None:
    table = ranef_table(5).sort_values("value")
    (ax,) = caterpillar(table)
    segments = np.array(ax.collections[0].get_segments())
    np.testing.assert_allclose(segments[:, :, 0], table[["lower_2.5", "upper_97.5"]])
    assert [label.get_text() for label in ax.get_yticklabels()] == list(table["group"])


def test_one_effect_can_sort_all_panels() -> None:
    table = ranef_table(8, ("Intercept", "Days"))
    labels = [[t.get_text() for t in ax.get_yticklabels()] for ax in caterpillar(table, sort_by="Days")]
    assert labels[0] == labels[1]
    days = table[table["effect"] == "Days"].sort_values("value")
    assert labels[0] == list(days["group"])


@pytest.mark.parametrize("argument", ["effect", "sort_by"])
def test_unknown_effect_lists_the_near_one(argument: str) -> None:
    with pytest.raises(bm.DataError, match="Did you mean 'Days'"):
        caterpillar(ranef_table(3, ("Intercept", "Days")), **{argument: "days"})


@pytest.mark.parametrize(
    ("columns", "stems"),
    [
        (("lower", "upper"), ("lower", "upper")),
        (("lower_5", "upper_95"), ("lower", "upper")),
        (("sd_2.5", "sd_97.5"), ("sd", "sd")),
    ],
)
def test_bounds_are_found_whatever_they_are_called(columns, stems) -> None:
    table = pd.DataFrame({"sd": [9.0], columns[0]: [1.0], columns[1]: [2.0]})
    assert [end.tolist() for end in bounds(table, stems)] == [[1.0], [2.0]]


def test_interval_that_touches_zero_is_not_clear_of_it() -> None:
    assert clear_of(np.array([0.0, 0.1, -2]), np.array([1.0, 1, -0.1])).tolist() == [False, True, True]


@pytest.mark.parametrize(("intercept", "shown"), [(None, ["Days"]), (True, ["Days", "Intercept"])])
def test_intercept_is_shown_on_demand(sleep_reml, intercept, shown) -> None:
    ax = sleep_reml.plot.fixef(intercept=intercept)
    assert [label.get_text() for label in ax.get_yticklabels()] == shown


def test_several_fits_are_dodged_and_named(sleep_reml, sleep_bayes) -> None:
    ax = coefficients({"REML": sleep_reml, "posterior": sleep_bayes})
    heights = [points.get_offsets()[0, 1] for points in ax.collections[1::2]]
    assert heights[0] > 0 > heights[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["REML", "posterior"]


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(bm.DataError, match="give fits by name"):
        coefficients({})


def test_sampled_components_have_densities_and_estimated_ones_have_not(sleep_reml, sleep_bayes) -> None:
    assert [len(ax.lines) for ax in sleep_reml.plot.varcorr()] == [0, 0]
    axes = sleep_bayes.plot.varcorr()
    assert [len(ax.lines) for ax in axes] == [2, 1]
    low, high = sleep_bayes.varcorr()[["sd_2.5", "sd_97.5"]].iloc[1]
    days = next(c for c in axes[1].collections if hasattr(c, "get_segments"))
    np.testing.assert_allclose(days.get_segments()[0][:, 0], [low, high])


def test_icc_lies_between_zero_and_one(sleep_reml, sleep_bayes) -> None:
    for fit in (sleep_reml, sleep_bayes):
        ax = fit.plot.icc()
        assert ax.get_xlim() == (0, 1)
        assert ax.collections[1].get_offsets()[0, 0] == pytest.approx(fit.icc()["icc"].iloc[0])


def versus_frame(**more: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"parameter": ["a", "a", "b"], "method": ["REML", "posterior", "REML"], "value": [1.0, 2, -300]}
    )
    return frame.assign(lower=frame["value"] - 1, upper=frame["value"] + 1, **more)


@pytest.mark.parametrize(("more", "titles"), [({}, ["a", "b"]), ({"family": "all"}, ["all"])])
def test_each_family_has_a_panel(more, titles) -> None:
    assert [ax.get_title() for ax in versus(versus_frame(**more))] == titles


def test_versus_names_a_missing_column() -> None:
    with pytest.raises(bm.DataError, match="upper is missing"):
        versus(versus_frame().drop(columns="upper"))


@pytest.mark.parametrize(("n_groups", "n_lines", "legend"), [(3, 3, 3), (6, 6, 6), (300, 301, 1)])
def test_spaghetti_has_a_line_for_each_group(n_groups: int, n_lines: int, legend: int) -> None:
    group = np.repeat(np.arange(n_groups), 4)
    data = pd.DataFrame({"g": group, "x": np.tile([3, 1, 2, 0], n_groups), "y": group * 1.0})
    ax = spaghetti(data, "x", "y", "g")
    assert len(ax.lines) == n_lines
    assert len(ax.get_legend().get_texts()) == legend
    assert list(ax.lines[0].get_xdata()) == [0, 1, 2, 3]


def test_spaghetti_refuses_an_unknown_group() -> None:
    with pytest.raises(bm.DataError, match="Did you mean '308'"):
        spaghetti(bm.load_dataset("sleepstudy"), "Days", "Reaction", "Subject", highlight=["3o8"])


def test_versus_of_a_fit_has_a_panel_for_each_parameter(sleep_bayes: bm.MixedFit) -> None:
    axes = sleep_bayes.plot.versus(method="wald", parameters="beta")
    assert [ax.get_title() for ax in axes] == ["Intercept", "Days"]


def test_versus_needs_a_posterior(sleep_reml: bm.RemlFit) -> None:
    with pytest.raises(bm.BayesmixedError, match=r"posterior|Bayesian"):
        sleep_reml.plot.versus()


def test_plots_are_reached_from_the_package() -> None:
    assert bm.plots.caterpillar is caterpillar
