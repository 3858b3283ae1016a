"""Pieces of HTML."""

from __future__ import annotations

import pandas as pd
import pytest

from bayesmixed.report.sections import figure_html, list_html, table_html

EVIL = "<b onload='x'>&\"</b>"
SAFE = "&lt;b onload=&#x27;x&#x27;&gt;&amp;&quot;&lt;/b&gt;"


@pytest.mark.parametrize(
    "html",
    [
        table_html(pd.DataFrame({EVIL: [1.0]}), "c"),
        table_html(pd.DataFrame({"a": [EVIL]}), "c"),
        table_html(pd.DataFrame({"a": [1]}), EVIL),
        table_html(pd.DataFrame({"a": [1]}), "c", note=EVIL),
        list_html({EVIL: "fact"}, "c"),
        list_html({"name": EVIL}, "c"),
        list_html({"name": "fact"}, EVIL),
        figure_html("<svg></svg>", EVIL),
    ],
)
def test_text_is_escaped_wherever_it_stands(html: str) -> None:
    assert EVIL not in html
    assert SAFE in html


def test_note_stands_only_where_there_is_one() -> None:
    table = pd.DataFrame({"a": [1]})
    assert "note" not in table_html(table, "c")
    assert '<p class="note">cut</p>' in table_html(table, "c", note="cut")


def test_a_legend_is_a_note() -> None:
    table = pd.DataFrame({"a": [1]})
    table.attrs["legend"] = "V: variance"
    assert '<p class="note">V: variance</p>' in table_html(table, "c")
    assert '<p class="note">cut</p>' in table_html(table, "c", note="cut")
