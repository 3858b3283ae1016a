"""Regressions between complete pooling and none against dense least squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.group_columns import coefficient_columns, group_notes
from bayesmixed.comparison.versus import two_stages
from bayesmixed.design.records import Design
from bayesmixed.pooled.conditional_estimates import coefficients_of, pooled_by, unpooled_covariance
from bayesmixed.pooled.records import regress

SLEEP = bm.load_dataset("sleepstudy")


def design_of(formula: str, frame: pd.DataFrame, **options: object) -> Design:
    return bm.specify(formula, frame, **options).design


def dense(design: Design, own: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Fitted values and leverages of one regression with a column for every own coefficient."""
    block, fixed = design.blocks[0], design.fixed
    marks = np.eye(block.n_levels)[block.codes]
    parts = [
        marks * column[:, None] if name in own else column[:, None]
        for name, column in zip(fixed.terms, fixed.matrix.T, strict=True)
    ]
    root = np.sqrt(np.ones(design.n_rows) if design.weights is None else design.weights)
    matrix = np.hstack(parts) * root[:, None]
    hat = matrix @ np.linalg.pinv(matrix, rcond=1e-10)
    return (hat @ (design.response.values * root)) / root, np.diag(hat)


@pytest.mark.parametrize("own", [(), ("Intercept",), ("Days",), ("Intercept", "Days")])
@pytest.mark.parametrize("weighted", [False, True])
def test_fitted_values_and_leverages_are_those_of_one_big_regression(
    own: tuple[str, ...], weighted: bool
) -> None:
    frame = SLEEP.iloc[:57].assign(w=np.random.default_rng(1).uniform(0.5, 2, 57))
    design = design_of("Reaction ~ Days + (Days | Subject)", frame, weights="w" if weighted else None)
    found = regress(design, design.blocks[0], own)
    fitted, leverage = dense(design, own)
    assert found.fitted == pytest.approx(fitted, rel=1e-9)
    assert found.leverage == pytest.approx(leverage, abs=1e-9)
    assert found.n_coefficients == pytest.approx(found.leverage.sum())


def test_complete_pooling_is_ordinary_least_squares() -> None:
    """R: lm(Reaction ~ Days, sleepstudy), 251.4051 and 10.4673."""
    design = design_of("Reaction ~ Days + (Days | Subject)", SLEEP)
    found = regress(design, design.blocks[0], ())
    assert found.coefficients[0] == pytest.approx([251.4051, 10.4673], abs=5e-5)
    slope, intercept = np.polyfit(SLEEP["Days"], SLEEP["Reaction"], 1)
    assert found.coefficients == pytest.approx(np.tile([intercept, slope], (18, 1)), rel=1e-9)


def test_a_column_constant_in_groups_is_told_by_the_groups() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"g": np.repeat([f"g{i}" for i in range(8)], 5)})
    frame["v"] = np.repeat(rng.normal(size=8), 5)
    frame["y"] = 1.0 + 2.0 * frame["v"] + np.repeat(rng.normal(size=8), 5) + rng.normal(size=40)
    design = design_of("y ~ v + (1 | g)", frame)
    found = regress(design, design.blocks[0], ("Intercept",)).coefficients
    means = frame.groupby("g").mean()
    slope, _ = np.polyfit(means["v"], means["y"], 1)
    assert found[:, 1] == pytest.approx(np.full(8, slope))
    assert found[:, 0] == pytest.approx((means["y"] - slope * means["v"]).to_numpy())


@pytest.mark.parametrize(
    ("rows", "note", "told"),
    [
        (slice(0, 10), "", [True, True]),
        (slice(0, 1), "one row", [True, False]),
        (slice(3, 4), "one row", [False, False]),
        ([2, 2, 2], "'Days' constant in this group", [False, False]),
    ],
)
def test_groups_that_tell_too_little_survive_with_a_note(
    rows: slice | list[int], note: str, told: list[bool]
) -> None:
    odd = SLEEP.iloc[:10].iloc[rows]
    design = design_of("Reaction ~ Days + (Days | Subject)", pd.concat([odd, SLEEP.iloc[10:60]]))
    assert group_notes(design, design.blocks[0])[0] == note
    found = regress(design, design.blocks[0], ("Intercept", "Days"))
    assert np.isfinite(found.coefficients[0]).tolist() == told
    assert np.isfinite(found.coefficients[1:]).all()
    assert np.isfinite(found.fitted).all()


def two_arms(n_groups: int = 10) -> pd.DataFrame:
    """Groups of six rows in two arms, with a predictor of groups."""
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(n_groups), 6)
    frame = pd.DataFrame(
        {"g": [f"g{i}" for i in g], "x": rng.normal(size=len(g)), "w": rng.normal(size=n_groups)[g]}
    )
    frame["arm"] = np.where(g % 2, "b", "a")
    own = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], n_groups)[g]
    return frame.assign(y=own[:, 0] + frame["w"] + (1 + own[:, 1]) * frame["x"] + rng.normal(size=len(g)))


@pytest.mark.parametrize("fixed", ["x + w", "x * w", "x * arm + w", "x + I(x + w)"])
@pytest.mark.parametrize("drop", [0, 4], ids=["all told", "groups of few rows"])
def test_no_pooling_is_where_growing_variances_lead(fixed: str, drop: int) -> None:
    """Correlated effects: the second regression needs their covariance."""
    frame = two_arms().drop(index=range(1, 1 + drop))
    estimate = bm.lmer(f"y ~ {fixed} + (x | g)", frame, method="reml").estimate
    block = estimate.design.blocks[0]
    covariance = unpooled_covariance(estimate, 0)
    found = regress(estimate.design, block, block.effects, covariance).coefficients
    names = coefficient_columns(estimate.design, block).names
    far = coefficients_of(pooled_by(estimate, 0, 3e3), 0, names)
    told = np.isfinite(found)
    assert told.any(axis=0).all()
    assert found[told] == pytest.approx(far[told], rel=1e-3, abs=1e-3)
    equal = regress(estimate.design, block, block.effects).coefficients
    assert np.abs(equal - far)[told].max() > 0.02 or fixed == "x * w"


def test_an_intercept_that_is_only_fixed_is_told_within_groups() -> None:
    """R: 36 coefficients of lm(Reaction ~ Subject * Days)."""
    pooling = bm.pooling("Reaction ~ Days + (0 + Days | Subject)", SLEEP, method="reml")
    assert pooling.groups.lines.n_coefficients == 36
    assert pooling.groups.columns.within == ("Intercept", "Days")
    assert pooling.groups.none.n_coefficients == 19
    assert two_stages(pooling.groups.design).common.keys() == {"Intercept"}


@pytest.mark.parametrize("fixed", ["x * arm", "x * w", "arm + x:arm", "x + x:arm", "0 + arm + x:arm"])
def test_products_with_group_level_predictors_are_no_reason_for_a_note(fixed: str) -> None:
    for bar in ("(x | g)", "(1 | g)", "(0 + x | g)"):
        design = design_of(f"y ~ {fixed} + {bar}", two_arms())
        assert group_notes(design, design.blocks[0]) == ("",) * 10


def test_notes_beside_interactions_are_of_the_groups_that_deserve_them() -> None:
    frame = two_arms()
    frame.loc[:5, "x"] = 0.5
    design = design_of("y ~ x * arm + (x | g)", frame.drop(index=range(7, 12)))
    notes = group_notes(design, design.blocks[0])
    assert notes[:3] == ("'x' constant in this group", "one row", "")
    assert set(notes[2:]) == {""}
