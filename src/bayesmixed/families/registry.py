"""Families by name, or from one of Bambi's objects."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bayesmixed.errors import FamilyError, near_names
from bayesmixed.families.beta import BETA
from bayesmixed.families.binomial import BERNOULLI, BINOMIAL
from bayesmixed.families.family import Family
from bayesmixed.families.gamma import GAMMA
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.families.lognormal import LOG_NORMAL
from bayesmixed.families.negative_binomial import NEGATIVE_BINOMIAL
from bayesmixed.families.poisson import POISSON
from bayesmixed.families.student import STUDENT
from bayesmixed.families.weibull import WEIBULL

NATIVE = (
    GAUSSIAN,
    BERNOULLI,
    BINOMIAL,
    POISSON,
    NEGATIVE_BINOMIAL,
    GAMMA,
    BETA,
    STUDENT,
    LOG_NORMAL,
    WEIBULL,
)
FAMILIES: Mapping[str, Family] = MappingProxyType({family.name: family for family in NATIVE})
"""Families that are written here, each with its default link."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {alias: family.name for family in NATIVE for alias in family.aliases}
)
"""Names that brms, glmmTMB and others use."""


def family_by_name(name: str, link: str | None = None) -> Family:
    """Family of a name, with its default link unless another is asked for."""
    folded = str(name).casefold()
    known = ALIASES.get(folded, folded)
    return FAMILIES[known].with_link(link) if known in FAMILIES else _family_of_bambi(known, link)


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
        return family.with_link(link)
    if hasattr(family, "likelihood") and hasattr(family, "link"):
        from bayesmixed.families.bambi_families import name_and_link

        name, own = name_and_link(family)
        return family_by_name(name, link or own)
    raise FamilyError(f"family={family!r} is not a family; write a name such as 'binomial' or 'poisson'.")
