"""A linear mixed model of more rows than memory holds, fitted where the rows lie.

``python benchmarks/out_of_core.py`` writes simulated rows (100 million, 50,000 groups, correlated slopes) to
Parquet files in a temporary folder, chunk by chunk, and fits them in another process. It prints the seconds
of the passes over the rows and of the fit, the peak memory of that process, and how far the log density is
from that in memory for a part of one file's rows. The folder is removed at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

FORMULA = "y ~ time + (time | group)"
BYTES_A_ROW = 18
"""Of the Parquet files, at most."""
PART = 0.05
"""Share of the groups of one file whose rows are fitted in memory too."""
DRAWS = 250
"""Of each of four chains: the draws of 100,000 random effects are what takes memory."""


def write_rows(folder: Path, n: int, n_groups: int, chunk: int, seed: int = 1) -> None:
    """Simulate rows and write them, one file for each chunk.

    Parameters
    ----------
    folder : Path
        Where.
    n, n_groups, chunk : int
        Rows, groups, rows of a file.
    seed : int
        Of the data.
    """
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(np.array([[4.0, 0.12], [0.12, 0.04]]))
    effects = rng.standard_normal((n_groups, 2)) @ root.T
    for i, first in enumerate(range(0, n, chunk)):
        size = min(chunk, n - first)
        codes = rng.integers(0, n_groups, size, dtype=np.int32)
        time_of_row = rng.integers(0, 10, size).astype(np.int16)
        y = 10.0 + effects[codes, 0] + (0.3 + effects[codes, 1]) * time_of_row
        y += 3.0 * rng.standard_normal(size)
        frame = pd.DataFrame({"y": y, "time": time_of_row, "group": codes})
        frame.to_parquet(folder / f"rows{i:04d}.parquet", index=False)


def peak_gigabytes() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def fit_folder(folder: str, method: str) -> None:
    """Fit all files of a folder and print what it took.

    Parameters
    ----------
    folder : str
        The files.
    method : {"reml", "bayes"}
        How.
    """
    import bayesmixed as bm
    from bayesmixed.fits.specify import specify

    start = time.perf_counter()
    spec = specify(FORMULA, folder)
    print(f"passes over the rows: {time.perf_counter() - start:.1f} s, {peak_gigabytes():.2f} GB", flush=True)
    for how in ("reml", "bayes") if method == "both" else (method,):
        start = time.perf_counter()
        if how == "reml":
            fit: bm.RemlFit | bm.MixedFit = bm.lmer(FORMULA, folder, method="reml")
        else:
            fit = bm.lmer(FORMULA, folder, draws=DRAWS, adapt=False, seed=1)
        seconds = time.perf_counter() - start
        print(f"{how}, passes included: {seconds:.1f} s, {peak_gigabytes():.2f} GB at most", flush=True)
        print(fit.tidy().to_string(), flush=True)
    print(f"{spec.design.n_rows:,} rows; peak memory {peak_gigabytes():.2f} GB")


def compare_with_memory(file: Path) -> None:
    """Print how far the log density of a part of one file's rows is from that of the same rows in memory.

    Parameters
    ----------
    file : Path
        One of the files.
    """
    from bayesmixed.engines.collapsed.problem import evaluate, make_problem, pack_problem
    from bayesmixed.engines.kernel.plan import make_plan
    from bayesmixed.fits.specify import specify

    worst, rng, rows = 0.0, np.random.default_rng(1), pd.read_parquet(file)
    rows = rows[rows["group"] < rows["group"].max() * PART]
    part = file.with_name("part.parquet")
    rows.to_parquet(part)
    specs = [specify(FORMULA, part), specify(FORMULA, rows)]
    packed = [pack_problem(make_problem(spec), make_plan(spec.design)) for spec in specs]
    for _ in range(20):
        z = 0.5 * rng.standard_normal(packed[0].dimension)
        there, here = (evaluate(each, z)[0] for each in packed)
        worst = max(worst, abs(there - here))
    print(
        f"log density ({here:.0f}) of {specs[1].design.n_rows:,} rows, largest difference at 20 points: "
        f"{worst:.1e}",
        flush=True,
    )


def main() -> None:
    """Write, fit, compare, remove."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--groups", type=int, default=50_000)
    parser.add_argument("--chunk", type=int, default=4_000_000, help="rows of a file")
    parser.add_argument("--method", choices=["reml", "bayes", "both"], default="both")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, needed = Path(name), BYTES_A_ROW * arguments.rows
        free = shutil.disk_usage(folder).free
        if free < 2 * needed:
            raise SystemExit(f"{needed / 1e9:.1f} GB are written, and {free / 1e9:.1f} GB are free.")
        start = time.perf_counter()
        write_rows(folder, arguments.rows, arguments.groups, arguments.chunk)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"written: {size / 1e9:.2f} GB in {time.perf_counter() - start:.0f} s", flush=True)
        for task, argument in ((fit_folder, (str(folder), arguments.method)), (compare_with_memory, None)):
            given = argument or (min(folder.iterdir()),)
            process = multiprocessing.get_context("spawn").Process(target=task, args=given)
            process.start()
            process.join()


if __name__ == "__main__":
    main()
