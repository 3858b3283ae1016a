"""F tests of fixed terms with Satterthwaite's degrees of freedom, lmerTest's ``anova`` of one model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.satterthwaite import combination_spread, degrees_of_freedom
from bayesmixed.classical.term_contrasts import term_contrasts
from bayesmixed.design.records import FloatArray
from bayesmixed.options import AnovaType

SAME = 1e-8
"""Difference within which degrees of freedom are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FTest:
    """Test that several contrasts of the coefficients are zero together.

    Attributes
    ----------
    statistic : float
        F.
    numerator, denominator : float
        Degrees of freedom.
    """

    statistic: float
    numerator: int
    denominator: float


def term_tests(estimate: Estimate, kind: AnovaType) -> pd.DataFrame:
    """Table of F tests of all fixed terms: columns of :func:`bayesmixed.comparison.anova.anova`."""
    from scipy import stats

    contrasts = term_contrasts(estimate.design, kind)
    tests = [f_test(estimate, rows) for rows in contrasts.values()]
    statistic, numerator, denominator = (
        np.array([getattr(test, name) for test in tests])
        for name in ("statistic", "numerator", "denominator")
    )
    mean_squares = statistic * estimate.optimum.sigma**2
    return pd.DataFrame(
        {
            "term": list(contrasts),
            "sum_sq": mean_squares * numerator,
            "mean_sq": mean_squares,
            "NumDF": numerator,
            "DenDF": denominator,
            "F": statistic,
            "p_value": stats.f.sf(statistic, numerator, denominator),
        }
    )


def f_test(estimate: Estimate, contrasts: FloatArray) -> FTest:
    """Test that contrasts of the coefficients are zero, L b = 0.

    Shapes: `contrasts` (q, p).

    F = (L b)' (L V L')^-1 L b / q. With L V L' = P D P', the rows of P'L are contrasts whose estimates are
    uncorrelated, each with Satterthwaite's degrees of freedom; the denominator's are those for which F has
    the expectation of the mean of the squared t's (Kuznetsova et al. 2017, Journal of Statistical Software
    82(13), section 2).
    """
    if not len(contrasts):
        return FTest(statistic=np.nan, numerator=0, denominator=np.nan)
    covariance = contrasts @ estimate.covariance @ contrasts.T
    se = np.sqrt(np.diag(covariance))
    t = contrasts @ estimate.optimum.coefficients / se
    spread = combination_spread(estimate, np.linalg.eigh(covariance)[1].T @ contrasts)
    return FTest(
        statistic=float(t @ np.linalg.solve(covariance / np.outer(se, se), t) / len(t)),
        numerator=len(t),
        denominator=denominator_df(degrees_of_freedom(estimate, spread)),
    )


def denominator_df(separate: FloatArray) -> float:
    """Degrees of freedom of the mean of squared t's that have their own, shape (q,).

    E = sum of nu / (nu - 2) is the expectation of the sum, and 2 E / (E - q) has it; 2 where one of them has
    no expectation. lmerTest's rule.
    """
    if np.ptp(separate) < SAME:
        return float(separate.mean())
    if np.any(separate <= 2.0):
        return 2.0
    total = np.sum(separate / (separate - 2.0))
    return float(2.0 * total / (total - len(separate)))
