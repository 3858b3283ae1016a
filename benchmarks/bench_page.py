"""Tables, peers that are faster, and growth curves for ``docs/benchmarks.md``.

``python benchmarks/bench_page.py`` reads the runs of ``bench.py`` and ``growth.py`` and writes what was found
between the two marks of the page, and the curves beside it.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from bench import RESULTS, read
from cases import CASES
from growth import AXES, COMPARED, case_name
from marked_page import DOCS, fill, row
from systems import SYSTEMS

mpl.use("agg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9})

PICTURES = DOCS / "_static" / "benchmarks"
OURS = ("bayesmixed", "reml")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something measured: its column, its unit, what a better peer does, and which direction is better."""

    column: str
    unit: str
    verb: str
    larger: bool = False


MEASURES = {
    "first_answer": Measure("first answer", "s", "gives its first answer sooner"),
    "cold": Measure("first answer, empty caches", "s", "gives its very first answer on a machine sooner"),
    "fit": Measure("fit call", "s", "fits faster"),
    "min_ess": Measure("minimum ESS", "", "has more effective draws", larger=True),
    "max_rhat": Measure("largest R-hat", "", "has chains that agree better"),
    "ess_per_second": Measure("ESS a second", "", "gives more effective draws a second", larger=True),
    "peak_gigabytes": Measure("peak memory", "GB", "needs less memory"),
}
TITLES = {
    "rows": "Rows, in {groups:,} groups with correlated slopes",
    "groups": "Groups with correlated slopes, {rows_per_group} rows each",
    "effects": "Correlated effects a group, {groups} groups of {rows_per_group} rows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is known of one system on one case.

    Attributes
    ----------
    values : Mapping[str, float]
        Medians by measure; infinite seconds where the limit was passed.
    runs : int
        With full compile caches.
    limit : float
        Seconds for one run.
    left_out : str or None
        Why nothing was measured.
    """

    values: Mapping[str, float]
    runs: int = 0
    limit: float = math.inf
    left_out: str | None = None


Cells = dict[tuple[str, str], Cell]


def value(line: Mapping[str, Any], measure: str) -> float:
    """A measure of one run: infinite when it needs seconds that the limit did not give."""
    missing = math.inf if line["over"] and MEASURES[measure].unit == "s" else math.nan
    return float(line.get(measure, missing))


def summarize(lines: Iterable[Mapping[str, Any]]) -> Cells:
    """Medians of every case and system, of the runs with the versions of the last one.

    Parameters
    ----------
    lines : iterable of mappings
        Of the file of results.

    Returns
    -------
    Cells
        By case and system.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        groups.setdefault((line["case"], line["system"]), []).append(line)
    return {place: _cell(group) for place, group in groups.items()}


def _cell(lines: list[Mapping[str, Any]]) -> Cell:
    """One cell from its runs; reasons for leaving out count when there is no run."""
    runs = [line for line in lines if "left_out" not in line]
    if not runs:
        return Cell(values={}, left_out=str(lines[-1]["left_out"]))
    runs = [line for line in runs if line["versions"] == runs[-1]["versions"]]
    full = [line for line in runs if line["caches"] == "full"]
    found = {
        measure: statistics.median(value(line, measure) for line in full)
        for measure in MEASURES
        if full and measure != "cold"
    }
    cold = [value(line, "first_answer") for line in runs if line["caches"] == "empty"]
    if cold:
        found["cold"] = cold[-1]
    elif SYSTEMS[str(runs[-1]["system"])].caches is None:  # it begins the same way every time
        found["cold"] = found["first_answer"]
    known = {measure: found[measure] for measure in MEASURES if not math.isnan(found.get(measure, math.nan))}
    return Cell(values=known, runs=len(full), limit=float(runs[-1]["limit"]))


def shown(cell: Cell, measure: str) -> str:
    """A measure as the table prints it."""
    if measure not in cell.values:
        return "-"
    number, unit = cell.values[measure], MEASURES[measure].unit
    if math.isinf(number):
        return f"over {cell.limit:,.0f} s"
    digits = max(0, 1 - math.floor(math.log10(number))) if 0 < number < 100 else 0
    return f"{number:,.{digits}f} {unit}".rstrip()


def cases_of(cells: Cells) -> list[str]:
    """Real cases, in their order."""
    present = {case for case, _ in cells}
    return [case for case in CASES if case in present]


def table(cells: Cells) -> str:
    """One line for each case and system, in Markdown."""
    lines = [row(["case", "system", *(measure.column for measure in MEASURES.values()), "runs"])]
    lines.append("|---" * (len(MEASURES) + 3) + "|")
    for case in cases_of(cells):
        first = f"{case}: `{CASES[case].formula}`"
        for system in SYSTEMS:
            cell = cells.get((case, system))
            if cell is None:
                continue
            if cell.left_out is not None:
                values = [f"left out: {cell.left_out}", *[""] * len(MEASURES)]
            else:
                values = [*(shown(cell, measure) for measure in MEASURES), str(cell.runs)]
            lines.append(row([first, SYSTEMS[system].title, *values]))
            first = ""
    return "\n".join(lines)


def rivals(cells: Cells, case: str) -> Iterator[tuple[str, str, Cell, Cell]]:
    """Pairs to compare: every peer with the posterior, and peers that only estimate with REML too."""
    for ours in OURS:
        for peer in SYSTEMS:
            mine, theirs = cells.get((case, ours)), cells.get((case, peer))
            if peer in OURS or (ours == "reml" and SYSTEMS[peer].posterior):
                continue
            if mine is not None and theirs is not None and mine.values and theirs.values:
                yield ours, peer, mine, theirs


def advantages(mine: Cell, theirs: Cell) -> list[str]:
    """What a peer does better, with both numbers, unless they read the same."""
    found = []
    for name, measure in MEASURES.items():
        if name in mine.values and name in theirs.values:
            ours, peers = mine.values[name], theirs.values[name]
            better = peers > ours if measure.larger else peers < ours
            if better and shown(theirs, name) != shown(mine, name):
                found.append(f"{measure.verb}: {shown(theirs, name)} against {shown(mine, name)}")
    return found


def named(peer: str, ours: str) -> str:
    """Title of a peer, which says so when it only estimates what we give a posterior of."""
    alone = SYSTEMS[ours].posterior and not SYSTEMS[peer].posterior
    return SYSTEMS[peer].title + (" (estimates alone)" if alone else "")


def faster_peers(cells: Cells) -> list[str]:
    """A sentence for every case and peer that is better in any measure.

    Parameters
    ----------
    cells : Cells
        What was measured.

    Returns
    -------
    list[str]
        E.g. ``"On cbpp brms, beside bayesmixed, has more effective draws: 3,500 against 3,000."``.
    """
    return [
        f"On {case} {named(peer, ours)}, beside {SYSTEMS[ours].title}, {'; '.join(better)}."
        for case in cases_of(cells)
        for ours, peer, mine, theirs in rivals(cells, case)
        if (better := advantages(mine, theirs))
    ]


def curve(cells: Cells, axis: str, system: str) -> list[tuple[int, Cell]]:
    """Sizes along an axis, and what a system needed there."""
    names = {size: case_name(*AXES[axis].sizes(axis, size)) for size in AXES[axis].values}
    return [(size, cells[name, system]) for size, name in names.items() if (name, system) in cells]


def growth_table(cells: Cells, axis: str) -> str:
    """Seconds of a fit call along an axis, in Markdown."""
    curves = {system: dict(curve(cells, axis, system)) for system in COMPARED}
    lines = [row([axis, *(SYSTEMS[system].title for system in COMPARED)]), "|---" * (len(curves) + 1) + "|"]
    for size in sorted({size for points in curves.values() for size in points}):
        found = [shown(points[size], "fit") if size in points else "-" for points in curves.values()]
        lines.append(row([f"{size:,}", *found]))
    return "\n".join(lines)


def picture(cells: Cells, axis: str, title: str) -> None:
    """Growth curves of one axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.0), layout="constrained")
    axes = figure.subplots()
    for i, system in enumerate(COMPARED):
        points = [(size, cell.values.get("fit", math.inf)) for size, cell in curve(cells, axis, system)]
        points = [(size, seconds) for size, seconds in points if math.isfinite(seconds)]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", color=f"C{i}", label=SYSTEMS[system].title)
    axes.set(xscale="log", yscale="log", title=title, xlabel=axis, ylabel="fit call, seconds")
    axes.set_xticks(AXES[axis].values, [f"{size:,}" for size in AXES[axis].values])
    axes.minorticks_off()
    if axes.lines:
        axes.legend(fontsize=8, frameon=False, bbox_to_anchor=(1.0, 1.0), loc="upper left")
    PICTURES.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURES / f"{axis}.svg", metadata={"Date": None})


def growth(cells: Cells) -> Iterator[str]:
    """Picture and table of every axis that was measured."""
    for axis, sizes in AXES.items():
        if any(curve(cells, axis, system) for system in COMPARED):
            title = TITLES[axis].format(groups=sizes.groups, rows_per_group=sizes.rows_per_group)
            picture(cells, axis, title)
            yield f"### {title}"
            yield f"![{title}](_static/benchmarks/{axis}.svg)"
            yield growth_table(cells, axis)


def origin(lines: Iterable[Mapping[str, Any]]) -> str:
    """Machine, days and versions."""
    runs = [line for line in lines if "left_out" not in line]
    versions = sorted({f"{name} {number}" for line in runs for name, number in line["versions"].items()})
    days = sorted({line["date"] for line in runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    machines = "; ".join(sorted({line["machine"] for line in runs}))
    return f"{len(runs)} runs, {when}, on one machine at a time: {machines}. {', '.join(versions)}."


def report(lines: list[dict[str, Any]]) -> str:
    """Everything that stands between the marks."""
    cells = summarize(lines)
    faster = [f"- {sentence}" for sentence in faster_peers(cells)] or ["No peer was better in any measure."]
    return "\n\n".join(
        (
            origin(lines),
            "## Cases",
            table(cells),
            "## Where a peer is better",
            "\n".join(faster),
            "## As data grow",
            "Seconds of a fit call on simulated data. A system over its limit is not asked about more.",
            *growth(cells),
        )
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    lines = read(parser.parse_args().results)
    if not lines:
        raise SystemExit("There are no runs yet: benchmarks/bench.py makes them.")
    fill(DOCS / "benchmarks.md", report(lines))
    print("\n".join(faster_peers(summarize(lines))))


if __name__ == "__main__":
    main()
