"""Fixed effects of a REML or ML estimate, with t tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.satterthwaite import degrees_of_freedom
from bayesmixed.extract.summaries import bound_names


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
    from scipy import stats

    lower, upper = bound_names(prob)
    terms = fitted.design.fixed.terms
    value, se = fitted.optimum.coefficients, np.sqrt(np.diag(fitted.covariance))
    df = degrees_of_freedom(fitted, np.eye(len(terms)))
    reach = stats.t.ppf(0.5 * (1.0 + prob), df) * se
    return pd.DataFrame(
        {
            "term": list(terms),
            "value": value,
            "se": se,
            lower: value - reach,
            upper: value + reach,
            "t": value / se,
            "df": df,
            "p_value": 2.0 * stats.t.sf(np.abs(value / se), df),
        }
    )
