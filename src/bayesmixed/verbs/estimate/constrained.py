"""The ML deviance of a linear mixed model in which one parameter is held at a value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmixed import names
from bayesmixed.covariances.covariance import lower_triangle
from bayesmixed.covariances.serial import STEP
from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import FixedDesign, FloatArray
from bayesmixed.design.reordered import reorder_effects
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.likelihood import FactorPlace, Likelihood, likelihood_of
from bayesmixed.engines.reml.optimum import Objective, effect_scales, relative_factors
from bayesmixed.verbs.estimate.parameters import estimated_arrays, parameter_values

SMALLEST_SIGMA = 1e-3
"""Relative to its estimate, sigma is never held at less."""

LEAST_START = 0.05
"""Relative standard deviations are not sought from below this, since at zero the deviance has no slope."""

NEAR_THE_END = 1e-6
"""How near a correlation is held to the ends of the values that it can have."""

NONE = slice(0, 0)
"""No coordinates."""

Placement = Callable[[float, FloatArray], tuple[FloatArray, FloatArray]]
"""Value of the parameter and the free coordinates, to all coordinates and their derivatives."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constrained:
    """The ML deviance with one parameter held, as a function of free coordinates that stand for all others.

    Attributes
    ----------
    parameter : Parameter
        What is held.
    held_at : callable
        Value of the parameter, in the units of the data, to the deviance and its gradient in the free ones.
    free : FloatArray
        Free coordinates at the ML estimate, shape (m,).
    even : FloatArray
        1 for those in which the deviance is even, so that its slope at zero says nothing, shape (m,).
    turns : FloatArray
        Where it is even besides, NaN where nowhere, shape (m,).
    logarithm : slice
        Those that are logarithms of relative standard deviations, with no slope left far below.
    estimate : float
        ML estimate of the parameter.
    lower, upper : float
        Ends of the values that it can take.
    step : float
        Its standard error, roughly.
    """

    parameter: Parameter
    held_at: Callable[[float], Objective]
    free: FloatArray
    even: FloatArray
    turns: FloatArray
    logarithm: slice
    estimate: float
    lower: float
    upper: float
    step: float

    def start(self, near: FloatArray) -> FloatArray:
        """Free coordinates near given ones, from which the deviance has a slope towards its minimum.

        Shapes: `near` (m,).
        """
        moved = np.where((self.even == 1.0) & (np.abs(near) < LEAST_START), LEAST_START, near)
        moved = np.where(np.abs(self.turns - moved) < LEAST_START, self.turns - LEAST_START, moved)
        moved[self.logarithm] = np.maximum(moved[self.logarithm], np.log(LEAST_START))
        return moved


def constrained(fitted: Estimate, parameter: Parameter) -> Constrained:
    """Hold one parameter of a model estimated by ML."""
    estimate = float(parameter_values([parameter], estimated_arrays(fitted.design, fitted.optimum))[0])
    match parameter.kind:
        case "sd":
            return _held_sd(fitted, parameter, estimate)
        case "cor":
            return _held_correlation(fitted, parameter, estimate)
        case "sigma" if fitted.likelihood.profiles_sigma:
            return _held_sigma(fitted, parameter, estimate)
        case "sigma":
            return _held_class_sigma(fitted, parameter, estimate)
        case "serial":
            return _held_serial(fitted, parameter, estimate)
        case "beta" if parameter.predictor != names.MU:
            return _held_residual_coefficient(fitted, parameter, estimate)
    return _held_coefficient(fitted, parameter, estimate)


def full_deviance(likelihood: Likelihood, coordinates: FloatArray) -> tuple[float, FloatArray]:
    """ML deviance with only the coefficients at their best, and the gradient.

    Shapes: `coordinates` (1 + m,).

    Returns: minus twice the log likelihood, and its derivatives in the coordinates.

    n log(2 pi sigma^2) + log|A| + rss / sigma^2, Bates et al. (2015), equation 31. The first coordinate is
    log sigma; where standard deviations are not relative to a sigma it says nothing, and is kept at zero.
    """
    n, here = likelihood.degrees, likelihood.evaluate(coordinates[1:])
    if not likelihood.profiles_sigma:
        found, gradient = likelihood.profile(here)
        return found + likelihood.shift + coordinates[0] ** 2, np.array([2.0 * coordinates[0], *gradient])
    precision = np.exp(-2.0 * coordinates[0])
    deviance = n * (np.log(2.0 * np.pi) + 2.0 * coordinates[0]) + here.log_det + here.rss * precision
    entries = here.log_det_gradient + precision * here.rss_gradient
    return float(deviance + likelihood.shift), np.array([2.0 * (n - here.rss * precision), *entries])


