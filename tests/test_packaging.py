"""What the package index and an installer are told."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
OWN = {entry.stem for entry in (ROOT / "src").iterdir()}
README = (ROOT / "README.md").read_text(encoding="utf-8")


@cache
def project() -> dict[str, Any]:
    """``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def distributions() -> dict[str, list[str]]:
    """Distributions that bring each package."""
    return {name: list(found) for name, found in packages_distributions().items()}


def imported(path: Path) -> set[str]:
    """Packages that a module imports anywhere, without those of Python and our own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - OWN


IMPORTED = sorted(set().union(*map(imported, (ROOT / "src").rglob("*.py"))))


def name_of(requirement: str) -> str:
    """Name of the distribution that a requirement asks for, as an index spells it."""
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("package", IMPORTED)
def test_what_is_imported_is_declared(package: str) -> None:
    extras = project()["project"]["optional-dependencies"]
    for_users = [*extras["bambi"], *extras["tables"], *extras["large"]]
    declared = {name_of(each) for each in [*project()["project"]["dependencies"], *for_users]}
    assert {name_of(each) for each in distributions().get(package, [package])} & declared


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README)
    assert len(links) >= 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_link_on_the_page_of_the_index_leads_nowhere() -> None:
    hook = project()["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    page = README
    for each in hook["substitutions"]:
        page = re.sub(each["pattern"], each["replacement"], page)
    assert "https://" in page
    assert re.findall(r"\]\((?!https?://)", page) == []
    assert "MIT licence;" in page
