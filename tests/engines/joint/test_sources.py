"""No compiled joint kernel outlives its sources, and none runs on a block of other sources."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesmixed.engines.joint import sources
from bayesmixed.engines.joint.mode import evaluate_joint, expand_joint, row_scores
from bayesmixed.engines.kernel import layout
from bayesmixed.errors import SamplingError

from .conftest import RIGHT_SIDES, Case, make_case

FOLDER = Path(sources.__file__).parent
KERNEL_ROOM = "bayesmixed.engines.kernel."


def imported(module: Path) -> set[str]:
    """Modules that a module imports names from."""
    nodes = ast.walk(ast.parse(module.read_text()))
    return {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_the_digest_covers_every_compiled_module() -> None:
    compiled = {m.stem for m in FOLDER.glob("*.py") if f"{KERNEL_ROOM}compilation" in imported(m)}
    assert set(sources.KERNEL) == compiled | {"layout"}


def test_the_digest_covers_what_is_shared_with_the_collapsed_kernel() -> None:
    names = set.union(*(imported(FOLDER / f"{name}.py") for name in sources.KERNEL))
    shared = {name.removeprefix(KERNEL_ROOM) for name in names if name.startswith(KERNEL_ROOM)}
    assert shared <= set(sources.SHARED)


@pytest.mark.parametrize("name", sources.KERNEL)
def test_any_change_of_a_source_changes_the_digest(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("joint", "kernel"):
        (tmp_path / folder).mkdir()
        for file in (FOLDER.parent / folder).glob("*.py"):
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(sources, "__file__", str(tmp_path / "joint" / "sources.py"))
    assert sources.joint_digest() == sources.SOURCES
    with (tmp_path / "joint" / f"{name}.py").open("a") as file:
        file.write("\n")
    assert sources.joint_digest() != sources.SOURCES


@pytest.fixture(scope="module")
def small() -> Case:
    return make_case("poisson", "log", RIGHT_SIDES["intercept"])


def scored(packed: Any, _: np.ndarray) -> Any:
    """Scores of all rows."""
    return row_scores(packed, np.empty(0), np.zeros(packed.dimension + 200))


@pytest.mark.parametrize("run", [evaluate_joint, expand_joint, scored])
def test_a_block_of_other_sources_is_refused(small: Case, run: Any) -> None:
    block = small.mode.packed.block.copy()
    block[layout.DIGEST] += 1
    with pytest.raises(SamplingError, match="start it again"):
        run(dataclasses.replace(small.mode.packed, block=block), small.coordinates(1))


@pytest.mark.parametrize("run", [evaluate_joint, expand_joint])
def test_want_of_memory_is_an_error_and_not_a_value(small: Case, run: Any) -> None:
    block = small.mode.packed.block.copy()
    block[layout.WORK_WORDS] = 2**59
    with pytest.raises(MemoryError):
        run(dataclasses.replace(small.mode.packed, block=block), small.coordinates(1))
