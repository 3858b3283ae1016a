"""Intraclass correlations against R's performance on lme4's estimates, and against the definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.verbs import icc


@pytest.mark.parametrize(
    ("model", "kind", "expected"),
    [
        # performance::icc on lme4 1.1-31, three decimals
        ("sleepstudy_correlated", "adjusted", 0.722),
        ("sleepstudy_correlated", "unadjusted", 0.521),
        ("gpa_intercept", "adjusted", 0.523),
        ("gpa_intercept", "unadjusted", 0.412),
        ("nba", "adjusted", 0.617),
        ("nba", "unadjusted", 0.496),
        # 339.7 / (339.7 + 223.8) in the text
        ("dragons_range", "adjusted", 0.603),
    ],
)
def test_lme4(at_lme4: Callable[[str], Any], model: str, kind: Any, expected: float) -> None:
    fit = at_lme4(model)
    table = icc(fit, kind=kind)
    assert table["icc"].item() == pytest.approx(expected, abs=5e-4)


def test_columns(toy: Any) -> None:
    table = icc(toy)
    assert list(table.columns) == ["group", "icc", "lower_2.5", "upper_97.5", "formula"]
    assert table["group"].tolist() == ["a", "b", "all"]


def test_is_the_mean_over_rows_of_zsz_draw_by_draw(toy: Any) -> None:
    posterior, design = toy.draws["posterior"], toy.spec.design
    shares = []
    for c in range(2):
        for d in range(50):
            point = posterior.to_dataset().isel(chain=c, draw=d)
            variance = {}
            for block in design.blocks:
                sd = np.diag(point[f"sd_{block.group}"].to_numpy())
                corr = point[f"corr_{block.group}"].to_numpy() if block.has_correlation else np.eye(2)
                covariance = sd @ corr @ sd
                variance[block.group] = np.mean([z @ covariance @ z for z in block.columns])
            fixed = np.var(design.fixed.matrix @ point["beta"].to_numpy(), ddof=1)
            residual = float(point["sigma"]) ** 2
            total = sum(variance.values())
            row = [variance["a"], variance["b"], total]
            shares.append([[v / (total + f + residual) for v in row] for f in (0.0, fixed)])
    adjusted, unadjusted = np.quantile(np.array(shares), [0.025, 0.5, 0.975], axis=0).transpose(1, 2, 0)
    bounds = ["lower_2.5", "icc", "upper_97.5"]
    np.testing.assert_allclose(icc(toy)[bounds], adjusted)
    np.testing.assert_allclose(icc(toy, kind="unadjusted")[bounds], unadjusted)


def test_conditional_is_the_old_name_of_unadjusted(toy: Any) -> None:
    old = icc(toy, kind="conditional")
    assert old.equals(icc(toy, kind="unadjusted"))


@pytest.mark.parametrize("days", [0, 3, 9])
def test_at_a_point(at_lme4: Callable[[str], Any], days: float) -> None:
    fit = at_lme4("sleepstudy_correlated")
    # variances and covariance of lme4 1.1-31: reference/lme4.json
    v00, v11, v01, residual = 612.100158, 35.071714, 9.604409, 654.940008
    between = v00 + 2 * v01 * days + v11 * days**2
    value = icc(fit, at={"Days": days})["icc"].item()
    assert value == pytest.approx(between / (between + residual), rel=1e-6)


def test_effects_not_named_keep_their_values(toy: Any) -> None:
    one = icc(toy, at={"z": 0.5})
    assert one["formula"].str.contains("z = 0.5").all()
    columns = toy.spec.design.blocks[1].columns
    sd, sigma = toy.draws["posterior"]["sd_b"], toy.draws["posterior"]["sigma"]
    variance = sd.sel(b_effect="Intercept") ** 2 + 0.25 * sd.sel(b_effect="z") ** 2
    other = toy.draws["posterior"]["sd_a"].to_numpy()
    corr = toy.draws["posterior"]["corr_a"].to_numpy()[..., 0, 1]
    x = toy.spec.design.blocks[0].columns[:, 1]
    between = (
        other[..., 0] ** 2
        + 2 * corr * other[..., 0] * other[..., 1] * x.mean()
        + other[..., 1] ** 2 * (x**2).mean()
    )
    expected = np.median(variance / (variance + between + sigma**2))
    assert one["icc"].iloc[1] == pytest.approx(expected)
    np.testing.assert_array_equal(toy.spec.design.blocks[1].columns, columns)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ({"X": 1}, "Did you mean 'x'"),
        ({"Intercept": 2}, "names 'Intercept', which is not a random effect"),
        ({"x": "high"}, "one finite number"),
        ({"x": float("nan")}, "one finite number"),
    ],
)
def test_a_point_that_is_none(toy: Any, at: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        icc(toy, at=at)


def test_unknown_kind(toy: Any) -> None:
    with pytest.raises(BayesmixedError, match="'adjusted'"):
        icc(toy, kind="raw")  # type: ignore[arg-type]


def test_formulas(toy: Any, at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("gpa_intercept")
    table = icc(fit)
    assert table["formula"].tolist() == ["V/(V_all+sigma^2)"]
    assert table.attrs["legend"] == (
        "V: variance of the intercepts of the row's group; V_all: V of all groups together; "
        "sigma^2: residual variance"
    )
    table = icc(toy, kind="unadjusted", at={"x": 2})
    assert table["formula"].tolist() == ["V/(V_fix+V_all+sigma^2) at x = 2"] * 3
    assert "V: mean over the rows of z'Sz" in table.attrs["legend"]
    assert "V_fix: variance of X beta" in table.attrs["legend"]


@pytest.mark.parametrize("kind", ["adjusted", "unadjusted"])
@pytest.mark.parametrize("group", ["Subject", "plate", "mountainRange:site"])
def test_a_narrow_screen_shows_every_column(toy: Any, group: str, kind: Any) -> None:
    table = icc(toy, kind=kind).replace({"group": {"a": group}})
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        lines = str(table).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == list(table.columns)
    assert all("sigma^2)" in line for line in lines[1:])


def test_several_values_give_a_curve(toy: Any) -> None:
    curve = icc(toy, at={"x": [0, 2], "z": np.array([-1.0, 1.0, 3.0])})
    assert list(curve.columns) == ["x", "z", "group", "icc", "lower_2.5", "upper_97.5", "formula"]
    assert curve["x"].tolist() == [0] * 9 + [2] * 9
    one = icc(toy, at={"x": 2, "z": 1.0})
    part = curve.query("x == 2 and z == 1").drop(columns=["x", "z"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(part, one, check_like=True)
    assert curve.attrs == one.attrs


def test_a_curve_needs_values(toy: Any) -> None:
    with pytest.raises(DataError, match="no value for 'x'"):
        icc(toy, at={"x": []})
    with pytest.raises(DataError, match="one finite number for 'x'"):
        icc(toy, at={"x": [1.0, np.inf]})
