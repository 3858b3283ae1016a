"""Simulation-based calibration of the public API, replication by replication.

``python benchmarks/calibration.py`` (or ``make calibration``) draws parameters from the prior of every case
of ``calibration_cases.py``, simulates data, fits them, and writes for every replication one line of JSON: the
rank of each true quantity among 200 posterior draws, and,
of every second replication, how many intervals of each verb held the truth.
Lines that are there already are not made again. ``python benchmarks/calibration_page.py`` judges them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from calibration_cases import CASES, Case
from calibration_model import Parameters, Simulation, icc, quantities, simulate

import bayesmixed as bm

PROBS = (0.5, 0.8, 0.95)
RANKED = 200
COVERED_EVERY = 2
DISCRETE = ("bernoulli", "poisson")
RESULTS = Path(__file__).parents[1] / "build" / "calibration.jsonl"


def fitted(case: Case, simulation: Simulation, *, adapt: bool) -> bm.MixedFit:
    """Fit of simulated data through the public API."""
    arguments: dict[str, Any] = {
        "priors": case.priors,
        "draws": case.draws,
        "chains": case.chains,
        "cores": 1,
        "seed": simulation.seed,
        "adapt": adapt,
    }
    if case.family == "gaussian":
        return bm.lmer(case.formula, simulation.frame, weights=case.weights, **arguments)
    return bm.glmer(case.formula, simulation.frame, case.family, **arguments)


def _draws(values: xr.DataArray, n_draws: int) -> np.ndarray[Any, Any]:
    """Evenly spaced draws of all chains in a row."""
    every = values.sizes["draw"] * values.sizes["chain"] // n_draws
    thinned = values.isel(draw=slice(None, None, every)).transpose("chain", "draw", ...)
    return thinned.values.reshape(n_draws, *thinned.shape[2:])


def posterior_parameters(case: Case, fit: bm.MixedFit, n_draws: int = RANKED) -> Parameters:
    """Posterior draws in the layout of the truth, found by the names of levels, effects and terms."""
    posterior = fit.draws["posterior"].to_dataset()
    sd, corr, ranef = {}, {}, {}
    for grouping in case.groupings:
        g, effects = grouping.name, list(grouping.effects)
        place = {f"{g}_effect": effects}
        sd[g] = _draws(posterior[f"sd_{g}"].sel(place), n_draws)
        ranef[g] = _draws(posterior[f"ranef_{g}"].sel({**place, g: grouping.levels}), n_draws)
        if grouping.correlated:
            pair = {f"{g}_effect": effects[0], f"{g}_effect_bis": effects[1]}
            corr[g] = _draws(posterior[f"corr_{g}"].sel(pair), n_draws)
    return Parameters(
        beta=_draws(posterior["beta"].sel(term=["Intercept", "x"]), n_draws),
        sd=sd,
        corr=corr,
        ranef=ranef,
        family={name: _draws(posterior[name], n_draws) for name in ("sigma", "nu") if name in posterior},
    )


def new_group_draws(case: Case, fit: bm.MixedFit, kind: str) -> np.ndarray[Any, Any]:
    """Posterior draws of the new row's mean or response, shape (RANKED,)."""
    drawn = fit.predict(case.new_row, new_levels="sample", kind=kind, weights=case.weights, draws=True)
    return _draws(drawn, RANKED)[:, 0]


def ranks(case: Case, simulation: Simulation, fit: bm.MixedFit) -> dict[str, int]:
    """Rank of every true quantity among posterior draws, 0 to 200; ties are broken at random."""
    y = simulation.frame["y"].to_numpy()
    truth = {name: float(value[0]) for name, value in quantities(case, y, simulation.truth).items()}
    draws = quantities(case, y, posterior_parameters(case, fit))
    for kind, value in (("mean", simulation.new_mean), ("response", simulation.new_response)):
        truth[f"new group, {kind}"] = value
        draws[f"new group, {kind}"] = new_group_draws(case, fit, kind)
    rng = np.random.default_rng(simulation.seed)
    return {
        name: int(np.sum(draws[name] < value) + rng.integers(np.sum(draws[name] == value) + 1))
        for name, value in truth.items()
    }


def _bounds(table: pd.DataFrame, lower: str = "lower_", upper: str = "upper_") -> tuple[Any, Any]:
    """Bounds of a table's intervals, in the columns whose names begin so."""
    low, high = (next(name for name in table if name.startswith(start)) for start in (lower, upper))
    return table[low].to_numpy(), table[high].to_numpy()


