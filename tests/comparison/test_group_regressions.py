"""Regressions between complete pooling and none against dense least squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.group_columns import group_notes
from bayesmixed.comparison.group_regressions import regress
from bayesmixed.design.records import Design

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
