"""Cost of rows: the same 10,000 groups with correlated slopes, with ever more rows.

Only cross-products enter the likelihood, so sampling should cost the same for 125,000 rows as for two
million; what grows is reading the data once. ``python benchmarks/rows.py --rows 1000000`` runs one size; each
size is its own process, for its peak memory.
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

GROUPS = 10_000
SIZES = (125_000, 250_000, 500_000, 1_000_000, 2_000_000)
FORMULA = "y ~ x + (x | g)"
TRUTH = {"Intercept": 1.0, "x": 0.5, "sd Intercept": 1.0, "sd x": 0.4, "correlation": 0.3, "sigma": 2.0}


def simulate(rows: int, groups: int, seed: int) -> pd.DataFrame:
    """Balanced data from the model with the parameters `TRUTH`.

    Parameters
    ----------
    rows, groups : int
        Numbers of rows and of groups.
    seed : int
        Seed of the generator.

    Returns
    -------
    pandas.DataFrame
        Columns y, x, g; g is a categorical.
    """
    rng = np.random.default_rng(seed)
    sd = np.array([TRUTH["sd Intercept"], TRUTH["sd x"]])
    covariance = np.outer(sd, sd) * np.array([[1, TRUTH["correlation"]], [TRUTH["correlation"], 1]])
    effects = rng.multivariate_normal([TRUTH["Intercept"], TRUTH["x"]], covariance, size=groups)
    codes = np.arange(rows) % groups
    x = rng.normal(size=rows)
    y = effects[codes, 0] + effects[codes, 1] * x + TRUTH["sigma"] * rng.normal(size=rows)
    labels = pd.Categorical.from_codes(codes, categories=[f"g{i}" for i in range(groups)])
    return pd.DataFrame({"y": y, "x": x, "g": labels})


def measure(rows: int, groups: int) -> None:
    """Fit one size in this process and print one line of JSON."""
    import bayesmixed as bm

    frame = simulate(rows, groups, seed=1)
    before = peak_gigabytes()
    bm.lmer(FORMULA, simulate(groups * 5, groups, seed=2), seed=1, progress=False, draws=10, adapt=False)
    start = time.perf_counter()
    fit = bm.lmer(FORMULA, frame, seed=1, progress=False)
    found = {
        "rows": rows,
        "groups": groups,
        "seconds": time.perf_counter() - start,
        "gigabytes_before": before,
        "peak_gigabytes": peak_gigabytes(),
        "sigma": float(fit.draws["posterior"]["sigma"].median()),
    }
    print(json.dumps(found))


def run_sizes(sizes: list[int], groups: int) -> None:
    """Each size in its own process, as a table."""
    source = Path(__file__).resolve().parents[1] / "src"
    paths = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")]))
    print(
        f"{FORMULA}, {groups} groups\n{'rows':>10}{'seconds':>10}{'data GB':>10}{'peak GB':>10}{'sigma':>10}"
    )
    for rows in sizes:
        command = [sys.executable, __file__, "--rows", str(rows), "--groups", str(groups), "--single"]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}
        )
        if done.returncode:
            raise SystemExit(f"{rows} rows failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        measures = ("seconds", "gigabytes_before", "peak_gigabytes", "sigma")
        print(f"{rows:>10}" + "".join(f"{found[name]:>10.3f}" for name in measures))


def main() -> None:
    """Run all sizes, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--groups", type=int, default=GROUPS)
    parser.add_argument("--single", action="store_true", help="measure in this process, print JSON")
    chosen = parser.parse_args()
    if chosen.single:
        measure(chosen.rows[0], chosen.groups)
    else:
        run_sizes(chosen.rows, chosen.groups)


if __name__ == "__main__":
    main()
