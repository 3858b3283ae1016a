"""Densities of priors and draws from them, in NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.errors import PriorError
from bayesmixed.priors.prior import Prior

IMPROPER = frozenset({"Flat", "HalfFlat"})

Arguments = Mapping[str, float]
FloatArray = NDArray[np.float64]


def log_density(prior: Prior, value: NDArray[np.float64]) -> FloatArray:
    """Log density of a univariate prior."""
    x = np.asarray(value, dtype=np.float64)
    if prior.name in IMPROPER:
        return np.where((x >= 0) | (prior.name == "Flat"), 0.0, -np.inf)
    if prior.name in _FOLDED:
        return np.where(x >= 0, np.log(2.0) + twin(prior).logpdf(x), -np.inf)
    return np.asarray(twin(prior).logpdf(x), dtype=np.float64)


def random_draws(prior: Prior, size: int, rng: np.random.Generator) -> FloatArray:
    """Independent draws from a univariate prior.

    Returns shape (size,).
    """
    if prior.name in IMPROPER:
        raise PriorError(f"The prior {prior.name} is improper: nothing can be drawn from it.")
    values = np.asarray(twin(prior).rvs(size=size, random_state=rng), dtype=np.float64)
    return np.abs(values) if prior.name in _FOLDED else values


def twin(prior: Prior) -> Any:
    """SciPy's frozen twin of a prior (of the symmetric distribution, for a folded one)."""
    from scipy import stats

    return _TWINS[prior.name](stats, prior.args)


def _asymmetric_laplace(stats: Any, a: Arguments) -> Any:
    """PyMC's b is a rate."""
    return stats.laplace_asymmetric(a["kappa"], a["mu"], 1 / a["b"])


def _triangular(stats: Any, a: Arguments) -> Any:
    """SciPy places the mode as a share of the width."""
    width = a["upper"] - a["lower"]
    return stats.triang((a["c"] - a["lower"]) / width, a["lower"], width)


def _truncated_normal(stats: Any, a: Arguments) -> Any:
    """SciPy's bounds are standardized."""
    lower, upper = ((a[bound] - a["mu"]) / a["sigma"] for bound in ("lower", "upper"))
    return stats.truncnorm(lower, upper, a["mu"], a["sigma"])


_FOLDED = frozenset({"HalfNormal", "HalfStudentT", "HalfCauchy"})
_TWINS: Mapping[str, Callable[[Any, Arguments], Any]] = {
    "Normal": lambda stats, a: stats.norm(a["mu"], a["sigma"]),
    "StudentT": lambda stats, a: stats.t(a["nu"], a["mu"], a["sigma"]),
    "Cauchy": lambda stats, a: stats.cauchy(a["alpha"], a["beta"]),
    "Laplace": lambda stats, a: stats.laplace(a["mu"], a["b"]),
    "Logistic": lambda stats, a: stats.logistic(a["mu"], a["s"]),
    "SkewNormal": lambda stats, a: stats.skewnorm(a["alpha"], a["mu"], a["sigma"]),
    "AsymmetricLaplace": _asymmetric_laplace,
    "ExGaussian": lambda stats, a: stats.exponnorm(a["nu"] / a["sigma"], a["mu"], a["sigma"]),
    "Gumbel": lambda stats, a: stats.gumbel_r(a["mu"], a["beta"]),
    "Moyal": lambda stats, a: stats.moyal(a["mu"], a["sigma"]),
    "HalfNormal": lambda stats, a: stats.norm(0, a["sigma"]),
    "HalfStudentT": lambda stats, a: stats.t(a["nu"], 0, a["sigma"]),
    "HalfCauchy": lambda stats, a: stats.cauchy(0, a["beta"]),
    "Exponential": lambda stats, a: stats.expon(scale=1 / a["lam"]),
    "Gamma": lambda stats, a: stats.gamma(a["alpha"], scale=1 / a["beta"]),
    "InverseGamma": lambda stats, a: stats.invgamma(a["alpha"], scale=a["beta"]),
    "LogNormal": lambda stats, a: stats.lognorm(a["sigma"], scale=np.exp(a["mu"])),
    "Weibull": lambda stats, a: stats.weibull_min(a["alpha"], scale=a["beta"]),
    "Beta": lambda stats, a: stats.beta(a["alpha"], a["beta"]),
    "Uniform": lambda stats, a: stats.uniform(a["lower"], a["upper"] - a["lower"]),
    "Triangular": _triangular,
    "TruncatedNormal": _truncated_normal,
}
