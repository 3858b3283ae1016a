"""Pictures of shrinkage: what is drawn is what the table says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.quiver import Quiver

import bayesmixed as bm

SLEEP = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def sleep() -> bm.Pooling:
    return bm.pooling(SLEEP, bm.load_dataset("sleepstudy"), method="reml")


@pytest.fixture(scope="module")
def schools() -> bm.Pooling:
    return bm.pooling("langPOST ~ IQ_verb + (1 | schoolNR)", bm.load_dataset("bdf"), method="reml")


def test_arrows_run_from_no_to_partial_pooling(sleep: bm.Pooling) -> None:
    ax = sleep.plot()
    table = sleep.table()
    none, partial = (
        table.pivot_table(index="group", columns="effect", values=v) for v in ("none", "partial")
    )
    arrows = next(artist for artist in ax.get_children() if isinstance(artist, Quiver))
    start = np.column_stack([arrows.X, arrows.Y])
    assert start == pytest.approx(none[["Intercept", "Days"]].to_numpy())
    moved = np.column_stack([arrows.U, arrows.V])
    assert start + moved == pytest.approx(partial[["Intercept", "Days"]].to_numpy())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Intercept", "Days")


def test_ellipses_hold_their_share(sleep: bm.Pooling) -> None:
    ax = sleep.plot.shrinkage()
    covariance, centre = sleep.groups.estimate.optimum.covariances[0], sleep.groups.population
    for line, share in zip(ax.lines, (0.5, 0.95), strict=True):
        away = line.get_xydata() - centre
        distance = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
        assert distance == pytest.approx(np.full(len(away), -2 * np.log(1 - share)))


def test_one_effect_gives_dots(sleep: bm.Pooling, schools: bm.Pooling) -> None:
    ax = sleep.plot.shrinkage(effects="Days")
    dots = ax.collections[-1].get_offsets()[:, 0]
    table = sleep.table()
    expected = table.loc[table["effect"] == "Days", "partial"]
    assert np.asarray(dots) == pytest.approx(np.sort(expected))
    assert len(ax.get_yticklabels()) == 18
    assert list(schools.plot.shrinkage().get_yticks()) == []


def test_effects_that_cannot_be_drawn(sleep: bm.Pooling) -> None:
    with pytest.raises(
        bm.BayesmixedError, match=r"'days' does not vary over 'Subject'\. Did you mean 'Days'"
    ):
        sleep.plot.shrinkage(effects="days")
    formula = "Reaction ~ Days + I(Days > 4) + (Days + I(Days > 4) || Subject)"
    three = bm.pooling(formula, bm.load_dataset("sleepstudy"), method="reml")
    with pytest.raises(bm.BayesmixedError, match="two axes"):
        three.plot.shrinkage(effects=three.groups.varying)


def test_lines_are_those_of_the_table(sleep: bm.Pooling) -> None:
    (ax,) = sleep.plot.lines(levels=["308"])
    rows = sleep.table().query("group == '308'").set_index("effect")
    for line, way in zip(ax.lines, ("complete", "none", "partial"), strict=True):
        x, y = line.get_data()
        assert y == pytest.approx(rows.loc["Intercept", way] + rows.loc["Days", way] * x)
    assert len(ax.collections[0].get_offsets()) == 10


def test_lines_of_random_intercepts_go_through_the_group(schools: bm.Pooling) -> None:
    axes = schools.plot.lines(most=6)
    assert len(axes) == 6
    partial = [ax.lines[2].get_xydata() for ax in axes]
    slopes = {((ends[-1, 1] - ends[0, 1]) / (ends[-1, 0] - ends[0, 0])).round(9) for ends in partial}
    assert len(slopes) == 1


def test_groups_that_are_named(sleep: bm.Pooling) -> None:
    with pytest.raises(bm.DataError, match="'999'"):
        sleep.plot.lines(levels=["999"])


def test_groups_without_a_line_are_drawn_with_their_note() -> None:
    frame = bm.load_dataset("sleepstudy").iloc[9:60]
    pooling = bm.pooling(SLEEP, frame, method="reml")
    ax = pooling.plot.lines()[0]
    assert ax.get_title() == "308 (1, one row)"
    assert pooling.plot.shrinkage().collections


def test_models_without_a_predictor_have_flat_lines() -> None:
    pooling = bm.pooling("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml")
    for ax in pooling.plot.lines():
        assert all(np.ptp(line.get_ydata()) == 0.0 for line in ax.lines)


def test_reliability_by_size(schools: bm.Pooling) -> None:
    ax = schools.plot.by_size()
    sizes, reliability = np.asarray(ax.collections[0].get_offsets()).T
    assert np.round(sizes) == pytest.approx(np.array(schools.groups.n_rows))
    curve = ax.lines[0].get_xydata()
    assert reliability == pytest.approx(np.interp(np.round(sizes), *curve.T), abs=2e-3)
    assert ax.get_xlabel() == "rows of the schoolNR"


@pytest.mark.parametrize(("options", "below"), [({}, "Days (12 of 18 groups)"), ({"most": 18}, "Days")])
def test_how_many_groups_are_drawn(sleep: bm.Pooling, options: dict[str, int], below: str) -> None:
    axes = sleep.plot.lines(**options)
    assert axes[0].figure.get_supxlabel() == below


def test_lines_of_interactions_are_the_regressions_of_the_rows() -> None:
    frame = bm.load_dataset("sleepstudy")
    frame["arm"] = np.where(frame["Subject"].isin(frame["Subject"].unique()[::2]), "drug", "placebo")
    pooling = bm.pooling("Reaction ~ Days * arm + (Days | Subject)", frame, method="reml")
    (ax,) = pooling.plot.lines(levels=["309"])
    rows = frame[frame["Subject"] == "309"]
    own = np.polyfit(rows["Days"], rows["Reaction"], 1)
    x, y = ax.lines[1].get_data()
    assert y == pytest.approx(np.polyval(own, x))
    assert list(x) == [0, 9]


def test_lines_over_levels_have_their_names() -> None:
    frame = bm.load_dataset("sleepstudy").assign(half=lambda f: np.where(f["Days"] < 5, "early", "late"))
    ax = bm.pooling("Reaction ~ half + (1 | Subject)", frame, method="reml").plot.lines(most=2)[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["early", "late"]
