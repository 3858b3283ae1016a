"""What a formula says, before any data are seen."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.covariances.covariance import Covariance
from bayesmixed.covariances.registry import STRUCTURES
from bayesmixed.formula.algebra import TermKey
from bayesmixed.formula.expression import Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomTerm:
    """One bar of a formula: ``(effects | group)``.

    Attributes
    ----------
    effects : str
        Left side of the bar in formulaic's language, e.g. ``"1 + Days"``; an intercept is implied unless
        removed.
    parts : tuple[Expression, ...]
        What the observed combinations of are the levels, e.g. the columns ``batch`` and ``cask``.
    covariance : str
        Name of the structure of its effects: ``"us"``, any covariance; ``"diag"``, every column of the bar
        independent; and whatever else stands in `bayesmixed.covariances.registry`.
    text : str
        The bar as written, e.g. ``"(Days || Subject)"``.
    """

    effects: str
    parts: tuple[Expression, ...]
    covariance: str
    text: str

    @property
    def structure(self) -> type[Covariance]:
        """Structure of its effects."""
        return STRUCTURES[self.covariance]

    @property
    def group_name(self) -> str:
        """Name of the grouping factor, e.g. ``"batch:cask"``."""
        return ":".join(part.text for part in self.parts)

    @property
    def group_key(self) -> TermKey:
        """What the grouping factor means, however it is spelled."""
        return frozenset(part.key for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFormula:
    """A formula taken apart: the response, the fixed side, the bars, the offsets.

    Attributes
    ----------
    text : str
        The formula as written.
    response : str
        Expression left of the tilde in formulaic's language, e.g. ``"log(y)"``.
    fixed : str
        Right side without bars and offsets in formulaic's language, e.g. ``"1 + Days"``.
    random : tuple[RandomTerm, ...]
        The bars in the order written, nested ones expanded.
    offsets : tuple[str, ...]
        Expressions inside ``offset()``.
    """

    text: str
    response: str
    fixed: str
    random: tuple[RandomTerm, ...]
    offsets: tuple[str, ...] = ()
