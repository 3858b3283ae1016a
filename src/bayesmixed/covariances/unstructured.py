"""Any covariance matrix, ``(x | g)``: its LKJ prior, by canonical partial correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import lgamma, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.covariances.covariance import Correlation, Covariance, FloatArray, Row
from bayesmixed.covariances.diagonal import Diagonal
from bayesmixed.priors.distributions import DISTRIBUTIONS
from bayesmixed.priors.prior import Prior

ETA = 2.0
LARGEST_PARTIAL = 1.0 - 1e-12
"""Partial correlations are kept this far inside (-1, 1), where their logits are finite."""


@dataclass(frozen=True, slots=True)
class Unstructured(Covariance):
    """Two effects or more with any covariance matrix.

    Its coordinates are the logits x of canonical partial correlations p = tanh(x / 2), row by row.
    """

    name = "us"
    kernel = "unstructured"
    free_name = "partial_corr"
    can_be_centred = True
    is_free = True
    prior_note = "density ~ det(C)^(eta - 1)"

    @classmethod
    def of_bar(cls, size: int) -> tuple[Covariance, ...]:
        """All effects of the bar together."""
        return (cls(size),) if size > 1 else Diagonal.of_bar(size)

    @classmethod
    def written(cls, effects: str, group: str) -> str:
        """A bar of any covariance in a formula."""
        return f"({effects} | {group})"

    @property
    def n_coordinates(self) -> int:
        """Number of pairs of effects."""
        return self.size * (self.size - 1) // 2

    def correlations(self, effects: Sequence[str]) -> tuple[Correlation, ...]:
        """One for each pair of effects, in lme4's order: (0, 1), (0, 2), (1, 2)."""
        pairs = combinations(range(self.size), 2)
        return tuple(Correlation((effects[i], effects[j]), (i, j)) for i, j in pairs)

    def default_prior(self) -> Prior:
        """LKJ(2)."""
        return Prior("LKJ", {"eta": ETA})

    def refusal(self, prior: Prior) -> str | None:
        """What is wrong with a prior that is not LKJ's."""
        if DISTRIBUTIONS[prior.name].support == "correlation":
            return None
        return f'{prior} is not a prior for a correlation matrix. Write prior("LKJ", eta=2).'

    def kernel_rows(self, prior: Prior) -> list[Row]:
        """For each logit the shape a of its Beta(a, a)."""
        shapes = partial_shapes(prior.args["eta"], self.size)
        return [((shape,), lgamma(2.0 * shape) - 2.0 * lgamma(shape)) for shape in shapes]

    def log_density(self, prior: Prior, correlation: FloatArray) -> FloatArray:
        """LKJ's log density, shape (..., k, k) to (...)."""
        return lkj_log_density(correlation, prior.args["eta"])

    def cholesky(self, coordinates: FloatArray) -> FloatArray:
        """Cholesky factors from logits, shape (..., m) to (..., k, k)."""
        return cholesky_from_partials(np.tanh(0.5 * coordinates), self.size)

    def coordinates(self, correlation: FloatArray) -> FloatArray:
        """Logits behind correlation matrices, shape (S, k, k) to (S, m)."""
        factor = np.zeros_like(correlation)
        factor[:, 0, 0] = 1.0
        partials = []
        for i in range(1, self.size):
            left = np.ones(len(correlation))
            for m in range(i):
                rest = correlation[:, i, m] - np.sum(factor[:, i, :m] * factor[:, m, :m], axis=1)
                partial = np.clip(rest / (factor[:, m, m] * left), -LARGEST_PARTIAL, LARGEST_PARTIAL)
                factor[:, i, m] = partial * left
                left = left * np.sqrt(1.0 - partial**2)
                partials.append(partial)
            factor[:, i, i] = left
        return np.asarray(2.0 * np.arctanh(np.stack(partials, axis=1)))

    def cholesky_draws(self, prior: Prior, draws: int, rng: np.random.Generator) -> FloatArray:
        """Cholesky factors drawn from LKJ's prior, shape (draws, k, k)."""
        return lkj_cholesky_draws(prior.args["eta"], self.size, draws, rng)

    def graph_rows(self, name: str, prior: Prior | None) -> list[list[Any]]:
        """Rows from Beta variables, as `cholesky_from_partials` makes them of numbers."""
        import pymc as pm
        from pytensor import tensor as pt

        assert prior is not None
        shapes = partial_shapes(prior.args["eta"], self.size)
        logodds = pm.distributions.transforms.logodds
        share = pm.Beta(name, alpha=shapes, beta=shapes, default_transform=logodds)
        rest = iter([2 * share[j] - 1 for j in range(len(shapes))])
        rows: list[list[Any]] = []
        for i in range(self.size):
            left: Any = pt.constant(1.0)
            row: list[Any] = []
            for _ in range(i):
                partial = next(rest)
                row.append(partial * pt.sqrt(left))
                left = left * (1 - partial**2)
            rows.append([*row, pt.sqrt(left)])
        return rows


