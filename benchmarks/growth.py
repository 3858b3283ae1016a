"""Cost of a fit call as rows grow at fixed groups, groups at fixed rows a group, and effects a group.

``python benchmarks/growth.py`` measures simulated data of correlated effects and adds to
``build/bench.jsonl`` what is not there yet. ``--axes rows --groups 10000 --values 1000000 --systems
bayesmixed`` asks one question alone. A system that passes the limit is not asked about larger data.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from bench import RESULTS, Notebook, measure, told
from cases import Case
from systems import SYSTEMS, leave_when_told

SIGMA, CORRELATION = 2.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What grows, and what stays.

    Attributes
    ----------
    values : tuple[int, ...]
        Sizes of what grows.
    groups : int
        Number of groups, where it stays.
    rows_per_group : int
        Where they stay.
    """

    values: tuple[int, ...]
    groups: int = 0
    rows_per_group: int = 0

    def sizes(self, name: str, value: int, groups: int | None = None) -> tuple[int, int, int]:
        """Rows, groups and effects a group at one value."""
        groups = value if name == "groups" else groups or self.groups
        effects = value if name == "effects" else 2
        return (value if name == "rows" else groups * self.rows_per_group), groups, effects


def case_name(rows: int, groups: int, effects: int) -> str:
    """Name of simulated data in the file of results."""
    return f"{rows:,} rows, {groups:,} groups, {effects} effects"


AXES = {
    "rows": Axis(values=(10_000, 40_000, 160_000, 640_000), groups=1000),
    "groups": Axis(values=(100, 1000, 10_000, 30_000), rows_per_group=10),
    "effects": Axis(values=(1, 2, 3, 5), groups=200, rows_per_group=30),
}
COMPARED = ("bayesmixed", "reml", "lme4", "bambi")


def simulate(rows: int, groups: int, effects: int, seed: int) -> pd.DataFrame:
    """Balanced data with standard normal predictors and correlated effects of sd 1, 0.5, 0.5 ...

    Parameters
    ----------
    rows, groups : int
        Numbers of rows and of groups.
    effects : int
        Random effects of each group: the intercept and slopes.
    seed : int
        Of the generator.

    Returns
    -------
    pandas.DataFrame
        Columns y, x1, x2 ... and g, labels ``g0``, ``g1`` ...
    """
    rng = np.random.default_rng(seed)
    sd = np.array([1.0] + [0.5] * (effects - 1))
    covariance = np.outer(sd, sd) * (CORRELATION + (1 - CORRELATION) * np.eye(effects))
    coefficients = rng.multivariate_normal(np.ones(effects), covariance, size=groups)
    codes = np.arange(rows) % groups
    x = np.column_stack([np.ones(rows), rng.normal(size=(rows, effects - 1))])
    y = (coefficients[codes] * x).sum(axis=1) + SIGMA * rng.normal(size=rows)
    frame = pd.DataFrame(x[:, 1:], columns=[f"x{j}" for j in range(1, effects)])
    return frame.assign(y=y, g=[f"g{code}" for code in codes])


def model(effects: int) -> Case:
    """Model with as many correlated effects of each group."""
    terms = " + ".join(f"x{j}" for j in range(1, effects)) or "1"
    return Case(f"y ~ {terms} + ({terms} | g)", "", "", ("g",))


def grow(
    notebook: Notebook, name: str, systems: Iterable[str], values: Iterable[int], groups: int | None
) -> None:
    """Measure the systems along one axis."""
    for system in systems:
        for value in sorted(values):
            rows, n_groups, effects = AXES[name].sizes(name, value, groups)
            case = case_name(rows, n_groups, effects)
            frame = simulate(rows, n_groups, effects, seed=1)
            for line in measure(notebook, case, model(effects), system, frame, fit_only=True):
                print(told(line), flush=True)
            if any(line["over"] for line in notebook.lines(case, system)):
                break


def main() -> None:
    """Measure the chosen axes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--axes", nargs="+", default=list(AXES), choices=AXES)
    parser.add_argument("--systems", nargs="+", default=list(COMPARED), choices=SYSTEMS)
    parser.add_argument("--values", type=int, nargs="+", help="sizes along the axis")
    parser.add_argument("--groups", type=int, help="number of groups, where it stays")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for one run")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    leave_when_told()
    notebook = Notebook(path=chosen.results, repeats=chosen.repeats, limit=chosen.limit)
    for name in chosen.axes:
        grow(notebook, name, chosen.systems, chosen.values or AXES[name].values, chosen.groups)


if __name__ == "__main__":
    main()
