"""A REML or ML estimate together with the likelihood that it comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from bayesmixed.design.identified import check_estimable, degrees_left
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.kernel.digits import check_residual
from bayesmixed.engines.reml.likelihood import Criterion, Likelihood, likelihood_of
from bayesmixed.engines.reml.optimum import Optimum, find_optimum
from bayesmixed.engines.reml.uncertainty import Curvature, curvature, variances_at
from bayesmixed.errors import DesignWarning, warn
from bayesmixed.printing.records import short_repr

FEW = 10
"""Degrees of freedom a variance or correlation up to which a flat criterion is looked for."""


class Maximized(Protocol):
    """A model at the highest point of its likelihood, with or without random effects."""

    @property
    def design(self) -> Design:
        """The design that was fitted."""

    @property
    def optimum(self) -> Optimum:
        """Where the likelihood is highest."""

    @property
    def n_parameters(self) -> int:
        """Number of parameters as lme4 counts them."""

    @property
    def log_likelihood(self) -> float:
        """Log likelihood at the optimum, restricted for REML."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """A REML or ML estimate with the likelihood that it comes from.

    Attributes
    ----------
    likelihood : Likelihood
        Restricted or full.
    optimum : Optimum
        Where it is highest.
    """

    likelihood: Likelihood
    optimum: Optimum

    __repr__ = short_repr

    @property
    def design(self) -> Design:
        """The design that was fitted."""
        return self.likelihood.design

    def at_design(self, design: Design) -> Estimate:
        """The same estimate over another look at the same data."""
        return replace(self, likelihood=replace(self.likelihood, design=design))

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance matrix of the coefficients, shape (p, p)."""
        return variances_at(self.likelihood, self.optimum.entries).coefficients

    @cached_property
    def curvature(self) -> Curvature:
        """Curvature of the criterion at the optimum."""
        return curvature(self.likelihood, self.optimum.entries)

    @property
    def n_parameters(self) -> int:
        """Number of parameters as lme4 counts them: coefficients, variances, correlations, sigma."""
        return len(self.optimum.coefficients) + len(self.optimum.entries) + 1

    @property
    def log_likelihood(self) -> float:
        """Log likelihood at the optimum, restricted for REML."""
        return -0.5 * self.optimum.criterion


def estimate(design: Design, by: Criterion = "reml") -> Estimate:
    """Estimate a linear mixed model by restricted or full maximum likelihood.

    Parameters
    ----------
    design : Design
        The design.
    by : {"reml", "ml"}
        The criterion.

    Returns
    -------
    Estimate
        lme4's estimate of the same model.

    Raises
    ------
    EngineError
        When crossed random effects are too many to be integrated out together.
    DataError
        When the data do not tell every parameter, or nothing of the response is left.
    """
    check_estimable(design, by)
    likelihood = likelihood_of(design, by)
    optimum = find_optimum(likelihood)
    check_residual(optimum.sigma / likelihood.units.scale)
    return Estimate(likelihood=likelihood, optimum=optimum)


def warn_of_flatness(fitted: Estimate) -> None:
    """Warn of an estimate whose variances could be others as well."""
    design, (left, wanted) = fitted.design, degrees_left(fitted.design)
    is_flat = left <= FEW * wanted and not fitted.optimum.singular and fitted.curvature.is_flat
    if left < wanted or is_flat:
        freedom = "one degree" if left == 1 else f"{left} degrees"
        warn(
            f"{design.n_rows} rows for {len(design.fixed.terms)} coefficients leave {freedom} of freedom, "
            f"too little to tell {wanted} variances and correlations, the residual's among them: they, and "
            "with them standard errors and tests, could be others as well.",
            DesignWarning,
        )


def simulate_responses(fitted: Maximized, n: int, seed: int | np.random.SeedSequence) -> FloatArray:
    """Responses of new levels and new residuals drawn from an estimate, for the parametric bootstrap.

    Returns shape (n, rows).
    """
    rng, design, optimum = np.random.default_rng(seed), fitted.design, fitted.optimum
    noise = optimum.sigma * rng.standard_normal((n, design.n_rows))
    if design.weights is not None:
        noise /= np.sqrt(design.weights)
    total = noise + (design.fixed.matrix @ optimum.coefficients + design.offset)
    for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
        effects = rng.standard_normal((n, block.n_levels, block.n_effects)) @ covariance_root(covariance).T
        for e in range(block.n_effects):
            total += effects[:, block.codes, e] * block.columns[:, e]
    return total


def covariance_root(covariance: FloatArray) -> FloatArray:
    """A square root R of a covariance matrix, R R' = S, where it is singular too, shape (k, k)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
