"""A regression for every group by itself, against R's lm and nlme's lmList, our own lm, and pooling."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from references import REGRESSIONS, SHARED
from regressions import FRAME

LINES = bm.lm_by_group("y ~ x", FRAME, group="g")
NUMBERS = ["value", "se", "t", "p_value"]


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(np.asarray(ours, dtype=float), theirs, rtol=1e-8, atol=1e-8)


def test_every_group_is_r_s_regression_of_its_rows() -> None:
    table, sizes = LINES.coef(), LINES.groups().set_index("group")
    for group, known in REGRESSIONS["groups"].items():
        same(table.loc[table["group"] == group, NUMBERS], known["coefficients"])
        same(sizes.loc[group, ["sigma", "n"]], [known["sigma"], known["n"]])
    assert (table["df"] == 4).all()
    assert (sizes["note"] == "").all()


def test_pooled_errors_are_those_of_lmlist() -> None:
    table = LINES.coef(pooled=True)
    same(LINES.sigma, REGRESSIONS["pooled_sigma"])
    assert (table["df"] == REGRESSIONS["pooled_df"]).all()
    for term, known in REGRESSIONS["pooled_coef"].items():
        same(table.loc[table["effect"] == term, NUMBERS], known)
    assert "all groups together, 1.459" in table.attrs["legend"]


@pytest.mark.parametrize(
    ("formula", "weights"),
    [("y ~ x + z", "w"), ("y ~ x + offset(o)", None), ("y ~ 0 + x", None), ("log(time) ~ poly(x, 2)", None)],
)
def test_every_group_is_our_own_regression_of_its_rows(formula: str, weights: str | None) -> None:
    lines = bm.lm_by_group(formula, FRAME, group="g", weights=weights)
    straight = formula.replace("poly(x, 2)", "x + I(x^2)")
    for group, rows in FRAME.groupby("g"):
        fit = bm.lm(straight, rows, method="ols", weights=weights)
        table = lines.coef().query("group == @group")
        if straight == formula:
            same(table[[*NUMBERS, "lower_2.5", "df"]], fit.fixef()[[*NUMBERS, "lower_2.5", "df"]])
        sizes = lines.groups().set_index("group").loc[group]
        same([sizes["sigma"], sizes["df"]], [fit.sigma, fit.estimate.df_residual])


def test_what_a_group_does_not_determine_is_nan_and_said() -> None:
    frame = pd.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, 3.0, 5.0, 2.0, 7.0, 1.0, 3.0],
            "x": [0.0, 1.0, 2.0, 1.0, 1.0, 3.0, 0.0, 1.0, 5.0],
            "g": [*"aaa", *"bb", "c", *"dd", "e"],
        }
    )
    with pytest.warns(bm.DesignWarning, match=r"4 of 5 groups of 'g' .* is NaN, and groups\(\) says why"):
        lines = bm.lm_by_group("y ~ x", frame, group="g")
    sizes = lines.groups().set_index("group")
    assert sizes["df"].tolist() == [1, 1, 0, 0, 0]
    assert sizes["note"].tolist() == [
        "",
        "'x' constant in this group",
        "one row",
        "no degrees of freedom left",
        "one row",
    ]
    table = lines.coef().set_index(["effect", "group"])
    assert table["value"].isna().groupby("group").all().tolist() == [False, True, True, False, True]
    assert table.loc[("x", "d"), "value"] == pytest.approx(-6)
    assert table.loc[("x", "d"), ["se", "t", "df", "p_value"]].isna().all()
    assert lines.coef(pooled=True).set_index(["effect", "group"]).loc[("x", "d"), "se"] > 0
    assert lines.sigma == pytest.approx(np.sqrt((1.0 / 6.0 + 2.0) / 2))
    assert "Groups that lack something: 4" in str(lines)
    assert [len(ax.get_yticklabels()) for ax in lines.plot()] == [1, 1]


def test_pooling_stands_on_the_same_numbers() -> None:
    lines = LINES.coef().set_index(["effect", "group"])["value"]
    pooled = bm.pooling("y ~ x + (x | g)", FRAME, method="reml", no_pooling="lines")
    same(pooled.table().set_index(["effect", "group"])["none"].loc[lines.index], lines)
    own = bm.pooling("y ~ x + (x | g)", FRAME, method="reml").table().set_index(["effect", "group"])
    same(own["none"].loc[lines.index], lines)
    same(pooled.models().set_index("model").loc["lines", "sigma"], LINES.sigma)


def test_groups_may_be_called_anything() -> None:
    renamed = FRAME.rename(columns={"g": "the group"})
    assert bm.lm_by_group("y ~ x", renamed, group="the group").coef()["value"].equals(LINES.coef()["value"])
    crossed = bm.lm_by_group("y ~ 1", FRAME.assign(h=FRAME["x"] > 2), group="f:h").groups()
    assert crossed["n"].sum() == len(FRAME)
    assert crossed["group"].str.contains(":").all()


@pytest.mark.parametrize(
    ("formula", "group", "words"),
    [
        ("y ~ x + (1 | g)", "g", "takes a formula without bars"),
        ("y ~ x", "f/g", "names several grouping factors"),
        ("y ~ x", "nothing", "nothing"),
        ("y ~ 0", "g", "does not have a coefficient"),
        ("y ~ x", "one", "has one level only: bm.lm"),
    ],
)
def test_what_cannot_be_is_refused(formula: str, group: str, words: str) -> None:
    with pytest.raises(bm.BayesmixedError, match=words):
        bm.lm_by_group(formula, FRAME.assign(one=1), group=group)


def test_nothing_to_draw_is_said() -> None:
    with pytest.warns(bm.DesignWarning, match="60 of 60 groups"):
        rows = bm.lm_by_group("y ~ x", FRAME.assign(row=range(60)), group="row")
    assert rows.coef().query("effect == 'x'")["value"].isna().all()
    assert np.isnan(rows.sigma)
    with pytest.raises(bm.DataError, match="No group has an interval to draw"):
        rows.plot()


@pytest.mark.skipif(not SHARED.is_dir(), reason="data of the teaching texts")
def test_the_teaching_texts_print_the_same() -> None:
    """School 1 of the Netherlands, with p 4.0e-4; and schools 2 and 10."""
    parts = (pd.read_csv(SHARED / "data" / f"netherlands-{what}.csv") for what in ("students", "schools"))
    pupils, schools = parts
    joined = pupils.merge(schools, on="school_id", how="left")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = bm.lm_by_group("language_post ~ verbal_iq", joined, group="school_id")
    table = lines.coef()
    assert len(table) == 262
    chosen = table.set_index(["group", "effect"]).loc[["1", "2", "10"]]
    assert chosen["value"].map("{:.3g}".format).tolist() == ["39.8", "2.24", "27.4", "1.28", "38.1", "5.76"]
    assert chosen["se"].map("{:.3g}".format).tolist()[:2] == ["1.58", "0.541"]
    assert f"{chosen['p_value'].iloc[1]:.1e}" == "4.0e-04"