def _through(likelihood: Likelihood, place: Placement) -> Callable[[float], Objective]:
    """The deviance in free coordinates."""

    def held_at(value: float) -> Objective:
        def deviance(free: FloatArray) -> tuple[float, FloatArray]:
            coordinates, slopes = place(value, free)
            found, gradient = full_deviance(likelihood, coordinates)
            return found, gradient @ slopes

        return deviance

    return held_at


def _held_sigma(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Sigma held: the entries are free."""
    likelihood = fitted.likelihood
    slopes = np.vstack([np.zeros(len(fitted.optimum.entries)), np.eye(len(fitted.optimum.entries))])

    def place(value: float, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.array([np.log(value / likelihood.units.scale), *free]), slopes

    return Constrained(
        parameter=parameter,
        held_at=_through(likelihood, place),
        free=fitted.optimum.entries,
        even=likelihood.even,
        turns=likelihood.turns,
        logarithm=NONE,
        estimate=estimate,
        lower=SMALLEST_SIGMA * estimate,
        upper=np.inf,
        step=estimate / np.sqrt(2.0 * likelihood.degrees),
    )


def _held_entry(
    fitted: Estimate,
    parameter: Parameter,
    estimate: float,
    at: int,
    follows: Callable[[float, FloatArray], tuple[float, FloatArray]],
    *,
    bounds: tuple[float, float],
    step: float,
) -> Constrained:
    """One entry held, which follows from the value of the parameter and the free coordinates.

    `follows` gives the entry and its derivatives in the free coordinates, shape (m,).
    """
    likelihood, whole = fitted.likelihood, _coordinates(fitted, fitted.optimum.entries)

    def place(value: float, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        held, slope = follows(value, free)
        slopes = np.insert(np.eye(len(free)), at, 0.0, axis=0)
        slopes[at] = slope
        return np.insert(free, at, held), slopes

    return Constrained(
        parameter=parameter,
        held_at=_through(likelihood, place),
        free=np.delete(whole, at),
        even=np.delete(np.array([0.0, *likelihood.even]), at),
        turns=np.delete(np.array([np.nan, *likelihood.turns]), at),
        logarithm=NONE,
        estimate=estimate,
        lower=bounds[0],
        upper=bounds[1],
        step=step,
    )


def _entry_error(fitted: Estimate, entry: int) -> float:
    """Standard error of an entry by the curvature of the criterion."""
    return float(np.sqrt(2.0 * max(fitted.curvature.inverse[entry, entry], 1e-12)))


def _held_class_sigma(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Sigma beside known errors held: its logarithm is the last entry."""
    scale, entry = fitted.likelihood.units.scale, len(fitted.optimum.entries) - 1

    def follows(value: float, free: FloatArray) -> tuple[float, FloatArray]:
        return float(np.log(value / scale)), np.zeros(len(free))

    step = estimate * min(_entry_error(fitted, entry), 1.0)
    bounds = (SMALLEST_SIGMA * estimate, np.inf)
    return _held_entry(fitted, parameter, estimate, 1 + entry, follows, bounds=bounds, step=step)


def _held_serial(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Correlation of residuals held."""
    serial, number = fitted.design.residual.correlation, parameter.first
    first, m = len(fitted.optimum.entries) - fitted.likelihood.n_residual, serial.n_coordinates
    place = serial.held(number, estimate, fitted.optimum.entries[first : first + m])[0]
    own = 1 + first + np.arange(m - 1)  # the structure's other coordinates among the free ones

    def follows(value: float, free: FloatArray) -> tuple[float, FloatArray]:
        slope, steps = np.zeros(len(free)), STEP * 1j * np.eye(m - 1)
        others = [np.insert(free[own] + step, place, 0.0) for step in (np.zeros(m - 1), *steps)]
        held = [serial.held(number, value, each)[1] for each in others]
        slope[own] = [moved.imag / STEP for moved in held[1:]]
        return float(held[0].real), slope

    error = _entry_error(fitted, first + place)
    step = float(np.clip(0.5 * (1.0 - estimate**2) * error, 1e-3, 0.2))
    low, high = serial.bounds
    bounds = (low + NEAR_THE_END, high - NEAR_THE_END)
    return _held_entry(fitted, parameter, estimate, 1 + first + place, follows, bounds=bounds, step=step)


def _held_residual_coefficient(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Coefficient of sigma's predictor held: a sum of entries, of which one follows from the others."""
    predictor = fitted.design.predictors[parameter.predictor]
    likelihood, fixed = fitted.likelihood, predictor.fixed
    weights = fixed.centring[parameter.first] / fixed.scales
    own = int(np.argmax(np.abs(weights)))
    first = len(fitted.optimum.entries) - likelihood.n_residual
    first += fitted.design.residual.correlation.n_coordinates
    places = 1 + first + np.arange(len(weights))
    others = np.delete(np.arange(len(weights)), own)

    def follows(value: float, free: FloatArray) -> tuple[float, FloatArray]:
        slope = np.zeros(len(free))
        at = places[others] - (others > own)
        slope[at] = -weights[others] / weights[own]
        return float(value / weights[own] + slope[at] @ free[at]), slope

    spread = fitted.curvature.inverse[first:, first:][: len(weights), : len(weights)]
    step = float(np.sqrt(2.0 * max(weights @ spread @ weights, 1e-12)))
    bounds = (-np.inf, np.inf)
    return _held_entry(fitted, parameter, estimate, int(places[own]), follows, bounds=bounds, step=step)


def _held_sd(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Standard deviation held: it is sigma times the first entry, so that entry follows from sigma."""
    likelihood, entries, own, effects = _with_first(fitted, parameter)
    block, n = fitted.design.blocks[parameter.block], fitted.design.n_rows
    scale = effect_scales(fitted.likelihood)[parameter.block][parameter.first]
    at = 1 + own.entries.start + own.covariance.deviation_place(effects[0])
    root, follows = 1.0 / own.covariance.power, float(likelihood.profiles_sigma)

    def place(value: float, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        held = (value / scale * np.exp(-follows * free[0])) ** root
        slopes = np.insert(np.eye(len(free)), at, 0.0, axis=0)
        slopes[at, 0] = -follows * root * held
        return np.insert(free, at, held), slopes

    noise = fitted.optimum.relative / block.scales[parameter.first] * np.sqrt(block.n_levels / n)
    return Constrained(
        parameter=parameter,
        held_at=_through(likelihood, place),
        free=np.delete(_coordinates(fitted, entries), at),
        even=np.delete(np.array([0.0, *likelihood.even]), at),
        turns=np.delete(np.array([np.nan, *likelihood.turns]), at),
        logarithm=NONE,
        estimate=estimate,
        lower=0.0,
        upper=np.inf,
        step=(estimate + noise) / np.sqrt(2.0 * block.n_levels),
    )


def _held_correlation(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Correlation held: the structure says which numbers are free beside it."""
    likelihood, entries, place_of_set, _ = _with_first(fitted, parameter)
    covariance, first = place_of_set.covariance, 1 + place_of_set.entries.start
    own = slice(first, first + covariance.n_parameters - 1)
    at, logarithm = first + covariance.correlation_place, slice(first, first + covariance.n_logarithms)

    def place(value: float, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        numbers, own_slopes = covariance.with_correlation(value, free[own])
        slopes = np.zeros((len(free) + 1, len(free)))
        before, after = np.arange(first), np.arange(own.stop, len(free))
        slopes[before, before], slopes[after + 1, after] = 1.0, 1.0
        slopes[first : own.stop + 1, own] = own_slopes
        return np.concatenate([free[:first], numbers, free[own.stop :]]), slopes

    whole = _coordinates(fitted, entries)
    numbers = covariance.without_correlation(whole[first : own.stop + 1])
    even = np.delete(np.array([0.0, *likelihood.even]), at)
    even[logarithm] = 0.0
    low, high = covariance.correlation_bounds
    levels = fitted.design.blocks[parameter.block].n_levels
    return Constrained(
        parameter=parameter,
        held_at=_through(likelihood, place),
        free=np.concatenate([whole[:first], numbers, whole[own.stop + 1 :]]),
        even=even,
        turns=np.delete(np.array([np.nan, *likelihood.turns]), at),
        logarithm=logarithm,
        estimate=float(np.clip(estimate, low, high)),
        lower=low,
        upper=high,
        step=(1.1 - min(1.0, estimate**2)) / np.sqrt(levels),
    )


def _coordinates(fitted: Estimate, entries: FloatArray) -> FloatArray:
    """Coordinates of the full deviance at the estimate."""
    return np.array([np.log(fitted.optimum.relative / fitted.likelihood.units.scale), *entries])


def _with_first(
    fitted: Estimate, parameter: Parameter
) -> tuple[Likelihood, FloatArray, FactorPlace, list[int]]:
    """Likelihood whose factor has the parameter's effects in the order in which the parameter can be held.

    Returns: it, its entries at the estimate, where the set of effects stands, and the effects within the set.
    """
    likelihood = fitted.likelihood
    place = next(
        place
        for place in likelihood.places
        if place.block == parameter.block and place.effects.start <= parameter.first < place.effects.stop
    )
    covariance, own = place.covariance, place.effects
    effects = [index - own.start for index in (parameter.first, parameter.second) if index >= 0]
    if not covariance.is_free:
        return likelihood, fitted.optimum.entries, place, effects
    order = np.array([*effects, *(e for e in range(covariance.size) if e not in effects)])
    factor = relative_factors(likelihood, fitted.optimum.entries)[place.block][own, own]
    entries = fitted.optimum.entries.copy()
    entries[place.entries] = _lower_factor(factor[order])[lower_triangle(covariance.size)]
    if np.any(order != np.arange(covariance.size)):
        every = np.arange(fitted.design.blocks[place.block].n_effects)
        every[own] = own.start + order
        likelihood = likelihood_of(reorder_effects(fitted.design, place.block, every), "ml")
    return likelihood, entries, place, effects


def _lower_factor(rows: FloatArray) -> FloatArray:
    """Lower triangular factor with the same cross-products of the rows, its diagonal not negative."""
    lower = np.linalg.qr(rows.T, mode="r").T
    return np.asarray(lower * np.where(np.diag(lower) < 0.0, -1.0, 1.0))


def _held_coefficient(fitted: Estimate, parameter: Parameter, estimate: float) -> Constrained:
    """Coefficient held: the model without its column, for the response without what the column explains."""
    design, j = fitted.design, parameter.first
    response, column = design.response.values, design.fixed.matrix[:, j]
    reduced = likelihood_of(dataclasses.replace(design, fixed=without_column(design.fixed, j)), "ml")

    def held_at(value: float) -> Objective:
        likelihood = next(reduced.with_responses((response - value * column)[None]))

        def deviance(free: FloatArray) -> tuple[float, FloatArray]:
            found, gradient = likelihood.profiled(free)
            return found + likelihood.shift, gradient

        return deviance

    return Constrained(
        parameter=parameter,
        held_at=held_at,
        free=fitted.optimum.entries,
        even=fitted.likelihood.even,
        turns=fitted.likelihood.turns,
        logarithm=NONE,
        estimate=estimate,
        lower=-np.inf,
        upper=np.inf,
        step=float(np.sqrt(fitted.covariance[j, j])),
    )


def without_column(fixed: FixedDesign, j: int) -> FixedDesign:
    """X without one column."""
    return dataclasses.replace(
        fixed,
        matrix=np.delete(fixed.matrix, j, axis=1),
        terms=fixed.terms[:j] + fixed.terms[j + 1 :],
        keys=fixed.keys[:j] + fixed.keys[j + 1 :],
        has_intercept=fixed.has_intercept and j > 0,
        centring=np.delete(np.delete(fixed.centring, j, axis=0), j, axis=1),
        scales=np.delete(fixed.scales, j),
    )
