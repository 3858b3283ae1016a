"""Whole-process time of one small job: import, fit, print the coefficients, leave.

Once with empty compile caches (what a new user waits for) and then with warm ones. ``python
benchmarks/process.py`` prints seconds for both systems and their ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import cases

SOURCE = Path(__file__).resolve().parents[1] / "src"
READ = "import pandas as pd; data = pd.read_parquet({data!r}); "
JOBS = {
    "ours": "import bayesmixed as bm; " + "print(bm.lmer({formula!r}, data, seed=1, progress=False).fixef())",
    "bambi": "data['Subject'] = data['Subject'].astype('category'); "
    + "import bambi as bmb, arviz as az; model = bmb.Model({formula!r}, data); "
    + "draws = model.fit(draws=1000, tune=1000, chains=4, cores=2, random_seed=1, "
    + "inference_method='nutpie', progressbar=False); "
    + "print(az.summary(draws, var_names=['Intercept', 'Days']))",
}


def environment(system: str, caches: Path | None) -> dict[str, str]:
    """Environment whose compile caches lie in one folder.

    Parameters
    ----------
    system : {"ours", "bambi"}
        Who runs. PyTensor keeps Numba's files itself, and would lose them if ``NUMBA_CACHE_DIR`` were set.
    caches : Path or None
        The folder; empty for a cold run. None leaves the caches where they are.

    Returns
    -------
    dict[str, str]
        For ``subprocess.run``.
    """
    paths = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    places = {
        "ours": {"NUMBA_CACHE_DIR": str(caches)},
        "bambi": {"PYTENSOR_FLAGS": f"base_compiledir={caches}"},
    }
    return {**os.environ, "PYTHONPATH": paths, **(places[system] if caches is not None else {})}


def whole_process(system: str, fit: str, data: Path, caches: Path | None = None) -> float:
    """Wall time of one process from start to exit.

    Parameters
    ----------
    system : {"ours", "bambi"}
        Who runs.
    fit : str
        Code that fits the frame ``data`` and prints.
    data : Path
        Parquet file with the data.
    caches : Path or None
        As in `environment`.

    Returns
    -------
    float
        Seconds.
    """
    code = READ.format(data=str(data)) + fit
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(system, caches)
    )
    if done.returncode:
        raise SystemExit(f"{system} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - start


def seconds(system: str, data: Path, caches: Path) -> float:
    """Wall time of one process that fits sleepstudy."""
    fit = JOBS[system].format(formula=cases.CASES["sleepstudy"].formula)
    return whole_process(system, fit, data, caches)


def main() -> None:
    """Time the chosen systems cold and warm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", nargs="+", default=list(JOBS), choices=JOBS)
    parser.add_argument("--repeats", type=int, default=3, help="warm runs; the median counts")
    chosen = parser.parse_args()
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "sleepstudy.parquet"
        cases.load(cases.CASES["sleepstudy"]).to_parquet(data)
        for system in chosen.systems:
            caches = Path(folder) / system
            cold = seconds(system, data, caches)
            warm = statistics.median(seconds(system, data, caches) for _ in range(chosen.repeats))
            found[system] = (cold, warm)
            print(f"{system:8} cold {cold:7.2f} s   warm {warm:7.2f} s")
    if len(found) == 2:
        cold, warm = (theirs / ours for ours, theirs in zip(found["ours"], found["bambi"], strict=True))
        print(f"{'ratio':8} cold {cold:7.2f}     warm {warm:7.2f}   (bambi / ours)")
    print({name: version(name) for name in ("bayesmixed", "bambi", "pymc", "nutpie", "numba")})


if __name__ == "__main__":
    main()
