"""Estimates by REML or ML together with the likelihood that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayesmixed import names
from bayesmixed.design.checks import check_estimable, degrees_left
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.kernel.cross_products import check_residual, incidence
from bayesmixed.engines.reml.likelihood import Criterion, Likelihood, likelihood_of
from bayesmixed.engines.reml.optimum import Optimum, find_optimum, refit, standardizing_scale
from bayesmixed.engines.reml.uncertainty import Curvature, curvature, variances_at
from bayesmixed.errors import DesignWarning, warn
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.printing.records import short_repr

FEW = 10
"""Degrees of freedom a variance or correlation up to which a flat criterion is looked for."""

NOTHING = 1e-4
"""A standard deviation over sigma, in unit-free form, that counts as zero (lme4's ``isSingular``)."""


class Maximized:
    """A model at the highest point of its likelihood, restricted for REML, with or without random effects."""

    design: Design
    optimum: Optimum

    @property
    def profiles_sigma(self) -> bool:
        """Whether sigma is a parameter that is not among the entries."""
        return True

    @cached_property
    def residual_correlation(self) -> FloatArray:
        """Correlation of residuals, which are independent."""
        return np.empty(0)

    @cached_property
    def residual_deviations(self) -> FloatArray:
        """Standard deviation of the residual of every row, shape (n,)."""
        design = self.design
        return design.residual.deviations(np.full(design.n_held, self.optimum.sigma))

    @property
    def n_parameters(self) -> int:
        """Number of parameters as lme4 counts them: coefficients, variances, correlations, sigma."""
        return len(self.optimum.coefficients) + len(self.optimum.entries) + self.profiles_sigma

    @property
    def log_likelihood(self) -> float:
        """Log likelihood at the optimum."""
        return -0.5 * self.optimum.criterion

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log L + 2 k (Akaike 1974)."""
        return self.optimum.criterion + 2.0 * self.n_parameters

    @property
    def aicc(self) -> float:
        """Akaike's criterion for small samples, AIC + 2 k (k + 1) / (n - k - 1) (Hurvich and Tsai 1989).

        Infinite when there are no more than k + 1 rows.
        """
        k, n = self.n_parameters, self.design.n_rows
        return self.aic + (2.0 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log L + k log n (Schwarz 1978), n the number of rows as in lme4."""
        return self.optimum.criterion + self.n_parameters * float(np.log(self.design.n_rows))

    def simulated(self, n: int, seed: int | np.random.SeedSequence) -> FloatArray:
        """Responses of new levels and new residuals drawn from the estimate, shape (n, rows)."""
        return simulate_responses(self, n, seed)


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate(Maximized):
    """A REML or ML estimate with the likelihood that it comes from."""

    likelihood: Likelihood  # restricted or full
    optimum: Optimum  # where it is highest

    __repr__ = short_repr

    @property
    def design(self) -> Design:  # type: ignore[override]
        """The design that was fitted."""
        return self.likelihood.design

    @property
    def profiles_sigma(self) -> bool:
        """Whether sigma is a parameter that is not among the entries."""
        return self.likelihood.profiles_sigma

    @property
    def by(self) -> Criterion:
        """The criterion that was maximized."""
        return self.likelihood.by

    @property
    def family(self) -> Family:
        """Family of the response, the normal."""
        return GAUSSIAN

    @property
    def degrees(self) -> float:
        """Degrees of freedom of sigma."""
        return self.likelihood.degrees

    def by_ml(self, design: Design | None = None) -> Estimate:
        """The estimate by maximum likelihood, of another design of the same response if one is given."""
        if design is None and self.by == "ml":
            return self
        return estimate(design or self.design, "ml")

    @cached_property
    def residual_correlation(self) -> FloatArray:
        """Correlation of residuals, shape (), or between occasions, shape (T, T)."""
        serial = self.design.residual.correlation
        return serial.values(self.likelihood.of_residuals(self.optimum.entries)[: serial.n_coordinates])

    @cached_property
    def residual_deviations(self) -> FloatArray:
        """Standard deviation of the residual of every row, shape (n,)."""
        design, sigma = self.design, np.full(self.design.n_held, np.nan_to_num(self.optimum.sigma))
        own = self.likelihood.of_residuals(self.optimum.entries)[design.residual.correlation.n_coordinates :]
        for predictor in design.others:
            fixed = predictor.fixed
            sigma = np.exp(predictor.offset + fixed.matrix @ (fixed.centring @ (own / fixed.scales)))
        return design.residual.deviations(sigma)

    def at_design(self, design: Design) -> Estimate:
        """The same estimate over another look at the same data."""
        return replace(self, likelihood=replace(self.likelihood, design=design))

    def refits(self, responses: FloatArray) -> Iterator[Optimum]:
        """Estimates for other responses, shape (B, rows)."""
        scale = standardizing_scale(self.curvature.hessian)
        for likelihood in self.likelihood.with_responses(responses):
            yield refit(likelihood, self.optimum.entries, scale)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance matrix of the coefficients, shape (p, p)."""
        return variances_at(self.likelihood, self.optimum.entries).coefficients

    @cached_property
    def curvature(self) -> Curvature:
        """Curvature of the criterion at the optimum."""
        return curvature(self.likelihood, self.optimum.entries)


def estimate(design: Design, by: Criterion = "reml") -> Estimate:
    """Estimate a linear mixed model by restricted or full maximum likelihood."""
    check_estimable(design, by)
    likelihood = likelihood_of(design, by)
    optimum = find_optimum(likelihood)
    check_residual(optimum.relative / likelihood.units.scale)
    return Estimate(likelihood=likelihood, optimum=optimum)


def warn_of_flatness(fitted: Estimate) -> None:
    """Warn of an estimate whose variances could be others as well."""
    design, (left, wanted) = fitted.design, degrees_left(fitted.design)
    is_flat = left <= FEW * wanted and not fitted.optimum.singular and fitted.curvature.is_flat
    if left < wanted or is_flat:
        freedom = "one degree" if left == 1 else f"{left} degrees"
        warn(
            f"{design.n_rows} rows for {len(design.fixed.terms)} coefficients leave {freedom} of freedom, "
            f"too few to estimate {wanted} variances and correlations, the residual's included: very "
            "different values fit nearly as well, and would give other standard errors and tests.",
            DesignWarning,
        )


def simulate_responses(fitted: Maximized, n: int, seed: int | np.random.SeedSequence) -> FloatArray:
    """Responses of new levels and new residuals drawn from an estimate, for the parametric bootstrap.

    Returns shape (n, rows).
    """
    rng, design, optimum = np.random.default_rng(seed), fitted.design, fitted.optimum
    noise = rng.standard_normal((n, design.n_rows))
    if not design.residual.is_independent:
        value = np.asarray(fitted.residual_correlation)
        repeated = np.broadcast_to(value, (n, *value.shape))
        noise = design.residual.correlation.correlated(repeated, noise)
    total = noise * fitted.residual_deviations + (design.fixed.matrix @ optimum.coefficients + design.offset)
    for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
        effects = rng.standard_normal((n, block.n_levels, block.n_effects)) @ covariance_root(covariance).T
        columns = incidence(block.columns, block.meeting, block.n_levels, block.root)
        total += effects.reshape(n, -1) @ columns.T
    return total


def residual_arrays(design: Design, entries: FloatArray) -> tuple[FloatArray | None, dict[str, FloatArray]]:
    """Correlations of residuals at an estimate, and the coefficients of predictors beside the mean's."""
    serial = design.residual.correlation
    sizes = [serial.n_coordinates, *(len(each.fixed.terms) for each in design.others)]
    log_sigma = design.residual.errors is not None and names.SIGMA in design.residual_names
    end = len(entries) - log_sigma
    correlation, *scale = np.split(entries[end - sum(sizes) : end], np.cumsum(sizes)[:-1])
    coefficients = {
        each.parameter: each.fixed.centring @ (own / each.fixed.scales)
        for each, own in zip(design.others, scale, strict=True)
    }
    return (serial.values(correlation) if len(correlation) else None), coefficients


def covariance_root(covariance: FloatArray) -> FloatArray:
    """A square root R of a covariance matrix, R R' = S, where it is singular too, shape (k, k)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def singularity(fitted: Estimate) -> tuple[str, ...]:
    """Say which part of the random effects an estimate finds no sign of.

    Returns: one sentence for each standard deviation of zero, one for each grouping factor whose effects are
    perfectly correlated, and what to do; empty when the estimate is not singular.
    """
    if not fitted.optimum.singular:
        return ()
    said = [sentence for i in range(len(fitted.design.blocks)) for sentence in _block_singularity(fitted, i)]
    return (
        *said,
        "The fit is singular: the best estimate lies on the edge of what is possible, and says too little "
        "about the uncertainty. A posterior (method='bayes') does not end on the edge.",
    )


def _block_singularity(fitted: Estimate, i: int) -> list[str]:
    """Sentences about one grouping factor."""
    block, scales = fitted.design.blocks[i], fitted.likelihood.units.effects[i]
    relative = np.sqrt(np.diag(fitted.optimum.covariances[i])) * scales / fitted.optimum.relative
    zero = [effect for effect, sd in zip(block.effects, relative, strict=True) if sd < NOTHING]
    said = [
        f"The standard deviation of {effect} among levels of {block.group} is estimated as zero: the levels "
        "differ no more than chance alone would make them."
        for effect in zero
    ]
    rank = np.linalg.matrix_rank(fitted.optimum.covariances[i] * np.outer(scales, scales), hermitian=True)
    if rank < block.n_effects - len(zero):
        said.append(
            f"Effects of {block.group} are estimated as perfectly correlated: the data cannot tell that many "
            "effects apart."
        )
    return said


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearEstimate(Maximized):
    """A regression without random effects, estimated by restricted or full maximum likelihood."""

    design: Design  # without blocks
    by: Criterion  # the criterion
    optimum: Optimum  # criterion, coefficients, sigma; no covariances

    __repr__ = short_repr


def estimate_linear(design: Design, by: Criterion = "reml") -> LinearEstimate:
    """Estimate a regression without random effects, on the scale of a mixed model's criteria.

    Use it as the null model of the last variance component.
    """
    basis, triangle = _orthogonal(design)
    scaled = design.residual.weighted(design.response.values - design.offset)
    criterion = float(linear_criteria(design, by, design.response.values[None])[0])
    n, p = basis.shape
    rest = scaled - basis @ (basis.T @ scaled)
    sigma = float(np.sqrt(rest @ rest / (n - p if by == "reml" else n)))
    optimum = Optimum(
        criterion=criterion,
        entries=np.empty(0),
        coefficients=np.linalg.solve(triangle, basis.T @ scaled),
        sigma=sigma,
        relative=sigma,
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
    basis, triangle = _orthogonal(design)
    scaled = design.residual.weighted((responses - design.offset).T).T
    rss = np.sum((scaled - (scaled @ basis) @ basis.T) ** 2, axis=1)
    n, p = basis.shape
    m = n - p if by == "reml" else n
    added = design.residual.log_determinant
    if by == "reml":
        added += 2.0 * np.sum(np.log(np.abs(np.diag(triangle))))
    return np.asarray(m * (1.0 + np.log(2.0 * np.pi * rss / m)) + added)


def _orthogonal(design: Design) -> tuple[FloatArray, FloatArray]:
    """Orthonormal basis of the weighted X (n, p), and its triangle (p, p)."""
    basis, triangle = np.linalg.qr(design.residual.weighted(design.fixed.matrix))
    return basis, triangle
