"""One Python system fits one model in a fresh process.

Run by ``measure.py``. It reads a CSV file, fits, prints the coefficients and the line ``FIRST``; then it fits
a second time, prints ``SECOND`` with what it measured as JSON, and writes the draws of all quantities as
doubles, in the order (quantity, chain, draw). With ``--fits 1`` it leaves after ``FIRST``.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cases import Case
from systems import ONE_BAR


@dataclass(frozen=True, slots=True)
class Answer:
    """A fit: how its coefficients are made for printing, and its draws if it has any."""

    coefficients: Callable[[], object]
    draws: Any = None


def fit_bayesmixed(case: Case, frame: pd.DataFrame, seed: int) -> Answer:
    """Posterior by bayesmixed, with its defaults, adaptation included."""
    import bayesmixed as bm

    if case.family == "gaussian":
        fit = bm.lmer(case.formula, frame, seed=seed, progress=False)
    else:
        fit = bm.glmer(case.formula, frame, case.family, seed=seed, progress=False)
    return Answer(fit.fixef, fit.draws)


def fit_reml(case: Case, frame: pd.DataFrame, seed: int) -> Answer:  # noqa: ARG001
    """REML estimates by bayesmixed."""
    import bayesmixed as bm

    return Answer(bm.lmer(case.formula, frame, method="reml").fixef)


def fit_bambi(case: Case, frame: pd.DataFrame, seed: int) -> Answer:
    """Posterior by Bambi with nutpie, 4 chains of 1,000 after 1,000 of tuning.

    Bambi reads ``(x | g)`` as independent effects: its model has no correlations to sample.
    """
    import bambi as bmb

    # Bambi takes labels for categories only when they are typed so.
    typed = frame.astype({name: "category" for name in frame.columns if frame[name].dtype == "str"})
    draws = bmb.Model(case.formula, typed, family=case.family).fit(
        draws=1000,
        tune=1000,
        chains=4,
        cores=2,
        random_seed=seed,
        inference_method="nutpie",
        progressbar=False,
    )
    return Answer(lambda: summary(draws), draws)


def summary(draws: Any) -> pd.DataFrame:
    """ArviZ's table of everything but the random effects."""
    import arviz as az

    return az.summary(draws, var_names=[name for name in draws["posterior"].data_vars if "|" not in name])


def fit_statsmodels(case: Case, frame: pd.DataFrame, seed: int) -> Answer:  # noqa: ARG001
    """REML estimates by statsmodels' MixedLM."""
    import statsmodels.formula.api as smf

    parts = ONE_BAR.fullmatch(case.formula)
    model = smf.mixedlm(parts["fixed"], frame, groups=parts["group"], re_formula=f"~{parts['effects']}")
    return Answer(model.fit(reml=True).summary)


FITS: dict[str, Callable[[Case, pd.DataFrame, int], Answer]] = {
    "bayesmixed": fit_bayesmixed,
    "reml": fit_reml,
    "bambi": fit_bambi,
    "statsmodels": fit_statsmodels,
}


def peak_gigabytes() -> float:
    """Largest resident memory of this process so far, in GB (Linux counts in kB, macOS in bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def write_draws(draws: Any, path: Path) -> list[int]:
    """Write all quantities, random effects included, and say their shape (quantities, chains, draws)."""
    shape = [0]
    with path.open("wb") as file:
        for name, array in draws["posterior"].to_dataset().data_vars.items():
            if name not in ("mu", "p"):
                values = array.transpose("chain", "draw", ...).to_numpy()
                flat = values.reshape(*values.shape[:2], -1).transpose(2, 0, 1).astype(float)
                flat.tofile(file)
                shape = [shape[0] + flat.shape[0], *flat.shape[1:]]
    return shape


def main() -> None:
    """Fit once or twice, and say what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("system", choices=FITS)
    parser.add_argument("case", help="formula, factors and family as JSON")
    parser.add_argument("data", type=Path, help="CSV file")
    parser.add_argument("draws", type=Path, help="file to write draws to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fits", type=int, default=2)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    case, fit = Case(bundled="", file="", **json.loads(chosen.case)), FITS[chosen.system]
    frame = pd.read_csv(chosen.data, dtype=dict.fromkeys(case.factors, str))
    print(fit(case, frame, chosen.seed).coefficients())
    print("FIRST", flush=True)
    if chosen.fits == 1:
        return
    start = time.perf_counter()
    answer = fit(case, frame, chosen.seed + 1)
    found: dict[str, Any] = {"fit": time.perf_counter() - start, "peak_gigabytes": peak_gigabytes()}
    found["rows"] = len(frame)
    if answer.draws is not None:
        found["divergences"] = int(np.sum(answer.draws["sample_stats"]["diverging"]))
    print("SECOND", json.dumps(found), flush=True)
    if answer.draws is not None:
        print("DRAWS", json.dumps(write_draws(answer.draws, chosen.draws)), flush=True)


if __name__ == "__main__":
    main()
