"""Lines of groups over a predictor of the data, against regressions of the groups' own rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.group_lines import group_lines, predictor_of


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
    assert (lines.predictor, len(lines.at)) == ("Days", places)
    for level, heights in zip((1, 4), lines.heights(groups.none.coefficients[[1, 4]]), strict=True):
        rows = SLEEP[SLEEP["Subject"] == groups.block.levels[level]]
        own = np.polyfit(rows["Days"], rows["Reaction"], degree)
        assert heights == pytest.approx(np.polyval(own, lines.at), rel=1e-8)


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
