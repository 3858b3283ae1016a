"""The kernel's way of compiling against Numba's own, and what the user is told of it."""

from __future__ import annotations

import ctypes
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cfunc, njit, types

from bayesmixed.engines.kernel import compilation
from bayesmixed.engines.kernel.compilation import NOTICE, compiled, entry
from bayesmixed.engines.kernel.memory import DOUBLES, allocate, beyond, is_null, release

SIGNATURE = types.double(types.int64, DOUBLES)


def branch(n: Any, values: Any) -> Any:
    """A loop, a branch, a reassigned variable, a transcendental function."""
    total = 0.0
    for i in range(n):
        value = values[i]
        if value < 0.0:
            value = -math.sqrt(-value)
        total += value * i
    return np.tanh(total)


def two_results(n: Any, values: Any) -> Any:
    """A pair of results."""
    low, high = values[0], values[0]
    for i in range(n):
        low, high = min(low, values[i]), max(high, values[i])
    return low, high


def called(function: Any, values: np.ndarray) -> float:
    """Value of a C function of a length and a vector."""
    return float(function.ctypes(len(values), values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))))


@pytest.mark.parametrize("seed", range(5))
def test_nested_functions_give_what_numba_gives(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAYESMIXED_CACHE", str(tmp_path))
    values = np.random.default_rng(seed).standard_normal(7)

    def built(inner: Any, outer: Any) -> Any:
        pair, nested = inner(two_results), inner(branch)

        def total(n, values):  # type: ignore[no-untyped-def]
            low, high = pair(n, values)
            return low + 2.0 * high + nested(n, values)

        return outer(total)

    ours, theirs = built(compiled, entry(SIGNATURE)), built(njit, cfunc(SIGNATURE))
    assert called(ours, values) == called(theirs, values)


def test_division_by_zero_is_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAYESMIXED_CACHE", str(tmp_path))

    @compiled
    def quotient(values):  # type: ignore[no-untyped-def]
        return values[0] / values[1]

    @entry(SIGNATURE)
    def divide(n, values):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return quotient(values)

    assert called(divide, np.array([1.0, 0.0])) == math.inf


def test_inner_functions_have_no_machine_code_of_their_own() -> None:
    inner = compiled(branch)

    @cfunc(SIGNATURE)
    def outer(n, values):  # type: ignore[no-untyped-def]
        return inner(n, values)

    (result,) = inner.overloads.values()
    assert outer.address
    assert result.library.codegen._engine.is_symbol_defined(result.fndesc.llvm_func_name) is False


def test_memory_is_written_and_read_back() -> None:
    @cfunc(SIGNATURE)
    def doubled(n, values):  # type: ignore[no-untyped-def]
        block = allocate(n)
        if is_null(block):
            return -1.0
        for i in range(n):
            block[i] = 2.0 * values[i]
        total = beyond(block, 1)[0] + beyond(block, n)[-1]
        release(block)
        return total

    assert called(doubled, np.array([1.0, 10.0, 100.0])) == 220.0


def test_the_user_is_told_once_in_a_session(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilation, "_told", set())
    compilation.announce()
    compilation.announce()
    assert capsys.readouterr().err == f"{NOTICE}\n"


@pytest.mark.slow
def test_the_first_run_on_a_machine_says_so_and_the_second_does_not(tmp_path: Path) -> None:
    environment = {**os.environ, "BAYESMIXED_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", "import bayesmixed.engines.collapsed.problem"]
    said = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
        for _ in range(2)
    ]
    assert said == [f"{NOTICE}\n", ""]
