"""Tables of results: pandas in everything, printed whole."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.printing.frame import NOTES, SCREEN, ResultTable, as_result

SLEEP = bm.load_dataset("sleepstudy")
INTERCEPTS = bm.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, method="ml")
SLOPES = bm.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, method="ml")
PLAIN = pd.DataFrame({"term": ["Intercept", "Days"], "value": [251.40510, 10.46729], "n": [2, 10]})


def table() -> ResultTable:
    """A small table with a legend."""
    PLAIN.attrs = {"legend": "n: rows"}
    made = as_result(PLAIN)
    assert isinstance(made, ResultTable)
    return made


def test_names_stand_left_numbers_right_and_the_legend_below() -> None:
    assert repr(table()).split("\n") == [
        "term       value  n",
        "Intercept 251.41  2",
        "Days       10.47 10",
        "n: rows",
    ]
    page = table()._repr_html_()
    assert "<td>Days</td>" in page
    assert '<td class="number">10.47</td>' in page
    assert page.endswith("</table><p>n: rows</p></div>")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.copy(),
        lambda t: t[t["value"] > 0],
        lambda t: t[["term", "value"]],
        lambda t: t.assign(more=1.0),
        lambda t: t.query("n > 2"),
        lambda t: t.head(1),
        lambda t: t.set_index("term") * 2.0,
        lambda t: t.round(1),
        lambda t: t.rename(columns={"value": "estimate"}),
        lambda t: t.sort_values("value"),
        lambda t: pd.concat([t, t]),
        lambda t: t.merge(t, on="term"),
        lambda t: t.groupby("term")[["value"]].sum(),
        lambda t: copy.deepcopy(t),
        lambda t: pickle.loads(pickle.dumps(t)),
        lambda t: t.iloc[:, 1:].apply(np.log),
    ],
)
def test_pandas_does_what_it_does_with_any_frame(change: Callable[[Any], pd.DataFrame]) -> None:
    ours, theirs = change(table()), change(pd.DataFrame(table()))
    assert type(ours) is ResultTable
    assert type(theirs) is pd.DataFrame
    pd.testing.assert_frame_equal(ours, theirs)
    assert ours.equals(theirs)
    assert repr(ours)


def test_series_and_numbers_come_out_as_from_any_frame() -> None:
    assert type(table()["value"]) is pd.Series
    assert table().set_index("term").loc["Days", "value"] == 10.46729
    assert table().to_numpy().shape == (2, 3)
    assert type(pd.DataFrame(table())) is pd.DataFrame


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            "Days",
            r"'Days' is a row, not a column\. Write table\.set_index\('term'\)\.loc\['Days'\], or table",
        ),
        ("nothing", "nothing"),
        (("Days", "value"), "Days"),
    ],
)
def test_a_row_asked_for_as_a_column_is_answered(key: object, words: str) -> None:
    with pytest.raises(KeyError, match=words):
        table()[key]


def test_a_level_asked_for_by_number_is_answered() -> None:
    with pytest.raises(KeyError, match=r"308 is a row.*set_index\('group'\)\.loc\['308'\]"):
        SLOPES.ranef()[308]


@pytest.mark.parametrize(
    "made",
    [
        lambda: SLOPES.fixef(),
        lambda: SLOPES.confint(method="wald"),
        lambda: SLOPES.tidy(),
        lambda: SLOPES.glance(),
        lambda: SLOPES.ranef(),
        lambda: SLOPES.augment(),
        lambda: SLOPES.vcov(),
        lambda: SLOPES.predict(),
        lambda: bm.anova(INTERCEPTS, SLOPES),
    ],
)
@pytest.mark.parametrize("width", [80, 60])
def test_no_column_is_lost_and_no_line_is_too_long(made: Callable[[], pd.DataFrame], width: int) -> None:
    results = made()
    with pd.option_context("display.width", width):
        lines = repr(results).split("\n")
    words = " ".join(lines).split()
    assert [name for name in results.columns if name not in words] == []
    assert max(map(len, lines)) <= width
    assert len(lines) <= 60


def test_the_list_of_data_sets_is_a_screen() -> None:
    lines = repr(bm.datasets()).split("\n")
    assert max(map(len, lines)) <= 80
    assert len(lines) <= SCREEN + NOTES


def test_blocks_repeat_the_rows() -> None:
    wide = pd.DataFrame({"name": ["a", "b"], "one": ["x" * 30] * 2, "two": ["y" * 30] * 2})
    with pd.option_context("display.width", 40):
        named = [line.split() for line in repr(as_result(wide)).split("\n")]
        numbered = [line.split() for line in repr(as_result(wide.assign(name="a"))).split("\n")]
    x, y = "x" * 30, "y" * 30
    assert named == [["name", "one"], ["a", x], ["b", x], [], ["name", "two"], ["a", y], ["b", y]]
    assert numbered == [["name", "one"], ["0", "a", x], ["1", "a", x], [], ["two"], ["0", y], ["1", y]]


def test_many_rows_are_cut_and_counted() -> None:
    lines = repr(as_result(pd.DataFrame({"x": np.arange(1000) / 8}))).split("\n")
    assert lines == [
        "          x",
        *(f"{i:3} {i / 8:7.3f}" for i in range(5)),
        "...     ...",
        *(f"{i:3} {i / 8:7.3f}" for i in range(995, 1000)),
        "[1000 rows x 1 columns]",
    ]


def test_an_index_that_says_something_is_shown() -> None:
    assert repr(table().set_index("term")[["n"]]).split("\n") == [
        "term       n",
        "Intercept  2",
        "Days      10",
    ]
    assert repr(table()[["n"]].iloc[1:]) == "   n\n1 10"


def test_missing_values_and_other_types() -> None:
    frame = pd.DataFrame(
        {
            "x": [1.5, np.nan],
            "ok": [True, False],
            "text": ["a", None],
            "day": pd.to_datetime(["2020-01-01", "2021-02-03"]),
            "kind": pd.Categorical(["u", "v"]),
            "whole": pd.array([1, None], dtype="Int64"),
        }
    )
    assert [line.split() for line in repr(as_result(frame)).split("\n")] == [
        ["x", "ok", "text", "day", "kind", "whole"],
        ["1.5", "True", "a", "2020-01-01", "u", "1"],
        ["NaN", "False", "NaN", "2021-02-03", "v", "NaN"],
    ]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"x": []}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
        pd.DataFrame([[1.0]], columns=pd.Index(["a"], name="effect")),
        pd.DataFrame(np.zeros((3, 500))),
    ],
)
def test_other_shapes_are_printed_too(frame: pd.DataFrame) -> None:
    shown = repr(as_result(frame))
    assert shown.count("\n") <= 60
    assert as_result(frame)._repr_html_()  # type: ignore[attr-defined]


def test_how_a_user_tells_pandas_to_print_is_kept() -> None:
    with pd.option_context("display.precision", 2):
        assert repr(table()) == repr(PLAIN)
    with pd.option_context("display.max_rows", None):
        assert len(repr(as_result(pd.DataFrame({"x": range(200)}))).split("\n")) == 201
