"""What a formula says, before any data are seen."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.options import Covariance


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomTerm:
    """One bar of a formula: ``(effects | group)``.

    Attributes
    ----------
    effects : str
        Left side of the bar in formulaic's language, e.g. ``"1 + Days"``; an intercept is implied unless
        removed.
    group : tuple[str, ...]
        Expressions whose observed combinations are the levels, e.g. ``("batch", "cask")`` for ``batch:cask``.
    covariance : {"us", "diag"}
        ``"us"``: one correlated block; ``"diag"``: every column of the bar independent.
    text : str
        The bar as written, e.g. ``"(Days || Subject)"``.
    """

    effects: str
    group: tuple[str, ...]
    covariance: Covariance
    text: str

    @property
    def group_name(self) -> str:
        """Name of the grouping factor, e.g. ``"batch:cask"``."""
        return ":".join(self.group)


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
