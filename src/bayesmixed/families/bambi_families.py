"""Bambi's univariate families beyond those written here: one adapter answers for them, or refuses by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.families.beta import BETA
from bayesmixed.families.binomial import BINOMIAL
from bayesmixed.families.family import (
    COUNTS,
    POSITIVE,
    SIGMA,
    SMALLEST,
    Family,
    Mask,
    Parameter,
    Parameters,
    Support,
    Values,
    Within,
)
from bayesmixed.families.gamma import GAMMA
from bayesmixed.families.links import LINKS
from bayesmixed.families.lognormal import LOG_NORMAL
from bayesmixed.families.negative_binomial import NEGATIVE_BINOMIAL
from bayesmixed.families.poisson import POISSON
from bayesmixed.priors.prior import Prior

Mean = Callable[[Values, Parameters], Values]
Variance = Callable[[Values, Parameters, Values], Values]
Draws = Callable[[Values, Parameters, Values, np.random.Generator], NDArray[Any]]
Arguments = Callable[[Any, Mapping[str, Any], Any], dict[str, Any]]

SEVERAL_PARTS = frozenset({"categorical", "cumulative", "sratio", "multinomial", "dirichlet_multinomial"})
"""Families of Bambi's whose location has several parts for every row."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BambiFamily(Family):
    """A family of Bambi's in its parametrization, which is PyMC's, with what is written here of it.

    Functions are of location, parameters, trials (but for the mean) and a generator (draws alone).
    """

    mean_at: Mean | None = None  # the location unless written
    variance_at: Variance | None = None
    draws_at: Draws | None = None  # in the shape of the location
    why_no_mean: str = ""  # a sentence, where there is neither mean nor variance
    arguments_at: Arguments | None = None  # PyMC's, where they are others than Bambi's

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by name."""
        return (bambi_family, (self.name, self.link))

    @property
    def has_mean(self) -> bool:
        """Whether the response has a mean and a variance that are written here."""
        return self.variance_at is not None

    def log_density(
        self, y: Values, location: Values, parameters: Parameters, trials: Values | None = None
    ) -> FloatArray:
        """PyMC's."""
        values = [y, location, *parameters.values(), *([] if trials is None else [trials])]
        kinds = tuple(tuple(1 if size == 1 else None for size in np.shape(value)) for value in values)
        compiled = compiled_log_density(self, tuple(parameters), trials is not None, kinds)
        return np.asarray(compiled(*(np.asarray(value, dtype=np.float64) for value in values)))

    def latent_variance(self, _parameters: Parameters) -> Within:
        """Not known."""
        raise FamilyError(
            f"The variance of the family {self.name!r} on the scale of its link is not known here, so that "
            "there is neither an intraclass correlation nor R2; varcorr() has the variances of the groups."
        )

    def pymc_arguments(self, location: Any, parameters: Mapping[str, Any], trials: Any) -> dict[str, Any]:
        """Arguments of the distribution in PyMC."""
        chosen = self.arguments_at or super(BambiFamily, self).pymc_arguments
        return chosen(location, parameters, trials)

    def _mean(self, location: Values, parameters: Parameters) -> Values:
        if self.variance_at is None:
            raise self._unknown()
        return location if self.mean_at is None else self.mean_at(location, parameters)

    def _variance(self, location: Values, parameters: Parameters, trials: Values) -> Values:
        if self.variance_at is None:
            raise self._unknown()
        return self.variance_at(location, parameters, trials)

    def _draws(
        self, location: Values, parameters: Parameters, trials: Values, rng: np.random.Generator
    ) -> NDArray[Any]:
        if self.draws_at is None:
            raise self._unknown()
        return self.draws_at(location, parameters, trials, rng)

    def _unknown(self) -> FamilyError:
        """What is asked of a family that has neither mean nor variance, or of which nothing is written."""
        if self.why_no_mean:
            return FamilyError(
                f"A response of the family {self.name!r} does not have a mean, nor residuals around it. "
                f"{self.why_no_mean} Ask for fitted(scale='link') or predict(kind='link')."
            )
        return FamilyError(
            f"bayesmixed does not have mean, variance and draws of the family {self.name!r}; "
            "fitted(scale='link') and predict(kind='link') give its linear predictor."
        )


_stated = partial(BambiFamily, name="", links=("",), distribution="")
"""What is written of a family whose name, links and parameters are read from Bambi."""


@cache
def _builtin() -> dict[str, Any]:
    """Bambi's settings of its univariate families."""
    from bambi.defaults.families import BUILTIN_FAMILIES

    return {name: entry for name, entry in BUILTIN_FAMILIES.items() if name not in SEVERAL_PARTS}