def intervals(
    case: Case, simulation: Simulation, fit: bm.MixedFit, prob: float
) -> Iterator[tuple[str, Any, tuple[Any, Any]]]:
    """Verb, true values and the bounds of its intervals, row by row of its table."""
    truth, groupings = simulation.truth, {grouping.name: grouping for grouping in case.groupings}
    table = fit.fixef(prob=prob)
    yield "fixef", truth.beta[0][[["Intercept", "x"].index(term) for term in table["term"]]], _bounds(table)
    table = fit.varcorr(prob=prob)
    values = [_true_sd(truth, groupings, row.group, row.effect) for row in table.itertuples()]
    yield "varcorr", values, _bounds(table, "sd_", f"sd_{50 + 50 * prob:g}")
    if truth.corr:
        table = fit.varcorr(correlations=True, prob=prob)
        yield "varcorr(correlations=True)", [truth.corr[g][0] for g in table["group"]], _bounds(table)
    table = fit.ranef(prob=prob)
    values = [
        truth.ranef[row.group_var][
            0,
            groupings[row.group_var].levels.index(row.group),
            groupings[row.group_var].effects.index(row.effect),
        ]
        for row in table.itertuples()
    ]
    yield "ranef", values, _bounds(table)
    table = fit.icc(prob=prob)
    table = table[table["group"].isin(list(groupings))]
    shares = icc(case, truth)
    yield "icc", [shares[g][0] for g in table["group"]], _bounds(table)
    for kind, value in (("mean", simulation.new_mean), ("response", simulation.new_response)):
        if kind == "mean" or case.family not in DISCRETE:
            table = fit.predict(case.new_row, new_levels="sample", kind=kind, prob=prob, weights=case.weights)
            yield f'predict(new_levels="sample", kind="{kind}")', [value], _bounds(table)


def _true_sd(truth: Parameters, groupings: dict[str, Any], group: str, effect: str) -> float:
    """Standard deviation in a row of ``varcorr()``."""
    if group == "Residual":
        return float(truth.family["sigma"][0])
    return float(truth.sd[group][0, groupings[group].effects.index(effect)])


def held(case: Case, simulation: Simulation, fit: bm.MixedFit) -> dict[str, list[int]]:
    """For each verb the number of intervals, and how many of 50, 80 and 95 % held the truth."""
    counts: dict[str, list[int]] = {}
    for prob in PROBS:
        for verb, truth, (lower, upper) in intervals(case, simulation, fit, prob):
            inside = (lower <= np.asarray(truth)) & (np.asarray(truth) <= upper)
            counts.setdefault(verb, [len(inside)]).append(int(inside.sum()))
    return counts


def replicate(task: tuple[str, int], *, adapt: bool = False) -> dict[str, Any]:
    """One replication of one case, as it is written down."""
    case = next(case for case in CASES if case.key == task[0])
    simulation = simulate(case, task[1])
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", bm.ConvergenceWarning)
        fit = fitted(case, simulation, adapt=adapt)
        seconds = time.perf_counter() - started
        line = {
            "case": case.key,
            "replication": task[1],
            "ranks": ranks(case, simulation, fit),
            "held": {} if task[1] % COVERED_EVERY else held(case, simulation, fit),
        }
    diagnostics = fit.diagnostics()
    return {
        **line,
        "warned": len(caught),
        "engine": fit.run.engine,
        "thin": fit.run.thin,
        "min_ess": round(float(diagnostics[["ess_bulk", "ess_tail"]].min().min())),
        "seconds": round(seconds, 3),
    }


def remaining(path: Path, keys: list[str], replications: int) -> list[tuple[str, int]]:
    """Replications that a file does not hold yet, a round of all cases after the other."""
    done: set[tuple[str, int]] = set()
    if path.exists():
        lines = (json.loads(line) for line in path.read_text().splitlines())
        done = {(line["case"], line["replication"]) for line in lines}
    return [(key, r) for r in range(replications) for key in keys if (key, r) not in done]


def main() -> None:
    """Make the replications that are still missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--cases", nargs="+", default=[case.key for case in CASES])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--adapt", action="store_true", help="sample until it is good, as a fit does by default"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    chosen.results.parent.mkdir(parents=True, exist_ok=True)
    tasks = remaining(chosen.results, chosen.cases, chosen.replications)
    work = partial(replicate, adapt=chosen.adapt)
    with (
        multiprocessing.get_context("spawn").Pool(chosen.processes) as pool,
        chosen.results.open("a") as results,
    ):
        for line in pool.imap_unordered(work, tasks):
            results.write(json.dumps(line) + "\n")
            results.flush()


if __name__ == "__main__":
    main()
