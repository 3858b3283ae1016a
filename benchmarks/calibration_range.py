"""Calibration of models beyond lme4's: ranks of the truth among posterior draws, structure by structure.

``python benchmarks/calibration_range.py`` draws parameters and responses from the prior of every case by
``bm.simulate_prior``, fits them, and writes one line of JSON for every replication; lines that are there are
not made again. It prints for every quantity the p value of a chi-squared test of uniform ranks, in twenty
bins. Priors are stated, so that they do not look at the response.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import bayesmixed as bm

RANKED, BINS = 199, 20
RESULTS = Path(__file__).parents[1] / "build" / "calibration_range.jsonl"
P = bm.prior


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model with a design and stated priors."""

    key: str
    formula: Any
    frame: pd.DataFrame
    priors: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)


def _frame() -> pd.DataFrame:
    """Sixty rows: twelve groups of five visits."""
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(12), 5)
    return pd.DataFrame(
        {
            "x": rng.normal(size=60),
            "t": np.tile(np.arange(5), 12),
            "v": [f"v{i}" for i in np.tile([0, 1, 2, 0, 1], 12)],
            "f": np.where(rng.permutation(60) % 2, "a", "b"),
            "g": [f"g{i:02d}" for i in g],
            "s": rng.uniform(0.3, 1.5, 60),
            "y": rng.normal(size=60),
        }
    )


def _kinship() -> pd.DataFrame:
    """Relations between the twelve groups, closer where their numbers are near."""
    labels = [f"g{i:02d}" for i in range(12)]
    apart = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    return pd.DataFrame(0.7**apart, index=labels, columns=labels)


def _cases() -> list[Case]:
    frame = _frame()
    mean = {"Intercept": P("Normal", mu=0, sigma=1), "b": P("Normal", mu=0, sigma=1)}
    sd, sigma = {"sd_g": P("HalfNormal", sigma=1)}, {"sigma": P("HalfNormal", sigma=1)}
    log_sigma = {"b_sigma": P("Normal", mu=0, sigma=0.5)}
    studies = frame.groupby("g", as_index=False).first()
    return [
        Case(key="se", formula="y | se(s) ~ x + (1 | g)", frame=studies, priors=mean | sd),
        Case(
            key="strata",
            formula=["y ~ x + (x | g)", "sigma ~ 0 + f"],
            frame=frame,
            priors=mean | sd | log_sigma,
        ),
        Case(key="ar", formula="y ~ x + (1 | g) + ar(t, gr=g)", frame=frame, priors=mean | sd | sigma),
        Case(key="cs bar", formula="y ~ x + cs(0 + v | g)", frame=frame, priors=mean | sd | sigma),
        Case(
            key="known covariance",
            formula="y ~ x + (1 | gr(g, cov=A))",
            frame=frame,
            priors=mean | sd | sigma,
            options={"data2": {"A": _kinship()}},
        ),
        Case(
            key="smooth",
            formula="y ~ s(x, k=6) + (1 | g)",
            frame=frame,
            priors={"Intercept": mean["Intercept"], "b": mean["b"], "sd": sd["sd_g"]} | sigma,
        ),
        Case(
            key="location and scale",
            formula=["y ~ x + (1 | g)", "sigma ~ x + (1 | g)"],
            frame=frame,
            priors=mean
            | sd
            | log_sigma
            | {"sigma_Intercept": P("Normal", mu=0, sigma=0.5), "sd_sigma_g": P("HalfNormal", sigma=0.5)},
        ),
    ]


def replicate(number: int, key: str) -> dict[str, Any]:
    """Ranks of the truth of one replication."""
    case = next(each for each in _cases() if each.key == key)
    tree = bm.simulate_prior(case.formula, case.frame, n=1, priors=case.priors, seed=number, **case.options)
    truth = tree["prior"].to_dataset()
    frame = case.frame.assign(y=tree["prior_predictive"].to_dataset()["y"].values.ravel())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = bm.lmer(
            case.formula,
            frame,
            priors=case.priors,
            chains=2,
            cores=1,
            draws=1000,
            seed=number,
            progress=False,
            **case.options,
        )
    posterior = fit.draws["posterior"].to_dataset()
    ranks: dict[str, list[int]] = {}
    for name in posterior.data_vars:
        drawn = posterior[name].transpose("chain", "draw", ...).values
        values = drawn.reshape(drawn.shape[0] * drawn.shape[1], -1)
        chosen = values[np.linspace(0, len(values) - 1, RANKED).astype(int)]
        own = truth[name].values.reshape(-1)[: chosen.shape[1]]
        ranks[str(name)] = np.sum(chosen < own, axis=0).tolist()
    return {"case": key, "number": number, "ranks": ranks}


def done(path: Path) -> list[dict[str, Any]]:
    """Replications that are there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def judge(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """p value of uniform ranks for every quantity; random effects of all levels together."""
    rows = []
    for key in dict.fromkeys(record["case"] for record in records):
        own = [record["ranks"] for record in records if record["case"] == key]
        for name in own[0]:
            ranks = np.array([each[name] for each in own])
            for j in range(1 if name.startswith("ranef") else ranks.shape[1]):
                column = ranks[:, j]
                if np.ptp(column) == 0:
                    continue
                counts, _ = np.histogram(column, np.linspace(0, RANKED + 1, BINS + 1))
                p = float(stats.chisquare(counts).pvalue)
                rows.append((key, f"{name}[{j}]", len(column), p, float(column.mean() / RANKED)))
    return pd.DataFrame(rows, columns=["case", "quantity", "n", "p", "mean rank"])


def main() -> None:
    """Make what is missing, then judge everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--cases", nargs="*", default=[case.key for case in _cases()])
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    RESULTS.parent.mkdir(exist_ok=True)
    made = {(record["case"], record["number"]) for record in done(RESULTS)}
    with multiprocessing.get_context("spawn").Pool(arguments.cores) as pool, RESULTS.open("a") as file:
        for key in arguments.cases:
            missing = [i for i in range(arguments.replications) if (key, i) not in made]
            for record in pool.imap_unordered(partial(replicate, key=key), missing, chunksize=5):
                file.write(json.dumps(record) + "\n")
                file.flush()
    table = judge(done(RESULTS))
    print(table.to_string(index=False))
    low = int((table["p"] < 0.01).sum())
    print(f"{len(table)} quantities, {low} with p < 0.01, lowest {table['p'].min():.2g}")


if __name__ == "__main__":
    main()
