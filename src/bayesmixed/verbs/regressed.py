"""What verbs ask of a regression without random effects, estimated by least squares or maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.records import RawDraws
from bayesmixed.engines.regression import Regression
from bayesmixed.errors import FamilyError
from bayesmixed.options import NewLevels, PredictKind
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs.drawn import Effects
from bayesmixed.verbs.estimate.combinations import Combinations, combinations_of
from bayesmixed.verbs.estimate.confint import sigma_interval
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.sources import Estimated
from bayesmixed.verbs.summaries import bound_names, check_prob, summary_columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Regressed(Estimated):
    """An estimate by least squares or maximum likelihood."""

    estimate: Regression  # type: ignore[assignment]

    @cached_property
    def draws(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""
        raw = RawDraws(
            beta=self.estimate.optimum.coefficients[None, None],
            parameters={name: np.full((1, 1), value) for name, value in self.estimate.parameters.items()},
            sd=(),
            corr=(),
            ranef=(),
            sample_stats={},
        )
        return draws_tree(self.estimate.design, raw, {"formula": self.estimate.design.formula.text})

    def coefficient_tests(self) -> dict[str, FloatArray]:
        """Columns ``t``, ``df``, ``p_value`` of every coefficient, or ``z``, ``p_value``."""
        found = self.coefficients().tests()
        if np.isfinite(self.estimate.degrees):
            return found
        return {"z": found["t"], "p_value": found["p_value"]}

    def rows(
        self, wanted: PredictionRows, *, kind: PredictKind = "mean", new_levels: NewLevels = "error"
    ) -> Combinations:
        """Mean, linear predictor, or, where the response is normal, a new response of every row."""
        family, estimate = self.spec.family, self.estimate
        if family.is_gaussian:
            return combinations_of(estimate, wanted, kind=kind, new_levels=new_levels)
        if kind == "response":
            raise FamilyError(
                f"An estimate does not have the distribution of a new response of {family}: use simulate(), "
                "or method='bayes', whose predict(kind='response') has it."
            )
        linear = combinations_of(estimate, wanted, kind="link", new_levels=new_levels)
        return linear if kind == "link" else _means(linear, estimate)

    def row_sd(self, effects: Effects) -> FloatArray:  # noqa: ARG002
        """Standard deviation of the response of every row of the fit around its mean, shape (n,)."""
        return self.estimate.row_sd

    def residual_sd(self, effects: Effects) -> FloatArray:
        """Standard deviation of the residual of every row: the response's times sqrt(1 - leverage)."""
        return np.asarray(self.row_sd(effects) * np.sqrt(_left(self.estimate)))

    def influence(self) -> dict[str, FloatArray]:
        """Columns of `augment` that say how much the estimate hangs on every row."""
        return influence(self.estimate) if self.spec.family.is_exponential else {}

    def deviations(self, prob: float) -> Summary:
        """The residual standard deviation, with the chi-squared interval of least squares."""
        check_prob(prob)
        if names.SIGMA not in self.estimate.parameters:
            nothing = np.empty(0)
            return Summary(value=nothing, se=nothing, lower=nothing, upper=nothing)
        value, ends = np.array([self.estimate.optimum.sigma]), sigma_interval(self.estimate, prob)
        return Summary(value=value, se=np.full(1, np.nan), lower=ends[:1], upper=ends[1:])

    def correlations(self, prob: float) -> Summary:
        """None: there are no random effects."""
        check_prob(prob)
        nothing = np.empty(0)
        return Summary(value=nothing, se=nothing, lower=nothing, upper=nothing)


@dataclass(frozen=True, kw_only=True, eq=False)
class Means(Combinations):
    """Means of rows, to first order in the coefficients; their intervals are those of the link."""

    linear: Combinations
    mean: Callable[[FloatArray], FloatArray]

    def averaged(self, each: int) -> Combinations:
        """Means of so many consecutive rows each; of one each they are the same."""
        return self if each == 1 else Combinations.averaged(self, each)

    def columns(self, prob: float) -> dict[str, FloatArray]:
        """Mean, its standard error, and the interval of the linear predictor on the scale of the mean."""
        found = self.linear.columns(prob)
        ends = np.sort([self.mean(found[name]) for name in bound_names(prob)], axis=0)
        return summary_columns(Summary(value=self.values, se=self.se, lower=ends[0], upper=ends[1]), prob)


def _means(linear: Combinations, estimate: Regression) -> Means:
    """Means of rows from their linear predictors."""
    family = estimate.family
    known = {name: np.asarray(value) for name, value in estimate.parameters.items()}

    def mean(predictor: FloatArray) -> FloatArray:
        return family.mean(family.location_of(predictor), known)

    values = mean(linear.values)
    slope = values if family.is_logarithmic else family.link_function.derivative(linear.values)
    return Means(
        estimate=estimate,
        values=values,
        fixed=slope[:, None] * linear.fixed,
        random=None,
        linear=linear,
        mean=mean,
    )


def _left(estimate: Regression) -> FloatArray | float:
    """1 - leverage of every row, NaN where a row determines its own fit; 1 where there is no hat matrix."""
    if not estimate.family.is_exponential:
        return 1.0
    left = 1.0 - estimate.leverage
    return np.where(left > 1e-10, left, np.nan)


def influence(estimate: Regression) -> dict[str, FloatArray]:
    """Leverage, Cook's distance, and of least squares sigma without the row and the studentized residual.

    Returns shape (n,) each.

    Cook (1977), Technometrics 19:15; the others are R's ``influence.measures`` (Belsley, Kuh and Welsch 1980,
    Regression Diagnostics, section 2.1).
    """
    design, h, left = estimate.design, estimate.leverage, _left(estimate)
    raw = design.response.observed - estimate.family.mean(estimate.locations, {})
    standardized = raw / (estimate.row_sd * np.sqrt(left))
    found = {
        "leverage": h,
        "cooks_distance": standardized**2 * h / (left * len(estimate.optimum.coefficients)),
    }
    if not np.isfinite(estimate.degrees):
        return found
    df, sigma = estimate.degrees, estimate.optimum.sigma
    with np.errstate(divide="ignore", invalid="ignore"):
        without = sigma * np.sqrt((df - standardized**2) / (df - 1))
        studentized = standardized * sigma / without
    return {**found, "sigma_without": without, "student_resid": studentized}
