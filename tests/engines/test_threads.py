"""Fits in several threads: what they leave behind, and what other threads see meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

import bayesmixed as bm
from bayesmixed.engines import machine
from bayesmixed.engines.machine import single_threaded_blas

Threads = Callable[[], set[int]]


@pytest.fixture
def blas_threads() -> Iterator[Threads]:
    """Number of threads of every BLAS library, three outside of our blocks."""
    with machine._controller().limit(limits=3, user_api="blas"):
        yield lambda: {pool["num_threads"] for pool in ThreadpoolController().info()}


@pytest.mark.parametrize("ended_first", [0, 1])
def test_blocks_that_overlap_give_the_threads_back(blas_threads: Threads, ended_first: int) -> None:
    assert blas_threads() == {3}
    blocks = [ExitStack(), ExitStack()]
    for block in blocks:
        block.enter_context(single_threaded_blas())
    blocks.pop(ended_first).close()
    assert blas_threads() == {1}
    blocks.pop().close()
    assert blas_threads() == {3}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_gives_the_threads_back(blas_threads: Threads, error: type[BaseException]) -> None:
    with pytest.raises(error), single_threaded_blas(), single_threaded_blas():
        raise error
    assert blas_threads() == {3}


def test_fits_at_once_are_the_fits_alone(blas_threads: Threads) -> None:
    data = bm.load_dataset("sleepstudy")

    def fit(seed: int) -> np.ndarray:
        found = bm.lmer("Reaction ~ Days + (1 | Subject)", data, chains=2, draws=1000, adapt=False, seed=seed)
        return found.fixef()["value"].to_numpy()

    alone = [fit(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, range(4)))
    np.testing.assert_array_equal(together, alone)
    assert blas_threads() == {3}


WHOLE = """
import sys, threading

def import_arviz():
    started.set()
    while "arviz" not in sys.modules:
        pass
    import arviz
    seen.append((arviz, arviz.__version__, callable(arviz.plot_dist)))

seen, started = [], threading.Event()
other = threading.Thread(target=import_arviz)
sys.setswitchinterval(1e-6)
other.start()
started.wait()
from bayesmixed.engines.nuts import load_nutpie
load_nutpie()
other.join(60)
import arviz
print(seen[0][0] is arviz is sys.modules["nutpie.sample"].arviz, *seen[0][1:])
print(type(arviz).__name__, arviz.__spec__.loader is arviz.__loader__, vars(arviz).get("__running__"))
"""
LIGHT = """
import sys
from bayesmixed.engines.nuts import load_nutpie
load_nutpie()
print([name for name in ("arviz_plots", "matplotlib") if name in sys.modules])
import arviz
print([name for name in ("arviz_plots", "matplotlib") if name in sys.modules])
from arviz import plot_dist
used = sys.modules["nutpie.sample"].arviz.from_dict
print(callable(plot_dist), callable(used), "arviz_plots" in sys.modules)
"""


def run(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_thread_that_imports_arviz_meanwhile_gets_the_whole_module() -> None:
    whole, state = run(WHOLE)
    import arviz

    assert whole == f"True {arviz.__version__} True"
    assert state == "module True None"


def test_plots_load_when_they_are_used() -> None:
    """In a fresh process: neither load_nutpie nor an import statement loads them, a name does."""
    assert run(LIGHT) == ["[]", "[]", "True True True"]
