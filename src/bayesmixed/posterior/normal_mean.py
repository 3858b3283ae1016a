"""Mean of a response whose linear predictor is normal: over the groups of a population."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.errors import BayesmixedError, FamilyError
from bayesmixed.families.family import Family, Parameters
from bayesmixed.families.links import LINKS

Integrand = Callable[[float, IntArray], FloatArray]
"""Values of some integrands at a node, from the node and the places of these integrals."""

REACH = 8.0
"""Standard deviations of the normal distribution beyond which nothing counts: 1e-15 of it."""
LATENT_REACH = 32.0
"""The same of the latent distributions behind the links of a probability: 1e-14."""
WIDE = 8.0
"""Standard deviation of the predictor above which the latent distribution is the easier to integrate over."""
FAR = 40.0
"""A predictor so large that a mean that is infinite there grows faster than groups become rare."""
NEAR_ZERO = "groups whose linear predictor is near zero or below have no finite mean"
TOO_FAST = "the mean of a group grows faster with its linear predictor than such groups become rare"
HALVINGS = 12
TOLERANCE = 1e-7
"""Relative difference of two rules; the error of the finer one is about its square."""


def normal_mean(
    family: Family, centre: FloatArray, variance: FloatArray, parameters: Parameters
) -> FloatArray:
    """Mean of the response where the linear predictor is normal; infinite where it is too large for a double.

    Shapes: `centre`, `variance` and the result the same, `parameters` such that they broadcast to it.

    It is E m(g(centre + sqrt(variance) Z)) with Z standard normal, g the inverse link and m the mean of the
    response at its location, to 1e-6. Closed where it can be: identity; exp(centre + variance / 2) for a log
    link; Phi(centre / sqrt(1 + variance)) for a probit. Elsewhere the trapezoidal rule, its step halved for
    each integral until two rules agree: for smooth functions that fade at both ends its error falls
    exponentially (Trefethen and Weideman 2014, SIAM Review 56:385). A FamilyError where the mean does not
    exist: of 1 / eta, of eta^(-1/2), whose eta may be negative, of exp(exp(eta)), of any response without a
    mean at some predictors.
    """
    link = family.link_function
    if link.is_power:
        raise _no_mean(family, NEAR_ZERO)
    if _outgrows_groups(family):
        raise _no_mean(family, TOO_FAST)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if not _is_linear(family, parameters):
            return _integrated(family, centre, variance, parameters)
        location = (
            _integrated(family, centre, variance, None)
            if link.normal_mean is None
            else link.normal_mean(centre, variance)
        )
        return family.mean(location, parameters)


def _no_mean(family: Family, why: str) -> FamilyError:
    """Error for a mean over groups that does not exist."""
    return FamilyError(
        f"The mean over groups does not exist for {family}: {why}. predict(effects='fixed') gives the value "
        "of a group whose random effects are zero, predict(new_levels='sample') the spread of new groups."
    )


def _outgrows_groups(family: Family) -> bool:
    """Whether the mean of a response, its parameters being 1, is exp(exp(eta)) or the like."""
    with np.errstate(over="ignore"):
        location = family.location_of(np.array(FAR))
        mean = family.mean(location, {name: np.ones(()) for name in family.parameter_names})
    return bool(np.isposinf(mean))


def _is_linear(family: Family, parameters: Parameters) -> bool:
    """Whether the mean of the response is a + b location, as it is where it is the location itself."""
    low, middle, high = (family.mean(np.array(at), parameters) for at in (0.25, 0.5, 0.75))
    return bool(np.allclose(low + high, 2 * middle, rtol=1e-12, atol=0.0))


def _integrated(
    family: Family, centre: FloatArray, variance: FloatArray, parameters: Parameters | None
) -> FloatArray:
    """Integrate the mean of the response, or without parameters the location, over a normal predictor.

    A probability is the distribution function of a latent variable T, so that its mean is that of
    Phi((centre - T) / spread): where the predictor is wide the smoother function.
    """
    link, at, spread = family.link_function, centre.ravel(), np.sqrt(variance).ravel()
    own = {name: np.broadcast_to(of, centre.shape).ravel() for name, of in (parameters or {}).items()}
    is_probability = parameters is None and link.latent is not None

    def over_predictor(node: float, which: IntArray) -> FloatArray:
        density = np.exp(-0.5 * node**2) / np.sqrt(2 * np.pi)
        values = family.location_of(at[which] + spread[which] * node)
        if parameters is not None:
            values = family.mean(values, {name: of[which] for name, of in own.items()})
            values[node > REACH + spread[which]] = 0.0
        weighted: FloatArray = values * density
        weighted[np.isposinf(values)] = np.inf
        return weighted

    def over_latent(node: float, which: IntArray) -> FloatArray:
        below = LINKS["probit"].inverse((at[which] - node) / spread[which])
        return below * link.derivative(np.asarray(node))

    is_wide = (spread > WIDE) & is_probability
    narrow, wide = np.flatnonzero(~is_wide), np.flatnonzero(is_wide)
    # The product of a mean that grows as an exponential peaks at `spread` standard deviations.
    farther = 0.0 if is_probability else np.ceil(spread.max(initial=0.0))
    total = np.empty(at.shape)
    total[narrow] = _trapezoids(over_predictor, narrow, -REACH, REACH + farther)
    total[wide] = _trapezoids(over_latent, wide, -LATENT_REACH, LATENT_REACH)
    if np.any(np.isnan(total) & np.isfinite(at)):
        raise _no_mean(family, NEAR_ZERO)
    return np.reshape(total, centre.shape)


def _trapezoids(integrand: Integrand, places: IntArray, lower: float, upper: float) -> FloatArray:
    """Integrals between bounds outside which nothing counts, one for each place."""
    nodes, step = np.arange(lower, upper + 0.5), 1.0
    total = _sum(integrand, nodes, places)
    rough = np.arange(len(places))
    for _ in range(HALVINGS):
        if not len(rough):
            break
        coarse = total[rough]
        between = step * _sum(integrand, nodes[:-1] + 0.5 * step, places[rough])
        fine = 0.5 * (coarse + between)
        total[rough] = fine
        rough = rough[np.isfinite(fine) & (np.abs(fine - coarse) > TOLERANCE * np.abs(fine))]
        step *= 0.5
        nodes = np.arange(lower, upper + 0.5 * step, step)
    if len(rough):
        raise BayesmixedError(
            "The mean over groups cannot be integrated: random effects are too wide in "
            f"{len(rough)} values. predict(new_levels='sample') shows the spread of new groups."
        )
    return total


def _sum(integrand: Integrand, nodes: FloatArray, places: IntArray) -> FloatArray:
    """Sum of the integrands over nodes, one for each place."""
    total = np.zeros(len(places))
    for node in nodes:
        total += integrand(float(node), places)
    return total
