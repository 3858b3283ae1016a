"""Pages of the documentation with a part that a script writes."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
START, END = "<!-- results -->", "<!-- end of results -->"


def fill(page: Path, results: str) -> None:
    """Replace what stands between the two marks of a page.

    Parameters
    ----------
    page : Path
        Markdown file with both marks.
    results : str
        The new part.
    """
    text = page.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    page.write_text(f"{before}{START}\n\n{results}\n\n{END}{after}", encoding="utf-8")


def row(cells: list[str]) -> str:
    """Line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
