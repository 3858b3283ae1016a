"""Coverage of the intervals over simulated data sets, as a table in Markdown.

``python benchmarks/interval_coverage.py`` simulates, fits and counts; ``--sets 200`` data sets of each study.
A study has groups that are not shown to the fit, so that predictions for new groups meet what happened there.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import bayesmixed as bm

PROBS = (0.5, 0.8, 0.95)
UNSEEN = 5


@dataclass(frozen=True, kw_only=True)
class Study:
    """A model with true parameters."""

    title: str
    group: str
    seen: int
    arguments: dict[str, Any]

    def simulate(self, seed: int) -> bm.Simulation:
        """Data of the seen groups, and of some more."""
        return bm.simulate_data(**self.arguments, groups={self.group: self.seen + UNSEEN}, seed=seed)


STUDIES = (
    Study(
        title="Random intercepts, 8 groups of 10 rows",
        group="g",
        seen=8,
        arguments={
            "formula": "y ~ x + (1 | g)",
            "fixed": {"Intercept": 2, "x": 0.5},
            "sd": {"g": 0.8},
            "sigma": 1,
        },
    ),
    Study(
        title="Correlated intercepts and slopes, 18 groups of 10 rows",
        group="Subject",
        seen=18,
        arguments={
            "formula": "Reaction ~ Days + (Days | Subject)",
            "predictors": {"Days": "sequence"},
            "fixed": {"Intercept": 250, "Days": 10},
            "sd": {"Subject": {"Intercept": 25, "Days": 6}},
            "corr": {"Subject": 0.1},
            "sigma": 25,
        },
    ),
)


def true_icc(study: Study, fit: bm.MixedFit) -> float:
    """Share of the variance between groups, averaged over the rows as ``fit.icc()`` does."""
    block = fit.spec.design.blocks[0]
    sd = np.atleast_1d(pd.Series(study.arguments["sd"][study.group]).to_numpy(dtype=float))
    corr = np.full((len(sd), len(sd)), study.arguments.get("corr", {}).get(study.group, 0.0))
    np.fill_diagonal(corr, 1.0)
    between = np.einsum("nk,kl,nl->n", block.columns * sd, corr, block.columns * sd).mean()
    return float(between / (between + study.arguments["sigma"] ** 2))


def counted(study: Study, seed: int, draws: int) -> Iterator[tuple[str, float, bool]]:
    """Quantity, probability of the interval, and whether it held the truth, for one data set."""
    simulation = study.simulate(seed)
    levels = sorted(simulation.data[study.group].unique())
    is_seen = simulation.data[study.group].isin(levels[: study.seen])
    fit = bm.lmer(simulation.formula, simulation.data[is_seen], draws=draws, seed=seed, adapt=False)
    new = simulation.data[~is_seen].groupby(study.group).tail(1)
    response = new[fit.spec.design.response.name].to_numpy()
    effects = simulation.ranef[simulation.ranef["group"].isin(levels[: study.seen])]["value"].to_numpy()
    icc = true_icc(study, fit)
    for prob in PROBS:
        table = bm.recover(simulation, fit, prob=prob)
        yield from ((row.parameter, prob, bool(row.covered)) for row in table.itertuples())
        for quantity, truth, estimate in (
            ("ICC", np.array([icc]), fit.icc(prob=prob)),
            ("random effects of the groups", effects, fit.ranef(prob=prob)),
            (
                "response in a new group",
                response,
                fit.predict(new, new_levels="sample", kind="response", prob=prob),
            ),
        ):
            lower, upper = (estimate.filter(like=end).iloc[:, 0].to_numpy() for end in ("lower_", "upper_"))
            yield from ((quantity, prob, bool(held)) for held in (lower <= truth) & (truth <= upper))


def table(study: Study, sets: int, draws: int) -> str:
    """Coverage of every quantity in percent, in Markdown."""
    counts = pd.DataFrame(
        (record for seed in range(1, sets + 1) for record in counted(study, seed, draws)),
        columns=["quantity", "prob", "held"],
    )
    shares = counts.pivot_table(index="quantity", columns="prob", values="held", sort=False)
    intervals = counts[counts["prob"] == PROBS[0]].groupby("quantity", sort=False).size()
    head = ["quantity", "intervals", *(f"{100 * prob:g} %" for prob in PROBS)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for quantity, row in shares.iterrows():
        cells = [str(quantity), str(intervals[quantity]), *(f"{100 * share:.1f}" for share in row)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Count the chosen number of data sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--draws", type=int, default=500, help="of each of four chains")
    chosen = parser.parse_args()
    # Fewer draws than a fit keeps by default, so that some data sets miss its targets.
    warnings.simplefilter("ignore", bm.ConvergenceWarning)
    for study in STUDIES:
        started = time.perf_counter()
        print(f"## {study.title}\n\n`{study.arguments['formula']}`, {chosen.sets} data sets\n")
        print(table(study, chosen.sets, chosen.draws))
        print(f"\n{(time.perf_counter() - started) / chosen.sets:.2f} s a data set, fit and intervals.\n")


if __name__ == "__main__":
    main()
