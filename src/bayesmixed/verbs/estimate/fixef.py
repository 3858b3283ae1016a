"""Fixed effects of a REML or ML estimate, with t tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.verbs.estimate.satterthwaite import (
    combination_spread,
    degrees_of_freedom,
    interval_summary,
    t_test_columns,
)
from bayesmixed.verbs.summaries import summary_columns


def fixef(fitted: Estimate, *, prob: float = 0.95) -> pd.DataFrame:
    """Tabulate the fixed effects as lmerTest's summary does.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row for each column of X: ``term``, ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` (by Student's
        t), ``t``, ``df`` (Satterthwaite's), ``p_value`` (two-sided).

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    Standard errors are the roots of the diagonal of sigma^2 (X'V^-1 X)^-1, the variances taken as known; that
    they are estimated enters by the degrees of freedom.
    """
    terms, value = fitted.design.fixed.terms, fitted.optimum.coefficients
    spread = combination_spread(fitted, np.eye(len(terms)))
    se, df = np.sqrt(spread.variances), degrees_of_freedom(fitted, spread)
    columns = summary_columns(interval_summary(value, se, prob, df), prob)
    return pd.DataFrame({"term": list(terms), **columns, **t_test_columns(value, se, df)})
