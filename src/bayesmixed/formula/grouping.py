"""The right side of a bar where it is more than a grouping factor: ``gr(g, cov=A)``, ``mm(a, b)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bayesmixed.formula.algebra import ColumnKey, Term, columns_of
from bayesmixed.formula.expression import Expression, expression_from
from bayesmixed.formula.scan import Token, closing, is_call, outside, refusal, render

CALLS = ("gr", "mm")
OPTIONS = {"gr": ("cov",), "mm": ("weights", "scale")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What the right side of a bar stands for: levels, and how rows and levels belong together.

    Attributes
    ----------
    term : Term
        Columns whose values are the levels: the observed combinations of its factors are, of ``mm()`` the
        values of any of them.
    cov : str
        Name in ``data2`` of the covariance between the levels; empty where they are independent.
    is_several : bool
        Whether a row meets a level of every column.
    weights : tuple[Expression, ...]
        Of these levels; empty where they count alike.
    is_scaled : bool
        Whether the weights of a row are divided by their sum.
    """

    term: Term
    cov: str = ""
    is_several: bool = False
    weights: tuple[Expression, ...] = ()
    is_scaled: bool = True

    @property
    def name(self) -> str:
        """What tables call it, e.g. ``"batch:cask"`` or ``"mm(t1, t2)"``."""
        if not self.is_several:
            return self.term.name
        return f"mm({', '.join(factor.text for factor in self.term.factors)})"

    @property
    def source(self) -> str:
        """How a formula writes it."""
        if self.cov:
            return f"gr({self.term.source}, cov={self.cov})"
        if not self.is_several:
            return self.term.source
        parts = [factor.source for factor in self.term.factors]
        if self.weights:
            parts.append(f"weights=cbind({', '.join(each.source for each in self.weights)})")
        return f"mm({', '.join(parts)}{'' if self.is_scaled else ', scale=FALSE'})"

    @property
    def key(self) -> ColumnKey:
        """What it means, however it is spelled."""
        marks = [("gr", (self.cov,))] if self.cov else [("mm", ())] if self.is_several else []
        return self.term.key | {(mark, "") for mark in marks}

    @property
    def factors(self) -> tuple[Expression, ...]:
        """Columns whose values are its levels."""
        return self.term.factors

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that it computes."""
        return (*self.term.factors, *self.weights)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that it needs, in order of appearance."""
        return columns_of(self.expressions)


def is_grouping_call(tokens: Sequence[Token]) -> bool:
    """Whether the right side of a bar is a call of ``gr()`` or ``mm()``."""
    return tokens[0].text in CALLS and is_call(tokens, 0) and closing(tokens, 1) == len(tokens) - 1


def grouping_arguments(
    tokens: Sequence[Token], text: str
) -> tuple[list[Sequence[Token]], dict[str, Sequence[Token]]]:
    """Arguments of a call of ``gr()`` or ``mm()``: those without a name, and those with one."""
    name, inner = tokens[0], tokens[2:-1]
    commas = [-1, *(i for i, token in outside(inner) if token.text == ","), len(inner)]
    plain: list[Sequence[Token]] = []
    named: dict[str, Sequence[Token]] = {}
    for before, after in pairwise(commas):
        part = inner[before + 1 : after]
        if not part:
            raise refusal(f"{name.text}() lacks an argument.", text, name.start, ADVICE[name.text])
        if len(part) > 2 and part[1].text == "=" and part[0].kind == "name":
            if part[0].text not in OPTIONS[name.text]:
                raise refusal(
                    f"{name.text}() does not take {part[0].text}=.", text, part[0].start, ADVICE[name.text]
                )
            named[part[0].text] = part[2:]
        else:
            plain.append(part)
    return plain, named


ADVICE = {
    "gr": "Write (1 | gr(g, cov=A)), with data2={'A': A}.",
    "mm": "Write (1 | mm(a, b)) or (1 | mm(a, b, weights=cbind(wa, wb))).",
}


def related(term: Term, named: dict[str, Sequence[Token]], name: Token, text: str) -> Grouping:
    """Grouping of ``gr()``, whose factor is read already."""
    cov = named.get("cov")
    if cov is None:
        return Grouping(term=term)
    if len(cov) != 1 or cov[0].kind != "name":
        raise refusal("cov= takes the name of a matrix in data2.", text, name.start, ADVICE["gr"])
    return Grouping(term=term, cov=cov[0].text)


def several(
    plain: Sequence[Sequence[Token]], named: dict[str, Sequence[Token]], name: Token, text: str
) -> Grouping:
    """Grouping of ``mm()``."""
    factors = tuple(expression_from(part, text) for part in plain)
    if len(factors) < 2 or len({factor.key for factor in factors}) < len(factors):
        raise refusal("mm() takes two different columns or more.", text, name.start, ADVICE["mm"])
    weights = _weights(named["weights"], text) if "weights" in named else ()
    if weights and len(weights) != len(factors):
        raise refusal(
            f"mm() has {len(factors)} columns and {len(weights)} weights.", text, name.start, ADVICE["mm"]
        )
    scale = render(named["scale"]) if "scale" in named else "TRUE"
    if scale not in ("TRUE", "FALSE", "True", "False"):
        raise refusal("scale= is TRUE or FALSE.", text, name.start, ADVICE["mm"])
    return Grouping(
        term=Term(factors=factors), is_several=True, weights=weights, is_scaled=scale.upper() == "TRUE"
    )


def _weights(tokens: Sequence[Token], text: str) -> tuple[Expression, ...]:
    """Weights of ``mm()``: one column each within ``cbind()``."""
    if not (
        tokens[0].text in ("cbind", "c") and is_call(tokens, 0) and closing(tokens, 1) == len(tokens) - 1
    ):
        raise refusal("weights= takes one column for each of mm()'s.", text, tokens[0].start, ADVICE["mm"])
    inner = tokens[2:-1]
    commas = [-1, *(i for i, token in outside(inner) if token.text == ","), len(inner)]
    return tuple(expression_from(inner[before + 1 : after], text) for before, after in pairwise(commas))
