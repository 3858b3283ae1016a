"""Families by name, or from one of Bambi's objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bayesmixed.errors import FamilyError, near_names
from bayesmixed.families.records import Family

__all__ = ["FAMILIES", "Family", "as_family", "family_by_name", "is_native"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyEntry:
    """What the package knows of a family.

    Attributes
    ----------
    links : tuple[str, ...]
        Links that it can have, the default first.
    parameters : tuple[str, ...]
        Auxiliary parameters.
    distribution : str
        PyMC's name.
    argument : str
        PyMC's name of the location.
    """

    links: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    distribution: str
    argument: str = "mu"


PROBABILITY_LINKS = ("logit", "probit", "cloglog")
POSITIVE_LINKS = ("log", "identity")

FAMILIES: Mapping[str, FamilyEntry] = MappingProxyType(
    {
        "gaussian": FamilyEntry(links=("identity",), parameters=("sigma",), distribution="Normal"),
        "bernoulli": FamilyEntry(links=PROBABILITY_LINKS, distribution="Bernoulli", argument="p"),
        "binomial": FamilyEntry(links=PROBABILITY_LINKS, distribution="Binomial", argument="p"),
        "poisson": FamilyEntry(links=POSITIVE_LINKS, distribution="Poisson"),
        "negativebinomial": FamilyEntry(
            links=POSITIVE_LINKS, parameters=("alpha",), distribution="NegativeBinomial"
        ),
        "gamma": FamilyEntry(
            links=("log", "inverse", "identity"), parameters=("alpha",), distribution="Gamma"
        ),
        "beta": FamilyEntry(links=PROBABILITY_LINKS, parameters=("kappa",), distribution="Beta"),
        "t": FamilyEntry(links=("identity",), parameters=("sigma", "nu"), distribution="StudentT"),
        "lognormal": FamilyEntry(links=("identity",), parameters=("sigma",), distribution="LogNormal"),
    }
)
"""Families whose density and distribution function are written here; gamma has the logarithm as default."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "normal": "gaussian",
        "negbinomial": "negativebinomial",
        "negative_binomial": "negativebinomial",
        "negbin": "negativebinomial",
        "nbinom2": "negativebinomial",
        "student": "t",
        "student_t": "t",
        "studentt": "t",
    }
)
"""Names that brms, glmmTMB and others use."""


def family_by_name(name: str, link: str | None = None) -> Family:
    """Family of a name, with its default link unless another is asked for."""
    folded = str(name).casefold()
    known = ALIASES.get(folded, folded)
    if known not in FAMILIES:
        return _family_of_bambi(known, link)
    entry = FAMILIES[known]
    if link is not None and link not in entry.links:
        raise FamilyError(f"The family {known!r} has no link {link!r}. {near_names(link, entry.links)}")
    return Family(
        name=known,
        link=link or entry.links[0],
        parameters=entry.parameters,
        distribution=entry.distribution,
        argument=entry.argument,
    )


def _family_of_bambi(name: str, link: str | None) -> Family:
    """Family of Bambi's, where Bambi is installed and has one of the name."""
    from bayesmixed.families.bambi_families import bambi_family, bambi_names

    own = [*FAMILIES, *ALIASES]
    try:
        others = bambi_names()
    except ImportError:
        raise FamilyError(
            f"There is no family {name!r} here. {near_names(name, own)} Bambi has further ones, and is not "
            "installed: pip install 'bayesmixed[bambi]'."
        ) from None
    if name not in others:
        raise FamilyError(f"There is no family {name!r}. {near_names(name, [*own, *others])}")
    return bambi_family(name, link)


def as_family(family: object, link: str | None = None) -> Family:
    """Family from whatever a user may hand over as one."""
    if isinstance(family, str):
        return family_by_name(family, link)
    if isinstance(family, Family):
        return family if link in (None, family.link) else family_by_name(family.name, link)
    if hasattr(family, "likelihood") and hasattr(family, "link"):
        from bayesmixed.families.bambi_families import family_of_object

        return family_of_object(family, link)
    raise FamilyError(f"family={family!r} is not a family; write a name such as 'binomial' or 'poisson'.")


def is_native(family: Family) -> bool:
    """Whether density and distribution function of a family are written here: any engine may sample it."""
    entry = FAMILIES.get(family.name)
    return entry is not None and entry.distribution == family.distribution and family.link in entry.links
