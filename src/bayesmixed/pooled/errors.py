"""Cross-validated errors of complete, no and partial pooling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.comparison.group_columns import coefficient_columns, first_stage, rows_of_levels
from bayesmixed.design.meeting import one_level
from bayesmixed.design.rank import find_aliases, standardized, told
from bayesmixed.design.records import Design, FixedDesign, FloatArray, GroupBlock, IntArray
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.likelihood import likelihood_of
from bayesmixed.errors import BayesmixedError
from bayesmixed.names import LEGEND
from bayesmixed.options import checked_seed
from bayesmixed.pooled.conditional_estimates import estimate_at
from bayesmixed.pooled.methods import model_of_none, partial_leverage
from bayesmixed.pooled.records import PooledGroups
from bayesmixed.verbs.estimate.combinations import fitted_values

UNTOLD = 1e-9
"""A row whose leverage is this near to 1 cannot be predicted from the others."""


def pooling_errors(groups: PooledGroups, *, k: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Cross-validate complete, no and partial pooling on rows of the same groups."""
    _check_folds(k, groups.design.n_rows)
    left_out = _one_row(groups) if k is None else _folds(groups, k, seed)
    known = np.all(np.isfinite(list(left_out.values())), axis=0)
    y = groups.design.response.values
    rows = [
        {
            "model": model,
            "rmse_fit": float(np.sqrt(np.mean((y - fitted) ** 2))),
            "rmse": _root_mean_square(left_out[model][known]),
            "mae": float(np.mean(np.abs(left_out[model][known]))) if known.any() else np.nan,
            "rows": int(known.sum()),
        }
        for model, fitted in _fitted(groups).items()
    ]
    table = pd.DataFrame(rows).astype({"model": "str"})
    how = "each row left out alone" if k is None else f"{k} folds of rows, drawn within groups"
    held = "partial: conditional means, variances held at those of the whole data"
    table.attrs[LEGEND] = "; ".join([how, held, model_of_none(groups), *_uncounted(known)])
    return table


def _uncounted(known: NDArray[np.bool_]) -> list[str]:
    """How many rows some model cannot predict, for the legend; nothing when there are none."""
    return (
        [] if known.all() else [f"{np.sum(~known)} of {len(known)} rows cannot be predicted by every model"]
    )


def _root_mean_square(values: FloatArray) -> float:
    """Root of the mean square, NaN of nothing."""
    return float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")


def _fitted(groups: PooledGroups) -> dict[str, FloatArray]:
    """Fitted values of every model."""
    estimate = groups.estimate
    return {
        "complete": groups.complete.fitted,
        "partial": fitted_values(groups.design, estimate.optimum),
        "intercepts": groups.intercepts.fitted,
        "lines": groups.lines.fitted,
    }


def _one_row(groups: PooledGroups) -> dict[str, FloatArray]:
    """Residual of every row from all other rows, NaN where these cannot tell it."""
    leverages = {
        "complete": groups.complete.leverage,
        "partial": partial_leverage(groups.estimate),
        "intercepts": groups.intercepts.leverage,
        "lines": groups.lines.leverage,
    }
    y, out = groups.design.response.values, {}
    for model, fitted in _fitted(groups).items():
        rest = 1.0 - leverages[model]
        out[model] = np.where(rest > UNTOLD, (y - fitted) / np.where(rest > UNTOLD, rest, 1.0), np.nan)
    return out


def _folds(groups: PooledGroups, k: int, seed: int) -> dict[str, FloatArray]:
    """Residual of every row from the other folds, NaN where these cannot tell it."""
    fold = _fold_of_rows(groups.block, k, np.random.default_rng(checked_seed(seed)))
    out = {model: np.full(groups.design.n_rows, np.nan) for model in _fitted(groups)}
    for number in range(k):
        test = np.flatnonzero(fold == number)
        train = np.flatnonzero(fold != number)
        for model, predicted in _predicted(groups, train, test).items():
            out[model][test] = groups.design.response.values[test] - predicted
    return out


