"""What one fresh process of one system needs: seconds, memory, and the effective draws it gives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from systems import FOLDER, SYSTEMS

PAUSE = 0.2
"""Seconds between two looks at the memory."""


class WorkerError(RuntimeError):
    """A worker that ended with an error."""


def quality(path: Path, shape: list[int]) -> dict[str, Any]:
    """Worst effective sample size and R-hat over every parameter and random effect, by ArviZ alone.

    Parameters
    ----------
    path : Path
        File of doubles.
    shape : list[int]
        Quantities, chains, draws.

    Returns
    -------
    dict
        Numbers of quantities and kept draws, and the worst values. Quantities that do not vary are left out.
    """
    from arviz_stats.base import array_stats

    drawn = np.fromfile(path).reshape(shape)
    drawn = drawn[np.ptp(drawn, axis=(1, 2)) > 1e-10]
    bulk = array_stats.ess(drawn, method="bulk")
    tail = array_stats.ess(drawn, method="tail", prob=(0.05, 0.95))
    return {
        "quantities": len(drawn),
        "kept": shape[1] * shape[2],
        "min_ess_bulk": float(bulk.min()),
        "min_ess_tail": float(tail.min()),
        "min_ess": float(min(bulk.min(), tail.min())),
        "max_rhat": float(array_stats.rhat(drawn).max()),
    }


def resident_gigabytes(session: int) -> float:
    """Memory of all processes of a session now, in GB, where they share pages each its part (on Linux)."""
    total = 0
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session:
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue  # it ended meanwhile, or is not ours
    return total / 1e9


def end(session: int) -> None:
    """End all processes of a session that was started here."""
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session:
                os.kill(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is not ours


class Listener(threading.Thread):
    """Notes when a worker says what.

    Attributes
    ----------
    heard : dict[str, tuple[float, Any]]
        For each of ``FIRST``, ``SECOND`` and ``DRAWS`` the time and what was told.
    """

    def __init__(self, worker: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self.worker = worker
        self.heard: dict[str, tuple[float, Any]] = {}

    def run(self) -> None:
        """Read until the worker closes its output."""
        assert self.worker.stdout is not None
        for line in self.worker.stdout:
            word, _, told = line.strip().partition(" ")
            if word in ("FIRST", "SECOND", "DRAWS"):
                self.heard[word] = (time.perf_counter(), json.loads(told) if told else None)


def run(
    name: str,
    case: str,
    data: Path,
    *,
    seed: int,
    limit: float,
    once: bool = False,
    judge: bool = True,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What one fresh process measured.

    Parameters
    ----------
    name : str
        Key of ``systems.SYSTEMS``.
    case : str
        Formula, factors and family as JSON.
    data : Path
        CSV file.
    seed : int
        Of the first fit.
    limit : float
        Seconds after which the process is ended.
    once : bool
        Whether it leaves after its first answer.
    judge : bool
        Whether the draws' effective sample size is found.
    environment : mapping, optional
        Variables to add.

    Returns
    -------
    dict
        ``first_answer`` and ``fit`` in seconds, ``peak_gigabytes`` of the process with its children,
        ``min_ess``, ``ess_per_second`` and so on, as far as the limit allowed (``over``).

    Raises
    ------
    WorkerError
        When the process ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        draws, errors = Path(folder) / "draws", Path(folder) / "errors"
        command = [*SYSTEMS[name].command, name, case, str(data), str(draws)]
        command += ["--seed", str(seed), "--fits", "1" if once else "2"]
        paths = os.pathsep.join(filter(None, [str(FOLDER.parent / "src"), os.environ.get("PYTHONPATH", "")]))
        with errors.open("w") as stderr:
            start = time.perf_counter()
            worker = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": paths, **(environment or {})},
            )
        listener = Listener(worker)
        listener.start()
        try:
            peak, over = watch(worker, listener, start, limit)
        finally:
            end(worker.pid)
        listener.join()
        if worker.returncode and not over:
            raise WorkerError(complaint(errors.read_text()))
        found = told(listener.heard, start, peak)
        if judge and "DRAWS" in listener.heard:
            found |= quality(draws, listener.heard["DRAWS"][1])
            found["ess_per_second"] = found["min_ess"] / found["fit"]
    return {"over": over, **found}


def watch(
    worker: subprocess.Popen[str], listener: Listener, start: float, limit: float
) -> tuple[float, bool]:
    """Largest memory until the last fit is made, in GB, and whether the process was ended at the limit."""
    peak, over = 0.0, False
    while worker.poll() is None:
        if "SECOND" not in listener.heard:
            peak = max(peak, resident_gigabytes(worker.pid))
            over = time.perf_counter() - start > limit
        if over:
            end(worker.pid)
            worker.wait()
        else:
            time.sleep(PAUSE)
    return peak, over


def complaint(errors: str) -> str:
    """Last line of a worker's errors that says something."""
    lines = [line for line in errors.splitlines() if line.strip() and line != "Execution halted"]
    return lines[-1].strip() if lines else "no message"


def told(heard: Mapping[str, tuple[float, Any]], start: float, peak: float) -> dict[str, Any]:
    """Measures out of what a worker said; the memory counts its children."""
    found: dict[str, Any] = {}
    if "FIRST" in heard:
        found["first_answer"] = heard["FIRST"][0] - start
    if "SECOND" in heard:
        found |= heard["SECOND"][1]
        found["peak_gigabytes"] = max(found["peak_gigabytes"], peak)
    return found
