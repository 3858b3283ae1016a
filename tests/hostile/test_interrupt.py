"""Ctrl-C: no thread goes on, and what was drawn comes back if it is enough."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
PROGRAM = """
import os, signal, threading, time, warnings
import bayesmixed as bm

data = bm.load_dataset("sleepstudy")
formula = "Reaction ~ Days + (Days | Subject)"
bm.lmer(formula, data, draws=50, chains=2, adapt=False, seed=1)
threading.Timer({after}, os.kill, (os.getpid(), signal.SIGINT)).start()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        fit = bm.lmer(formula, data, draws={draws}, tune={tune}, chains=2, cores=2, adapt=False, seed=1)
        print(fit.run.chains, fit.run.draws, len(fit.fixef()))
    except KeyboardInterrupt:
        print("KeyboardInterrupt")
print(any("interrupted" in str(warning.message) for warning in caught))
time.sleep(0.5)
busy = time.process_time()
time.sleep(1)
print(time.process_time() - busy < 0.2)
"""


def run(*, after: float, draws: int, tune: int) -> list[str]:
    program = PROGRAM.format(after=after, draws=draws, tune=tune)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=180, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs signals")
def test_enough_draws_come_back_with_a_warning() -> None:
    answer, warned, idle, *_ = run(after=5.0, draws=1_000_000, tune=300)
    chains, draws, terms = map(int, answer.split())
    assert (chains, terms) == (2, 2)
    assert 100 <= draws < 1_000_000
    assert (warned, idle) == ("True", "True")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs signals")
def test_too_few_draws_are_an_interruption() -> None:
    answer, warned, idle, *_ = run(after=1.0, draws=1000, tune=10_000_000)
    assert answer == "KeyboardInterrupt"
    assert (warned, idle) == ("False", "True")
