"""Wald intervals of a REML or ML estimate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.intervals import interval_summary
from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import FloatArray


def wald_intervals(fitted: Estimate, parameters: Sequence[Parameter], prob: float = 0.95) -> FloatArray:
    """Coefficients with so many standard errors to both sides that a normal holds `prob`.

    Use it when a quick interval of the coefficients is enough; :func:`~bayesmixed.classical.fixef.fixef`
    has the interval by Student's t.

    Returns shape (m, 2).

    lme4's ``confint(method="Wald")``. The sampling distribution of a standard deviation is skewed and ends at
    zero, that of a correlation ends at one, so that a symmetric interval around either would be wrong by more
    than it tells; the profile and the bootstrap have intervals for them.
    """
    summary = interval_summary(fitted.optimum.coefficients, np.sqrt(np.diag(fitted.covariance)), prob)
    ends = np.column_stack([summary.lower, summary.upper])
    nothing = np.full(2, np.nan)
    rows = [ends[parameter.first] if parameter.kind == "beta" else nothing for parameter in parameters]
    return np.array(rows).reshape(-1, 2)
