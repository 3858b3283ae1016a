"""Sums, products and nestings of terms; formulaic multiplies them out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from operator import mul
from typing import Any

from bayesmixed.formula.expression import Expression, FactorKey, column_expression, expression_from
from bayesmixed.formula.scan import ADVICE, Token, closing, is_call, outside, refusal, scan, shown
from bayesmixed_program import ctrl_c_waits

MAX_TERMS = 2_000
MAX_POWER = 20
"""Exponent from which on two terms are too many: 2^20 products."""

BEFORE_PRODUCTS = 250
"""Precedence of ``%in%`` as in R: above that of ``*`` and ``/``, 200 in formulaic, and below ``:``, 300."""
TermKey = frozenset[FactorKey]
"""What a term means, however its factors are spelled and ordered."""

PRODUCT = re.compile(r"[*:/^%]")
OPERATORS = frozenset(["+", "-", "*", "/", ":", "^", "**", "%in%"])
POWERS = frozenset(["^", "**"])
SUMMING = frozenset(["+", "-", "(", ")"])
INSTEAD = {
    "~": "A formula has one '~'.",
    ",": "Terms are joined by '+'; data and options are arguments of the function, not of the formula.",
    "=": "Compare with '==' inside I(), e.g. I(use == 'Y').",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Algebra:
    """Terms multiplied out, with what each factor computes.

    Attributes
    ----------
    formula : formulaic.Formula
        Its factors are opaque names: formulaic never evaluates anything.
    expressions : dict[str, Expression]
        What every factor computes, by its name.
    """

    formula: Any
    expressions: dict[str, Expression]

    @property
    def terms(self) -> tuple[tuple[str, ...], ...]:
        """Names of the factors of every term; ``("1",)`` is the intercept."""
        return tuple(tuple(factor.expr for factor in term.factors) for term in self.formula)

    @property
    def keys(self) -> tuple[TermKey, ...]:
        """What every term means: a set of factors, empty for the intercept."""
        return tuple(
            frozenset(self.expressions[name].key for name in term if name in self.expressions)
            for term in self.terms
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that the terms need, in order of appearance."""
        return tuple(dict.fromkeys(c for e in self.expressions.values() for c in e.columns))


def read_algebra(text: str) -> Algebra:
    """Terms of a side of a formula, an intercept implied unless removed.

    Examples
    --------
    >>> read_algebra("x*f").terms
    (('1',), ('x',), ('f',), ('x', 'f'))
    """
    return algebra_from(scan(text), text)


