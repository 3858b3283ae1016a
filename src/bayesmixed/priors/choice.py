"""Priors as users choose them, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from bayesmixed.errors import PriorError, near_names
from bayesmixed.priors.distributions import DISTRIBUTIONS, Distribution
from bayesmixed.priors.prior import Prior
from bayesmixed.surface import public


@public
def prior(name: str, /, **args: float) -> Prior:
    """Prior distribution by PyMC's name and arguments.

    Use it in ``priors={...}`` of a fit to replace a default prior.

    Parameters
    ----------
    name : str
        Name of the distribution. On all numbers: ``"Normal"``, ``"StudentT"``, ``"Cauchy"``, ``"Laplace"``,
        ``"Logistic"``, ``"SkewNormal"``, ``"AsymmetricLaplace"``, ``"ExGaussian"``, ``"Gumbel"``,
        ``"Moyal"``, ``"Flat"``. On positive ones: ``"HalfNormal"``, ``"HalfStudentT"``, ``"HalfCauchy"``,
        ``"HalfFlat"``, ``"Exponential"``, ``"Gamma"``, ``"InverseGamma"``, ``"LogNormal"``, ``"Weibull"``.
        Between bounds: ``"Beta"`` (0 and 1), ``"Uniform"``, ``"Triangular"``, ``"TruncatedNormal"``. Of
        correlation matrices: ``"LKJ"``.
    **args : float
        Its arguments in PyMC's spelling, in the units of the data, e.g. ``nu=4, mu=0, sigma=10``.

    Returns
    -------
    Prior
        The checked prior.

    Raises
    ------
    PriorError
        When the distribution or an argument is unknown, an argument is missing or not a finite number, a
        scale is not positive, or a lower bound is not below its upper bound.

    Examples
    --------
    >>> print(bm.prior("StudentT", nu=4, sigma=10))
    StudentT(nu=4, mu=0, sigma=10)
    >>> bm.prior("HalfNormal", sd=3)
    Traceback (most recent call last):
    ...
    bayesmixed.errors.PriorError: HalfNormal has no argument 'sd'. Write HalfNormal(sigma=...).
    """
    if name not in DISTRIBUTIONS:
        raise PriorError(f"There is no prior distribution {name!r}. {near_names(name, DISTRIBUTIONS)}")
    distribution = DISTRIBUTIONS[name]
    usage = f"Write {name}({', '.join(f'{argument}=...' for argument in distribution.arguments)})."
    values = _complete(name, distribution, args, usage)
    _check_values(name, distribution, values)
    return Prior(name, values)


def as_prior(choice: object) -> Prior:
    """Prior from whatever a user may hand over as one."""
    name, args = getattr(choice, "name", None), getattr(choice, "args", None)
    if not isinstance(name, str) or not isinstance(args, Mapping):
        raise PriorError(
            f'{choice!r} is not a prior. Write for example bayesmixed.prior("Normal", mu=0, sigma=10).'
        )
    if getattr(choice, "dist", None) is not None:
        raise PriorError(
            f"The prior {name!r} is a custom function; name one of PyMC's distributions instead."
        )
    return prior(name, **args)


def _complete(name: str, distribution: Distribution, args: Mapping[str, Any], usage: str) -> dict[str, float]:
    """Arguments in the distribution's order, with defaults filled in."""
    for argument in args:
        if argument not in distribution.arguments:
            raise PriorError(f"{name} has no argument {argument!r}. {usage}")
    given = {**distribution.defaults, **args}
    missing = [argument for argument in distribution.arguments if argument not in given]
    if missing:
        raise PriorError(f"{name} lacks {' and '.join(missing)}. {usage}")
    return {argument: _number(name, argument, given[argument]) for argument in distribution.arguments}


def _number(name: str, argument: str, value: Any) -> float:
    """One argument as a finite float; arrays of one number, as Bambi keeps them, count as numbers."""
    plain = value.item() if getattr(value, "size", 0) == 1 else value
    if not isinstance(plain, Real) or isinstance(plain, bool) or not math.isfinite(plain):
        raise PriorError(f"{argument}={value!r} of {name} is not a finite number.")
    return float(plain)


def _check_values(name: str, distribution: Distribution, values: Mapping[str, float]) -> None:
    """Refuse scales that are not positive and bounds in the wrong order."""
    for argument in distribution.positive:
        if values[argument] <= 0:
            raise PriorError(f"{argument}={values[argument]:g} of {name} must be positive.")
    if distribution.support != "interval":
        return
    lower, upper = values["lower"], values["upper"]
    if lower >= upper:
        raise PriorError(f"lower={lower:g} of {name} must be below upper={upper:g}.")
    if not lower <= values.get("c", lower) <= upper:
        raise PriorError(f"c={values['c']:g} of {name} must lie between lower={lower:g} and upper={upper:g}.")
