"""Every structure of a bar written by hand: correlations, their prior, and what PyMC's graph calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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


TWINS = {
    "us": Twin(factor=partials, log_prior=lkj, variable="partial_corr", transform="logodds"),
    "diag": Twin(factor=lambda k, _: np.eye(k), log_prior=lambda *_: 0.0, variable="", transform=""),
}
