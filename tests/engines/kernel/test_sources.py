"""No compiled kernel outlives its sources, and none runs on a block of other sources."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import types

from bayesmixed.engines.collapsed.problem import draw_integrated, evaluate
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel import sources
from bayesmixed.engines.kernel.compilation import entry
from bayesmixed.errors import SamplingError

FOLDER = Path(sources.__file__).parent


def uses_numba(module: Path) -> bool:
    """Whether a module is compiled, or says how."""
    imports = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.ImportFrom)]
    names = {node.module or "" for node in imports}
    return any(name == "numba" or name.endswith("kernel.compilation") for name in names)


def test_the_digest_covers_every_compiled_module() -> None:
    compiled = {module.stem for module in FOLDER.glob("*.py") if uses_numba(module)}
    assert set(sources.KERNEL) == compiled | {"layout"}


@pytest.mark.parametrize("name", sources.KERNEL)
def test_any_change_of_a_source_changes_the_digest(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in sources.KERNEL:
        (tmp_path / f"{other}.py").write_bytes((FOLDER / f"{other}.py").read_bytes())
    monkeypatch.setattr(sources, "__file__", str(tmp_path / "sources.py"))
    assert sources.kernel_digest() == sources.SOURCES
    (tmp_path / f"{name}.py").write_bytes((FOLDER / f"{name}.py").read_bytes() + b"\n")
    assert sources.kernel_digest() != sources.SOURCES


def test_the_digest_fits_a_word_of_the_block() -> None:
    assert 0 <= sources.SOURCES <= np.iinfo(np.int64).max


def entry_for(digest: int) -> Any:
    """A cached entry made as those of the kernel are."""

    @entry(types.int64())
    def made():  # type: ignore[no-untyped-def]
        return digest

    return made


def test_the_cache_keeps_entries_apart_by_the_digest_they_close_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAYESMIXED_CACHE", str(tmp_path))
    first, again, other = entry_for(1), entry_for(1), entry_for(2)
    assert (first.cache_hits, again.cache_hits, other.cache_hits) == (0, 1, 0)
    assert (first.ctypes(), again.ctypes(), other.ctypes()) == (1, 1, 2)


def evaluated(packed: Any) -> Any:
    """Density at the origin."""
    return evaluate(packed, np.zeros(packed.dimension))


def drawn(packed: Any) -> Any:
    """One conditional draw."""
    return draw_integrated(packed, np.zeros((1, packed.dimension)), np.random.default_rng(1))


@pytest.mark.parametrize("run", [evaluated, drawn])
def test_a_block_of_other_sources_is_refused(case: Any, run: Callable[[Any], Any]) -> None:
    block = case.packed.block.copy()
    block[at.DIGEST] += 1
    with pytest.raises(SamplingError, match="start it again"):
        run(dataclasses.replace(case.packed, block=block))


@pytest.mark.parametrize("run", [evaluated, drawn])
def test_want_of_memory_is_an_error_and_not_a_value(case: Any, run: Callable[[Any], Any]) -> None:
    block = case.packed.block.copy()
    block[at.WORK_WORDS] = 2**59
    with pytest.raises(MemoryError, match="random effects"):
        run(dataclasses.replace(case.packed, block=block))
