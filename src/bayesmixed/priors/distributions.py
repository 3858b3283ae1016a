"""The distributions that a prior can name: their arguments and their support, in PyMC's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Support = Literal["real", "positive", "interval", "unit", "correlation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What a distribution needs to be a prior."""

    arguments: tuple[str, ...]  # names of its arguments, all of which are numbers
    positive: tuple[str, ...] = ()  # those that must be positive
    # those that may be left out, with PyMC's default
    defaults: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    # where its mass lies: everywhere, on (0, inf), between its arguments `lower` and `upper`, on (0, 1), or
    # on correlation matrices
    support: Support = "real"


def _entry(arguments: str, positive: str, support: Support, **defaults: float) -> Distribution:
    """Row of the table below."""
    return Distribution(
        arguments=tuple(arguments.split()),
        positive=tuple(positive.split()),
        defaults=MappingProxyType(defaults),
        support=support,
    )


DISTRIBUTIONS: Mapping[str, Distribution] = MappingProxyType(
    {
        "Normal": _entry("mu sigma", "sigma", "real", mu=0.0),
        "StudentT": _entry("nu mu sigma", "nu sigma", "real", mu=0.0),
        "Cauchy": _entry("alpha beta", "beta", "real"),
        "Laplace": _entry("mu b", "b", "real"),
        "Logistic": _entry("mu s", "s", "real", mu=0.0),
        "SkewNormal": _entry("mu sigma alpha", "sigma", "real", mu=0.0),
        "AsymmetricLaplace": _entry("kappa mu b", "kappa b", "real"),
        "ExGaussian": _entry("mu sigma nu", "sigma nu", "real", mu=0.0),
        "Gumbel": _entry("mu beta", "beta", "real"),
        "Moyal": _entry("mu sigma", "sigma", "real", mu=0.0),
        "Flat": _entry("", "", "real"),
        "HalfNormal": _entry("sigma", "sigma", "positive"),
        "HalfStudentT": _entry("nu sigma", "nu sigma", "positive"),
        "HalfCauchy": _entry("beta", "beta", "positive"),
        "HalfFlat": _entry("", "", "positive"),
        "Exponential": _entry("lam", "lam", "positive"),
        "Gamma": _entry("alpha beta", "alpha beta", "positive"),
        "InverseGamma": _entry("alpha beta", "alpha beta", "positive"),
        "LogNormal": _entry("mu sigma", "sigma", "positive", mu=0.0),
        "Weibull": _entry("alpha beta", "alpha beta", "positive"),
        "Beta": _entry("alpha beta", "alpha beta", "unit"),
        "Uniform": _entry("lower upper", "", "interval"),
        "Triangular": _entry("lower c upper", "", "interval"),
        "TruncatedNormal": _entry("mu sigma lower upper", "sigma", "interval", mu=0.0),
        "LKJ": _entry("eta", "eta", "correlation"),
    }
)
"""Every distribution that :func:`~bayesmixed.priors.choice.prior` accepts, by PyMC's name."""
