"""REML fits, profile and bootstrap intervals beside R's lme4, in one run.

``python benchmarks/reml.py`` prints seconds for both and their ratio. Needs R with lme4. The first fit in a
process is not counted for either system.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cases

import bayesmixed as bm

DRAGONS = cases.Case(
    "testScore ~ bodyLength + (1 | mountainRange) + (1 | mountainRange:site)",
    "dragons",
    "dragons.csv",
    ("mountainRange", "site"),
)
CASES = {"sleepstudy": cases.CASES["sleepstudy"], "dragons": DRAGONS, "insteval": cases.CASES["insteval"]}
WITH_INTERVALS = "sleepstudy"


def seconds(task: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def ours(case: cases.Case, repeats: int, refits: int) -> dict[str, float]:
    """Seconds of this package.

    Parameters
    ----------
    case : cases.Case
        The model.
    repeats : int
        Fits; the median counts.
    refits : int
        Of the bootstrap; 0 for no intervals.

    Returns
    -------
    dict[str, float]
        Seconds of ``fit`` and, with `refits`, of ``profile`` and ``boot``.
    """
    data = cases.load(case)
    fit = bm.lmer(case.formula, data, method="reml")
    fit.fixef()
    tasks = {"fit": lambda: bm.lmer(case.formula, data, method="reml").fixef()}
    found = {"fit": statistics.median(seconds(tasks["fit"]) for _ in range(repeats))}
    if refits:
        found["profile"] = seconds(lambda: fit.confint(method="profile"))
        fit.confint(method="boot", n=2, seed=1)
        found["boot"] = seconds(lambda: fit.confint(method="boot", n=refits, seed=1))
    return found


def theirs(case: cases.Case, repeats: int, refits: int, folder: Path) -> dict[str, str]:
    """Seconds of lme4, and its version; the arguments are those of :func:`ours`."""
    path = folder / "data.csv"
    cases.load(case).to_csv(path, index=False)
    script = Path(__file__).with_name("lme4.R")
    call = [
        "Rscript",
        str(script),
        str(path),
        case.formula,
        ",".join(case.factors),
        str(repeats),
        str(refits),
    ]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def main() -> None:
    """Time the chosen cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--refits", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.cases:
            refits = chosen.refits if name == WITH_INTERVALS else 0
            mine = ours(CASES[name], chosen.repeats, refits)
            lme4 = theirs(CASES[name], chosen.repeats, refits, Path(folder))
            for task, value in mine.items():
                ratio = float(lme4[task]) / value
                print(
                    f"{name:12}{task:8} ours {value:7.3f} s   lme4 {float(lme4[task]):7.3f} s   {ratio:5.1f}x"
                )
    print({"bayesmixed": version("bayesmixed"), "lme4": lme4["version"]})


if __name__ == "__main__":
    main()
