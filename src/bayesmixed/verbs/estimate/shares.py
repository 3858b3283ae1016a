"""Intraclass correlations and explained variance of a REML or ML estimate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.verbs.estimate.bootstrap import bootstrap, bootstrap_tree
from bayesmixed.verbs.summaries import bound_names


def with_bootstrap(
    fitted: Estimate,
    point: xr.DataTree,
    verb: Callable[[xr.DataTree], pd.DataFrame],
    *,
    prob: float,
    boot: int,
    seed: int | None,
) -> pd.DataFrame:
    """Table of a verb at an estimate, its interval by the parametric bootstrap.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    point : xarray.DataTree
        The same estimate as a posterior of one draw.
    verb : callable
        Makes a table with an interval out of draws.
    prob : float
        Confidence level of the percentile intervals.
    boot : int
        Number of bootstrap refits; with 0 the intervals are NaN, since the likelihood alone gives none.
    seed : int or None
        Repeats the bootstrap.

    Returns
    -------
    pandas.DataFrame
        The verb's columns.
    """
    table, bounds = verb(point), list(bound_names(prob))
    table[bounds] = np.nan
    if boot:
        refits = bootstrap_tree(fitted, bootstrap(fitted, boot, seed))
        table[bounds] = verb(refits)[bounds].to_numpy()
    return table
