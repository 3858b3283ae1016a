"""The sources of the documentation: relative links lead somewhere, every page is in a table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bayesmixed as bm

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = {"_build", "_templates", "jupyter_execute", "generated"}
PAGES = sorted(page for page in DOCS.rglob("*.md") if not GENERATED & set(page.relative_to(DOCS).parts))
CODE = re.compile(r"^(`{3,})(?!\{toctree\}).*?^\1$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
LOADED = re.compile(r"^:load: (\S+)$", re.MULTILINE)
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(DOCS)) for page in pages]


def relative_links(page: Path) -> list[str]:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if not re.match(r"[a-z]+:|#", link)]


def listed_pages() -> Iterator[Path]:
    for page in PAGES:
        for body in TOCTREE.findall(page.read_text(encoding="utf-8")):
            entries = [line.strip() for line in body.splitlines() if line and not line.startswith(":")]
            yield from (page.parent / f"{entry}.md" for entry in entries)


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = [(page.parent / link.split("#")[0]) for link in relative_links(page)]
    assert [str(t) for t in targets if not (t.exists() or t.with_name(f"{t.name}.md").exists())] == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_loaded_scripts_exist(page: Path) -> None:
    loaded = LOADED.findall(page.read_text(encoding="utf-8"))
    assert [script for script in loaded if not (page.parent / script).is_file()] == []


def test_every_page_is_in_a_table_of_contents_once() -> None:
    assert sorted(listed_pages()) == sorted(set(PAGES) - {DOCS / "index.md"})


def test_gallery_shows_every_script() -> None:
    shown = [
        Path(script).stem for script in LOADED.findall((DOCS / "gallery.md").read_text(encoding="utf-8"))
    ]
    assert sorted(shown) == sorted(script.stem for script in (ROOT / "examples" / "gallery").glob("*.py"))


def test_reference_lists_every_public_name() -> None:
    text = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^   bayesmixed\.(\w+)$", text, re.MULTILINE))
    assert set(bm.__all__) - listed == set()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", DOCS / "conf.py"], ids=lambda page: page.name)
def test_successes_of_trials_have_one_spelling(page: Path) -> None:
    other = re.findall(r"\b(?:p|proportion)\([^()]*\) ~", page.read_text(encoding="utf-8"))
    assert not other, f"write prop(successes, trials): {other}"
