"""Fixed effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.extract.summaries import draw_matrix, summarize, summary_columns
from bayesmixed.model.spec import ModelSpec


def fixef(draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95) -> pd.DataFrame:
    """Tabulate the fixed effects with their intervals, the population's part of the model.

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
        One row for each column of X: ``term``, ``value`` (posterior median), ``se`` (posterior standard
        deviation), ``lower_2.5``, ``upper_97.5``, ``p_direction`` (the larger of P(> 0) and P(< 0)).

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    The probability of direction is near one minus half of a two-sided p-value when the prior is wide
    (Makowski et al. 2019, Frontiers in Psychology 10:2767).
    """
    beta = draw_matrix(draws, names.BETA)
    columns = summary_columns(summarize(beta, prob), prob)
    direction = np.maximum((beta > 0).mean(axis=0), (beta < 0).mean(axis=0))
    return pd.DataFrame({"term": list(spec.design.fixed.terms), **columns, "p_direction": direction})
