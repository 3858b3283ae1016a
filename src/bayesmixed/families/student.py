"""Student's t response."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from bayesmixed.families.family import SIGMA, Family, Parameter, Parameters, Values, Within
from bayesmixed.priors.prior import Prior


class Student(Family):
    """Location, scale sigma and nu degrees of freedom."""

    __slots__ = ()

    def _variance(self, m: Values, by: Parameters, _: Values) -> Values:
        return np.asarray(by["sigma"] ** 2 * _inflation(by["nu"]) + 0 * m)

    def _draws(self, m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
        return m + by["sigma"] * rng.standard_t(np.broadcast_to(by["nu"], m.shape), m.shape)

    def _log_density(self, y: Values, m: Values, by: Parameters, _: Values) -> Values:
        sigma, nu = by["sigma"], by["nu"]
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - np.log(np.pi * nu) / 2 - np.log(sigma)
        return np.asarray(constant - (nu + 1) / 2 * np.log1p(((y - m) / sigma) ** 2 / nu))

    def _twin(self, stats: Any, m: Values, by: Parameters, _: Values) -> Any:
        return stats.t(by["nu"], m, by["sigma"])

    def latent_variance(self, parameters: Parameters) -> Within:
        """The variance of the distribution."""
        return Within(
            draws=parameters["sigma"] ** 2 * _inflation(parameters["nu"]),
            formula="sigma^2*nu/(nu-2)",
            meaning="sigma, nu: scale and degrees of freedom of the t distribution",
        )

    def kernel_constant(self, y: Values, _trials: Values) -> float:
        """Of the density."""
        return -0.5 * len(y) * float(np.log(np.pi))


def _inflation(nu: Values) -> Values:
    """Variance of a t distribution of scale one, infinite for two degrees of freedom or fewer."""
    return np.divide(nu, nu - 2, out=np.full_like(nu, np.inf), where=nu > 2)


STUDENT = Student(
    name="t",
    aliases=("student", "student_t", "studentt"),
    links=("identity",),
    parameters=(
        SIGMA,
        Parameter(name="nu", prior=Prior("Gamma", {"alpha": 2.0, "beta": 0.1}), note="degrees of freedom"),
    ),
    distribution="StudentT",
    kernel="student",
)
