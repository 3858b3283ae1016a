"""Random effects of a REML or ML estimate, with lme4's conditional standard deviations."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.uncertainty import conditional_covariances
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.estimate.satterthwaite import interval_summary
from bayesmixed.verbs.ranef import level_table


def ranef(fitted: Estimate, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Tabulate the conditional means of the random effects with their conditional standard deviations.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    group : str, optional
        One grouping factor only.
    prob : float
        Confidence level of the normal intervals.

    Returns
    -------
    pandas.DataFrame
        ``group_var``, ``effect``, ``group`` (the level), ``value``, ``se``, ``lower_2.5``, ``upper_97.5``; by
        grouping factor, then effect, then level.

    Raises
    ------
    DataError
        When the model has no grouping factor `group`.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    ``se`` is lme4's ``condsd``: coefficients and variances are taken as known, so the intervals are narrower
    than a posterior's.
    """
    covariances = conditional_covariances(fitted.likelihood, fitted.optimum, known_coefficients=True)
    blocks, tables = fitted.design.blocks, []
    for block in chosen_blocks(fitted.design, group):
        i = blocks.index(block)
        value = fitted.optimum.ranef[i].T.ravel()
        se = np.sqrt(np.einsum("jkk->kj", covariances[i].own)).ravel()
        tables.append(level_table(block, block.effects, interval_summary(value, se, prob), prob))
    return pd.concat(tables, ignore_index=True)