def bambi_names() -> list[str]:
    """Names of Bambi's univariate families."""
    return list(_builtin())


def bambi_family(name: str, link: str | None = None) -> Family:
    """Family of Bambi's by name."""
    entry = _builtin()[name]
    likelihood, links = entry["likelihood"], entry["family"].SUPPORTED_LINKS
    parent = likelihood["parent"]
    family = replace(
        STATED.get(name, _stated()),
        name=name,
        links=tuple(known for known in links[parent] if known in LINKS),
        link=entry["link"][parent],
        parameters=tuple(
            _parameter(other, links[other][0], entry["default_priors"][other])
            for other in likelihood["params"]
            if other != parent
        ),
        distribution=likelihood["name"],
        argument=parent,
    )
    return family.with_link(link)


def _parameter(name: str, link: str, prior: str) -> Parameter:
    """Parameter with Bambi's default prior, ``sigma`` with ours."""
    from bambi.defaults.distributions import SETTINGS_DISTRIBUTIONS

    if name == SIGMA.name:
        return SIGMA
    return Parameter(name=name, link=link, prior=Prior(prior, SETTINGS_DISTRIBUTIONS[prior]))


def name_and_link(family: Any) -> tuple[str, str]:
    """Name and link of one of Bambi's family objects."""
    likelihood = family.likelihood
    names = [name for name, entry in _builtin().items() if entry["likelihood"]["name"] == likelihood.name]
    if not names or likelihood.dist is not None:
        raise FamilyError(
            f"The likelihood {likelihood.name!r} is not one of Bambi's univariate families; "
            f"use one of {', '.join(bambi_names())}."
        )
    return names[0], str(family.link[likelihood.parent].name)


@lru_cache(maxsize=16)
def compiled_log_density(
    family: Family, parameters: tuple[str, ...], has_trials: bool, kinds: tuple[tuple[int | None, ...], ...]
) -> Any:
    """Log density as a function of responses, locations, parameters and trials of some kinds of shapes."""
    import pymc as pm
    import pytensor.tensor as pt

    inputs = [pt.tensor(dtype="float64", shape=kind) for kind in kinds]
    y, location, *others = inputs
    trials = others.pop() if has_trials else None
    arguments = family.pymc_arguments(location, dict(zip(parameters, others, strict=True)), trials)
    distribution = getattr(pm, family.distribution).dist(**arguments)
    return pm.compile(inputs, pm.logp(distribution, y), mode="FAST_COMPILE")


def _asymmetric_laplace_draws(m: Values, by: Parameters, _: Values, rng: np.random.Generator) -> Values:
    """Difference of two exponentials."""
    above, below = rng.standard_exponential((2, *m.shape))
    return np.asarray(m + (above / by["kappa"] - below * by["kappa"]) / by["b"])


def _positive_poisson_draws(m: Values, _: Parameters, __: Values, rng: np.random.Generator) -> NDArray[Any]:
    """Poisson counts above zero: the time of the first event, then as many more as come."""
    first = -np.log1p(rng.random(m.shape) * np.expm1(-m))
    return 1 + rng.poisson(np.maximum(m - first, 0))


def _positive_negative_binomial_draws(
    m: Values, by: Parameters, _: Values, rng: np.random.Generator
) -> NDArray[Any]:
    """Counts above zero: the time of the first event of a gamma-mixed Poisson process, then those to come."""
    alpha, m = by["alpha"], np.maximum(m, SMALLEST)
    some = -np.expm1(-alpha * np.log1p(m / alpha))
    first = alpha * np.expm1(-np.log1p(-rng.random(m.shape) * some) / alpha)
    rate = rng.gamma(np.broadcast_to(alpha + 1, m.shape), 1 / (alpha + first))
    return 1 + rng.poisson(rate * np.maximum(m - first, 0))


def _above_zero(none: Mean, dispersion: Mean, draws: Draws) -> Family:
    """Counts above zero, from the logarithm of the probability of zero and the ratio of variance to mean."""

    def mean(m: Values, by: Parameters) -> Values:
        some = -np.expm1(none(m, by))
        limit = np.where(m + 0 * some < 0, np.nan, 1.0)
        return np.asarray(np.divide(m, some, out=limit, where=some > 0))

    def variance(m: Values, by: Parameters, _: Values) -> Values:
        average = mean(m, by)
        return average * (dispersion(m, by) + m - average)

    return _stated(mean_at=mean, variance_at=variance, draws_at=draws, location="positive", is_discrete=True)