def algebra_from(tokens: Sequence[Token], text: str) -> Algebra:
    """Terms of tokens that were scanned from a formula."""
    units = _units(tokens, text)
    _check_grammar(units, text)
    _check_numbers(units, text)
    _check_powers(units, text)
    expressions: dict[str, Expression] = {}
    spellings: dict[FactorKey, str] = {}
    words = [_word(unit, expressions, spellings, text) for unit in units]
    return Algebra(formula=_formulaic(" ".join(words), tokens, text), expressions=expressions)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A token of the algebra: a whole call counts as one operand."""

    token: Token
    expression: Expression | None = None

    @property
    def is_operand(self) -> bool:
        return self.token.kind not in ("operator", "open", "close")


def _units(tokens: Sequence[Token], text: str) -> list[_Unit]:
    units: list[_Unit] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if is_call(tokens, index):
            end = closing(tokens, index + (token.text != "{")) + 1
            expression = expression_from(tokens[index:end], text)
            units.append(_Unit(Token("name", expression.text, token.start), expression))
            index = end
            continue
        if token.text == "[":
            raise refusal("'[' has no meaning here.", text, token.start, ADVICE["["])
        named = token.kind in ("name", "quoted")
        units.append(_Unit(token, column_expression(token.name) if named else None))
        index += 1
    return units


def _check_grammar(units: Sequence[_Unit], text: str) -> None:
    before: _Unit | None = None
    for unit in units:
        token, operand_due = unit.token, before is None or before.token.kind in ("operator", "open")
        if token.kind == "operator":
            _check_operator(token, text)
            if operand_due and token.text not in ("+", "-"):
                raise refusal(f"Something is missing before {token.text!r}.", text, token.start)
        elif token.kind == "close":
            if operand_due:
                raise refusal("Something is missing before ')'.", text, token.start)
        elif not operand_due:
            raise refusal(
                f"An operator is missing before {token.text!r}.",
                text,
                token.start,
                "Terms are joined by '+'; a column's name with spaces stands between backticks: `my x`.",
            )
        elif token.kind == "string":
            raise refusal("A string is not a term.", text, token.start)
        before = unit
    if before is not None and before.token.kind == "operator":
        raise refusal(f"Something is missing after {before.token.text!r}.", text, before.token.start)


def _check_numbers(units: Sequence[_Unit], text: str) -> None:
    for index, unit in enumerate(units):
        token = unit.token
        if token.kind != "number" or _text(units, index - 1) in POWERS:
            continue
        if not {_text(units, index - 1), _text(units, index + 1)} <= SUMMING:
            raise refusal(
                f"The number {token.text} is not a term, so nothing multiplies or divides it.",
                text,
                token.start,
                "Arithmetic stands inside I(), e.g. I(2 * x).",
            )
        if token.text not in ("0", "1"):
            raise refusal(
                f"The number {token.text} is not a term.",
                text,
                token.start,
                "Leave it out: 1 stands for the intercept and 0 for none, as in y ~ 1 + x + (1 | g), "
                "and no other number is a term.",
            )


def _check_powers(units: Sequence[_Unit], text: str) -> None:
    for index, unit in enumerate(units):
        power = unit.token
        if power.text not in POWERS:
            continue
        exponent = units[index + 1].token.text
        if not exponent.isdecimal() or exponent.startswith("0"):
            raise refusal(
                f"{exponent!r} is not a number of terms to cross.",
                text,
                units[index + 1].token.start,
                "Write e.g. (x + z)^2; powers of numbers stand inside I(), e.g. I(x^0.5).",
            )
        base = units[index - 1]
        if base.is_operand:
            raise refusal(
                f"{power.text!r} crosses the terms of a sum, and {base.token.text!r} is one term.",
                text,
                power.start,
                f"Write I({base.token.text}{power.text}{exponent}) for the power.",
            )


def _text(units: Sequence[_Unit], index: int) -> str:
    return units[index].token.text if 0 <= index < len(units) else "+"


def check_joins(tokens: Sequence[Token], text: str) -> None:
    """Refuse an operator outside all parentheses that cannot join terms, e.g. a comma."""
    for _, token in outside(tokens):
        if token.kind == "operator":
            _check_operator(token, text)


def _check_operator(token: Token, text: str) -> None:
    if token.text not in OPERATORS:
        advice = INSTEAD.get(token.text, f"Inside I() it is arithmetic, e.g. I(x {token.text} 2).")
        raise refusal(f"{token.text!r} cannot join terms.", text, token.start, advice)


def _word(unit: _Unit, expressions: dict[str, Expression], spellings: dict[FactorKey, str], text: str) -> str:
    """Word for formulaic: a factor has one name, its first spelling."""
    if unit.expression is None:
        return unit.token.text
    name = spellings.setdefault(unit.expression.key, unit.expression.text)
    if name.isdecimal():
        raise refusal(f"A column called {name!r} reads as a number; rename it.", text, unit.token.start)
    if expressions.setdefault(name, unit.expression).key != unit.expression.key:
        raise refusal(
            f"{name!r} is both a column and an expression; rename the column.", text, unit.token.start
        )
    return f"`{name}`"


def _formulaic(words: str, tokens: Sequence[Token], text: str) -> Any:
    with ctrl_c_waits():
        from formulaic.errors import FormulaicError
    start = tokens[0].start if tokens else 0
    try:
        formula = _multiply(words)
    except RecursionError:
        formula = None
    except (FormulaicError, SyntaxError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "its terms cannot be multiplied out."
        raise refusal(f"'{shown(tokens)}' cannot be read: {reason}", text, start) from None
    if formula is None:
        raise refusal(f"'{shown(tokens)}' stands for too many terms.", text, start)
    return formula


@lru_cache(maxsize=128)
def _multiply(words: str) -> Any:
    """Multiply terms out by formulaic; None when it would have too many terms."""
    from formulaic import Formula

    parser = _parser()
    if PRODUCT.search(words) and _count_terms(parser.get_ast(words)) > MAX_TERMS:
        return None
    return Formula(words, _parser=parser)


@cache
def _parser() -> Any:
    """Parser of formulaic, but for ``a %in% b``, which is ``a:b`` alone as in R: formulaic adds ``b``."""
    from formulaic.parser import DefaultFormulaParser
    from formulaic.parser.types import Operator

    parser = DefaultFormulaParser()
    within = Operator("in", arity=2, precedence=BEFORE_PRODUCTS, associativity="left", to_terms=_within)
    parser.operator_resolver.operator_table["in"] = [within]
    return parser


def _within(inner: Any, outer: Any) -> Any:
    """Terms of ``inner %in% outer``: each of the first with all of the second."""
    from formulaic.parser.types import OrderedSet

    every = reduce(mul, outer)
    return OrderedSet(term * every for term in inner)


def _count_terms(node: Any) -> int:
    """Upper bound of the number of terms that a syntax tree of formulaic stands for."""
    if not hasattr(node, "operator"):
        return 1
    counts = [_count_terms(argument) for argument in node.args]
    if len(counts) < 2:
        return sum(counts)
    first, second, symbol = counts[0], counts[1], node.operator.symbol
    if symbol in ("**", "^"):
        exponent = str(node.args[1])
        times = int(exponent[:6]) if exponent.isdigit() else 1
        return min(first, MAX_TERMS) ** min(times, MAX_POWER) if first > 1 else times
    if symbol in ("*", ":", "/", "in"):
        return first * second + first + second
    return first + second
