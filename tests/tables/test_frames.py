"""Frames of verbs as tables for people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.names import LEGEND
from bayesmixed.tables.printed import frame_table, interval_name


def headers(frame: pd.DataFrame) -> list[str]:
    return [column.header for column in frame_table(frame).columns]


@pytest.mark.parametrize(
    ("first", "second", "header"),
    [
        ("lower_2.5", "upper_97.5", "95% interval"),
        ("lower_5", "upper_95", "90% interval"),
        ("sd_2.5", "sd_97.5", "sd 95% interval"),
        ("fitted_lower_2.5", "fitted_upper_97.5", "fitted 95% interval"),
        ("conf_low", "conf_high", "interval"),
        ("lower_2.5", "upper_95", None),
        ("upper_97.5", "lower_2.5", None),
        ("x_1", "x_2", None),
        ("term", "value", None),
    ],
)
def test_ends_of_intervals_are_known_by_their_names(first: str, second: str, header: str | None) -> None:
    assert interval_name(first, second) == header


def test_ends_have_the_decimals_of_their_middle() -> None:
    frame = pd.DataFrame({"value": [10.25, -3.5], "lower_2.5": [9.0, -4.0], "upper_97.5": [11.123, -3.0]})
    assert frame_table(frame).columns[1].cells == ("[9.00, 11.12]", "[-4.00, -3.00]")


def test_standard_errors_set_the_decimals_of_their_estimates() -> None:
    frame = pd.DataFrame({"value": [251.4051], "se": [6.824557], "lower_2.5": [237.0], "upper_97.5": [265.8]})
    cells = [column.cells[0] for column in frame_table(frame).columns]
    assert cells == ["251.405", "6.825", "[237.000, 265.800]"]


def test_missing_numbers_are_blank_and_columns_without_any_are_left_out() -> None:
    frame = pd.DataFrame(
        {"term": ["a", "b"], "LRT": [np.nan, 2.5], "lower_2.5": np.nan, "upper_97.5": np.nan}
    )
    table = frame_table(frame)
    assert [column.header for column in table.columns] == ["term", "LRT"]
    assert table.columns[1].cells == ("", "2.5")


@pytest.mark.parametrize(
    ("index", "first"),
    [
        (pd.RangeIndex(2), "value"),
        (pd.Index([7, 9]), "value"),
        (pd.Index(["a", "b"]), ""),
        (pd.Index([1, 2], name="row"), "row"),
    ],
)
def test_index_is_shown_when_it_says_something(index: pd.Index, first: str) -> None:
    assert headers(pd.DataFrame({"value": [1.0, 2.0]}, index=index))[0] == first


def test_p_values_and_whole_numbers_keep_their_form() -> None:
    frame = pd.DataFrame({"npar": [1, 2], "p_value": [0.04321, 1e-20]})
    assert [column.cells for column in frame_table(frame).columns] == [("1", "2"), ("0.0432", "<1e-16")]


def test_legend_is_the_note_and_the_frame_stays_as_it_was() -> None:
    frame = pd.DataFrame({"value": [1.0]})
    frame.attrs[LEGEND] = "V: variance"
    before = frame.copy()
    assert frame_table(frame).notes == ("V: variance",)
    pd.testing.assert_frame_equal(frame, before)


def test_empty_frame_has_headers_and_no_rows() -> None:
    table = frame_table(pd.DataFrame({"term": [], "value": []}))
    assert [column.header for column in table.columns] == ["term", "value"]
    assert len(table.to_markdown().split("\n")) == 2


@pytest.mark.parametrize(
    ("frame", "digits", "words"),
    [
        (pd.DataFrame(), 4, "no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), 4, "two columns of one name"),
        (pd.DataFrame({"a": [1.5]}), 0, "digits=0"),
    ],
)
def test_frames_without_a_table_are_refused(frame: pd.DataFrame, digits: int, words: str) -> None:
    with pytest.raises(BayesmixedError, match=words):
        frame_table(frame, digits=digits)


def test_every_level_of_an_index_is_a_column() -> None:
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["school", "pupil"])
    table = frame_table(pd.DataFrame({"value": [1.0, 2.0]}, index=index))
    assert [column.header for column in table.columns] == ["school", "pupil", "value"]


def test_an_index_called_like_a_column_is_a_column_of_its_own() -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5]}, index=pd.Index(["a", "b"], name="x"))
    assert list(frame_table(frame).to_frame().columns) == ["index x", "x"]
    both = frame.set_index(pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None]))
    assert list(frame_table(both).to_frame().columns) == ["index x", "level_1", "x"]
