"""Normal intervals around estimates."""

from __future__ import annotations

from statistics import NormalDist

from bayesmixed.design.records import FloatArray
from bayesmixed.extract.records import Summary
from bayesmixed.extract.summaries import check_prob


def normal_summary(value: FloatArray, se: FloatArray, prob: float) -> Summary:
    """Estimates with the interval of so many standard errors to both sides that a normal holds `prob`.

    Parameters
    ----------
    value, se : FloatArray
        Estimates and standard errors, shape (m,).
    prob : float
        Confidence level.

    Returns
    -------
    Summary
        Shape (m,).
    """
    check_prob(prob)
    reach = NormalDist().inv_cdf(0.5 * (1.0 + prob)) * se
    return Summary(value=value, se=se, lower=value - reach, upper=value + reach)
