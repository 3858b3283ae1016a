"""Log densities of a response given its location and its family's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.families import gaussian
from bayesmixed.families.records import Family

Values = NDArray[np.float64]
Parameters = Mapping[str, NDArray[np.float64]]
Density = Callable[[Values, Values, Parameters, Values], FloatArray]


def log_density(
    family: Family, y: Values, location: Values, parameters: Parameters, trials: Values | None = None
) -> FloatArray:
    """Log density, or log probability, of responses.

    Parameters
    ----------
    family : Family
        Distribution of the response.
    y : NDArray
        Responses; of a binomial family successes.
    location : NDArray
        Inverse link of the linear predictor: the mean, the probability of a success, or the mean of the
        logarithm; shapes broadcast.
    parameters : Mapping
        Auxiliary parameters by name, of shapes that broadcast; a gaussian family's ``sigma`` is already that
        of the row.
    trials : NDArray, optional
        Of a binomial family.

    Returns
    -------
    FloatArray
        Of the broadcast shape; minus infinity outside the support of the location.

    Notes
    -----
    negativebinomial: variance mu + mu^2 / alpha. gamma: variance mu^2 / alpha. beta: shapes mu kappa and
    (1 - mu) kappa. t: location, scale sigma, nu degrees of freedom. They are PyMC's parametrizations by mean,
    and Bambi's.

    Examples
    --------
    >>> from bayesmixed.families.lookup import family_by_name
    >>> log_density(family_by_name("poisson"), np.array([2.0]), np.array([1.0]), {}).round(4)
    array([-1.6931])
    """
    if family.name not in _DENSITIES:
        from bayesmixed.families.graph import graph_log_density

        return graph_log_density(family, y, location, parameters, trials)
    counts = np.ones(()) if trials is None else trials
    with np.errstate(divide="ignore", invalid="ignore"):
        values = _DENSITIES[family.name](y, location, parameters, counts)
    return np.where(np.isnan(values), -np.inf, values)


def _gaussian(y: Values, location: Values, parameters: Parameters, _: Values) -> FloatArray:
    return gaussian.log_density(y, location, parameters["sigma"])


def _binomial(y: Values, location: Values, _: Parameters, trials: Values) -> FloatArray:
    from scipy.special import gammaln, xlog1py, xlogy

    choices = gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)
    return np.asarray(choices + xlogy(y, location) + xlog1py(trials - y, -location))


def _poisson(y: Values, location: Values, _: Parameters, __: Values) -> FloatArray:
    from scipy.special import gammaln, xlogy

    return np.asarray(xlogy(y, location) - location - gammaln(y + 1))


def _negative_binomial(y: Values, location: Values, parameters: Parameters, _: Values) -> FloatArray:
    from scipy.special import gammaln, xlogy

    alpha = parameters["alpha"]
    choices = gammaln(y + alpha) - gammaln(alpha) - gammaln(y + 1)
    return np.asarray(
        choices - alpha * np.log1p(location / alpha) + xlogy(y, location) - xlogy(y, alpha + location)
    )


def _gamma(y: Values, location: Values, parameters: Parameters, _: Values) -> FloatArray:
    from scipy.special import gammaln

    alpha = parameters["alpha"]
    rate = alpha / location
    return np.asarray(alpha * np.log(rate) - gammaln(alpha) + (alpha - 1) * np.log(y) - rate * y)


def _beta(y: Values, location: Values, parameters: Parameters, _: Values) -> FloatArray:
    from scipy.special import betaln

    a, b = location * parameters["kappa"], (1 - location) * parameters["kappa"]
    return np.asarray((a - 1) * np.log(y) + (b - 1) * np.log1p(-y) - betaln(a, b))


def _student(y: Values, location: Values, parameters: Parameters, _: Values) -> FloatArray:
    from scipy.special import gammaln

    sigma, nu = parameters["sigma"], parameters["nu"]
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - np.log(np.pi * nu) / 2 - np.log(sigma)
    return np.asarray(constant - (nu + 1) / 2 * np.log1p(((y - location) / sigma) ** 2 / nu))


def _log_normal(y: Values, location: Values, parameters: Parameters, _: Values) -> FloatArray:
    return gaussian.log_density(np.log(y), location, parameters["sigma"]) - np.log(y)


_DENSITIES: Mapping[str, Density] = {
    "gaussian": _gaussian,
    "bernoulli": _binomial,
    "binomial": _binomial,
    "poisson": _poisson,
    "negativebinomial": _negative_binomial,
    "gamma": _gamma,
    "beta": _beta,
    "t": _student,
    "lognormal": _log_normal,
}
