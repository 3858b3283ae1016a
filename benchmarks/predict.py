"""Memory and time of predicting many rows: 100,000 new rows with 4,000 draws of the sleepstudy model.

The rows have seen and new subjects. ``python benchmarks/predict.py`` prints one line for the mean of known
levels, for sampled new levels, and for new responses, each in its own process, for its peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from worker import peak_gigabytes

FORMULA = "Reaction ~ Days + (Days | Subject)"
CASES = {
    "mean": {"new_share": 0.0, "new_levels": "error", "kind": "mean"},
    "new levels": {"new_share": 1.0, "new_levels": "sample", "kind": "mean"},
    "responses": {"new_share": 0.5, "new_levels": "sample", "kind": "response"},
}


def new_rows(rows: int, share: float, seed: int) -> pd.DataFrame:
    """Rows of seen subjects and, for a share of them, of new subjects with ten rows each.

    Parameters
    ----------
    rows : int
        How many.
    share : float
        Of new subjects.
    seed : int
        Of the generator.

    Returns
    -------
    pandas.DataFrame
        Columns Days and Subject.
    """
    import bayesmixed as bm

    rng = np.random.default_rng(seed)
    seen = bm.load_dataset("sleepstudy")["Subject"].astype(str).unique()
    subject = rng.choice(seen, rows).astype(object)
    new = rng.uniform(size=rows) < share
    subject[new] = [f"new {i // 10}" for i in range(int(new.sum()))]
    return pd.DataFrame({"Days": rng.uniform(0, 9, rows), "Subject": subject.astype(str)})


def measure(case: str, rows: int) -> None:
    """Predict one case in this process and print one line of JSON."""
    import bayesmixed as bm

    options = dict(CASES[case])
    frame = new_rows(rows, float(options.pop("new_share")), seed=1)
    fit = bm.lmer(FORMULA, bm.load_dataset("sleepstudy"), seed=1, progress=False)
    before = peak_gigabytes()
    start = time.perf_counter()
    table = fit.predict(frame, **options)
    found = {
        "seconds": time.perf_counter() - start,
        "gigabytes_before": before,
        "peak_gigabytes": peak_gigabytes(),
        "mean_se": float(table["se"].mean()),
    }
    print(json.dumps(found))


def run_cases(rows: int) -> None:
    """Each case in its own process, as a table."""
    source = Path(__file__).resolve().parents[1] / "src"
    paths = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")]))
    print(f"{rows} rows, 4000 draws\n{'':12}{'seconds':>10}{'before GB':>12}{'peak GB':>10}{'mean se':>10}")
    for case in CASES:
        command = [sys.executable, __file__, "--rows", str(rows), "--case", case]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}
        )
        if done.returncode:
            raise SystemExit(f"{case} failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{case:12}{found['seconds']:>10.1f}{found['gigabytes_before']:>12.2f}"
            f"{found['peak_gigabytes']:>10.2f}{found['mean_se']:>10.2f}"
        )


def main() -> None:
    """Run all cases, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--case", choices=CASES, help="measure in this process, print JSON")
    chosen = parser.parse_args()
    if chosen.case:
        measure(chosen.case, chosen.rows)
    else:
        run_cases(chosen.rows)


if __name__ == "__main__":
    main()
