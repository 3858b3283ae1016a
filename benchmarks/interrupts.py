"""Press Ctrl-C at random moments of every command that takes time, and count what comes of it.

Each command is timed first; the moments are spread evenly over its whole run, at random. A moment ends in a
partial fit, an interruption (KeyboardInterrupt, of the program code 130) or, when the command was faster than
before, the whole result. Anything else is a failure and is printed: a traceback, another code, a process that
goes on. Run it as ``python benchmarks/interrupts.py [moments] [command ...]``.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import bayesmixed as bm
from bayesmixed_program import run

MOMENTS = 40
PATIENCE = 120.0
"""Seconds after which a process that was interrupted counts as one that goes on."""

FORMULA = "Reaction ~ Days + (Days | Subject)"
LONG = {"chains": 6, "cores": 2, "adapt": False, "seed": 1}


def lmer() -> bool:
    """Fit by the collapsed engine, three chains for each core; say whether it is whole."""
    fit = bm.lmer(FORMULA, bm.load_dataset("sleepstudy"), draws=4_000, **LONG)
    return (fit.run.chains, fit.run.draws) == (6, 4_000)


def glmer() -> bool:
    """Fit by the joint engine, likewise."""
    fit = bm.glmer("incidence ~ period + (1 | herd)", bm.load_dataset("cbpp"), "poisson", draws=2_000, **LONG)
    return (fit.run.chains, fit.run.draws) == (6, 2_000)


def bootstrap() -> bool:
    """Bootstrap intervals of a REML estimate."""
    fit = bm.lmer(FORMULA, bm.load_dataset("sleepstudy"), method="reml")
    fit.confint(method="boot", n=300, seed=1)
    return True


def pooling() -> bool:
    """Fit the same rows three ways, four chains on two cores."""
    pooled = bm.pooling(FORMULA, bm.load_dataset("sleepstudy"), seed=1)
    pooled.errors()
    return (pooled.fit.run.chains, pooled.fit.run.draws) == (4, 1000)


def program() -> int:
    """Run the command line, which writes and prints everything that it can."""
    with tempfile.TemporaryDirectory() as folder:
        files = ["--save", f"{folder}/fit.nc", "--csv", f"{folder}/tables", "--report", f"{folder}/fit.html"]
        sys.argv = ["bayesmixed", "fit", FORMULA, "sleepstudy", *files]
        sys.argv += ["--chains", "6", "--draws", "2000", "--seed", "1"]
        return run()


COMMANDS = {command.__name__: command for command in (lmer, glmer, bootstrap, pooling, program)}
OUTCOMES = {0: "whole", 3: "partial", 130: "interrupted"}


def _code(command: Callable[[], int]) -> int:
    """What a command comes to, as the code of its process."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    try:
        result = command()
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return result if command is program else 0 if result else 3


def _child(command: Callable[[], int], errors: Path) -> int:
    """Start a process that runs a command with what it says on standard error in a file; its id."""
    pid = os.fork()
    if pid:
        return pid
    with errors.open("w") as stream:
        os.dup2(stream.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            code = _code(command)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        sys.stderr.flush()
        os._exit(code)


def _ended(pid: int, patience: float) -> int | None:
    """Code with which a process ends, None when it goes on; then it is killed."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def outcome(command: Callable[[], int], moment: float, errors: Path) -> str:
    """What comes of a command that is interrupted after some seconds.

    Parameters
    ----------
    command : callable
        One of `COMMANDS`.
    moment : float
        Seconds after which the signal is sent.
    errors : Path
        File for what the process says on standard error.

    Returns
    -------
    str
        ``"whole"``, ``"partial"``, ``"interrupted"``, or what is wrong.
    """
    pid = _child(command, errors)
    time.sleep(moment)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    code = _ended(pid, PATIENCE)
    if code is None:
        return "goes on"
    if "Traceback" in errors.read_text():
        return "traceback"
    return OUTCOMES.get(code, f"code {code}")


def seconds(command: Callable[[], int], errors: Path) -> float:
    """Time that a command takes in a process of its own, its second run counting."""
    for _ in range(2):
        started = time.monotonic()
        code = _ended(_child(command, errors), 10 * PATIENCE)
        if code != 0:
            raise SystemExit(f"{command.__name__} fails by itself, code {code}:\n{errors.read_text()}")
    return time.monotonic() - started


def main() -> int:
    """Interrupt every command, print the counts; 1 when anything failed."""
    moments = int(sys.argv[1]) if sys.argv[1:] else MOMENTS
    failed = 0
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "errors"
        for name in sys.argv[2:] or COMMANDS:
            length = seconds(COMMANDS[name], errors)
            counts: Counter[str] = Counter()
            print(f"{name}: {length:.1f} s", flush=True)
            for k in range(moments):
                moment = length * (k + rng.random()) / moments
                found = outcome(COMMANDS[name], moment, errors)
                counts[found] += 1
                print(f"  {moment:6.2f} s: {found}", flush=True)
                if found not in OUTCOMES.values():
                    failed += 1
                    print(errors.read_text(), flush=True)
            listed = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
            print(f"{name:10} {length:5.1f} s: {listed}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
