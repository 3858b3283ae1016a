"""Fitted lines of the population and of groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.plots.fitted_lines import level_lines, population_line


def test_population_line_of_a_linear_model_is_the_coefficients(sleep_reml) -> None:
    line = population_line(sleep_reml, "Days")
    intercept, slope = sleep_reml.fixef()["value"]
    np.testing.assert_allclose(line["value"], intercept + slope * line["x"])
    assert (line["lower"] < line["value"]).all()


def test_the_population_s_band_is_the_coefficients_interval(sleep_reml) -> None:
    """At no days the band is the intercept's interval, by Student's t with 17 degrees of freedom."""
    start, intercept = population_line(sleep_reml, "Days").iloc[0], sleep_reml.fixef().iloc[0]
    reach = 2.1098156 * intercept["se"]
    assert start["upper"] - start["value"] == pytest.approx(reach, rel=1e-6)
    assert start["lower"] == pytest.approx(intercept["lower_2.5"])


def test_level_lines_are_the_coefficients_of_the_levels(sleep_reml) -> None:
    lines = level_lines(sleep_reml, "Days")
    coef = sleep_reml.coef().pivot_table(index="group", columns="effect", values="value")
    mine = coef.loc[lines["group"]]
    expected = mine["Intercept"].to_numpy() + mine["Days"].to_numpy() * lines["x"].to_numpy()
    np.testing.assert_allclose(lines["value"], expected)


def test_facets_show_each_level_with_its_own_points(sleep_reml) -> None:
    axes = sleep_reml.plot.groups("Days")
    assert len(axes) == 18
    assert [len(ax.collections[0].get_offsets()) for ax in axes] == [10] * 18


def test_one_panel_has_a_line_for_each_level_then_the_population(sleep_bayes) -> None:
    ax = sleep_bayes.plot.groups("Days", facets=False, levels=["308", "309", "335"])
    assert len(ax.lines) == 4
    assert len(ax.collections[0].get_offsets()) == 30


def test_levels_without_facets_keep_to_the_drawn_axes(sleep_reml) -> None:
    ax = sleep_reml.plot.groups("Days", facets=False)
    assert sleep_reml.plot.line("Days", group="308", ax=ax) is ax


def test_many_levels_are_spread_over_their_order() -> None:
    fit = bm.lmer("langPOST ~ IQ_verb + (1 | schoolNR)", bm.load_dataset("bdf"), method="reml")
    shown = [ax.get_title() for ax in fit.plot.groups("IQ_verb")]
    order = fit.ranef().sort_values("value")["group"]
    assert len(shown) == 24
    assert (shown[0], shown[-1]) == (order.iloc[0], order.iloc[-1])


def test_categorical_predictor_takes_its_levels() -> None:
    fit = bm.lmer("angle ~ recipe + (1 | replicate)", bm.load_dataset("cake"), method="reml")
    assert population_line(fit, "recipe")["x"].tolist() == ["A", "B", "C"]
    assert len(fit.plot.line("recipe").lines) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda plot: plot.line("days"), "Did you mean 'Days'"),
        (lambda plot: plot.line("Days", group="3o8"), "not a level of Subject"),
        (lambda plot: plot.groups("Days", group="subject"), "Did you mean 'Subject'"),
        (lambda plot: plot.groups("Days", levels=["999"]), "not a level of Subject"),
        (lambda plot: plot.groups("Days", levels=["999"], facets=False), "not a level of Subject"),
    ],
)
def test_mistakes_are_named(sleep_reml, call, message) -> None:
    with pytest.raises(bm.DataError, match=message):
        call(sleep_reml.plot)


def test_a_level_s_line_holds_the_covariates_of_that_level() -> None:
    """Where the other predictor is constant within subjects, the line goes through the fitted values."""
    sleep = bm.load_dataset("sleepstudy")
    subjects = sorted(sleep["Subject"].unique())
    sleep["arm"] = np.where(sleep["Subject"].isin(subjects[::2]), "drug", "placebo")
    fit = bm.lmer("Reaction ~ Days * arm + (Days | Subject)", sleep, method="reml")
    lines = level_lines(fit, "Days").groupby("group")["value"].agg(["first", "last"])
    fitted = fit.fitted()["value"].groupby(sleep["Subject"]).agg(["first", "last"])
    np.testing.assert_allclose(lines.loc[subjects], fitted.loc[subjects], rtol=1e-9)


def test_categories_stand_in_the_order_of_their_levels() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"g": list("AABBCCDD") * 2, "t": ["b", "c", "a", "b"] * 4, "y": rng.normal(size=16)})
    ax = bm.lmer("y ~ t + (1 | g)", frame, method="reml").plot.line("t")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c"]
    assert ax.lines[0].get_xdata(orig=False).tolist() == [0, 1, 2]
