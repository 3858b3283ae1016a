"""Profile-likelihood intervals of a REML or ML estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from scipy import optimize

from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.optimum import find_optimum, hessian, settled, standardizing_scale
from bayesmixed.errors import BayesmixedError, EngineError
from bayesmixed.printing.records import wrapped
from bayesmixed.printing.table import clean, format_fixed, format_numbers
from bayesmixed.verbs.estimate.constrained import Constrained, constrained
from bayesmixed.verbs.estimate.parameters import chosen_parameters, estimated_arrays, parameter_values
from bayesmixed.verbs.summaries import check_prob

SMALL_GRADIENT = 1e-4
"""Where the minimization over the free coordinates stops: the deviance is then good to about 1e-8."""

ROOT_TOLERANCE = 1e-5
"""Of the ends of an interval, relative to the standard error."""

LOWER_DEVIANCE = 1e-3
"""A profile this far below the deviance of the estimate shows that it is not the global optimum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCurve:
    """Signed root of the rise of the ML deviance along one parameter.

    Attributes
    ----------
    parameter : Parameter
        The parameter.
    values : FloatArray
        In the units of the data, increasing, shape (m,).
    zeta : FloatArray
        Shape (m,); a straight line where a Wald interval would be right.
    """

    parameter: Parameter
    values: FloatArray
    zeta: FloatArray

    def __str__(self) -> str:
        low, high = format_numbers(self.values[[0, -1]])
        first, last = format_fixed(self.zeta[[0, -1]], 2)
        return wrapped(
            f"Profile of {clean(self.parameter.name)} at {len(self.values)} values, from {low} to {high}.",
            f"zeta, the signed root of the rise of the deviance, goes from {first} to {last}.",
        )

    __repr__ = __str__


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """Steps along one parameter, each starting from the nearest one before.

    Attributes
    ----------
    held : Constrained
        The deviance with the parameter held.
    lowest : float
        Deviance at the ML estimate.
    scale : FloatArray
        Of the coordinates in which the deviance is round there, shape (m, m).
    visited : dict[float, FloatArray]
        Values of the parameter, with the free coordinates at their best.
    """

    held: Constrained
    lowest: float
    scale: FloatArray
    visited: dict[float, FloatArray] = field(default_factory=dict)

    def zeta(self, value: float) -> float:
        """Signed root of the rise of the deviance, everything else at its best."""
        nearest = self.visited[min(self.visited, key=lambda seen: abs(seen - value))]
        deviance = self.held.held_at(value)
        free = settled(deviance, self.held.start(nearest), self.scale, SMALL_GRADIENT)
        self.visited[value] = free
        rise = deviance(free)[0] - self.lowest
        if not rise > -LOWER_DEVIANCE:
            raise EngineError(
                f"The profile of {self.held.parameter.name} found a better fit than the estimate; the "
                "likelihood has several optima, so its profile does not give an interval. Use method='boot', "
                "or a simpler model."
            )
        return float(np.copysign(np.sqrt(max(rise, 0.0)), value - self.held.estimate))


def profile_intervals(fitted: Estimate, parameters: Sequence[Parameter], prob: float = 0.95) -> FloatArray:
    """Profile-likelihood intervals.

    Returns shape (m, 2).

    The values at which the deviance, minimized over all other parameters, exceeds its minimum by no more than
    the chi-squared quantile on one degree of freedom. lme4 interpolates the ends between steps by splines;
    here they are roots.
    """
    check_prob(prob)
    z = NormalDist().inv_cdf(0.5 * (1.0 + prob))
    with single_threaded_blas():
        by_ml = _by_ml(fitted)
        return np.array([_interval(by_ml, parameter, z) for parameter in parameters]).reshape(-1, 2)


def profile_curve(fitted: AnyEstimate, name: str, prob: float = 0.99, n: int = 31) -> ProfileCurve:
    """Profile of one parameter, to be plotted."""
    if not isinstance(fitted, Estimate):
        raise BayesmixedError(
            "Profiles are for models with random effects; fit.confint() has the intervals of a regression."
        )
    found = chosen_parameters(fitted.design, [name])
    ends = profile_intervals(fitted, found, prob)[0]
    with single_threaded_blas():
        by_ml = _by_ml(fitted)
        if not _exists(by_ml, found[0]):
            raise BayesmixedError(f"{name} has no profile: an effect does not vary at the estimate.")
        walk = _walk(by_ml, found[0])
        values = np.linspace(float(ends[0]), float(ends[1]), n)
        outward = np.argsort(np.abs(values - walk.held.estimate))
        zeta = np.empty(n)
        for i in outward:
            zeta[i] = walk.zeta(float(values[i]))
    return ProfileCurve(parameter=found[0], values=values, zeta=zeta)


def _by_ml(fitted: Estimate) -> Estimate:
    """The ML estimate of the same model."""
    full = fitted.likelihood.full()
    if full is fitted.likelihood:
        return fitted
    return Estimate(likelihood=full, optimum=find_optimum(full))


def _exists(by_ml: Estimate, parameter: Parameter) -> bool:
    """Whether a parameter has a value at the estimate, unlike a correlation beside a zero variance."""
    return not np.isnan(parameter_values([parameter], estimated_arrays(by_ml.design, by_ml.optimum))[0])


def _walk(by_ml: Estimate, parameter: Parameter) -> Walk:
    """Begin at the estimate."""
    held = constrained(by_ml, parameter)
    scale = standardizing_scale(hessian(held.held_at(held.estimate), held.free))
    return Walk(held=held, lowest=by_ml.optimum.criterion, scale=scale, visited={held.estimate: held.free})


def _interval(by_ml: Estimate, parameter: Parameter, z: float) -> tuple[float, float]:
    """Both ends of the interval of one parameter."""
    if not _exists(by_ml, parameter):
        return -1.0, 1.0
    walk = _walk(by_ml, parameter)
    return _end(walk, -1.0, z), _end(walk, 1.0, z)


def _end(walk: Walk, direction: float, z: float) -> float:
    """Where zeta reaches z in one direction, or the end of the legal values.

    Zeta is nearly a straight line, which says how far to step until it has reached z.
    """
    held, inside, step = walk.held, walk.held.estimate, z * walk.held.step
    while True:
        outside = float(np.clip(held.estimate + direction * step, held.lower, held.upper))
        reached = abs(walk.zeta(outside))
        if reached >= z:
            break
        if outside in (held.lower, held.upper):
            return outside
        inside = outside
        step *= float(np.clip(1.1 * z / max(reached, 1e-3), 1.2, 4.0))
    if reached == z:
        return outside
    return float(
        optimize.brentq(
            lambda value: abs(walk.zeta(value)) - z, inside, outside, xtol=ROOT_TOLERANCE * held.step
        )
    )