def _fold_of_rows(block: GroupBlock, k: int, rng: np.random.Generator) -> IntArray:
    """Fold of every row, the rows of each group dealt out in turn."""
    order = np.concatenate([rng.permutation(rows) for rows in rows_of_levels(block)])
    fold = np.empty(len(order), dtype=np.int64)
    fold[order] = np.arange(len(order)) % k
    return fold


def _predicted(groups: PooledGroups, train: IntArray, test: IntArray) -> dict[str, FloatArray]:
    """Predictions of some rows by the models fitted to others."""
    design, block = groups.design, groups.block
    smaller, kept = design_of_rows(design, train)
    own = {"complete": (), "intercepts": (names.INTERCEPT,), "lines": groups.columns.within}
    codes, rows = kept[groups.index][block.codes[test]], coefficient_columns(design, block).matrix[test]
    out = {}
    for model, free in own.items():
        regression = first_stage(smaller, smaller.blocks[groups.index], free)
        out[model] = regression.predict(rows, codes) + design.offset[test]
    out["partial"] = _partial_prediction(groups.estimate, smaller, kept, test)
    return out


def _partial_prediction(
    estimate: Estimate, smaller: Design, kept: list[IntArray], test: IntArray
) -> FloatArray:
    """Predictions of some rows by the conditional means given other rows, variances held, NaN if untold."""
    design, optimum = estimate.design, estimate.optimum
    relative = [covariance / optimum.sigma**2 for covariance in optimum.covariances]
    every = standardized(smaller.fixed.matrix, has_intercept=smaller.fixed.has_intercept)
    aliases = find_aliases(every)
    used = aliases.kept
    smaller = replace(smaller, fixed=_fixed_columns(smaller.fixed, used))
    found = estimate_at(likelihood_of(smaller, estimate.likelihood.by), relative).optimum
    total = design.fixed.matrix[np.ix_(test, used)] @ found.coefficients + design.offset[test]
    total[~told(aliases.beyond(design.fixed.matrix[test]))] = np.nan
    for block, places, ranef in zip(design.blocks, kept, found.ranef, strict=True):
        codes = places[block.codes[test]]
        effects = np.where(codes[:, None] >= 0, ranef[codes], 0.0)
        total += np.sum(block.columns[test] * effects, axis=1)
    return np.asarray(total)


def _fixed_columns(fixed: FixedDesign, used: IntArray) -> FixedDesign:
    """Some columns of X."""
    return replace(
        fixed,
        matrix=np.ascontiguousarray(fixed.matrix[:, used]),
        terms=tuple(fixed.terms[j] for j in used),
        centring=fixed.centring[np.ix_(used, used)],
        scales=fixed.scales[used],
    )


def design_of_rows(design: Design, rows: IntArray) -> tuple[Design, list[IntArray]]:
    """Keep some rows of a design, and the levels that they have.

    Returns shape (J,).
    """
    blocks, places = [], []
    for block in design.blocks:
        left, codes = np.unique(block.codes[rows], return_inverse=True)
        place = np.full(block.n_levels, -1)
        place[left] = np.arange(len(left))
        places.append(place)
        levels = tuple(block.levels[j] for j in left)
        blocks.append(replace(block, columns=block.columns[rows], meeting=one_level(codes), levels=levels))
    smaller = replace(
        design,
        response=replace(design.response, values=design.response.values[rows]),
        fixed=replace(design.fixed, matrix=design.fixed.matrix[rows]),
        blocks=tuple(blocks),
        offset=design.offset[rows],
        residual=design.residual.of_rows(rows),
        frame=design.frame.iloc[rows],
    )
    return smaller, places


def _check_folds(k: object, n: int) -> None:
    """Refuse a number of folds that is not possible."""
    if k is None:
        return
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 2 <= k <= n:
        raise BayesmixedError(
            f"k={k!r} must be a whole number of folds from 2 to {n}; without k every row is left out alone."
        )
