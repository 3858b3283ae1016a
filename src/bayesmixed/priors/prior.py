"""A prior distribution as a plain record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Any

from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True)
class Prior:
    """A named distribution with its arguments, in PyMC's spelling.

    Attributes
    ----------
    name : str
        PyMC's name of the distribution, e.g. ``"Normal"``, ``"HalfStudentT"``, ``"LKJ"``.
    args : Mapping[str, float]
        Its arguments, read only.
    """

    name: str
    args: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the arguments."""
        object.__setattr__(self, "args", MappingProxyType({k: float(v) for k, v in self.args.items()}))

    def __hash__(self) -> int:
        """Hash of name and arguments."""
        return hash((self.name, tuple(sorted(self.args.items()))))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle through the constructor, since a mapping proxy cannot be copied."""
        return (Prior, (self.name, dict(self.args)))

    def __str__(self) -> str:
        """As printed in tables: ``Normal(mu=0, sigma=48.9)``."""
        return f"{self.name}({', '.join(f'{k}={v:.4g}' for k, v in self.args.items())})"

    __repr__ = __str__


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorSet:
    """The prior of every parameter of a model, in the units of the data.

    Attributes
    ----------
    coefficients : tuple[Prior, ...]
        One for each column of X; the intercept's is that of the intercept at the means of the columns.
    sd : tuple[tuple[Prior, ...], ...]
        For each block, one for each effect.
    correlation : tuple[Mapping[str, Prior], ...]
        For each block the prior of its correlations, by the name of the structure: ``{"us": LKJ(eta=2)}``;
        empty where no two effects are correlated.
    parameters : Mapping[str, Prior]
        Priors of the family's parameters by name, e.g. ``"sigma"``.
    others : Mapping[str, PriorSet]
        Priors of the predictors of parameters beside the mean, by the name of the parameter.
    user : frozenset[str]
        Labels of the parameters whose prior the user chose.
    """

    coefficients: tuple[Prior, ...]
    sd: tuple[tuple[Prior, ...], ...]
    correlation: tuple[Mapping[str, Prior], ...]
    parameters: Mapping[str, Prior] = field(default_factory=dict)
    others: Mapping[str, PriorSet] = field(default_factory=dict)
    user: frozenset[str] = frozenset()

    __repr__ = short_repr

    @property
    def in_order(self) -> list[Prior]:
        """All priors: of coefficients, of every factor's deviations and correlations, of the family.

        Those of the predictors of parameters beside the mean come last.
        """
        found = [*self.coefficients]
        for sds, correlation in zip(self.sd, self.correlation, strict=True):
            found += [*sds, *correlation.values()]
        others = [prior for each in self.others.values() for prior in each.in_order]
        return [*found, *self.parameters.values(), *others]

    def replaced(self, priors: Iterable[Prior], user: frozenset[str]) -> PriorSet:
        """The set with other priors, in the order of `in_order`, and who chose them."""
        rest = priors if isinstance(priors, Iterator) else iter(priors)
        coefficients = tuple(islice(rest, len(self.coefficients)))
        blocks = [
            (tuple(islice(rest, len(sds))), {name: next(rest) for name in correlation})
            for sds, correlation in zip(self.sd, self.correlation, strict=True)
        ]
        return PriorSet(
            coefficients=coefficients,
            sd=tuple(sds for sds, _ in blocks),
            correlation=tuple(correlation for _, correlation in blocks),
            parameters=dict(zip(self.parameters, islice(rest, len(self.parameters)), strict=True)),
            others={name: each.replaced(rest, frozenset()) for name, each in self.others.items()},
            user=user,
        )
