"""Link functions: from the location of a response to the linear predictor and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri

from bayesmixed.design.records import FloatArray

Function = Callable[[NDArray[np.float64]], FloatArray]

PROBABILITY_LINKS = ("logit", "probit", "cloglog")
POSITIVE_LINKS = ("log", "identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link with its inverse."""

    link: Function  # linear predictor of a location
    inverse: Function  # location at a linear predictor
    derivative: Function  # slope of the inverse at a linear predictor
    graph: Callable[[Any], Any]  # the inverse in PyTensor
    # mean of the location where the linear predictor is normal, from its mean and variance, in closed form
    normal_mean: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    # variance of the latent distribution behind the link of a probability, and its formula
    latent: tuple[float, str] | None = None
    ratio: str = ""  # what the exponential of a coefficient is, empty where it is nothing
    is_power: bool = False  # a negative power, in units of the location; some predictors have no location


def _normal_density(eta: NDArray[np.float64]) -> FloatArray:
    return np.asarray(np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi))


def _same(values: NDArray[np.float64]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _pytensor() -> Any:
    """PyTensor's functions, imported when a graph is first made."""
    import pytensor.tensor as pt

    return pt


LINKS: Mapping[str, Link] = MappingProxyType(
    {
        "identity": Link(
            link=_same,
            inverse=_same,
            derivative=np.ones_like,
            graph=lambda eta: eta,
            normal_mean=lambda mean, _: mean,
        ),
        "log": Link(
            link=np.log,
            inverse=np.exp,
            derivative=np.exp,
            graph=lambda eta: _pytensor().exp(eta),
            normal_mean=lambda mean, variance: np.exp(mean + variance / 2),
            ratio="value: ratio of means (rate ratio), of the intercept the mean",
        ),
        "inverse": Link(
            link=lambda mean: 1 / mean,
            inverse=lambda eta: 1 / eta,
            derivative=lambda eta: -1 / eta**2,
            graph=lambda eta: 1 / eta,
            is_power=True,
        ),
        "inverse_squared": Link(
            link=lambda mean: mean**-2,
            inverse=lambda eta: eta**-0.5,
            derivative=lambda eta: -0.5 * eta**-1.5,
            graph=lambda eta: 1 / _pytensor().sqrt(eta),
            is_power=True,
        ),
        "logit": Link(
            link=logit,
            inverse=expit,
            derivative=lambda eta: expit(eta) * expit(-eta),
            graph=lambda eta: _pytensor().sigmoid(eta),
            latent=(pi**2 / 3, "pi^2/3"),
            ratio="value: odds ratio, of the intercept the odds",
        ),
        "probit": Link(
            link=ndtri,
            inverse=ndtr,
            derivative=_normal_density,
            # PyMC's invprobit takes the square root of 2 in single precision.
            graph=lambda eta: 0.5 * _pytensor().erfc(eta * -np.sqrt(0.5)),
            normal_mean=lambda mean, variance: ndtr(mean / np.sqrt(1 + variance)),
            latent=(1.0, "1"),
        ),
        "cloglog": Link(
            link=lambda p: np.log(-np.log1p(-p)),
            inverse=lambda eta: -np.expm1(-np.exp(eta)),
            derivative=lambda eta: np.exp(eta - np.exp(eta)),
            graph=lambda eta: -_pytensor().expm1(-_pytensor().exp(eta)),
            latent=(pi**2 / 6, "pi^2/6"),
            ratio="value: hazard ratio, of the intercept the hazard",
        ),
    }
)
"""Every link by the name that Bambi gives it."""
