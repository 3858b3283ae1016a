"""The REML or ML estimate of a linear mixed model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from bayesmixed.covariances.covariance import lower_triangle
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.reml.likelihood import Likelihood
from bayesmixed.printing.records import short_repr

SINGULAR = 1e-5
"""Relative standard deviations below this are tried at zero."""

ROUNDING = 1e-9
"""Entries below this are tried at zero too, or an effect that does not vary would have a correlation."""

STARTS = (1.0, 0.1, 5.0)
"""Relative standard deviations to begin from; later ones only when the first leads near the edge."""

NEWTON_STEPS, SMALL_GRADIENT = 8, 1e-9
"""At most so many steps at the end, until no entry of the gradient is larger."""

REFIT_GRADIENT, NEARLY_SINGULAR = 1e-3, 1e-2
"""Where a refit may stop; relative standard deviations below which several starts are tried."""

Objective = Callable[[FloatArray], tuple[float, FloatArray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """A REML or ML estimate, in the units of the data, blocks in the order of the design.

    Attributes
    ----------
    criterion : float
        REML criterion, or minus twice the log likelihood.
    entries : FloatArray
        Parameters of the likelihood: unit-free relative Cholesky factors.
    coefficients : FloatArray
        Shape (p,), the intercept at x = 0.
    sigma : float
        Residual standard deviation; NaN where there is none, or one for each row.
    relative : float
        What the entries' standard deviations are relative to: sigma where it is at its best, else that of the
        response.
    covariances : tuple[FloatArray, ...]
        For each block the covariance matrix of its effects, shape (k, k).
    ranef : tuple[FloatArray, ...]
        For each block the conditional means of its random effects, shape (J, k).
    singular : bool
        Whether a covariance matrix does not have full rank.
    gradient : float
        Largest absolute entry of the gradient at the optimum, in the unit-free parameters.
    """

    criterion: float
    entries: FloatArray
    coefficients: FloatArray
    sigma: float
    relative: float
    covariances: tuple[FloatArray, ...]
    ranef: tuple[FloatArray, ...]
    singular: bool
    gradient: float

    __repr__ = short_repr


def find_optimum(likelihood: Likelihood) -> Optimum:
    """Estimate a linear mixed model by the likelihood's criterion.

    Quasi-Newton steps on the entries, without bounds: the criterion is smooth and even at the edge of what is
    possible, so a variance of zero is found as an interior minimum.
    """
    with single_threaded_blas():
        return optimum_at(likelihood, _best(likelihood))


def refit(likelihood: Likelihood, start: FloatArray, scale: FloatArray) -> Optimum:
    """Estimate a model near a known estimate of the same model on other responses, as a bootstrap does.

    Shapes: `scale` (m, m).
    """
    value = likelihood.profiled
    entries = settled(value, start, scale, REFIT_GRADIENT)
    if likelihood.smallest(entries) < NEARLY_SINGULAR:
        others = [settled(value, likelihood.start(each), scale, REFIT_GRADIENT) for each in STARTS]
        lowest = min([entries, *others], key=lambda found: value(found)[0])
        entries = _with_zeros(likelihood, polished(value, lowest))
    return optimum_at(likelihood, entries)


def settled(value: Objective, start: FloatArray, scale: FloatArray, small: float) -> FloatArray:
    """Minimum near a start, found in coordinates in which the function is round.

    Shapes: `start` (m,), `scale` (m, m); returns (m,).
    """

    def standardized(z: FloatArray) -> tuple[float, FloatArray]:
        found, gradient = value(start + scale @ z)
        return found, gradient @ scale

    options: Any = {"gtol": small, "ftol": 0.0, "maxiter": 200}
    found = optimize.minimize(standardized, 0.0 * start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(start + scale @ found.x, dtype=np.float64)


def standardizing_scale(second: FloatArray) -> FloatArray:
    """Scale of coordinates in which a criterion with a given Hessian is round.

    Shapes: `second` (m, m); returns (m, m).
    """
    values, vectors = np.linalg.eigh(second)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-3 * values.max())))


def optimum_at(likelihood: Likelihood, entries: FloatArray) -> Optimum:
    """Express the estimate at given relative Cholesky factors in the units of the data."""
    here = likelihood.evaluate(entries)
    criterion, gradient = likelihood.profile(here)
    units, design = likelihood.units, likelihood.design
    variance = likelihood.variance(here)
    relative = units.scale * float(np.sqrt(variance))
    columns = {i: likelihood.packed.columns[f] for f, i in enumerate(likelihood.plan.blocks)}
    return Optimum(
        criterion=criterion + likelihood.shift,
        entries=entries,
        coefficients=units.coefficients(here.effects[likelihood.packed.columns[-1]]),
        sigma=_sigma(likelihood, entries, relative),
        relative=relative,
        covariances=block_covariances(likelihood, entries, variance),
        ranef=tuple(
            units.ranef(i, here.effects[columns[i]].reshape(-1, block.n_effects))
            for i, block in enumerate(design.blocks)
        ),
        singular=any(
            np.min(np.abs(np.diag(factor)), initial=1.0) < 1e-4
            for factor in relative_factors(likelihood, entries)
        ),
        gradient=float(np.max(np.abs(gradient), initial=0.0)),
    )


def _sigma(likelihood: Likelihood, entries: FloatArray, relative: float) -> float:
    """Sigma in the units of the data, NaN where the model does not have one number."""
    if likelihood.profiles_sigma:
        return relative
    return likelihood.units.scale * float(np.exp(entries[-1])) if likelihood.residual.has_sigma else np.nan


def effect_scales(likelihood: Likelihood) -> list[FloatArray]:
    """For each block what turns its unit-free effects into the units of the data, shape (k,)."""
    return [likelihood.units.scale / scales for scales in likelihood.units.effects]


def block_covariances(likelihood: Likelihood, entries: FloatArray, variance: float) -> tuple[FloatArray, ...]:
    """For each block of the design the covariance matrix of its effects, shape (k, k), in the data's units.

    `variance` is that of the residual, unit-free.
    """
    return tuple(
        variance * (factor @ factor.T) * np.outer(scale, scale)
        for factor, scale in zip(
            relative_factors(likelihood, entries), effect_scales(likelihood), strict=True
        )
    )


def relative_factors(likelihood: Likelihood, entries: FloatArray) -> list[FloatArray]:
    """For each block of the design its unit-free Cholesky factor over sigma, with a positive diagonal.

    Returns shape (k, k).
    """
    out = [np.zeros((block.n_effects, block.n_effects)) for block in likelihood.design.blocks]
    triangles = likelihood.triangles(entries)
    for place in likelihood.places:
        rows, columns = lower_triangle(place.covariance.size)
        first = place.effects.start
        out[place.block][first + rows, first + columns] = triangles[place.triangle]
    return [factor * np.where(np.diag(factor) < 0.0, -1.0, 1.0) for factor in out]


def _best(likelihood: Likelihood) -> FloatArray:
    """Entries at the lowest criterion found."""
    value = likelihood.profiled
    if not len(likelihood.is_deviation):
        return np.empty(0)
    found = _descend(value, likelihood.start(STARTS[0]))
    if likelihood.smallest(found) < NEARLY_SINGULAR:
        others = [_descend(value, likelihood.start(relative)) for relative in STARTS[1:]]
        found = min([found, *others], key=lambda entries: value(entries)[0])
    return _with_zeros(likelihood, found)


def _descend(value: Objective, start: FloatArray) -> FloatArray:
    """Minimum near a start, to the last digits that the criterion has."""
    found = optimize.minimize(value, start, jac=True, method="BFGS", options={"gtol": 1e-2, "maxiter": 500})
    return polished(value, np.asarray(found.x, dtype=np.float64))


def polished(value: Objective, entries: FloatArray) -> FloatArray:
    """Bring the gradient near a minimum down to rounding, by Newton steps.

    Shapes: `entries` (m,); returns (m,).

    The Hessian is kept as long as steps with it divide the gradient by ten.
    """
    gradient = value(entries)[1]
    fresh = True
    for _ in range(NEWTON_STEPS):
        if np.max(np.abs(gradient)) < SMALL_GRADIENT:
            break
        if fresh:
            values, vectors = np.linalg.eigh(hessian(value, entries))
        if np.any(values <= 0.0):
            break
        moved = entries - vectors @ ((vectors.T @ gradient) / values)
        before, gradient = np.max(np.abs(gradient)), value(moved)[1]
        if not np.max(np.abs(gradient)) < before:
            break
        entries = moved
        fresh = bool(np.max(np.abs(gradient)) > 0.1 * before)
    return entries


def hessian(value: Objective, entries: FloatArray) -> FloatArray:
    """Second derivatives of a criterion by central differences of its gradient, symmetric.

    Shapes: `entries` (m,); returns (m, m).
    """
    moves = np.diag(1e-5 * np.maximum(np.abs(entries), 0.1))
    columns = [(value(entries + m)[1] - value(entries - m)[1]) / (2.0 * m.sum()) for m in moves]
    second = np.array(columns)
    return np.asarray(0.5 * (second + second.T))


def _with_zeros(likelihood: Likelihood, entries: FloatArray) -> FloatArray:
    """Entries with every one that is as good as zero set to zero."""
    value, deviation = likelihood.profiled, SINGULAR ** (1.0 / likelihood.powers)
    small = np.abs(entries) < np.where(likelihood.is_deviation == 1.0, deviation, ROUNDING)
    cleaned = np.where(small, 0.0, entries)
    lowest = value(entries)[0]
    return cleaned if value(cleaned)[0] <= lowest + 1e-9 * abs(lowest) else entries
