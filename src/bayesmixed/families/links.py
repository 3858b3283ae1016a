"""Link functions: from the location of a response to the linear predictor and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray

Function = Callable[[NDArray[np.float64]], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFunction:
    """A link with its inverse.

    Attributes
    ----------
    link : callable
        Linear predictor of a location.
    inverse : callable
        Location at a linear predictor.
    derivative : callable
        Slope of the inverse at a linear predictor.
    symbol : str
        The link as formulas write it, e.g. ``"log"``.
    normal_mean : callable or None
        Mean of the location where the linear predictor is normal, from its mean and variance; None where it
        has no closed form.
    has_whole_line : bool
        Whether every linear predictor has a finite location.
    """

    link: Function
    inverse: Function
    derivative: Function
    symbol: str
    normal_mean: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    has_whole_line: bool = True


def link_function(name: str) -> LinkFunction:
    """Link of a name."""
    return LINKS[name]


def _logistic(eta: NDArray[np.float64]) -> FloatArray:
    from scipy.special import expit

    return np.asarray(expit(eta))


def _logit(p: NDArray[np.float64]) -> FloatArray:
    from scipy.special import logit

    return np.asarray(logit(p))


def _normal_quantile(p: NDArray[np.float64]) -> FloatArray:
    from scipy.special import ndtri

    return np.asarray(ndtri(p))


def _normal_probability(eta: NDArray[np.float64]) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr(eta))


def _normal_density(eta: NDArray[np.float64]) -> FloatArray:
    return np.asarray(np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi))


def _same(values: NDArray[np.float64]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


LINKS: Mapping[str, LinkFunction] = MappingProxyType(
    {
        "identity": LinkFunction(
            link=_same,
            inverse=_same,
            derivative=np.ones_like,
            symbol="identity",
            normal_mean=lambda mean, _: mean,
        ),
        "log": LinkFunction(
            link=np.log,
            inverse=np.exp,
            derivative=np.exp,
            symbol="log",
            normal_mean=lambda mean, variance: np.exp(mean + variance / 2),
        ),
        "inverse": LinkFunction(
            link=lambda mean: 1 / mean,
            inverse=lambda eta: 1 / eta,
            derivative=lambda eta: -1 / eta**2,
            symbol="1/",
            has_whole_line=False,
        ),
        "inverse_squared": LinkFunction(
            link=lambda mean: mean**-2,
            inverse=lambda eta: eta**-0.5,
            derivative=lambda eta: -0.5 * eta**-1.5,
            symbol="1/square",
            has_whole_line=False,
        ),
        "logit": LinkFunction(
            link=_logit,
            inverse=_logistic,
            derivative=lambda eta: _logistic(eta) * _logistic(-eta),
            symbol="logit",
        ),
        "probit": LinkFunction(
            link=_normal_quantile,
            inverse=_normal_probability,
            derivative=_normal_density,
            symbol="probit",
            normal_mean=lambda mean, variance: _normal_probability(mean / np.sqrt(1 + variance)),
        ),
        "cloglog": LinkFunction(
            link=lambda p: np.log(-np.log1p(-p)),
            inverse=lambda eta: -np.expm1(-np.exp(eta)),
            derivative=lambda eta: np.exp(eta - np.exp(eta)),
            symbol="cloglog",
        ),
    }
)
"""Every link by the name that Bambi gives it."""
