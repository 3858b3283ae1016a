"""Profile and bootstrap intervals of a REML fit beside R's lme4, in one run.

``python benchmarks/confint.py`` prints seconds for both and their ratio. Needs R with lme4. Fits are
timed by ``bench.py``.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cases

import bayesmixed as bm


def seconds(task: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def ours(case: cases.Case, refits: int) -> dict[str, float]:
    """Seconds of this package.

    Parameters
    ----------
    case : cases.Case
        The model.
    refits : int
        Of the bootstrap.

    Returns
    -------
    dict[str, float]
        Seconds of ``profile`` and ``boot``, kernels compiled.
    """
    fit = bm.lmer(case.formula, cases.load(case), method="reml")
    profile = seconds(lambda: fit.confint(method="profile"))
    fit.confint(method="boot", n=2, seed=1)
    return {"profile": profile, "boot": seconds(lambda: fit.confint(method="boot", n=refits, seed=1))}


def theirs(case: cases.Case, refits: int, folder: Path) -> dict[str, str]:
    """Seconds of lme4, and its version; the arguments are those of :func:`ours`."""
    path = folder / "data.csv"
    cases.load(case).to_csv(path, index=False)
    script = Path(__file__).with_suffix(".R")
    call = ["Rscript", str(script), str(path), case.formula, ",".join(case.factors), str(refits)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def main() -> None:
    """Time the chosen cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=["sleepstudy"], choices=cases.CASES)
    parser.add_argument("--refits", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.cases:
            mine = ours(cases.CASES[name], chosen.refits)
            lme4 = theirs(cases.CASES[name], chosen.refits, Path(folder))
            for task, value in mine.items():
                ratio = float(lme4[task]) / value
                print(f"{name:12}{task:8} ours {value:7.3f} s   lme4 {lme4[task]:>8} s   {ratio:5.1f}x")
    print({"bayesmixed": version("bayesmixed"), "lme4": lme4["version"]})


if __name__ == "__main__":
    main()
