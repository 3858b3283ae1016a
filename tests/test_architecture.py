"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "bayesmixed"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted(SOURCE.rglob("*.py"))
NAMES = [str(module.relative_to(SOURCE)) for module in MODULES]
BY_NAME = {
    ".".join(("bayesmixed", *module.relative_to(SOURCE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): module
    for module in MODULES
    if module.parent != SOURCE or module.stem != "__init__"
}

# Each imports only itself and what stands before it.
ORDER = (
    "errors",
    "names",
    "options",
    "habits",
    "printing",
    "surface",
    "datasets",
    "priors",
    "covariances",
    "formula",
    "design",
    "families",
    "model",
    "engines",
    "posterior",
    "verbs",
    "simulate",
    "comparison",
    "tables",
    "plots",
    "report",
    "pooled",
    "bridge",
    "fits",
    "cli",
    "__main__",
)
HEAVY = (
    "pymc",
    "pytensor",
    "bambi",
    "arviz",
    "arviz_stats",
    "numba",
    "nutpie",
    "scipy.stats",
    "matplotlib",
    "formulaic",
)
# Names of posterior variables begin so; the letters after them are the grouping factor.
OWNED_PREFIXES = ("ranef_", "corr_", "partial_corr_", "z_")

# "is not a number", "does not have": the other words make a reader stop.
STILTED = re.compile(
    r"(?<!here)\s(is|are|was|were|be)\s(no|none)\b(?!\s(longer|more))|\b(has|have|had)\s(not|none)\b(?!\s(seen|been))"
    r"|\bknows?\s(not|no)\b|\b(needs?|holds?|takes?|gives?|makes?)\sno\b|\b(some|no)body\b|,\s(and|or)\snot\b"
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(module: Path) -> ast.Module:
    """Syntax tree of a module."""
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


def part(module: Path) -> str:
    """Folder or single module under the package, e.g. ``formula`` or ``names``."""
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_modules(module: Path) -> set[str]:
    """Modules of the package that a module imports anywhere, within functions too."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            deeper = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in BY_NAME else str(node.module) for name in deeper}
    return found & set(BY_NAME)


def is_overload(node: Function | ast.ClassDef) -> bool:
    """Whether a function only states a signature, whose documentation stands with the implementation."""
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)


def public_without_docstring(node: ast.AST, prefix: str = "") -> Iterator[str]:
    """Public classes, functions and methods under a node that say nothing of themselves."""
    for child in getattr(node, "body", []):
        if not isinstance(child, Function | ast.ClassDef) or child.name.startswith("_"):
            continue
        if ast.get_docstring(child) is None and not is_overload(child):
            yield prefix + child.name
        if isinstance(child, ast.ClassDef):
            yield from public_without_docstring(child, f"{prefix}{child.name}.")


def test_every_part_has_its_place() -> None:
    parts = {part(module) for module in MODULES} - {"__init__"}
    assert parts <= set(ORDER), "give the new part its place in ORDER"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if part(m) != "__init__"], ids=lambda m: str(m.relative_to(SOURCE))
)
def test_imports_flow_one_way(module: Path) -> None:
    allowed = set(ORDER[: ORDER.index(part(module)) + 1])
    assert {name.split(".")[1] for name in imported_modules(module)} <= allowed


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_no_relative_imports(module: Path) -> None:
    assert not [node for node in ast.walk(tree(module)) if isinstance(node, ast.ImportFrom) and node.level]


def test_no_import_goes_in_circles() -> None:
    graph = {name: imported_modules(module) - {name} for name, module in BY_NAME.items()}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_public_names_have_docstrings(module: Path) -> None:
    assert ast.get_docstring(tree(module)), "the module has no docstring"
    assert list(public_without_docstring(tree(module))) == []


@pytest.mark.parametrize(
    "module", [m for m in MODULES if part(m) != "names"], ids=lambda m: str(m.relative_to(SOURCE))
)
def test_names_of_variables_are_spelled_in_one_place(module: Path) -> None:
    spelled = [
        (node.lineno, first.value)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.JoinedStr)
        and isinstance(first := node.values[0], ast.Constant)
        and str(first.value).startswith(OWNED_PREFIXES)
    ]
    assert spelled == []


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_nothing_is_swallowed(module: Path) -> None:
    silent = [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert silent == []


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_messages_and_docstrings_speak_plain_english(module: Path) -> None:
    texts = [str(node.value) for node in ast.walk(tree(module)) if isinstance(node, ast.Constant)]
    assert [text for text in texts if STILTED.search(text)] == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_pages_speak_plain_english(page: Path) -> None:
    assert [found.group() for found in STILTED.finditer(page.read_text(encoding="utf-8"))] == []


def test_importing_the_package_is_light() -> None:
    code = f"import sys, bayesmixed; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_exported_name_exists() -> None:
    import bayesmixed

    exported = bayesmixed.__all__
    assert len(set(exported)) == len(exported)
    assert set(exported) <= set(dir(bayesmixed))
    assert [name for name in exported if getattr(bayesmixed, name, None) is None] == []
