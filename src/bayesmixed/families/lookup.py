"""Families by name."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.errors import FamilyError, near_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A response distribution with its link.

    Attributes
    ----------
    name : str
        Name of the distribution, e.g. ``"gaussian"``.
    link : str
        Function that carries the mean to the linear predictor, e.g. ``"identity"``.
    """

    name: str
    link: str


_LINKS = {"gaussian": ("identity",)}
_ALIASES = {"normal": "gaussian"}


def family_by_name(name: str, link: str | None = None) -> Family:
    """Family of a name, with its default link unless another is asked for.

    Parameters
    ----------
    name : str
        ``"gaussian"`` (or ``"normal"``).
    link : str, optional
        ``"identity"``.

    Returns
    -------
    Family
        The family.

    Raises
    ------
    FamilyError
        When the family or the link is unknown.

    Examples
    --------
    >>> family_by_name("gaussian")
    Family(name='gaussian', link='identity')
    """
    known = _ALIASES.get(name, name)
    if known not in _LINKS:
        raise FamilyError(f"There is no family {name!r}. {near_names(name, _LINKS)}")
    links = _LINKS[known]
    if link is not None and link not in links:
        raise FamilyError(f"The family {known!r} has no link {link!r}. {near_names(link, links)}")
    return Family(name=known, link=link or links[0])
