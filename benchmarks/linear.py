"""Linear mixed models side by side with Bambi: time, effective draws, memory, in one run.

``python benchmarks/linear.py`` runs every case; ``--cases sleepstudy gpa --repeats 3`` chooses. Each system
runs in its own process, one at a time, after one run that only fills the compile caches. JSON lines go to
``--out``, medians and ratios (Bambi / ours) to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cases

FOLDER = Path(__file__).resolve().parent
MEASURES = (
    "import_seconds",
    "first_seconds",
    "second_seconds",
    "second_cpu_seconds",
    "min_ess_bulk",
    "min_ess_tail",
    "max_rhat",
    "divergences",
    "ess_per_second",
    "peak_gigabytes",
)


def run_worker(system: str, case: str, data: Path, seed: int) -> dict[str, Any]:
    """What one fresh process measured.

    Parameters
    ----------
    system : {"ours", "bambi"}
        Who fits.
    case : str
        Key of ``cases.EVERY``.
    data : Path
        Parquet file with the data.
    seed : int
        Seed of the first fit.

    Returns
    -------
    dict
        The worker's measures.
    """
    command = [sys.executable, str(FOLDER / "worker.py"), system, case, str(data), "--seed", str(seed)]
    paths = os.pathsep.join(filter(None, [str(FOLDER.parent / "src"), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    if done.returncode:
        raise SystemExit(f"{system} failed on {case}:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Median of every measure over the runs of one system on one case."""
    return {name: statistics.median(run[name] for run in runs) for name in MEASURES}


def print_case(case: str, found: dict[str, dict[str, float]]) -> None:
    """Medians of a case, and the ratio where both systems ran."""
    print(f"\n{case}: {cases.EVERY[case].formula}")
    print(
        f"  {'':20}"
        + "".join(f"{system:>12}" for system in found)
        + ("   bambi/ours" if len(found) > 1 else "")
    )
    for name in MEASURES:
        values = [measures[name] for measures in found.values()]
        line = f"  {name:20}" + "".join(f"{value:12.3f}" for value in values)
        if len(values) == 2 and values[0]:
            line += f"{values[1] / values[0]:13.2f}"
        print(line)


def main() -> None:
    """Run the chosen cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=list(cases.CASES), choices=cases.CASES)
    parser.add_argument("--systems", nargs="+", default=["ours", "bambi"], choices=["ours", "bambi"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-warmup", action="store_true", help="measure the first process too")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.jsonl"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chosen.out.open("a", encoding="utf-8") as out:
        for case in chosen.cases:
            data = Path(folder) / f"{case}.parquet"
            cases.load(cases.CASES[case]).to_parquet(data)
            found = {}
            for system in chosen.systems:
                if not chosen.no_warmup:
                    run_worker(system, case, data, seed=0)
                runs = [run_worker(system, case, data, seed=10 * r + 1) for r in range(chosen.repeats)]
                out.writelines(json.dumps(run) + "\n" for run in runs)
                found[system] = medians(runs)
            print_case(case, found)
    print(f"\nversions: {runs[-1]['versions']}")


if __name__ == "__main__":
    main()
