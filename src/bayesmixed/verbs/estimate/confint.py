"""Confidence intervals of all parameters of a REML or ML estimate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy import optimize

from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.regression import AnyEstimate, Regression
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.options import ConfintMethod, one_of
from bayesmixed.verbs.estimate.bootstrap import bootstrap, bootstrap_intervals
from bayesmixed.verbs.estimate.combinations import unit_combinations
from bayesmixed.verbs.estimate.constrained import without_column
from bayesmixed.verbs.estimate.parameters import chosen_parameters, estimated_arrays, parameter_values
from bayesmixed.verbs.estimate.profile import profile_intervals
from bayesmixed.verbs.estimate.satterthwaite import interval_summary
from bayesmixed.verbs.summaries import bound_names, check_prob

FARTHEST = 1e3
"""Standard errors from its estimate up to which the end of a coefficient's profile is sought."""


def confint(
    fitted: AnyEstimate,
    method: ConfintMethod = "profile",
    *,
    prob: float = 0.95,
    n: int = 500,
    seed: int | None = None,
    progress: bool = False,
    parameters: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Confidence intervals of the parameters, as lme4's ``confint``."""
    one_of(method, ConfintMethod, "method")
    lower, upper = bound_names(prob)
    chosen = chosen_parameters(fitted.design, parameters)
    if not fitted.family.has_residual_sd:
        chosen = [parameter for parameter in chosen if parameter.kind != "sigma"]
    ends = parameter_intervals(fitted, chosen, method, prob, n=n, seed=seed, progress=progress)
    return _table(fitted, chosen, ends, (lower, upper))


def parameter_intervals(
    fitted: AnyEstimate,
    parameters: Sequence[Parameter],
    method: ConfintMethod,
    prob: float,
    *,
    n: int = 500,
    seed: int | None = None,
    progress: bool = False,
) -> FloatArray:
    """Confidence intervals of some parameters by one method, shape (m, 2)."""
    if method == "boot":
        return bootstrap_intervals(bootstrap(fitted, n, seed, progress), parameters, prob)
    if isinstance(fitted, Regression):
        found = regression_profiles if method == "profile" and fitted.by == "ml" else regression_intervals
        return found(fitted, parameters, prob)
    intervals = profile_intervals if method == "profile" else wald_intervals
    return intervals(fitted, parameters, prob)


def _table(
    fitted: AnyEstimate, parameters: list[Parameter], ends: FloatArray, bounds: tuple[str, str]
) -> pd.DataFrame:
    """One row for each parameter."""
    return pd.DataFrame(
        {
            "parameter": [parameter.name for parameter in parameters],
            "kind": [parameter.kind for parameter in parameters],
            "group": [parameter.group for parameter in parameters],
            "effect": [parameter.effect for parameter in parameters],
            "estimate": parameter_values(parameters, estimated_arrays(fitted.design, fitted.optimum)),
            bounds[0]: ends[:, 0],
            bounds[1]: ends[:, 1],
        }
    )


def wald_intervals(fitted: Estimate, parameters: Sequence[Parameter], prob: float = 0.95) -> FloatArray:
    """Coefficients with so many standard errors to both sides that a normal holds `prob`.

    Use it when a quick interval of the coefficients is enough; ``fit.fixef()`` has
    the interval by Student's t.

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


def regression_intervals(fitted: Regression, parameters: Sequence[Parameter], prob: float) -> FloatArray:
    """Intervals of a regression: coefficients by Student's t or the normal, sigma by `sigma_interval`.

    Returns shape (m, 2).
    """
    found = unit_combinations(fitted).columns(prob)
    ends = np.column_stack([found[name] for name in bound_names(prob)])
    rows = [ends[p.first] if p.kind == "beta" else sigma_interval(fitted, prob) for p in parameters]
    return np.array(rows).reshape(-1, 2)


def regression_profiles(fitted: Regression, parameters: Sequence[Parameter], prob: float) -> FloatArray:
    """Profile-likelihood intervals of the coefficients of a maximum likelihood estimate, NaN for sigma.

    Returns shape (m, 2).
    """
    check_prob(prob)
    reach = NormalDist().inv_cdf(0.5 * (1.0 + prob))
    rows = [
        [_profile_end(fitted, p.first, side, reach) for side in (-1.0, 1.0)]
        if p.kind == "beta"
        else [np.nan] * 2
        for p in parameters
    ]
    return np.array(rows).reshape(-1, 2)


def _profile_end(fitted: Regression, j: int, side: float, reach: float) -> float:
    """Where the root of the rise of the deviance reaches `reach` on one side of a coefficient's estimate."""
    design, step = fitted.design, side * float(np.sqrt(fitted.covariance[j, j]))
    column, start = design.fixed.matrix[:, j], float(fitted.optimum.coefficients[j])
    rest = dataclasses.replace(design, fixed=without_column(design.fixed, j))

    def short(steps: float) -> float:
        held = dataclasses.replace(rest, offset=design.offset + (start + steps * step) * column)
        rise = fitted.by_ml(held).optimum.criterion - fitted.optimum.criterion
        return float(np.sqrt(max(rise, 0.0))) - reach

    inside, outside = 0.0, reach
    while short(outside) < 0.0:
        inside, outside = outside, 1.5 * outside
        if outside > FARTHEST:
            return side * np.inf
    return start + step * float(optimize.brentq(short, inside, outside, xtol=1e-8))


def sigma_interval(fitted: Regression, prob: float) -> FloatArray:
    """Chi-squared interval of sigma of least squares, NaN for others, shape (2,)."""
    if not np.isfinite(fitted.degrees):
        return np.full(2, np.nan)
    from scipy.stats import chi2

    tails = np.array([0.5 - 0.5 * prob, 0.5 + 0.5 * prob])
    return np.asarray(fitted.optimum.sigma * np.sqrt(fitted.degrees / chi2.isf(tails, fitted.degrees)))