def partial_shapes(eta: float, size: int) -> FloatArray:
    """Shape parameters of the Beta priors behind LKJ(eta).

    Under LKJ(eta) the canonical partial correlations p of a C-vine are independent: (p + 1) / 2 ~ Beta(a, a).

    Returns shape (k (k - 1) / 2,).

    Lewandowski, Kurowicka and Joe (2009), Journal of Multivariate Analysis 100, 1989-2001; Stan's
    parametrization of a Cholesky factor of a correlation matrix is the same.
    """
    return np.array([eta + (size - 2 - m) / 2 for i in range(1, size) for m in range(i)], dtype=np.float64)


def cholesky_from_partials(partials: NDArray[np.float64], size: int) -> FloatArray:
    """Cholesky factors of correlation matrices from their canonical partial correlations.

    Shapes: `partials` (..., k (k - 1) / 2); returns (..., k, k).

    L[i, m] = p[i, m] sqrt(1 - sum_{l < m} L[i, l]^2) and L[i, i] = sqrt(1 - sum_{l < i} L[i, l]^2).
    """
    factor = np.zeros((*partials.shape[:-1], size, size))
    factor[..., 0, 0] = 1.0
    position = 0
    for i in range(1, size):
        left = np.ones(partials.shape[:-1])
        for m in range(i):
            factor[..., i, m] = partials[..., position] * np.sqrt(left)
            left = left * (1 - partials[..., position] ** 2)
            position += 1
        factor[..., i, i] = np.sqrt(left)
    return factor


def lkj_cholesky_draws(eta: float, size: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Cholesky factors of correlation matrices drawn from LKJ(eta).

    Returns shape (draws, k, k).
    """
    shapes = partial_shapes(eta, size)
    partials = 2 * rng.beta(shapes, shapes, size=(draws, len(shapes))) - 1
    return cholesky_from_partials(partials, size)


def lkj_log_density(correlation: NDArray[np.float64], eta: float) -> FloatArray:
    """Log density of LKJ(eta) at correlation matrices.

    Shapes: `correlation` (..., k, k); returns (...).

    (eta - 1) log |C| - log c(eta, k), the constant as in Lewandowski, Kurowicka and Joe (2009):
    log c = sum_{m=1}^{k-1} (k - m) {(2 eta - 2 + k - m) log 2 + log B(eta + (k - m - 1) / 2, same)}.
    """
    size = correlation.shape[-1]
    constant = 0.0
    for rest in range(1, size):
        a = eta + (rest - 1) / 2
        constant += rest * ((2 * eta - 2 + rest) * log(2) + 2 * lgamma(a) - lgamma(2 * a))
    _, log_determinant = np.linalg.slogdet(correlation)
    return np.asarray((eta - 1) * log_determinant - constant, dtype=np.float64)
