"""Explained variance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.model.spec import ModelSpec
from bayesmixed.names import LEGEND
from bayesmixed.verbs.distribution_variance import distribution_variance
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import bound_names, summarize
from bayesmixed.verbs.variances import (
    fixed_meaning,
    fixed_variance,
    random_meaning,
    random_variance,
    split_blocks,
)

FORMULAS = {
    "marginal": "V_fix/V_total",
    "conditional": "(V_fix+V_all)/V_total",
}


def r2(source: Source, *, prob: float = 0.95) -> pd.DataFrame:
    """Nakagawa's marginal and conditional R2 with their intervals."""
    return source.with_intervals(lambda draws: _r2(draws, source.spec, prob), prob)


def _r2(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """Explained variance of draws."""
    fixed = fixed_variance(draws, spec.design)
    groups, rows = split_blocks(spec.design)
    random = np.sum([random_variance(draws, block) for block in groups], axis=0)
    within = distribution_variance(draws, spec)
    total = fixed + random + within.draws
    kinds = list(FORMULAS) if spec.design.blocks else ["marginal"]
    summary = summarize(np.column_stack([fixed / total, (fixed + random) / total])[:, : len(kinds)], prob)
    lower, upper = bound_names(prob)
    total_formula = f"(V_fix+V_all+{within.formula})" if rows else "V_total"
    table = pd.DataFrame(
        {
            "type": kinds,
            "r2": summary.value,
            lower: summary.lower,
            upper: summary.upper,
            "formula": [
                formula.replace("V_total", total_formula) for formula in map(FORMULAS.__getitem__, kinds)
            ],
        }
    )
    table.attrs[LEGEND] = (
        f"{fixed_meaning(spec.design)}; V_all: {random_meaning(groups)}, summed over the groups; "
        f"{'' if rows else f'V_total: V_fix + V_all + {within.formula}; '}{within.meaning}"
    )
    return table
