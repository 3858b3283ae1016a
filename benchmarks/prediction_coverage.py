"""Coverage of prediction intervals: 200 simulated data sets, each predicted at rows whose truth is known.

``y ~ x + (x | g)`` with 20 groups of 8 rows. Of every data set ten rows of seen groups and ten of new ones
are predicted: the population's mean, the group's mean, a new response. It prints the share of the truths
inside the 95 % intervals of the posterior and of the REML estimate, with the standard error that the spread
between data sets gives it.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import bayesmixed as bm

FORMULA = "y ~ x + (x | g)"
GROUPS, EACH, ASKED = 20, 8, 10
BETA, SD, CORRELATION, SIGMA = np.array([1.0, 0.5]), np.array([1.0, 0.4]), 0.3, 1.0
CASES = {
    "population mean": {"effects": "fixed"},
    "mean, seen group": {"groups": "seen"},
    "mean, new group": {"groups": "new"},
    "response, seen group": {"groups": "seen", "kind": "response"},
    "response, new group": {"groups": "new", "kind": "response"},
}


def simulate(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Data to fit, with rows of seen and of new groups that hold the truth.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the data.

    Returns
    -------
    data : pandas.DataFrame
        Columns y, x, g.
    asked : dict[str, pandas.DataFrame]
        For ``"seen"`` and ``"new"`` rows with x, g, and the truth: population, mean, response.
    """
    covariance = np.outer(SD, SD) * np.array([[1, CORRELATION], [CORRELATION, 1]])
    effects = rng.multivariate_normal(np.zeros(2), covariance, GROUPS + ASKED)

    def rows(codes: np.ndarray) -> pd.DataFrame:
        z = np.column_stack([np.ones(len(codes)), rng.normal(size=len(codes))])
        population = z @ BETA
        mean = population + np.einsum("nk,nk->n", z, effects[codes])
        response = mean + SIGMA * rng.normal(size=len(codes))
        columns = {"x": z[:, 1], "g": [f"g{code}" for code in codes]}
        return pd.DataFrame({**columns, "population": population, "mean": mean, "y": response})

    data = rows(np.repeat(np.arange(GROUPS), EACH))
    asked = {"seen": rows(rng.choice(GROUPS, ASKED, replace=False)), "new": rows(GROUPS + np.arange(ASKED))}
    return data[["y", "x", "g"]], asked


def covered(fit: object, asked: dict[str, pd.DataFrame]) -> list[float]:
    """Share of the truths inside the intervals, case by case."""
    shares = []
    for options in CASES.values():
        options = dict(options)
        rows = asked[options.pop("groups", "seen")]
        truth = rows["population" if options.get("effects") else "y" if options.get("kind") else "mean"]
        found = fit.predict(rows, new_levels="sample", **options)
        shares.append(float(np.mean((found["lower_2.5"] <= truth) & (truth <= found["upper_97.5"]))))
    return shares


def main() -> None:
    """Simulate, fit and predict; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    shares: dict[str, list[list[float]]] = {"posterior": [], "reml": []}
    for rng in np.random.default_rng(chosen.seed).spawn(chosen.sets):
        data, asked = simulate(rng)
        shares["posterior"].append(covered(bm.lmer(FORMULA, data, seed=1), asked))
        shares["reml"].append(covered(bm.lmer(FORMULA, data, method="reml"), asked))
    print(f"coverage of 95 % intervals, {chosen.sets} data sets\n{'':22}{'posterior':>18}{'reml':>18}")
    for case, name in enumerate(CASES):
        cells = []
        for values in shares.values():
            column = np.array(values)[:, case]
            cells.append(f"{column.mean():.3f} +- {column.std(ddof=1) / np.sqrt(len(column)):.3f}")
        print(f"{name:22}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
