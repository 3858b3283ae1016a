"""The likelihood-ratio test between two models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesmixed.comparison.nesting import adds_one_variance
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import Maximized

ROUNDING = 1e-9
"""A gain in the criterion below this share of it is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatio:
    """A likelihood-ratio test."""

    statistic: float  # twice the gain in log likelihood, at least 0
    df: int  # number of parameters that the larger model has more
    p_value: float  # by the chi-squared distribution; NaN without degrees of freedom
    # by the mixture that holds when the larger model has one random effect more; NaN otherwise
    p_mixture: float


def likelihood_ratio(smaller: Maximized, larger: Maximized) -> LikelihoodRatio:
    """Test a model against a larger one that contains it.

    A variance cannot be negative, so that the chi-squared p-value of a variance is too large. With one random
    effect more the statistic's limit is the mixture (Self and Liang 1987, JASA 82:605; Stram and Lee 1994,
    Biometrics 50:1171). It supposes many independent groups; the parametric bootstrap does not.
    """
    statistic = float(ratio_statistic(smaller.optimum.criterion, larger.optimum.criterion))
    df = larger.n_parameters - smaller.n_parameters
    on_boundary = df > 0 and adds_one_variance(smaller.design, larger.design)
    return LikelihoodRatio(
        statistic=statistic,
        df=df,
        p_value=chi_squared_p(statistic, df),
        p_mixture=mixture_p(statistic, df) if on_boundary else np.nan,
    )


def ratio_statistic(smaller: float | FloatArray, larger: float | FloatArray) -> FloatArray:
    """Likelihood-ratio statistic of two criteria, 0 where the larger model gains nothing."""
    gain = np.subtract(smaller, larger)
    return np.where(gain > ROUNDING * np.abs(smaller), gain, 0.0)


def chi_squared_p(statistic: float, df: int) -> float:
    """Probability that a chi-squared variable exceeds a statistic."""
    if df < 1:
        return np.nan
    from scipy.stats import chi2

    return float(chi2.sf(statistic, df))


def mixture_p(statistic: float, df: int) -> float:
    """Probability that the statistic of one random effect exceeds what was found, when it is absent."""
    fewer = chi_squared_p(statistic, df - 1) if df > 1 else float(statistic <= 0.0)
    return 0.5 * (chi_squared_p(statistic, df) + fewer)
