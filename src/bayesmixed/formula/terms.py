"""What a formula says, before any data are seen."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.covariances.covariance import Covariance
from bayesmixed.covariances.registry import STRUCTURES
from bayesmixed.formula.algebra import Algebra, Term, columns_of
from bayesmixed.formula.expression import Expression
from bayesmixed.formula.response import ResponseExpression


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomTerm:
    """One bar of a formula: ``(effects | group)``.

    Attributes
    ----------
    effects : Algebra
        Left side of the bar; an intercept is implied unless removed.
    group : Term
        Grouping factor: the observed combinations of its factors are the levels, e.g. ``batch:cask``.
    covariance : str
        Name of the structure of its effects: ``"us"``, any covariance; ``"diag"``, every column of the bar
        independent; and whatever else stands in `bayesmixed.covariances.registry`.
    text : str
        The bar as written, e.g. ``"(Days || Subject)"``.
    """

    effects: Algebra
    group: Term
    covariance: str
    text: str

    @property
    def structure(self) -> type[Covariance]:
        """Structure of its effects."""
        return STRUCTURES[self.covariance]

    @property
    def source(self) -> str:
        """How a formula writes it after nested groups are expanded, e.g. ``"(1 | batch:cask)"``."""
        return self.structure.written(self.effects.source, self.group.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFormula:
    """A formula taken apart: the response, the fixed side, the bars, the offsets.

    Attributes
    ----------
    text : str
        The formula as written.
    response : ResponseExpression
        Left side.
    fixed : Algebra
        Right side without bars and offsets.
    random : tuple[RandomTerm, ...]
        The bars in the order written, nested ones expanded.
    offsets : tuple[Expression, ...]
        What stands inside ``offset()``.
    """

    text: str
    response: ResponseExpression
    fixed: Algebra
    random: tuple[RandomTerm, ...]
    offsets: tuple[Expression, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What the formula computes: the response, then the fixed side, the bars and the offsets."""
        bars = [each for bar in self.random for each in (*bar.effects.expressions, *bar.group.factors)]
        return (*self.response.parts, *self.fixed.expressions, *bars, *self.offsets)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that it needs, in order of appearance."""
        return columns_of(self.expressions)
