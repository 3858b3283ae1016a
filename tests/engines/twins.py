"""Every structure of a bar written by hand: correlations, their prior, and what PyMC's graph calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

from bayesmixed.covariances.unstructured import cholesky_from_partials, lkj_log_density
from bayesmixed.design.records import FloatArray
from bayesmixed.priors.prior import Prior


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A structure by hand; k effects, coordinates as the kernel has them."""

    factor: Callable[[int, FloatArray], FloatArray]
    log_prior: Callable[[Prior, int, FloatArray], float]
    variable: str
    transform: str


def partials(k: int, logits: FloatArray) -> FloatArray:
    """Cholesky factor of the correlation matrix behind logits of canonical partial correlations."""
    return cholesky_from_partials(np.tanh(logits / 2), k)


def lkj(prior: Prior, k: int, logits: FloatArray) -> float:
    """LKJ density in the logits: the density over the entries, and the Jacobians of both steps to them."""
    left = 1 - np.tanh(logits / 2) ** 2
    column = np.array([m for i in range(1, k) for m in range(i)])
    factor = partials(k, logits)
    total = float(lkj_log_density(factor @ factor.T, prior.args["eta"]))
    return total + float(np.sum((k - 2 - column) / 2 * np.log(left) + np.log(left / 2)))


def alike(k: int, x: FloatArray) -> FloatArray:
    """Cholesky factor of a matrix of one correlation, which lies between -1 / (k - 1) and 1."""
    return np.linalg.cholesky(np.full((k, k), share(k, x)) + (1 - share(k, x)) * np.eye(k))


def fading(k: int, x: FloatArray) -> FloatArray:
    """Cholesky factor of a matrix whose correlations are powers of one between -1 and 1."""
    return np.linalg.cholesky((2 * expit(x[0]) - 1.0) ** abs(np.subtract.outer(np.arange(k), np.arange(k))))


def share(k: int, x: FloatArray) -> float:
    """Correlation at a logit of its share of the interval."""
    return float((1 + 1 / (k - 1)) * expit(x[0]) - 1 / (k - 1))


def restricted(prior: Prior, k: int, x: FloatArray) -> float:
    """Density of a normal or uniform correlation between its bounds, in the logit."""
    low, volume = -1 / (k - 1), np.log(1 + 1 / (k - 1)) + np.log(expit(x[0]) * expit(-x[0]))
    mu, sigma = (prior.args.get("mu", 0.0), prior.args.get("sigma", np.inf))
    if np.isinf(sigma):
        return float(volume - np.log(1 - low))
    inside = stats.truncnorm((low - mu) / sigma, (1 - mu) / sigma, mu, sigma)
    return float(inside.logpdf(share(k, x)) + volume)


def between_ones(prior: Prior, k: int, x: FloatArray) -> float:  # noqa: ARG001
    """The same between -1 and 1, the bounds of two effects."""
    return restricted(prior, 2, x)


COMPOUND = Twin(factor=alike, log_prior=restricted, variable="rho", transform="interval")
FADING = Twin(factor=fading, log_prior=between_ones, variable="rho", transform="interval")
TWINS = {
    "us": Twin(factor=partials, log_prior=lkj, variable="partial_corr", transform="logodds"),
    "diag": Twin(factor=lambda k, _: np.eye(k), log_prior=lambda *_: 0.0, variable="", transform=""),
    "cs": COMPOUND,
    "homcs": COMPOUND,
    "homdiag": Twin(factor=lambda k, _: np.eye(k), log_prior=lambda *_: 0.0, variable="", transform=""),
    "ar1": FADING,
    "hetar1": FADING,
}
