"""One system fits one case in a fresh process, twice, and prints one line of JSON.

Run by ``linear.py`` and ``generalized.py``; by hand:
``python benchmarks/worker.py bambi sleepstudy data.parquet``.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cases import EVERY, Case

LIBRARIES = ("bayesmixed", "bambi", "pymc", "nutpie", "numba", "numpy")


def fit_ours(case: Case, frame: pd.DataFrame, seed: int) -> Any:
    """Posterior draws by bayesmixed, with its defaults."""
    import bayesmixed as bm

    if case.family == "gaussian":
        return bm.lmer(case.formula, frame, seed=seed, progress=False).draws
    return bm.glmer(case.formula, frame, case.family, seed=seed, progress=False).draws


def fit_bambi(case: Case, frame: pd.DataFrame, seed: int) -> Any:
    """Posterior draws by Bambi with nutpie, 4 chains of 1,000 after 1,000 of tuning.

    Bambi reads ``(x | g)`` as independent effects: its model has no correlations to sample.
    """
    import bambi as bmb

    # Bambi takes labels for categories only when they are typed so.
    typed = frame.astype({name: "category" for name in frame.columns if frame[name].dtype == "str"})
    model = bmb.Model(case.formula, typed, family=case.family)
    return model.fit(
        draws=1000,
        tune=1000,
        chains=4,
        cores=2,
        random_seed=seed,
        inference_method="nutpie",
        progressbar=False,
    )


IMPORTS: dict[str, str] = {"ours": "bayesmixed", "bambi": "bambi"}
FITS: dict[str, Callable[[Case, pd.DataFrame, int], Any]] = {"ours": fit_ours, "bambi": fit_bambi}


def quality(draws: Any) -> dict[str, Any]:
    """Worst effective sample size and R-hat over every parameter and random effect, by ArviZ alone."""
    from arviz_stats.base import array_stats

    posterior = draws["posterior"].to_dataset()
    columns = []
    for name, array in posterior.data_vars.items():
        values = array.transpose("chain", "draw", ...).to_numpy()
        flat = values.reshape(*values.shape[:2], -1).transpose(2, 0, 1)
        if name not in ("mu", "p"):
            columns.append(flat[np.ptp(flat, axis=(1, 2)) > 1e-10])
    every = np.concatenate(columns)
    bulk = array_stats.ess(every, method="bulk")
    tail = array_stats.ess(every, method="tail", prob=(0.05, 0.95))
    return {
        "quantities": len(every),
        "kept": int(every.shape[1] * every.shape[2]),
        "min_ess_bulk": float(bulk.min()),
        "min_ess_tail": float(tail.min()),
        "max_rhat": float(array_stats.rhat(every).max()),
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
    }


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Result of a call and its wall time in seconds."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def peak_gigabytes() -> float:
    """Largest resident memory of this process so far, in GB (Linux counts in kB, macOS in bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> None:
    """Import, fit twice, judge the draws, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=FITS)
    parser.add_argument("case", choices=EVERY)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    frame = pd.read_parquet(chosen.data)
    warnings.simplefilter("ignore")
    _, import_seconds = timed(lambda: __import__(IMPORTS[chosen.system]))
    fit, case = FITS[chosen.system], EVERY[chosen.case]
    first = timed(lambda: fit(case, frame, chosen.seed))[1]
    before = time.process_time()
    draws, second = timed(lambda: fit(case, frame, chosen.seed + 1))
    cpu, peak = time.process_time() - before, peak_gigabytes()
    found: dict[str, Any] = {
        "system": chosen.system,
        "case": chosen.case,
        "rows": len(frame),
        "import_seconds": import_seconds,
        "first_seconds": first,
        "second_seconds": second,
        "second_cpu_seconds": cpu,
        "peak_gigabytes": peak,
        **quality(draws),
    }
    found["ess_per_second"] = min(found["min_ess_bulk"], found["min_ess_tail"]) / second
    found["versions"] = {name: version(name) for name in LIBRARIES}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
