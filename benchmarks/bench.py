"""Cases x systems: time to the first answer, fit call, effective draws, memory; and the same as data grow.

``python benchmarks/bench.py`` measures what ``build/bench.jsonl`` does not hold yet with the versions that
are installed; ``--cases sleepstudy cbpp --systems bayesmixed lme4 --repeats 5`` chooses, ``--again`` measures
anew. Each system runs alone in its own process, once with empty compile caches if it keeps any, and then
`--repeats` times with full ones. ``python benchmarks/bench_page.py`` writes the page of the documentation.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cases
import pandas as pd
from measure import WorkerError, run
from systems import SYSTEMS, as_json, caches_in, leave_when_told, machine, refusal, versions

RESULTS = Path(__file__).resolve().parents[1] / "build" / "bench.jsonl"


def read(path: Path) -> list[dict[str, Any]]:
    """Lines of a file of results; none when it does not exist."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """The file of results, and what a measurement is allowed to take.

    Attributes
    ----------
    path : Path
        File with a line of JSON for each run.
    repeats : int
        Runs with full compile caches.
    limit : float
        Seconds for one run, and after which no further one of the same system and case is begun.
    """

    path: Path
    repeats: int
    limit: float

    def write(self, line: dict[str, Any]) -> None:
        """Add a line, unless it is there."""
        if line in read(self.path):
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def lines(self, case: str, system: str) -> list[dict[str, Any]]:
        """Runs of one case and system with the installed versions that did not fail."""
        now = versions(system)
        return [
            line
            for line in read(self.path)
            if (line["case"], line["system"]) == (case, system) and line.get("versions") == now
        ]

    def forget(self, names: Iterable[str], systems: Iterable[str]) -> None:
        """Take out the lines of cases and systems."""
        if not self.path.exists():
            return
        kept = [
            line for line in read(self.path) if line["case"] not in names or line["system"] not in systems
        ]
        self.path.write_text("".join(json.dumps(line) + "\n" for line in kept))

    def missing(self, case: str, system: str, caches: str) -> int:
        """How many runs a case and system still lack."""
        made = [line for line in self.lines(case, system) if line["caches"] == caches]
        if any(line["over"] for line in made) or sum(line["seconds"] for line in made) > self.limit:
            return 0
        return max(0, (1 if caches == "empty" else self.repeats) - len(made))


def measure(
    notebook: Notebook,
    name: str,
    case: cases.Case,
    system: str,
    frame: pd.DataFrame,
    *,
    fit_only: bool = False,
) -> Iterator[dict[str, Any]]:
    """Measure what is missing of one case and system, and write it down.

    Parameters
    ----------
    notebook : Notebook
        Where to write.
    name : str
        Of the case.
    case : Case
        The model.
    system : str
        Key of ``systems.SYSTEMS``.
    frame : pandas.DataFrame
        The data.
    fit_only : bool
        Whether only the fit call matters: no run with empty compile caches, no effective sample sizes.

    Yields
    ------
    dict
        The lines written.
    """
    cell = {"case": name, "system": system}
    reason = refusal(system, case)
    if reason is not None:
        notebook.write({**cell, "left_out": reason})
        yield {**cell, "left_out": reason}
        return
    cached = SYSTEMS[system].caches is not None and not fit_only
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.csv"
        frame.to_csv(data, index=False)
        while notebook.missing(name, system, "full"):
            # The first run of all fills the caches of this folder for those after it.
            empty = cached and not (Path(folder) / "caches").exists()
            (Path(folder) / "caches").mkdir(exist_ok=True)
            line = {**cell, "caches": "empty" if empty else "full", "versions": versions(system)}
            line |= {"machine": machine(), "limit": notebook.limit, "date": time.strftime("%Y-%m-%d")}
            seed = 1 + 10 * len(notebook.lines(name, system))
            start = time.perf_counter()
            environment = caches_in(system, Path(folder) / "caches") if cached else {}
            try:
                line |= run(
                    system,
                    as_json(case),
                    data,
                    seed=seed,
                    limit=notebook.limit,
                    once=empty,
                    judge=not fit_only,
                    environment=environment,
                )
            except WorkerError as error:
                notebook.write({**cell, "left_out": f"failed: {error}"})
                yield {**cell, "left_out": f"failed: {error}"}
                return
            line["seconds"] = time.perf_counter() - start
            if not empty or notebook.missing(name, system, "empty"):
                notebook.write(line)
                yield line


def told(line: dict[str, Any]) -> str:
    """A measured run in one line for the terminal."""
    place = f"{line['case']:38} {line['system']:12}"
    if "left_out" in line:
        return f"{place}left out: {line['left_out']}"
    measures = ("first_answer", "fit", "min_ess", "ess_per_second", "peak_gigabytes")
    values = "  ".join(f"{name} {line[name]:.2f}" for name in measures if name in line)
    over = f"  over {line['limit']:.0f} s" if line["over"] else ""
    return f"{place}{line['caches']:6}{values}{over}"


def main() -> None:
    """Measure the chosen cases and systems."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(cases.TABLE), choices=cases.CASES)
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for one run")
    parser.add_argument("--again", action="store_true", help="forget what is there of the chosen ones")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    leave_when_told()
    notebook = Notebook(path=chosen.results, repeats=chosen.repeats, limit=chosen.limit)
    if chosen.again:
        notebook.forget(chosen.cases, chosen.systems)
    for name in chosen.cases:
        frame = cases.load(cases.CASES[name])
        for system in chosen.systems:
            for line in measure(notebook, name, cases.CASES[name], system, frame):
                print(told(line), flush=True)


if __name__ == "__main__":
    main()
