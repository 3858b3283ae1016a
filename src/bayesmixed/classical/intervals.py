"""Intervals and tests of estimates by Student's t, or by the normal where degrees of freedom are infinite."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import FloatArray
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import check_prob


def interval_summary(
    value: FloatArray, se: FloatArray, prob: float, df: FloatArray | float = np.inf
) -> Summary:
    """Estimates with the interval of so many standard errors to both sides that Student's t holds `prob`.

    Shapes: `value, se` (m,), `df` (m,); returns (m,).
    """
    from scipy import stats

    check_prob(prob)
    reach = stats.t.ppf(0.5 * (1.0 + prob), df) * se
    return Summary(value=value, se=se, lower=value - reach, upper=value + reach)


def t_test_columns(value: FloatArray, se: FloatArray, df: FloatArray) -> dict[str, FloatArray]:
    """Columns ``t``, ``df`` and ``p_value`` (two-sided, against zero) of estimates, shape (m,) each.

    What is zero without any error, e.g. the effect of a predictor that only varies at random, has no test.
    """
    from scipy import stats

    t = np.divide(value, se, out=np.full(len(value), np.nan), where=se > 0.0)
    return {"t": t, "df": df, "p_value": 2.0 * stats.t.sf(np.abs(t), df)}
