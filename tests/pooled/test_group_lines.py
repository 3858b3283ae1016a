"""Lines of groups over a predictor of the data, against regressions of the groups' own rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.nesting import lineage
from bayesmixed.pooled.conditional_estimates import estimate_of_draws
from bayesmixed.pooled.errors import pooling_errors
from bayesmixed.pooled.explorer import STEPS, explorer_data, pooling_path
from bayesmixed.pooled.group_lines import group_lines, predictor_of
from bayesmixed.pooled.methods import pooled_groups, pooling_table
from bayesmixed.verbs.lines import line_points
from nested_rows import CASES, as_posterior, levels_of, means_of_levels, nested_fit, nested_frame


def sleep() -> pd.DataFrame:
    """Sleep study with treatments of subjects, a count that differs within them, and halves of the days."""
    frame = bm.load_dataset("sleepstudy")
    subjects = frame["Subject"].unique()
    frame["arm"] = np.where(frame["Subject"].isin(subjects[::2]), "drug", "placebo")
    frame["cups"] = np.random.default_rng(1).poisson(3, len(frame)).astype(float)
    frame["half"] = np.where(frame["Days"] < 5, "early", "late")
    return frame


SLEEP = sleep()
FORMULAS = [
    "Reaction ~ Days + (Days | Subject)",
    "Reaction ~ Days * arm + (Days | Subject)",
    "Reaction ~ Days * arm + (1 | Subject)",
    "Reaction ~ arm + Days:arm + (0 + Days | Subject)",
    "Reaction ~ poly(Days, 2) + (1 | Subject)",
    "Reaction ~ scale(Days) + arm + (scale(Days) | Subject)",
    "Reaction ~ log(Days + 1) * arm + (log(Days + 1) | Subject)",
    "Reaction ~ C(Days) + (1 | Subject)",
    "Reaction ~ half * arm + (half | Subject)",
    "Reaction ~ 1 + (Days | Subject)",
    "Reaction ~ 1 + (1 | Subject)",
    "Reaction ~ offset(2 * Days) + Days * arm + (Days | Subject)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_ends_of_lines_are_fitted_values(formula: str) -> None:
    pooling = bm.pooling(formula, SLEEP, method="reml")
    groups, levels = pooling.groups, np.arange(18)
    lines = group_lines(groups, levels)
    first = np.flatnonzero(SLEEP["Days"] == 0)
    last = first + 9
    for heights, fitted in (
        (lines.heights(groups.partial), pooling.fit.fitted()["value"].to_numpy()),
        (lines.heights(groups.complete.coefficients), groups.complete.fitted),
        (lines.heights(groups.none.coefficients), groups.none.fitted),
        (lines.heights(groups.lines.coefficients), groups.lines.fitted),
    ):
        assert heights[:, 0] == pytest.approx(fitted[first], rel=1e-8)
        assert heights[:, -1] == pytest.approx(fitted[last], rel=1e-8)


@pytest.mark.parametrize(
    ("formula", "degree", "places"),
    [
        ("Reaction ~ Days * arm + (Days | Subject)", 1, 2),
        ("Reaction ~ poly(Days, 2) * arm + (1 | Subject)", 2, 25),
        ("Reaction ~ Days + I(Days**2) + (1 | Subject)", 2, 25),
    ],
)
def test_lines_without_pooling_are_the_groups_own_regressions(formula: str, degree: int, places: int) -> None:
    groups = bm.pooling(formula, SLEEP, method="reml", no_pooling="lines").groups
    lines = group_lines(groups, [1, 4])
    assert (lines.predictor, lines.at.shape) == ("Days", (2, places))
    heights, at = lines.heights(groups.none.coefficients[[1, 4]]), lines.at
    for i, level in enumerate((1, 4)):
        rows = SLEEP[SLEEP["Subject"] == groups.block.levels[level]]
        own = np.polyfit(rows["Days"], rows["Reaction"], degree)
        assert heights[i] == pytest.approx(np.polyval(own, at[i]), rel=1e-8)


def test_other_predictors_are_as_in_the_rows() -> None:
    pooling = bm.pooling("Reaction ~ Days * cups + (Days | Subject)", SLEEP, method="reml")
    groups = pooling.groups
    heights = group_lines(groups, [3]).heights(groups.partial[[3]])[0]
    rows = SLEEP[SLEEP["Subject"] == groups.block.levels[3]]
    for height, day in zip(heights, (0, 9), strict=True):
        predicted = pooling.fit.predict(rows.assign(Days=day))["value"].mean()
        assert height == pytest.approx(predicted, rel=1e-9)


@pytest.mark.parametrize(
    ("formula", "name", "ticks"),
    [
        ("Reaction ~ half + Days + (1 | Subject)", "Days", ()),
        ("Reaction ~ cups + log(Days + 1) + (log(Days + 1) | Subject)", "Days", ()),
        ("Reaction ~ half * arm + (1 | Subject)", "half", ("early", "late")),
        ("Reaction ~ arm + (1 | Subject)", None, ()),
    ],
)
def test_the_predictor_is_a_column_of_the_data(
    formula: str, name: str | None, ticks: tuple[str, ...]
) -> None:
    groups = bm.pooling(formula, SLEEP, method="reml").groups
    found = predictor_of(groups)
    assert (found.name if found else None) == name
    assert group_lines(groups, [0]).ticks == ticks


def test_a_line_that_rows_do_not_tell_is_not_drawn() -> None:
    groups = bm.pooling(FORMULAS[0], SLEEP.iloc[9:60], method="reml").groups
    heights = group_lines(groups, np.arange(6)).heights(groups.none.coefficients)
    assert np.isnan(heights[0]).all()
    assert np.isfinite(heights[1:]).all()


@pytest.mark.parametrize("method", ["reml", "posterior"])
@pytest.mark.parametrize(("formula", "group"), CASES)
def test_lines_of_nested_groups_run_through_the_means_of_their_rows(
    formula: str, group: str, method: str
) -> None:
    fit = nested_fit(formula)
    if method == "reml":
        groups = pooled_groups(fit.estimate, group=group)
    else:
        spec, draws = fit.spec, as_posterior(fit).draws
        partial = line_points(draws, spec, lineage(spec.design, spec.design.block(group)))
        groups = pooled_groups(estimate_of_draws(spec.design, draws), partial=partial, group=group)
    lines, means = group_lines(groups, np.arange(groups.block.n_levels)), means_of_levels(fit, formula, group)
    heights, at = lines.heights(groups.partial), lines.at
    own = nested_frame()["x"].groupby(levels_of(group).to_numpy()).agg(["min", "max"])
    assert lines.predictor == "x"
    for j, level in enumerate(groups.block.levels):
        assert at[j] == pytest.approx(own.loc[level])
        height = np.interp(means.loc[level, "x"], at[j], heights[j])
        assert height == pytest.approx(means.loc[level, "fitted"], rel=1e-6), level


def test_the_table_and_the_path_of_a_nested_factor_add_its_parents() -> None:
    fit = nested_fit("y ~ x + (1 | a/b)")
    groups = pooled_groups(fit.estimate, group="a:b")
    ranef = fit.ranef().set_index(["group_var", "group"])["value"].sort_index()
    table = pooling_table(groups).query("effect == 'Intercept'").set_index("group")
    for level in table.index:
        expected = fit.fixef()["value"][0] + ranef["a:b", level] + ranef["a", level.split(":")[0]]
        assert table.loc[level, "partial"] == pytest.approx(expected, rel=1e-9)
    assert "effects of a added" in str(table.attrs)
    # partial values lie between the line of the parent and the group's own rows, by the weight
    path = pooling_path(groups)
    assert path.coefficients[STEPS // 2] == pytest.approx(groups.partial, rel=1e-7)
    parent = path.coefficients[0, :, 0].reshape(5, 3)
    assert parent == pytest.approx(np.repeat(parent[:, :1], 3, axis=1))
    assert np.ptp(parent[:, 0]) > 1
    assert explorer_data(groups, path, posterior=False)["parents"] == ["a"]


def test_an_effect_of_parents_alone_takes_no_part_in_the_regressions() -> None:
    groups = pooled_groups(nested_fit("y ~ 1 + (x | a) + (1 | a:b)").estimate, group="a:b")
    assert groups.columns.names == ("Intercept", "x")
    assert np.all(groups.none.coefficients[:, 1] == 0.0)
    means = nested_frame()["y"].groupby(levels_of("a:b").to_numpy()).mean()
    assert groups.none.coefficients[:, 0] == pytest.approx(means.loc[list(groups.block.levels)])
    assert np.isfinite(pooling_errors(groups, k=3)["rmse"]).all()
