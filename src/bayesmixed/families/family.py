"""A response distribution with its link: the questions that every family answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import FamilyError, near_names
from bayesmixed.families.links import LINKS, Link
from bayesmixed.priors.prior import Prior

Values = NDArray[np.float64]
Parameters = Mapping[str, Values]
Mask = NDArray[np.bool_]

LARGEST_MEAN = 1e15
"""Means above it, which only draws from wide priors reach, count as this much: NumPy draws none larger."""
SOME_LOCATION = 0.5
"""A location that every family can have."""
SMALLEST = 1e-300
TOLERANCE = 1e-8
"""How far a whole number may lie from its rounded value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a family beside its location."""

    name: str  # as Bambi names it, e.g. "alpha"
    link: str = "log"  # under which it has the whole line: the logarithm of one that is positive
    prior: Prior | None = None  # its default prior, None where it follows the spread of the response
    note: str = ""  # on the default prior, for the table of priors


SIGMA = Parameter(name=names.SIGMA)
"""Standard deviation, or scale, of rows around their location."""


def dispersion(name: str) -> Parameter:
    """Parameter whose inverse is a dispersion, with brms's default prior of the negative binomial's."""
    prior = Prior("InverseGamma", {"alpha": 0.4, "beta": 0.3})
    return Parameter(name=name, prior=prior, note=f"1 / {name} ~ Gamma(0.4, 0.3)")


@dataclass(frozen=True, slots=True)
class Support:
    """Values that a response may have."""

    words: str  # e.g. "positive numbers"
    excludes: Callable[[FloatArray], Mask]  # which values are others
    advice: str = ""  # what to write instead, with ``{response}`` for the name of the response


def not_whole(values: FloatArray) -> Mask:
    """Whether values are not whole numbers."""
    return np.abs(values - np.round(values)) > TOLERANCE


def _not_count(values: FloatArray) -> Mask:
    return np.asarray(not_whole(values) | (values < 0))


def _not_positive(values: FloatArray) -> Mask:
    return np.asarray(values <= 0)


COUNTS = Support("whole numbers that are not negative", _not_count)
POSITIVE = Support("positive numbers", _not_positive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Variance within groups on the scale of the linear predictor, or a part of it."""

    draws: FloatArray  # one number a draw, or one for all
    formula: str  # what it is, for the formula of a share, e.g. "pi^2/3"
    meaning: str = ""  # what the letters of the formula stand for; empty where the verb says so


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Family:
    """A response distribution with its link; a subclass writes what is asked of it, from `_mean` on."""

    name: str
    aliases: tuple[str, ...] = ()  # names that brms, glmmTMB and others use
    links: tuple[str, ...]  # that it can have, the default first
    # carries the location to the linear predictor; the location is the mean of most families, of a binomial
    # one the probability, of a lognormal one the mean of the logarithm
    link: str = ""
    location: Literal["real", "positive", "probability"] = "real"  # where a location may lie
    parameters: tuple[Parameter, ...] = ()  # beside the location
    support: Support | None = None  # of a response without trials, None where it may be any number
    distribution: str  # PyMC's name
    argument: str = "mu"  # PyMC's name of the location
    kernel: str = ""  # name of its rows in `engines.joint.likelihood`, empty where there are none
    is_gaussian: bool = False  # normal with identity link: effects are integrated out exactly
    is_discrete: bool = False  # a response counts something
    # an exponential family with a dispersion: the variance of the mean tells the information on it
    is_exponential: bool = False
    is_logarithmic: bool = False  # the location is that of the logarithm of the response
    takes_trials: bool = False  # every row of the response has a number of trials
    takes_successes: bool = False  # the response may be two levels, or counts of trials

    def __post_init__(self) -> None:
        """Take the default link where none is given."""
        object.__setattr__(self, "link", self.link or self.links[0])

    def __str__(self) -> str:
        """As printed in a summary: ``binomial (logit)``."""
        return f"{self.name} ({self.link})"

    __repr__ = __str__

    # ---- what it is

    @property
    def is_native(self) -> bool:
        """Whether density and distribution function are written here: any engine may sample it."""
        return bool(self.kernel)

    @property
    def has_mean(self) -> bool:
        """Whether the response has a mean and a variance."""
        return True

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the auxiliary parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def own_parameters(self, design: Design) -> tuple[Parameter, ...]:
        """Auxiliary parameters of a model that are one number for all rows."""
        predicted = {each.parameter for each in design.others}
        absent = predicted if design.residual.has_sigma else {*predicted, SIGMA.name}
        return tuple(parameter for parameter in self.parameters if parameter.name not in absent)

    @property
    def has_residual_sd(self) -> bool:
        """Whether rows scatter around their location with a standard deviation (or scale) ``sigma``."""
        return SIGMA.name in self.parameter_names

    @property
    def link_function(self) -> Link:
        """The link with its inverse."""
        return LINKS[self.link]

    @property
    def ratio(self) -> str:
        """What the exponential of a coefficient is, empty where it is nothing."""
        return self.link_function.ratio

    @property
    def record(self) -> dict[str, Any]:
        """What a file keeps of it; the name says the rest."""
        kept = {field: getattr(self, field) for field in ("name", "link", "distribution", "argument")}
        return {**kept, "parameters": self.parameter_names}

    def with_link(self, link: str | None) -> Self:
        """The family with another of its links, with its own when `link` is None."""
        if link is not None and link not in self.links:
            raise FamilyError(
                f"The family {self.name!r} has no link {link!r}. {near_names(link, self.links)}"
            )
        return self if link in (None, self.link) else replace(self, link=link)

    def for_trials(self, *, trials: bool) -> Family:  # noqa: ARG002
        """The family of a response that is, or is not, written with its trials."""
        return self

    # ---- the response at its location

    def location_of(self, predictor: FloatArray) -> FloatArray:
        """Location at a linear predictor: the inverse of the link."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return self.link_function.inverse(predictor)

    def mean(self, location: Values, parameters: Parameters) -> FloatArray:
        """Mean of a response at its location; of a response with trials that of the proportion."""
        with np.errstate(over="ignore"):
            return np.asarray(self._mean(location, parameters))

    def variance(self, location: Values, parameters: Parameters, trials: Values | None = None) -> FloatArray:
        """Variance of a response at its location; of a response with trials that of the proportion."""
        with np.errstate(over="ignore"):
            return np.asarray(self._variance(location, parameters, _counts(trials)))

    def draws(
        self, location: Values, parameters: Parameters, trials: Values | None, rng: np.random.Generator
    ) -> FloatArray:
        """New responses, of a response with trials successes, in the shape of the location."""
        possible = np.full(location.shape, True)
        if self.location != "real":
            possible = (location >= 0) & ((location <= 1) | (self.location == "positive"))
            location = np.where(possible, np.minimum(location, LARGEST_MEAN), SOME_LOCATION)
        with np.errstate(over="ignore"):
            drawn = self._draws(location, parameters, _counts(trials), rng)
        return np.where(possible, np.asarray(drawn, dtype=np.float64), np.nan)

    def log_density(
        self, y: Values, location: Values, parameters: Parameters, trials: Values | None = None
    ) -> FloatArray:
        """Log density, or log probability, of responses; minus infinity outside the support of the location.

        Shapes broadcast; a gaussian family's ``sigma`` is already that of the row.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            values = self._log_density(y, location, parameters, _counts(trials))
        return np.where(np.isnan(values), -np.inf, values)

    def distribution_function(
        self, y: Values, location: Values, parameters: Parameters, trials: Values | None = None
    ) -> FloatArray:
        """Probability of a response of at most `y`."""
        from scipy import stats

        return np.asarray(self._twin(stats, location, parameters, _counts(trials)).cdf(y))

    def latent_variance(self, _parameters: Parameters) -> Within | None:
        """Variance within groups on the scale of the linear predictor, where no location changes it."""
        return None

    def dispersion(self, _parameters: Parameters) -> Values:
        """Dispersion of an exponential family, by which deviances are multiplied."""
        return np.ones(())

    def relative_variance(self, mean: Values, parameters: Parameters) -> Within:
        """Variance of a response over its squared mean: that of its logarithm, nearly."""
        return Within(draws=self.variance(mean, parameters) / mean**2, formula="Var(y)/lambda^2")

    # ---- in PyMC

    def graph_arguments(self, predictor: Any, parameters: Mapping[str, Any], trials: Any) -> dict[str, Any]:
        """Arguments of the distribution in PyMC, from the linear predictor."""
        return self.pymc_arguments(self.link_function.graph(predictor), parameters, trials)

    def pymc_arguments(self, location: Any, parameters: Mapping[str, Any], trials: Any) -> dict[str, Any]:
        """Arguments of the distribution in PyMC."""
        counts = {} if trials is None else {"n": trials.astype(np.int64)}
        return {self.argument: location, **parameters, **counts}

    # ---- in the joint engine

    def kernel_response(self, y: Values) -> FloatArray:
        """The response whose rows the kernel has."""
        return y

    def kernel_constant(self, _y: Values, _trials: Values) -> float:
        """What does not move in the log likelihood of all rows, and is left out of the kernel's."""
        return 0.0

    def first_location(self, y: Values, _trials: Values) -> FloatArray:
        """Location of every row that its response alone would have, a little towards the middle."""
        return y

    # ---- what a family writes

    def _mean(self, location: Values, _parameters: Parameters) -> Values:
        return location

    def _variance(self, location: Values, parameters: Parameters, trials: Values) -> Values:
        raise NotImplementedError

    def _draws(
        self, location: Values, parameters: Parameters, trials: Values, rng: np.random.Generator
    ) -> NDArray[Any]:
        raise NotImplementedError

    def _log_density(self, y: Values, location: Values, parameters: Parameters, trials: Values) -> Values:
        raise NotImplementedError

    def _twin(self, stats: Any, location: Values, parameters: Parameters, trials: Values) -> Any:
        """Frozen distribution of `scipy.stats`."""
        raise NotImplementedError


def _counts(trials: Values | None) -> Values:
    """Trials, one where there are none."""
    return np.ones(()) if trials is None else trials
