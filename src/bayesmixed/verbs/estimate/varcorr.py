"""Variance components and correlations of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import VarianceIntervals, one_of
from bayesmixed.verbs.estimate.confint import confint
from bayesmixed.verbs.summaries import bound_names
from bayesmixed.verbs.varcorr import varcorr as point_table


def varcorr(
    fitted: Estimate,
    point: xr.DataTree,
    spec: ModelSpec,
    *,
    correlations: bool = False,
    prob: float = 0.95,
    method: VarianceIntervals = "profile",
    seed: int | None = None,
) -> pd.DataFrame:
    """Tabulate the variance components, or the correlations among random effects.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    point : xarray.DataTree
        The same estimate as a posterior of one draw.
    spec : ModelSpec
        The model.
    correlations : bool
        The correlations in place of the standard deviations.
    prob : float
        Confidence level of the intervals.
    method : {"profile", "boot", "none"}
        Profile likelihood; the parametric bootstrap; no intervals (NaN), at once for any number of levels.
    seed : int, optional
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``effect``, ``variance``, ``sd``, ``sd_2.5``, ``sd_97.5``, ``var_prop``; with
        `correlations`: ``group``, ``effect_1``, ``effect_2``, ``value``, ``se``, ``lower_2.5``,
        ``upper_97.5``, with ``se`` NaN, since its sampling distribution is far from normal.

    Raises
    ------
    BayesmixedError
        When `method` or `prob` is not known.
    """
    one_of(method, VarianceIntervals, "method")
    table = point_table(point, spec, correlations=correlations, prob=prob)
    stems = ("lower", "upper") if correlations else ("sd", "sd")
    columns = list(bound_names(prob, *stems))
    table[columns] = np.nan
    if correlations:
        table["se"] = np.nan
    if method != "none" and len(table):
        intervals = confint(fitted, method=method, prob=prob, parameters="theta", seed=seed)
        wanted = (
            intervals[intervals["kind"] == "cor"] if correlations else intervals[intervals["kind"] != "cor"]
        )
        table[columns] = wanted[list(bound_names(prob))].to_numpy()
    return table
