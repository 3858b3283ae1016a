"""Tables as Markdown, LaTeX, HTML, great_tables and frames."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.printing.table import Column
from bayesmixed.tables.printed import PrintedTable, latex_escape, markdown_escape

HOSTILE = ("a_b", "50%", "<script>", "p|q", "$x$", "a & b", r"\begin{x}", "#1", "~", "^", "*bold*", "日本")


def make(cells: tuple[str, ...] = HOSTILE, caption: str = "", heading: str = "") -> PrintedTable:
    columns = (
        Column(header="a<_%>", cells=cells, align="left"),
        Column(header="value", cells=tuple(f"-{i}.5" for i in range(len(cells)))),
    )
    return PrintedTable(
        columns=columns, parts=((heading, len(cells)),), caption=caption, notes=("100% & more_",)
    )


class Cells(HTMLParser):
    """Texts of all cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.tags.add(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1:] = [self.cells[-1] + data]


@pytest.mark.parametrize("heading", ["", "Part one"])
def test_markdown_has_one_line_for_each_row_and_as_many_cells(heading: str) -> None:
    lines = make(heading=heading).to_markdown().split("\n\n")[0].split("\n")
    assert len(lines) == 2 + bool(heading) + len(HOSTILE)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}


def test_markdown_is_aligned_by_its_second_line() -> None:
    assert re.fullmatch(r"\|:-+\|-+:\|", make().to_markdown().split("\n")[1])


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_is_undone_by_taking_backslashes_away(text: str) -> None:
    assert re.sub(r"\\([\\`*_|<$~])", r"\1", markdown_escape(text)) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b", r"a\_b"),
        ("50%", r"50\%"),
        ("<1", r"\textless{}1"),
        (r"\x{y}", r"\textbackslash{}x\{y\}"),
        ("a & b $ # ~ ^ |", r"a \& b \$ \# \textasciitilde{} \textasciicircum{} \textbar{}"),
        ("日本", "日本"),
    ],
)
def test_latex_escapes_every_special_character(text: str, escaped: str) -> None:
    assert latex_escape(text) == escaped


def test_latex_has_one_line_for_each_row_and_as_many_cells() -> None:
    lines = make(heading="Part").to_latex().split("\n")
    body = lines[lines.index(r"\midrule") + 2 : lines.index(r"\bottomrule")]
    assert len(body) == len(HOSTILE)
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {1}
    assert all(line.endswith(r"\\") for line in body)
    assert lines[lines.index(r"\midrule") + 1] == r"\multicolumn{2}{l}{\textit{Part}} \\"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("-1.5", "$-$1.5"), ("[-1, -2]", "[$-$1, $-$2]"), ("1e-07", "1e-07"), ("site-3", "site-3")],
)
def test_latex_has_minus_signs_before_numbers_only(cell: str, expected: str) -> None:
    table = PrintedTable(columns=(Column(header="x", cells=(cell,)),), parts=(("", 1),))
    line = table.to_latex().split("\n")[4]
    assert line.removeprefix("{}") == rf"{expected} \\"


def test_bracket_at_the_start_of_a_row_is_no_argument_of_the_row_before() -> None:
    assert "\n{}[1, 2] & " in make(("[1, 2]", "x")).to_latex()


def test_caption_makes_a_float_and_a_label_needs_it() -> None:
    text = make(caption="A & B").to_latex(label="tab:a")
    assert text.startswith("\\begin{table}[htbp]\n\\centering\n\\caption{A \\& B}\n\\label{tab:a}")
    assert text.endswith("\\end{table}")
    assert make().to_latex().startswith(r"\begin{tabular}{lr}")
    with pytest.raises(BayesmixedError, match="caption"):
        make().to_latex(label="tab:a")


def test_html_shows_every_text_and_runs_none() -> None:
    reader = Cells()
    reader.feed(make(heading="<b>").to_html())
    assert {"script", "b"} & reader.tags == set()
    assert set(HOSTILE) | {"<b>", "a<_%>"} <= set(reader.cells)


def test_notebook_gets_the_table_with_its_style() -> None:
    assert make()._repr_html_().startswith('<div class="bayesmixed"><style>')


def test_great_tables_escapes_and_groups() -> None:
    pytest.importorskip("great_tables")
    page = make(heading="Part one", caption="Cap").to_great_tables().as_raw_html()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert 'class="gt_group_heading"' in page
    assert "Cap" in page


def test_missing_great_tables_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "great_tables", None)
    with pytest.raises(BayesmixedError, match=r"bayesmixed\[tables\]"):
        make().to_great_tables()


def test_frame_has_the_cells_and_the_heading() -> None:
    frame = make(heading="Part").to_frame()
    assert frame.columns.tolist() == ["part", "a<_%>", "value"]
    assert frame["a<_%>"].tolist() == list(HOSTILE)
    assert set(frame["part"]) == {"Part"}
    assert "part" not in make().to_frame()


def test_text_says_caption_heading_rows_and_notes() -> None:
    lines = str(make(caption="Cap", heading="Part")).split("\n")
    assert lines[0] == "Cap"
    assert lines[2] == "Part"
    assert len(lines) == 3 + len(HOSTILE) + 1
    assert lines[-1] == "100% & more_"
