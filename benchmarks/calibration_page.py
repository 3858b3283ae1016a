"""Verdict on the calibration: bands, tables and pictures for ``docs/calibration.md``.

``python benchmarks/calibration_page.py`` reads the replications of ``calibration.py``, writes the tables
between the two marks of the page and one picture of every case beside it, and prints the verdict.
"""

from __future__ import annotations

import argparse
import json
import platform
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from arviz_stats.ecdf_utils import compute_ecdf, get_pointwise_confidence_band, simulate_confidence_bands
from calibration import PROBS, RANKED, RESULTS
from calibration_cases import CASES, Case
from marked_page import DOCS, fill, row
from scipy import stats

mpl.use("agg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "calibration", "font.size": 9})

PICTURES = DOCS / "_static" / "calibration"
ERROR = 0.01
POINTS = np.arange(1, 100) / 100
KINDS = {
    "random effects": ("ranef_", "C7"),
    "standard deviations, correlations": (("sd_", "corr_", "sigma", "nu"), "C1"),
    "coefficients": (("Intercept", "x"), "C0"),
    "ICC": ("ICC", "C2"),
    "new group": ("new group", "C4"),
    "log likelihood": ("log likelihood", "C3"),
}


def load(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Replications, ranks and counts of intervals, a row each."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    place = ("case", "replication")
    runs = pd.DataFrame([{key: line[key] for key in line if key not in ("ranks", "held")} for line in lines])
    ranks = pd.DataFrame(
        [
            {**{key: line[key] for key in place}, "quantity": quantity, "rank": rank}
            for line in lines
            for quantity, rank in line["ranks"].items()
        ]
    )
    held = pd.DataFrame(
        [
            {
                **{key: line[key] for key in place},
                "verb": verb,
                "intervals": counts[0],
                "prob": prob,
                "held": count,
            }
            for line in lines
            for verb, counts in line["held"].items()
            for prob, count in zip(PROBS, counts[1:], strict=True)
        ]
    )
    return runs, ranks, held


def ecdf_difference(ranks: pd.Series[int]) -> np.ndarray[Any, Any]:
    """Empirical distribution function of the ranks, spread evenly over (0, 1), less the uniform one."""
    spread = np.random.default_rng(1).uniform(size=len(ranks))
    return np.asarray(compute_ecdf((ranks.to_numpy() + spread) / (RANKED + 1), POINTS) - POINTS)


@lru_cache
def band(n: int, prob: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Band that holds a whole difference of n uniform values with a probability (Saeilynoja et al. 2022)."""
    n_simulations = max(10_000, int(10 / (1 - prob)))
    pointwise = simulate_confidence_bands(n, 1, POINTS, prob, n_simulations, np.random.default_rng(2))
    lower, upper = get_pointwise_confidence_band(pointwise, n, POINTS)
    return lower - POINTS, upper - POINTS


def judge(ranks: pd.DataFrame) -> pd.DataFrame:
    """Every case's quantities, with whether each leaves its own band and the band over all."""
    groups = ranks.groupby(["case", "quantity"], sort=False)["rank"]
    overall = 1 - ERROR / groups.ngroups
    rows = []
    for (case, quantity), values in groups:
        difference, n = ecdf_difference(values), len(values)
        uniform = (values.to_numpy() + np.random.default_rng(1).uniform(size=n)) / (RANKED + 1)
        rows.append(
            {
                "case": case,
                "quantity": quantity,
                "n": n,
                "outside_own": _is_outside(difference, band(n, 1 - ERROR)),
                "outside": _is_outside(difference, band(n, overall)),
                "p": stats.kstest(uniform, "uniform").pvalue,
            }
        )
    return pd.DataFrame(rows)


def _is_outside(difference: np.ndarray[Any, Any], limits: tuple[Any, Any]) -> bool:
    """Whether a difference leaves a band anywhere."""
    return bool(np.any((difference < limits[0] - 1e-12) | (difference > limits[1] + 1e-12)))


def coverage(held: pd.DataFrame) -> pd.DataFrame:
    """Share of the intervals that held the truth, with its distance from the promise in standard errors."""
    held = held.assign(share=held["held"] / held["intervals"])
    held["square"] = (held["share"] - held["prob"]) ** 2
    groups = held.groupby(["case", "verb", "prob"], sort=False)
    table = groups.agg(
        intervals=("intervals", "sum"),
        share=("share", "mean"),
        square=("square", "mean"),
        n=("share", "size"),
    ).reset_index()
    # Intervals of one data set go together: the spread is that between data sets, about the promise.
    together, alone = table["square"] / table["n"], table["prob"] * (1 - table["prob"]) / table["intervals"]
    table["z"] = (table["share"] - table["prob"]) / np.sqrt(np.maximum(together, alone))
    return table


def picture(case: Case, ranks: pd.DataFrame, overall: float) -> None:
    """Differences of all quantities of one case within both bands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.9), layout="constrained")
    axes = figure.subplots()
    n = int(ranks.groupby("quantity").size().iloc[0])
    for prob, shade, label in (
        (overall, "0.93", "99 % over all"),
        (1 - ERROR, "0.85", "99 % of one quantity"),
    ):
        axes.fill_between(POINTS, *band(n, prob), color=shade, linewidth=0, label=label)
    for kind, (starts, color) in KINDS.items():
        chosen = ranks[ranks["quantity"].str.startswith(starts)]
        for i, (_, values) in enumerate(chosen.groupby("quantity")["rank"]):
            difference = ecdf_difference(values).round(4)
            axes.plot(POINTS, difference, color=color, linewidth=0.9, label="_" if i else kind)
    axes.set(title=case.title, xlabel="rank / 200", ylabel="ECDF - uniform", xlim=(0, 1))
    figure.legend(loc="outside right center", fontsize=7, frameon=False)
    figure.savefig(PICTURES / f"{case.key}.svg", metadata={"Date": None})


def _named(judged: pd.DataFrame, column: str) -> str:
    """Names of the quantities of a table where a column is true."""
    return ", ".join(f"`{name}`" for name in judged.loc[judged[column], "quantity"]) or "none"


def rank_table(judged: pd.DataFrame, runs: pd.DataFrame) -> str:
    """One line for each case, in Markdown."""
    head = (
        "| case | engine | replications | quantities | outside the band over all "
        "| outside their own 99 % band | smallest p (Kolmogorov-Smirnov) | seconds a fit | fits that warned |"
    )
    lines = [head, "|---" * 9 + "|"]
    for case in CASES:
        part, made = judged[judged["case"] == case.key], runs[runs["case"] == case.key]
        if part.empty:
            continue
        worst = part.loc[part["p"].idxmin()]
        cells = (
            f"{case.title}: `{case.formula}`",
            "/".join(made["engine"].unique()),
            len(made),
            len(part),
            _named(part, "outside"),
            _named(part, "outside_own"),
            f"{worst['p']:.2g} (`{worst['quantity']}`)",
            f"{made['seconds'].median():.2f}",
            (made["warned"] > 0).sum(),
        )
        lines.append(row([str(cell) for cell in cells]))
    return "\n".join(lines)


def coverage_table(covered: pd.DataFrame, limit: float) -> str:
    """One line for each case's verb, in Markdown; a share beyond the limit is bold."""
    lines = ["| case | verb | intervals | 50 % | 80 % | 95 % |", "|---" * 6 + "|"]
    for case in CASES:
        part = covered[covered["case"] == case.key]
        for i, (verb, rows) in enumerate(part.groupby("verb", sort=False)):
            shares = [
                f"**{100 * place.share:.1f}**" if abs(place.z) > limit else f"{100 * place.share:.1f}"
                for place in rows.itertuples()
            ]
            cells = ["" if i else case.title, f"`{verb}`", str(rows["intervals"].iloc[0]), *shares]
            lines.append(row(cells))
    return "\n".join(lines)


def report(runs: pd.DataFrame, judged: pd.DataFrame, covered: pd.DataFrame) -> str:
    """Both tables with their verdicts, and the pictures."""
    limit = float(stats.norm.isf(ERROR / len(covered) / 2))
    beyond = int((covered["z"].abs() > limit).sum())
    versions = ", ".join(f"{name} {version(name)}" for name in ("bayesmixed", "nutpie", "numba", "pymc"))
    shown = [case for case in CASES if case.key in set(runs["case"])]
    pictures = "\n\n".join(f"![{case.title}](_static/calibration/{case.key}.svg)" for case in shown)
    return "\n\n".join(
        (
            f"{len(runs):,} fits; {versions}, Python {platform.python_version()}.",
            "## Ranks",
            f"**{judged['outside'].sum()} of {len(judged)} quantities lie outside the simultaneous 99 % band "
            f"over all cases and quantities.** {judged['outside_own'].sum()} lie outside a 99 % band of "
            f"their own, where {ERROR * len(judged):.1f} are expected by chance.",
            rank_table(judged, runs),
            pictures,
            "## Coverage",
            f"**{beyond} of {len(covered)} shares are further from their promise than chance explains** "
            f"({limit:.1f} standard errors: 1 % over all shares, printed bold); the furthest is "
            f"{covered['z'].abs().max():.1f} standard errors away.",
            coverage_table(covered, limit),
        )
    )


def main() -> None:
    """Judge the replications and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    runs, ranks, held = load(parser.parse_args().results)
    judged, covered = judge(ranks), coverage(held)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        chosen = ranks[ranks["case"] == case.key]
        if not chosen.empty:
            picture(case, chosen, 1 - ERROR / len(judged))
    fill(DOCS / "calibration.md", report(runs, judged, covered))
    print(judged.sort_values("p").head(10).to_string())
    print(covered.reindex(covered["z"].abs().sort_values(ascending=False).index).head(10).to_string())


if __name__ == "__main__":
    main()
