"""The ordinary regression that is left when the last random effect is dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.reml.likelihood import Criterion
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearEstimate:
    """A regression without random effects, estimated by restricted or full maximum likelihood.

    Attributes
    ----------
    design : Design
        Without blocks.
    by : {"reml", "ml"}
        The criterion.
    optimum : Optimum
        Criterion, coefficients, sigma; no covariances.
    """

    design: Design
    by: Criterion
    optimum: Optimum

    __repr__ = short_repr

    @property
    def n_parameters(self) -> int:
        """Number of parameters: coefficients and sigma."""
        return len(self.optimum.coefficients) + 1

    @property
    def log_likelihood(self) -> float:
        """Log likelihood at the optimum, restricted for REML."""
        return -0.5 * self.optimum.criterion


def estimate_linear(design: Design, by: Criterion = "reml") -> LinearEstimate:
    """Estimate a regression without random effects, on the scale of a mixed model's criteria.

    Use it as the null model of the last variance component.
    """
    root, basis, triangle = _orthogonal(design)
    scaled = (design.response.values - design.offset) * root
    criterion = float(linear_criteria(design, by, design.response.values[None])[0])
    n, p = basis.shape
    rest = scaled - basis @ (basis.T @ scaled)
    optimum = Optimum(
        criterion=criterion,
        entries=np.empty(0),
        coefficients=np.linalg.solve(triangle, basis.T @ scaled),
        sigma=float(np.sqrt(rest @ rest / (n - p if by == "reml" else n))),
        covariances=(),
        ranef=(),
        singular=False,
        gradient=0.0,
    )
    return LinearEstimate(design=design, by=by, optimum=optimum)


def linear_criteria(design: Design, by: Criterion, responses: FloatArray) -> FloatArray:
    """Criterion of a regression without random effects, at its best, for many responses.

    Shapes: `responses` (B, n); returns (B,).

    m {1 + log(2 pi rss / m)} - sum log w, and for REML + log|X'WX|, with m = n - p for REML and n for ML:
    the criteria of Bates et al. (2015), equations 34 and 42, without Z.
    """
    root, basis, triangle = _orthogonal(design)
    scaled = (responses - design.offset) * root
    rss = np.sum((scaled - (scaled @ basis) @ basis.T) ** 2, axis=1)
    n, p = basis.shape
    m = n - p if by == "reml" else n
    added = -2.0 * np.sum(np.log(root))
    if by == "reml":
        added += 2.0 * np.sum(np.log(np.abs(np.diag(triangle))))
    return np.asarray(m * (1.0 + np.log(2.0 * np.pi * rss / m)) + added)


def _orthogonal(design: Design) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Square roots of the weights (n,), orthonormal basis of the weighted X (n, p), its triangle (p, p)."""
    root = np.ones(design.n_rows) if design.weights is None else np.sqrt(design.weights)
    basis, triangle = np.linalg.qr(design.fixed.matrix * root[:, None])
    return root, basis, triangle