def _or_zero(
    base: Family, support: Support | None = COUNTS, arguments: Arguments | None = None
) -> BambiFamily:
    """With probability psi a response of a family that has a mean and a variance, else zero.

    What it is else may be zero in a zero-inflated family and is above zero in a hurdle family.
    """

    def mean(m: Values, by: Parameters) -> Values:
        return by["psi"] * base.mean(m, by)

    def variance(m: Values, by: Parameters, n: Values) -> Values:
        return by["psi"] * (base.variance(m, by, n) + (1 - by["psi"]) * base.mean(m, by) ** 2)

    def draws(m: Values, by: Parameters, n: Values, rng: np.random.Generator) -> Values:
        return np.where(rng.random(m.shape) < by["psi"], base.draws(m, by, n, rng), 0.0)

    return _stated(
        mean_at=mean,
        variance_at=variance,
        draws_at=draws,
        location=base.location,
        support=support,
        is_discrete=base.is_discrete,
        is_logarithmic=base.is_logarithmic,
        takes_trials=base.takes_trials,
        takes_successes=base.takes_trials,
        arguments_at=arguments,
    )


def _not_angle(values: FloatArray) -> Mask:
    return np.asarray(np.abs(values) > np.pi)


def _negative(values: FloatArray) -> Mask:
    return np.asarray(values < 0)


_NOT_NEGATIVE = Support("numbers that are not negative", _negative)
_POSITIVE_POISSON = _above_zero(lambda m, _: -m, lambda m, _: np.ones_like(m), _positive_poisson_draws)
_POSITIVE_NEGATIVE_BINOMIAL = _above_zero(
    lambda m, by: -by["alpha"] * np.log1p(m / by["alpha"]),
    lambda m, by: 1 + m / by["alpha"],
    _positive_negative_binomial_draws,
)

STATED: Mapping[str, BambiFamily] = MappingProxyType(
    {
        "asymmetriclaplace": _stated(
            mean_at=lambda m, by: m + (1 / by["kappa"] - by["kappa"]) / by["b"],
            variance_at=lambda m, by, _: (by["kappa"] ** -2 + by["kappa"] ** 2) / by["b"] ** 2 + 0 * m,
            draws_at=_asymmetric_laplace_draws,
        ),
        "beta_binomial": _stated(
            variance_at=lambda p, by, n: p * (1 - p) / n * (by["kappa"] + n) / (by["kappa"] + 1),
            draws_at=lambda p, by, n, rng: BINOMIAL.draws(BETA.draws(p, by, n, rng), by, n, rng),
            location="probability",
            is_discrete=True,
            takes_trials=True,
            takes_successes=True,
            arguments_at=BETA.pymc_arguments,
        ),
        "exgaussian": _stated(
            mean_at=lambda m, by: m + by["nu"],
            variance_at=lambda m, by, _: by["sigma"] ** 2 + by["nu"] ** 2 + 0 * m,
            draws_at=lambda m, by, _, rng: (
                m + by["sigma"] * rng.standard_normal(m.shape) + by["nu"] * rng.standard_exponential(m.shape)
            ),
        ),
        "exponential": _stated(
            variance_at=lambda m, *_: m**2,
            draws_at=lambda m, _, __, rng: rng.exponential(m),
            location="positive",
            support=POSITIVE,
            arguments_at=lambda m, *_: {"lam": 1 / m},
        ),
        "hurdle_gamma": _or_zero(GAMMA, _NOT_NEGATIVE, GAMMA.pymc_arguments),
        "hurdle_lognormal": _or_zero(LOG_NORMAL, _NOT_NEGATIVE),
        "hurdle_negativebinomial": _or_zero(_POSITIVE_NEGATIVE_BINOMIAL),
        "hurdle_poisson": _or_zero(_POSITIVE_POISSON),
        "laplace": _stated(
            variance_at=lambda m, by, _: 2 * by["b"] ** 2 + 0 * m,
            draws_at=lambda m, by, _, rng: rng.laplace(m, by["b"]),
        ),
        "vonmises": _stated(
            draws_at=lambda m, by, _, rng: rng.vonmises(m, by["kappa"]),
            support=Support("angles from -pi to pi", _not_angle),
            why_no_mean="The mean of an angle depends on where its circle is cut.",
        ),
        "wald": _stated(
            variance_at=lambda m, by, _: m**3 / by["lam"],
            draws_at=lambda m, by, _, rng: rng.wald(m, by["lam"]),
            location="positive",
            support=POSITIVE,
        ),
        "zero_inflated_binomial": _or_zero(BINOMIAL, None),
        "zero_inflated_negativebinomial": _or_zero(NEGATIVE_BINOMIAL),
        "zero_inflated_poisson": _or_zero(POISSON),
    }
)
"""What is written here of Bambi's families, by the name that Bambi gives them."""
