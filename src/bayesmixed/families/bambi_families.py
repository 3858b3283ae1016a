"""Bambi's univariate families beyond those written here, read from Bambi itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from bayesmixed.errors import FamilyError, near_names
from bayesmixed.families.links import LINKS
from bayesmixed.families.records import Family

SEVERAL_PARTS = frozenset({"categorical", "cumulative", "sratio", "multinomial", "dirichlet_multinomial"})
"""Families of Bambi's whose location has several parts for every row."""


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
    likelihood = entry["likelihood"]
    parent = likelihood["parent"]
    allowed = [known for known in entry["family"].SUPPORTED_LINKS[parent] if known in LINKS]
    if link is not None and link not in allowed:
        raise FamilyError(f"The family {name!r} has no link {link!r}. {near_names(link, allowed)}")
    return Family(
        name=name,
        link=link or entry["link"][parent],
        parameters=tuple(parameter for parameter in likelihood["params"] if parameter != parent),
        distribution=likelihood["name"],
        argument=parent,
    )


def family_of_object(family: Any, link: str | None = None) -> Family:
    """Family from an object of Bambi's."""
    likelihood = family.likelihood
    names = [name for name, entry in _builtin().items() if entry["likelihood"]["name"] == likelihood.name]
    if not names or likelihood.dist is not None:
        raise FamilyError(
            f"The likelihood {likelihood.name!r} is none of Bambi's univariate families; "
            f"use one of {', '.join(bambi_names())}."
        )
    chosen = link or str(family.link[likelihood.parent].name)
    from bayesmixed.families.lookup import family_by_name

    return family_by_name(names[0], chosen)


def default_arguments(family: Family, parameter: str) -> tuple[str, dict[str, float]]:
    """Bambi's default prior of an auxiliary parameter.

    Returns: pyMC's name of the distribution, and its arguments.
    """
    from bambi.defaults.distributions import SETTINGS_DISTRIBUTIONS

    name = _builtin()[family.name]["default_priors"][parameter]
    return name, dict(SETTINGS_DISTRIBUTIONS[name])
