"""The marginal likelihood of a model, with its Monte Carlo error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesmixed.errors import ConvergenceWarning, PriorError, warn
from bayesmixed.model.prior_set import prior_table
from bayesmixed.model.spec import ModelSpec, check_gaussian
from bayesmixed.printing.records import wrapped
from bayesmixed.priors.density import IMPROPER

if TYPE_CHECKING:
    from bayesmixed.engines.collapsed.integrated import Evidence

METHOD = "random effects integrated exactly, what is left by importance sampling"
LARGEST_K = 0.7


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogMarginalLikelihood:
    """Log marginal likelihood of a model.

    Attributes
    ----------
    value : float
        log p(y), of the response in its own units.
    se : float
        Its Monte Carlo standard error.
    method : str
        How it was obtained, in words.
    n_points : int
        Points of theta at which the collapsed density was evaluated.
    pareto_k : float
        Tail index of the importance weights; good below 0.7.
    """

    value: float
    se: float
    method: str
    n_points: int
    pareto_k: float

    def __str__(self) -> str:
        return wrapped(
            f"log marginal likelihood {self.value:.3f}, Monte Carlo error {self.se:.2g} ({self.method})"
        )

    __repr__ = __str__


def log_marginal_likelihood(draws: xr.DataTree, spec: ModelSpec, *, seed: int) -> LogMarginalLikelihood:
    """Log of the density that a model, with its priors, gave to the data before they were seen."""
    from bayesmixed.engines.collapsed.integrated import integrate_all, log_densities, log_integral
    from bayesmixed.verbs.integrated_draws import integrated_points

    check_gaussian(spec, "The marginal likelihood", "Compare such models by loo().")
    check_proper(spec)
    model = integrate_all(spec)
    points = integrated_points(draws, model)
    covariance = np.atleast_2d(np.cov(points, rowvar=False))
    found = log_integral(
        lambda z: log_densities(model.packed, z) + model.log_unit,
        points.mean(axis=0),
        covariance,
        np.random.default_rng(seed),
    )
    return as_marginal_likelihood(found)


def as_marginal_likelihood(found: Evidence) -> LogMarginalLikelihood:
    """Record of an integral over theta, with a warning when its error cannot be trusted."""
    if not found.pareto_k < LARGEST_K:
        message = (
            "The error of the log marginal likelihood cannot be trusted: its importance weights have a "
            f"Pareto k of {found.pareto_k:.2f}, and {LARGEST_K} is the limit. Repeat it with "
            "other seeds to see its scatter."
        )
        warn(message, ConvergenceWarning)
    return LogMarginalLikelihood(
        value=found.value,
        se=found.se,
        method=METHOD,
        n_points=found.n_points,
        pareto_k=found.pareto_k,
    )


def check_proper(spec: ModelSpec) -> None:
    """Refuse a model with a prior that has no integral."""
    for row in prior_table(spec.design, spec.priors, spec.family).rows:
        if row.prior.name in IMPROPER:
            raise PriorError(
                f"The prior of {row.parameter!r} is {row.prior}, which is improper: the model has no "
                "marginal likelihood. Give it a proper prior, e.g. the default."
            )
