"""What a formula says, before any data are seen."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.covariances.covariance import Covariance
from bayesmixed.covariances.registry import STRUCTURES
from bayesmixed.errors import FormulaError
from bayesmixed.formula.algebra import Algebra, Term, columns_of
from bayesmixed.formula.expression import Expression
from bayesmixed.formula.grouping import Grouping
from bayesmixed.formula.response import ResponseExpression
from bayesmixed.formula.smooth import Smooth


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomTerm:
    """One bar of a formula: ``(effects | group)``.

    Attributes
    ----------
    effects : Algebra
        Left side of the bar; an intercept is implied unless removed.
    group : Grouping
        Grouping factor, e.g. ``batch:cask`` or ``gr(species, cov=A)``.
    covariance : str
        Name of the structure of its effects: ``"us"``, any covariance; ``"diag"``, every column of the bar
        independent; and whatever else stands in `bayesmixed.covariances.registry`.
    text : str
        The bar as written, e.g. ``"(Days || Subject)"``.
    """

    effects: Algebra
    group: Grouping
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
class ResidualTerm:
    """Correlations of the residuals within series of rows: ``ar(time, gr=g)``.

    Attributes
    ----------
    structure : str
        A name of `bayesmixed.covariances.registry.RESIDUALS`.
    time : Expression or None
        Where a row stands in its series; None where the order of the rows says so, or it does not matter.
    group : Term or None
        Its levels are the series; None for one series of all rows.
    source : str
        How a formula writes it.
    """

    structure: str
    time: Expression | None
    group: Term | None
    source: str

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What it computes."""
        factors = () if self.group is None else self.group.factors
        return factors if self.time is None else (self.time, *factors)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFormula:
    """What a parameter beside the mean is predicted by: ``sigma ~ x + (1 | g)``.

    Attributes
    ----------
    text : str
        The formula as written.
    parameter : str
        Left side.
    fixed, random, offsets
        Right side, as in `ParsedFormula`.
    """

    text: str
    parameter: str
    fixed: Algebra
    random: tuple[RandomTerm, ...] = ()
    offsets: tuple[Expression, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What it computes."""
        return _of_side(self.fixed, self.random, self.offsets)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFormula:
    """A formula taken apart: the response, the fixed side, the bars, the offsets.

    Attributes
    ----------
    texts : tuple[str, ...]
        The formulas as written, the one with the response first.
    response : ResponseExpression
        Left side.
    fixed : Algebra
        Right side without bars and offsets.
    random : tuple[RandomTerm, ...]
        The bars in the order written, nested ones expanded.
    offsets : tuple[Expression, ...]
        What stands inside ``offset()``.
    residual : ResidualTerm or None
        What its residuals are like, where not independent.
    others : tuple[ParameterFormula, ...]
        Formulas of parameters beside the mean.
    smooths : tuple[Smooth, ...]
        What stands inside ``s()``.
    """

    texts: tuple[str, ...]
    response: ResponseExpression
    fixed: Algebra
    random: tuple[RandomTerm, ...]
    offsets: tuple[Expression, ...] = ()
    residual: ResidualTerm | None = None
    others: tuple[ParameterFormula, ...] = ()
    smooths: tuple[Smooth, ...] = ()

    @property
    def text(self) -> str:
        """The formulas in one line."""
        return "; ".join(self.texts)

    @property
    def written(self) -> str | tuple[str, ...]:
        """What a user gave: one formula, or several."""
        return self.texts if self.others else self.texts[0]

    @property
    def says_of_residuals(self) -> bool:
        """Whether residuals are other than independent with one standard deviation, but for weights."""
        return bool(self.others or self.residual or self.response.additions.errors)

    def refuse_coupled(self, what: str) -> None:
        """Refuse smooths and bars whose levels are not independent, one a row."""
        if self.smooths:
            raise FormulaError(
                f"{what} does not take smooths such as {self.smooths[0].name}.",
                self.text,
                advice="Leave it out, or write bs(x, df=4) or cr(x, df=4).",
            )
        coupled = next((bar for bar in self.random if bar.group.cov or bar.group.is_several), None)
        if coupled is not None:
            raise FormulaError(
                f"{what} takes grouping factors with independent levels, one a row, and "
                f"{coupled.group.source} is not of this kind.",
                self.text,
                advice="Leave it out of the formula.",
            )

    def refuse_residuals(self, what: str) -> None:
        """Refuse residuals of other kinds, weights of the formula among them."""
        additions = self.response.additions
        parts = [*self.texts[1:], *([self.residual.source] if self.residual else [])]
        parts += [f"se({additions.errors.source})"] if additions.errors else []
        parts += [f"weights({additions.weights.source})"] if additions.weights else []
        if parts:
            raise FormulaError(
                f"{what} has independent residuals with one sigma, and the formula says {parts[0]!r}.",
                self.text,
                advice="Leave it out.",
            )

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What the formula computes: the response, the mean's side, the residuals, the other parameters."""
        mean = _of_side(self.fixed, self.random, self.offsets)
        residual = () if self.residual is None else self.residual.expressions
        others = [expression for each in self.others for expression in each.expressions]
        smooths = [expression for smooth in self.smooths for expression in smooth.expressions]
        return (*self.response.expressions, *mean, *smooths, *residual, *others)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that it needs, in order of appearance."""
        return columns_of(self.expressions)


def _of_side(
    fixed: Algebra, random: tuple[RandomTerm, ...], offsets: tuple[Expression, ...]
) -> tuple[Expression, ...]:
    """What a right side computes: the fixed side, the bars and the offsets."""
    bars = [each for bar in random for each in (*bar.effects.expressions, *bar.group.expressions)]
    return (*fixed.expressions, *bars, *offsets)
