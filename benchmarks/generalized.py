"""Generalized mixed models side by side with Bambi: effective draws a second, and time to the first answer.

``python benchmarks/generalized.py`` runs every case; ``--cases cbpp grouseticks --repeats 3`` chooses. Each
system runs in its own process, one at a time, after one run that only fills the compile caches, and fits
twice: what is divided by the time of the second fit is the worst of bulk and tail effective sample size. The
first answer is a whole process from start to exit: import, fit, print the coefficients. JSON lines go to
``--out``, medians, ratios and the bars to the terminal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import cases
from linear import medians, print_case, run_worker
from process import whole_process

LEAST = {"cbpp": 4.0, "contraception": 4.0, "verbagg": 4.0, "grouseticks": 50.0}
"""How many times as many effective draws a second as Bambi are asked for."""

LEAST_FIRST = 3.0
"""How many times sooner the first answer is asked for."""

FITS = {
    "ours": "import bayesmixed as bm; "
    "print(bm.glmer({formula!r}, data, {family!r}, seed=1, progress=False).fixef())",
    "bambi": "data = data.astype({{c: 'category' for c in data.columns if data[c].dtype == 'str'}}); "
    "import bambi as bmb, arviz as az; model = bmb.Model({formula!r}, data, family={family!r}); "
    "draws = model.fit(draws=1000, tune=1000, chains=4, cores=2, random_seed=1, "
    "inference_method='nutpie', progressbar=False); "
    "print(az.summary(draws, var_names=[name for name in draws['posterior'].data_vars if '|' not in name]))",
}


def first_answer(system: str, case: cases.Case, data: Path, repeats: int) -> float:
    """Median wall time of whole processes with warm compile caches, in seconds.

    Parameters
    ----------
    system : {"ours", "bambi"}
        Who fits.
    case : cases.Case
        Formula and family.
    data : Path
        Parquet file with the data.
    repeats : int
        Number of processes.

    Returns
    -------
    float
        Seconds.
    """
    fit = FITS[system].format(formula=case.formula, family=case.family)
    return statistics.median(whole_process(system, fit, data) for _ in range(repeats))


def print_bars(case: str, found: dict[str, dict[str, float]], first: dict[str, float]) -> None:
    """Both bars of a case, and what was measured."""
    faster = found["ours"]["ess_per_second"] / found["bambi"]["ess_per_second"]
    sooner = first["bambi"] / first["ours"]
    for label, ratio, least in (
        ("effective draws a second", faster, LEAST[case]),
        ("first answer", sooner, LEAST_FIRST),
    ):
        verdict = "met" if ratio >= least else "MISSED"
        print(f"  {label:26}{ratio:10.1f} times Bambi's, at least {least:.0f} asked for: {verdict}")


def main() -> None:
    """Run the chosen cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=list(cases.GENERALIZED), choices=cases.GENERALIZED)
    parser.add_argument("--systems", nargs="+", default=["ours", "bambi"], choices=["ours", "bambi"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-warmup", action="store_true", help="measure the first process too")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.jsonl"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chosen.out.open("a", encoding="utf-8") as out:
        for name in chosen.cases:
            data, case = Path(folder) / f"{name}.parquet", cases.GENERALIZED[name]
            cases.load(case).to_parquet(data)
            found, first = {}, {}
            for system in chosen.systems:
                if not chosen.no_warmup:
                    run_worker(system, name, data, seed=0)
                runs = [run_worker(system, name, data, seed=10 * r + 1) for r in range(chosen.repeats)]
                out.writelines(json.dumps(run) + "\n" for run in runs)
                found[system] = medians(runs)
                first[system] = first_answer(system, case, data, chosen.repeats)
            print_case(name, found)
            print(f"  {'first answer, seconds':26}" + "".join(f"{value:12.2f}" for value in first.values()))
            if len(found) == 2:
                print_bars(name, found, first)
    print(f"\nversions: {runs[-1]['versions']}")


if __name__ == "__main__":
    main()
