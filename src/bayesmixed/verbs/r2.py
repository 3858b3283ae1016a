"""Explained variance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.model.spec import ModelSpec
from bayesmixed.names import LEGEND
from bayesmixed.verbs.distribution_variance import distribution_variance
from bayesmixed.verbs.summaries import bound_names, summarize
from bayesmixed.verbs.variances import (
    FIXED_MEANING,
    fixed_variance,
    random_meaning,
    random_variance,
    split_blocks,
)

FORMULAS = {
    "marginal": "V_fix/V_total",
    "conditional": "(V_fix+V_all)/V_total",
}


def r2(draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95) -> pd.DataFrame:
    """Nakagawa's marginal and conditional R2 with their intervals.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``type`` (``marginal``: by the fixed effects; ``conditional``: by fixed and random effects), ``r2``
        (posterior median), ``lower_2.5``, ``upper_97.5``, ``formula``. ``attrs["legend"]`` says what the
        letters of the formulas stand for.

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    Computed draw by draw. V_fix is the sample variance of X beta over the rows, V_all the sum over the
    grouping factors of the mean over the rows of z' S z (Nakagawa and Schielzeth 2013, Methods in Ecology and
    Evolution 4:133; Johnson 2014, 5:944), and V_total = V_fix + V_all + sigma^2. Of a
    family other than gaussian, the distribution-specific variance stands in place of sigma^2. The variance
    of a factor with a level for every row, V_over, is not V_all's: it is overdispersion, and part of V_total
    alone. See :func:`~bayesmixed.verbs.distribution_variance.distribution_variance`.
    """
    fixed = fixed_variance(draws, spec.design)
    groups, rows = split_blocks(spec.design)
    random = np.sum([random_variance(draws, block) for block in groups], axis=0)
    within = distribution_variance(draws, spec)
    total = fixed + random + within.draws
    summary = summarize(np.column_stack([fixed / total, (fixed + random) / total]), prob)
    lower, upper = bound_names(prob)
    total_formula = f"(V_fix+V_all+{within.formula})" if rows else "V_total"
    table = pd.DataFrame(
        {
            "type": list(FORMULAS),
            "r2": summary.value,
            lower: summary.lower,
            upper: summary.upper,
            "formula": [formula.replace("V_total", total_formula) for formula in FORMULAS.values()],
        }
    )
    table.attrs[LEGEND] = (
        f"{FIXED_MEANING}; V_all: {random_meaning(groups)}, summed over the groups; "
        f"{'' if rows else f'V_total: V_fix + V_all + {within.formula}; '}{within.meaning}"
    )
    return table
