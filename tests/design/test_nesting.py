"""The warning of implicit nesting, and its silence."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from references import SHARED, reference_frame


def nested(labels: list[str], *, per_cell: int = 8, sd: float = 2.0, dropped: bool = False) -> pd.DataFrame:
    """Plots within blocks, labelled anew in each, whose effects have nothing to do with each other."""
    rng = np.random.default_rng(4)
    cells = [(f"block {i}", label) for i in range(9) for label in labels]
    frame = pd.DataFrame(cells, columns=["block", "plot"])
    frame["mean"] = rng.normal(0, sd, len(frame)) + np.repeat(rng.normal(0, 2, 9), len(labels))
    if dropped:
        frame = frame[~((frame["plot"] == labels[-1]) & frame["block"].isin(["block 2", "block 5"]))]
    frame = frame.loc[frame.index.repeat(per_cell)].reset_index(drop=True)
    return frame.assign(y=frame["mean"] + rng.normal(size=len(frame)))


def crossed(interaction: float) -> pd.DataFrame:
    """Raters A, B, C who each see every subject several times."""
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(
        [(f"s{i}", r) for i in range(20) for r in "ABC" for _ in range(4)], columns=["s", "r"]
    )
    effects = frame["r"].map({"A": -3.0, "B": 0.0, "C": 3.0}) + frame["s"].map(
        dict(zip(frame["s"].unique(), rng.normal(0, 2, 20), strict=True))
    )
    between = np.repeat(rng.normal(0, interaction, 60), 4)
    return frame.assign(y=effects + between + rng.normal(size=240))


FORMULA = "y ~ 1 + (1 | block) + (1 | plot)"


@pytest.mark.parametrize("labels", [["a", "b", "c"], ["1", "2", "3", "4"], ["plot1", "plot2", "plot3"]])
@pytest.mark.parametrize("dropped", [False, True])
def test_labels_that_begin_anew_raise_it(labels: list[str], dropped: bool) -> None:
    with pytest.warns(bm.DesignWarning, match=r"\(1 \| block/plot\)") as caught:
        bm.specify(FORMULA, nested(labels, dropped=dropped))
    assert len(caught) == 1
    assert "(1 | block) + (1 | plot) + (1 | block:plot)" in str(caught[0].message)


@pytest.mark.parametrize(
    ("formula", "frame"),
    [
        ("y ~ 1 + (1 | block/plot)", nested(["a", "b", "c"])),
        ("y ~ 1 + (1 | block) + (1 | plot) + (1 | block:plot)", nested(["a", "b", "c"])),
        (FORMULA, nested(["north", "south", "east"])),
        (FORMULA, nested(["a", "b", "c"], per_cell=1)),
        (FORMULA, nested(["a", "b", "c"], sd=0.0)),
        ("y ~ 1 + (1 | s) + (1 | r)", crossed(0.0)),
        ("y ~ 1 + (1 | s) + (1 | r)", crossed(0.8)),
        ("y ~ 1 + (1 | s) + (1 | r)", crossed(0.0).sample(150, random_state=1)),
    ],
    ids=["nested", "all three", "names", "one row", "no difference", "crossed", "interaction", "unbalanced"],
)
def test_other_designs_do_not(formula: str, frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bm.specify(formula, frame)


SCHOOLS = "y ~ 1 + (1 | school) + (1 | cls)"


def classes(seed: int, n_schools: int, n_classes: int, label: str, *, crossed: bool) -> pd.DataFrame:
    """Classes 1, 2, ... of every school, eight pupils each; crossed ones are the same in all schools."""
    rng = np.random.default_rng(seed)
    school, cls, _ = np.indices((n_schools, n_classes, 8)).reshape(3, -1)
    own = rng.normal(size=n_classes)[cls] if crossed else rng.normal(size=(n_schools, n_classes))[school, cls]
    y = rng.normal(size=n_schools)[school] + own + rng.normal(size=len(school))
    labels = {"school": [label.format(s + 1) for s in school], "cls": [str(c + 1) for c in cls]}
    return pd.DataFrame(labels).assign(y=y)


def advice(frame: pd.DataFrame) -> list[str]:
    """Nested formulas that are advised."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bm.specify(SCHOOLS, frame)
    return [f for warning in caught for f in re.findall(r"\(1 \| \w+/\w+\)", str(warning.message))]


@pytest.mark.parametrize(("n_schools", "n_classes"), [(6, 10), (6, 6), (12, 4)])
@pytest.mark.parametrize("label", ["{}", "school {}", "school of {} hills"])
def test_the_direction_is_that_of_the_data(n_schools: int, n_classes: int, label: str) -> None:
    """A test at 5 % may fail to name the direction, and must not name the wrong one alone."""
    found = [advice(classes(seed, n_schools, n_classes, label, crossed=False)) for seed in range(20)]
    assert sum(way == ["(1 | school/cls)"] for way in found) >= 15
    assert ["(1 | cls/school)"] not in found


@pytest.mark.parametrize(("n_schools", "n_classes"), [(6, 10), (6, 6), (12, 4)])
def test_classes_that_are_the_same_everywhere_do_not(n_schools: int, n_classes: int) -> None:
    for seed in range(20):
        assert advice(classes(seed, n_schools, n_classes, "{}", crossed=True)) == []


@pytest.mark.parametrize(
    ("data", "formula"),
    [
        ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
        ("InstEval", "y ~ 1 + (1 | s) + (1 | d)"),
        ("InstEval", "y ~ 1 + (1 | dept) + (1 | service)"),
        ("InstEval", "y ~ 1 + (1 | dept) + (1 | lectage)"),
        ("Pastes", "strength ~ 1 + (1 | batch) + (1 | sample)"),
        ("cake", "angle ~ temp + (1 | replicate) + (1 | recipe) + (1 | replicate:recipe)"),
    ],
)
def test_bundled_data_do_not(data: str, formula: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bm.specify(formula, bm.load_dataset(data))


@pytest.mark.parametrize(
    ("data", "formula", "advised"),
    [
        ("Pastes", "strength ~ 1 + (1 | batch) + (1 | cask)", "(1 | batch/cask)"),
        # Each replicate of a recipe is a batter of its own, which lme4's model of these data has as a factor.
        ("cake", "angle ~ temp + (1 | replicate) + (1 | recipe)", "(1 | replicate:recipe)"),
    ],
)
def test_bundled_data_in_which_cells_differ_raise_it(data: str, formula: str, advised: str) -> None:
    with pytest.warns(bm.DesignWarning, match=re.escape(advised)):
        bm.specify(formula, bm.load_dataset(data))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data do not lie beside the project")
def test_sites_of_mountain_ranges_raise_it() -> None:
    frame = reference_frame("dragons.csv")
    with pytest.warns(bm.DesignWarning, match=r"\(1 \| mountainRange/site\)"):
        bm.specify("testScore ~ scale(bodyLength) + (1 | mountainRange) + (1 | site)", frame)
