"""Smooth terms of a formula: ``s(x, k=10, bs="cr", by=f)``."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bayesmixed.formula.expression import Expression, expression_from
from bayesmixed.formula.scan import Token, outside, refusal, render

DEFAULT_K, LEAST_K = 10, 3
BASES = {
    "tp": "thin plate splines",
    "ts": "thin plate splines",
    "cs": "cubic splines with shrinkage",
    "cc": "cyclic splines",
    "ps": "P-splines",
    "cp": "cyclic P-splines",
    "bs": "B-splines",
    "ad": "adaptive smooths",
    "gp": "Gaussian processes",
    "fs": "smooths of a factor",
    "mrf": "Markov random fields",
}
"""Bases of mgcv that are not here."""
ADVICE = 'Write s(x), s(x, k=10), s(x, by=f), or s(g, bs="re") for random intercepts.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Smooth:
    """A smooth function of one predictor, by a cubic regression spline.

    Attributes
    ----------
    variable : Expression
        What it is a function of.
    k : int
        Number of its knots.
    by : Expression or None
        A factor, for each level of which there is one; or a number, by which it is multiplied.
    text : str
        As written.
    """

    variable: Expression
    k: int
    by: Expression | None
    text: str

    @property
    def name(self) -> str:
        """What tables call it, before levels of a factor: ``"s(x)"`` or ``"s(x):z"``."""
        return f"s({self.variable.text})" + ("" if self.by is None else f":{self.by.text}")

    @property
    def source(self) -> str:
        """How a formula writes it."""
        by = "" if self.by is None else f", by={self.by.source}"
        return f"s({self.variable.source}, k={self.k}{by})"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What it computes from columns."""
        return (self.variable,) if self.by is None else (self.variable, self.by)

    @property
    def trend(self) -> Expression:
        """Its unpenalized part: a straight line through the mean."""
        return self._computed("smooth_trend", f"s({self.variable.text})1", self.k)

    def basis(self, *, is_centred: bool) -> Expression:
        """Columns of its penalized part, which are centred unless they are multiplied by a number."""
        return self._computed("smooth_basis", f"s({self.variable.text})", self.k, is_centred)

    def _computed(self, function: str, text: str, *options: int) -> Expression:
        """A function of the variable and some numbers."""
        tree = ast.Call(
            func=ast.Name(id=function, ctx=ast.Load()),
            args=[self.variable.tree, *(ast.Constant(value=each) for each in options)],
            keywords=[],
        )
        code = f"{function}({self.variable.key[0]}, {', '.join(map(str, options))})"
        return Expression(text=text, source=text, key=(code, self.variable.columns), tree=tree)


def smooth_from(chunk: Sequence[Token], text: str) -> Smooth | Expression:
    """Smooth of a call of ``s()``; of a random effect, ``bs="re"``, its grouping factor."""
    name, inner = chunk[0], chunk[2:-1]
    commas = [-1, *(i for i, token in outside(inner) if token.text == ","), len(inner)]
    parts = [inner[before + 1 : after] for before, after in pairwise(commas)]
    plain = [part for part in parts if not _is_named(part)]
    named = {part[0].text: part[2:] for part in parts if _is_named(part)}
    unknown = next((key for key in named if key not in ("k", "bs", "by")), None)
    if unknown is not None:
        raise refusal(f"s() does not take {unknown}=.", text, name.start, ADVICE)
    if len(plain) != 1 or not plain[0]:
        several = (
            "s() smooths one predictor; surfaces are not available." if len(plain) > 1 else "s() is empty."
        )
        raise refusal(several, text, name.start, ADVICE)
    basis = render(named["bs"], quoted=False).strip("\"'") if "bs" in named else "cr"
    variable = expression_from(plain[0], text)
    if basis == "re":
        if set(named) - {"bs"}:
            raise refusal('s(g, bs="re") takes a grouping factor alone.', text, name.start, "Write (1 | g).")
        return variable
    if basis != "cr":
        what = f" ({BASES[basis]})" if basis in BASES else ""
        raise refusal(
            f"s() does not have bs={basis!r}{what}: it has cubic regression splines.",
            text,
            name.start,
            f'Write s({render(plain[0])}) or bs="cr".',
        )
    return Smooth(
        variable=variable,
        k=_knots(named["k"], text) if "k" in named else DEFAULT_K,
        by=expression_from(named["by"], text) if "by" in named else None,
        text=render(chunk),
    )


def _is_named(part: Sequence[Token]) -> bool:
    """Whether an argument has a name."""
    return len(part) > 2 and part[1].text == "=" and part[0].kind == "name"


def _knots(tokens: Sequence[Token], text: str) -> int:
    """Number of knots."""
    given = render(tokens)
    if not given.isdigit() or int(given) < LEAST_K:
        raise refusal(f"k={given} is not a whole number of {LEAST_K} or more.", text, tokens[0].start, ADVICE)
    return int(given)
