"""Layout of text and HTML tables."""

from __future__ import annotations

import pandas as pd
import pytest

from bayesmixed.printing.table import (
    Column,
    clean,
    display_width,
    frame_html,
    frame_text,
    html_table,
    text_table,
)


def test_text_is_aligned() -> None:
    frame = pd.DataFrame({"term": ["Intercept", "x"], "value": [251.405, -1.5], "n": [10, 2]})
    assert frame_text(frame).splitlines() == [
        "term      value  n",
        "Intercept 251.4 10",
        "x          -1.5  2",
    ]


def test_a_legend_stands_below() -> None:
    frame = pd.DataFrame({"formula": ["V/W"]})
    assert frame_text(frame).splitlines() == ["formula", "V/W"]
    assert "<p>" not in frame_html(frame)
    frame.attrs["legend"] = "W: V < 1"
    assert frame_text(frame).splitlines() == ["formula", "V/W", "W: V < 1"]
    assert frame_html(frame).endswith("</table><p>W: V &lt; 1</p></div>")


def test_wide_characters_count_twice() -> None:
    columns = [
        Column(header="term", cells=("東京", "e\u0301", "abcdef"), align="left"),
        Column(header="n", cells=("1", "2", "3")),
    ]
    lines = text_table(columns).splitlines()
    assert len({display_width(line) for line in lines}) == 1
    assert lines[1] == "東京   1"


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("\u200bx", 1)]
)
def test_display_width(text: str, width: int) -> None:
    assert display_width(text) == width


def test_no_trailing_spaces() -> None:
    columns = [Column(header="a", cells=("x",), align="left"), Column(header="", cells=("",), align="left")]
    assert text_table(columns) == "a\nx"


def test_indent() -> None:
    assert text_table([Column(header="a", cells=("1",))], indent="  ") == "  a\n  1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\nb", "a\\nb"), ("a\x1b[31m", "a\\x1b[31m"), ("plain é 東", "plain é 東"), ("a\u2028b", "a\\u2028b")],
)
def test_control_characters_are_shown(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize("text", ["<b>", "a & b", '"quoted"'])
def test_html_is_escaped(text: str) -> None:
    column = Column(header=text, cells=(text,), align="left")
    page = html_table([column], caption=text)
    assert text not in page.replace('class="', "")
    assert page.count("&") >= 3


def test_frame_as_html() -> None:
    page = frame_html(pd.DataFrame({"term": ["x"], "value": [0.5]}), caption="Fixed effects")
    assert "<caption>Fixed effects</caption>" in page
    assert '<td>x</td><td class="number">0.5</td>' in page
    assert page.startswith('<div class="bayesmixed"><style>')


def test_empty_frame_has_its_headers() -> None:
    frame = pd.DataFrame({"group": pd.Series(dtype="str"), "value": pd.Series(dtype=float)})
    assert frame_text(frame) == "group value"
    assert "<tbody></tbody>" in frame_html(frame)
