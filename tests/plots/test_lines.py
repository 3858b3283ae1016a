"""Fitted lines of the population and of groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.engines.records import RawDraws
from bayesmixed.plots.lines import level_lines, population_line
from bayesmixed.posterior.tree import draws_tree
from nested_rows import CASES, as_posterior, levels_of, means_of_levels, nested_fit, nested_frame


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


def test_the_population_is_level_along_a_slope_that_only_groups_have(sleepstudy) -> None:
    fit = bm.lmer("Reaction ~ 1 + (0 + Days | Subject)", sleepstudy, method="reml")
    line = population_line(fit, "Days")
    np.testing.assert_allclose(line["value"], fit.fixef()["value"].item())
    lines = level_lines(fit, "Days", levels=["308"])
    slope = fit.ranef().set_index("group").loc["308", "value"]
    np.testing.assert_allclose(lines["value"] - line["value"], slope * line["x"])


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


@pytest.mark.parametrize("method", ["reml", "posterior"])
@pytest.mark.parametrize(("formula", "group"), CASES)
def test_a_line_runs_through_the_mean_of_its_rows_and_stops_where_they_do(
    formula: str, group: str, method: str
) -> None:
    fit = nested_fit(formula) if method == "reml" else as_posterior(nested_fit(formula))
    lines, means = level_lines(fit, "x", group=group), means_of_levels(fit, formula, group)
    assert sorted(lines["group"].unique()) == sorted(means.index)
    own = nested_frame()["x"].groupby(levels_of(group).to_numpy()).agg(["min", "max"])
    for level, line in lines.groupby("group"):
        np.testing.assert_allclose(line["x"].iloc[[0, -1]], own.loc[level])
        height = np.interp(means.loc[level, "x"], line["x"], line["value"])
        # an interaction of x with w, constant in b, leaves the line straight
        assert height == pytest.approx(means.loc[level, "fitted"], rel=1e-9), level


def test_the_line_of_a_nested_level_has_the_uncertainty_of_its_parents() -> None:
    """Draw by draw by hand: the median and the interval of b + u_a + u_ab, not of b + u_ab."""
    spec = nested_fit("y ~ x + (1 | a/b)").spec
    rng, (inner, outer) = np.random.default_rng(3), spec.design.blocks
    raw = RawDraws(
        beta=rng.normal(size=(2, 40, 2)),
        parameters={"sigma": np.ones((2, 40))},
        sd=(np.ones((2, 40, 1)), np.ones((2, 40, 1))),
        corr=(None, None),
        ranef=(rng.normal(size=(2, 40, 15, 1)), 5 * rng.normal(size=(2, 40, 5, 1))),
        sample_stats={},
    )
    fit = replace(as_posterior(nested_fit("y ~ x + (1 | a/b)")), draws=draws_tree(spec.design, raw, {}))
    line = level_lines(fit, "x", group="a:b", levels=["a2:b1"]).iloc[-1]
    ab, a = inner.levels.index("a2:b1"), outer.levels.index("a2")
    effects = raw.ranef[0][:, :, ab, 0] + raw.ranef[1][:, :, a, 0]
    draws = raw.beta[:, :, 0] + raw.beta[:, :, 1] * line["x"] + effects
    expected = np.quantile(draws, [0.5, 0.025, 0.975])
    np.testing.assert_allclose(line[["value", "lower", "upper"]].to_numpy(dtype=float), expected)
    assert fit.equation("a2:b1", digits=6).split()[2] == f"{np.median(raw.beta[:, :, 0] + effects):.6f}"


def test_a_level_of_one_place_is_a_dash() -> None:
    sleep = bm.load_dataset("sleepstudy")
    fit = bm.lmer(
        "Reaction ~ Days + (1 | Subject)",
        sleep[(sleep["Subject"] != "308") | (sleep["Days"] == 3)],
        method="reml",
    )
    dash, line = (ax.lines[1] for ax in fit.plot.groups("Days", levels=["308", "309"]))
    assert (dash.get_marker(), line.get_marker()) == ("_", "None")
    assert set(dash.get_xdata()) == {3.0}


def test_a_level_s_line_over_categories_has_its_own() -> None:
    cake = bm.load_dataset("cake")
    fit = bm.lmer(
        "angle ~ recipe + (1 | replicate)",
        cake[(cake["replicate"] != "1") | (cake["recipe"] != "B")],
        method="reml",
    )
    lines = level_lines(fit, "recipe", levels=["1", "2"])
    assert lines.groupby("group")["x"].agg("".join).to_dict() == {"1": "AC", "2": "ABC"}


def test_pictures_say_at_which_level_a_predictor_is_held() -> None:
    sleep = bm.load_dataset("sleepstudy")
    sleep["arm"] = np.where(sleep["Subject"].isin(["309", "330"]), "placebo", "drug")
    plot = bm.lmer("Reaction ~ Days * arm + (1 | Subject)", sleep, method="reml").plot
    legend = plot.line("Days", group=["308", "309"]).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "population (arm = drug)",
        "308 (arm = drug)",
        "309 (arm = placebo)",
    ]
    axes = plot.groups("Days", levels=["308", "309"])
    assert [ax.get_title() for ax in axes] == ["308\narm = drug", "309\narm = placebo"]
    assert axes[0].figure.get_supxlabel() == "Days\n(population: arm = drug)"
    ax = plot.groups("Days", facets=False)
    assert ax.get_xlabel() == "Days\n(each Subject at its own: arm = drug or arm = placebo)"


def test_what_all_lines_hold_alike_is_said_once() -> None:
    plot = bm.lmer("angle ~ temp + recipe + (1 | replicate)", bm.load_dataset("cake"), method="reml").plot
    axes = plot.groups("temp", levels=["1", "2"])
    assert [ax.get_title() for ax in axes] == ["1", "2"]
    assert axes[0].figure.get_supxlabel() == "temp\n(recipe = A)"
    ax = plot.groups("temp", facets=False)
    assert ax.get_xlabel() == "temp"
    assert ax.get_legend().get_texts()[0].get_text() == "population (recipe = A)"
