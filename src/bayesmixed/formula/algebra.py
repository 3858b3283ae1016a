"""Sums, products and nestings of terms, multiplied out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from bayesmixed.formula.expression import Expression, FactorKey, column_expression, expression_from
from bayesmixed.formula.scan import ADVICE, Token, closing, is_call, outside, refusal, render, scan, shown
from bayesmixed.names import INTERCEPT

MAX_TERMS = 2_000
PRECEDENCE = {"*": 1, "/": 1, "%in%": 2, ":": 3}
"""How tightly operators bind: ``a %in% b``, as in R, tighter than ``*`` and looser than ``:``."""

OPERATORS = frozenset(["+", "-", "^", "**", *PRECEDENCE])
POWERS = frozenset(["^", "**"])
SUMMING = frozenset(["+", "-", "(", ")"])
INSTEAD = {
    "~": "A formula has one '~'.",
    ",": "Terms are joined by '+'; data and options are arguments of the function, not of the formula.",
    "=": "Compare with '==' inside I(), e.g. I(use == 'Y').",
}
ColumnKey = frozenset[tuple[FactorKey, str]]
"""What a term or a column of it means, however it is spelled: its factors, each with the part that the column
is of it, e.g. ``"[T.b]"``, empty where it is all. That of an intercept is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A product of factors; one of none is the intercept.

    Attributes
    ----------
    factors : tuple[Expression, ...]
        Different ones, in the order of the name.
    """

    factors: tuple[Expression, ...]

    @property
    def name(self) -> str:
        """What tables call it, e.g. ``"batch:cask"``."""
        return ":".join(factor.text for factor in self.factors) or INTERCEPT

    @property
    def source(self) -> str:
        """How a formula writes it."""
        return ":".join(factor.source for factor in self.factors) or "1"

    @property
    def key(self) -> ColumnKey:
        """What it means: a set of factors, so that ``a:b`` is ``b:a``."""
        return frozenset((factor.key, "") for factor in self.factors)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that it needs, in order of appearance."""
        return columns_of(self.factors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Algebra:
    """A sum of terms, multiplied out.

    Attributes
    ----------
    source : str
        How a formula writes it.
    terms : tuple[Term, ...]
        By number of factors, then as written.
    expressions : tuple[Expression, ...]
        Factors in order of appearance, those of terms that were taken out again among them.
    """

    source: str
    terms: tuple[Term, ...]
    expressions: tuple[Expression, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that the terms need, in order of appearance."""
        return columns_of(self.expressions)

    @property
    def has_intercept(self) -> bool:
        """Whether one of the terms is the intercept."""
        return any(not term.factors for term in self.terms)

    def without(self, term: Term) -> Algebra:
        """The same sum with one term less."""
        left = tuple(each for each in self.terms if each.key != term.key)
        return replace(self, source=f"{self.source} - {term.source}", terms=left)


ONE = Term(factors=())
Terms = dict[ColumnKey, Term]
INTERCEPT_ALONE = Algebra(source="1", terms=(ONE,), expressions=())


def columns_of(expressions: Iterable[Expression]) -> tuple[str, ...]:
    """Columns of the data that expressions need, in order of appearance."""
    return tuple(dict.fromkeys(name for each in expressions for name in each.columns))


def read_algebra(text: str) -> Algebra:
    """Terms of a side of a formula, an intercept implied unless removed.

    Examples
    --------
    >>> [term.name for term in read_algebra("x*f").terms]
    ['Intercept', 'x', 'f', 'x:f']
    """
    return algebra_from(scan(text), text)


def algebra_from(tokens: Sequence[Token], text: str) -> Algebra:
    """Terms of tokens that were scanned from a formula."""
    factors: dict[FactorKey, Expression] = {}
    units = _units(tokens, text, factors)
    for check in (_check_names, _check_grammar, _check_numbers, _check_powers):
        check(units, text)
    terms = _Expansion(units, text).sum({ONE.key: ONE}).values()
    return Algebra(
        source=render(tokens) or "1",
        terms=tuple(sorted(terms, key=lambda term: len(term.factors))),
        expressions=tuple(factors.values()),
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    """A token of the algebra: a whole call counts as one operand."""

    token: Token
    expression: Expression | None = None

    @property
    def is_operand(self) -> bool:
        return self.token.kind not in ("operator", "open", "close")


def _units(tokens: Sequence[Token], text: str, factors: dict[FactorKey, Expression]) -> list[_Unit]:
    """Operands and operators; a factor is the same expression, its first spelling, wherever it stands."""
    units: list[_Unit] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if is_call(tokens, index):
            end = closing(tokens, index + (token.text != "{")) + 1
            read = expression_from(tokens[index:end], text)
            expression = factors.setdefault(read.key, read)
            units.append(_Unit(Token("name", expression.text, token.start), expression))
            index = end
            continue
        if token.text == "[":
            raise refusal("'[' has no meaning here.", text, token.start, ADVICE["["])
        column = None
        if token.kind in ("name", "quoted"):
            column = column_expression(token.name, token.text)
            column = factors.setdefault(column.key, column)
        units.append(_Unit(token, column))
        index += 1
    return units


def _check_names(units: Sequence[_Unit], text: str) -> None:
    """Refuse a name that is a number's, and one name of two factors."""
    keys: dict[str, FactorKey] = {}
    for token, expression in ((unit.token, unit.expression) for unit in units if unit.expression):
        name = expression.text
        if name.isdecimal():
            raise refusal(f"A column called {name!r} reads as a number; rename it.", text, token.start)
        if keys.setdefault(name, expression.key) != expression.key:
            raise refusal(
                f"{name!r} is both a column and an expression; rename the column.", text, token.start
            )


def _check_grammar(units: Sequence[_Unit], text: str) -> None:
    before: _Unit | None = None
    for unit in units:
        token, operand_due = unit.token, before is None or before.token.kind in ("operator", "open")
        if token.kind == "operator":
            _check_operator(token, text)
            if operand_due and not _is_sign(token, before):
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


def _is_sign(token: Token, before: _Unit | None) -> bool:
    """Whether a plus or minus stands where a summand begins."""
    begins = before is None or before.token.text in ("(", "+", "-")
    return begins and token.text in ("+", "-")


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


class _Expansion:
    """Terms of units that follow the grammar, multiplied out."""

    def __init__(self, units: Sequence[_Unit], text: str) -> None:
        self.units, self.text, self.at, self.n_products = units, text, 0, 0

    def sum(self, terms: Terms) -> Terms:
        """Terms up to the end, or to a closing parenthesis, added to some; 0 is an intercept taken out."""
        while (symbol := self._symbol()) not in ("", ")"):
            adds = True
            while symbol in ("+", "-"):
                adds ^= symbol == "-"
                self.at += 1
                symbol = self._symbol()
            adds ^= symbol == "0"
            found = self._product(1)
            terms = (
                _joined(terms, found) if adds else {k: term for k, term in terms.items() if k not in found}
            )
        return terms

    def _symbol(self) -> str:
        return self.units[self.at].token.text if self.at < len(self.units) else ""

    def _product(self, least: int) -> Terms:
        """Terms that operators join which bind as tightly as some or tighter."""
        terms = self._power()
        while PRECEDENCE.get(symbol := self._symbol(), 0) >= least:
            self.at += 1
            others = self._product(PRECEDENCE[symbol] + 1)
            match symbol:
                case ":":
                    terms = self._crossed(terms, others)
                case "*":
                    terms = _joined(terms, others, self._crossed(terms, others))
                case "/":
                    terms = _joined(terms, self._crossed(self._whole(terms), others))
                case "%in%":
                    terms = self._crossed(terms, self._whole(others))
        return terms

    def _power(self) -> Terms:
        terms = base = self._operand()
        if self._symbol() in POWERS:
            exponent = self.units[self.at + 1].token.text
            self.at += 2
            for _ in range(int(exponent[:6]) - 1):
                terms = self._crossed(terms, base)
        return terms

    def _operand(self) -> Terms:
        unit = self.units[self.at]
        self.at += 1
        if unit.token.text == "(":
            terms = self.sum({})
            self.at += 1
            return terms
        return _product([Term(factors=(unit.expression,))] if unit.expression else [])

    def _crossed(self, terms: Terms, others: Terms) -> Terms:
        """Each of some terms with each of others."""
        self._count(len(terms) * len(others))
        return _joined(*(_product(pair) for pair in product(terms.values(), others.values())))

    def _whole(self, terms: Terms) -> Terms:
        """All of some terms as one."""
        self._count(len(terms))
        return _product(terms.values())

    def _count(self, n: int) -> None:
        self.n_products += n
        if self.n_products > MAX_TERMS:
            tokens = [unit.token for unit in self.units]
            raise refusal(f"'{shown(tokens)}' stands for too many terms.", self.text, tokens[0].start)


def _joined(*parts: Terms) -> Terms:
    """Terms of several sums, each as it came up first."""
    out: Terms = {}
    for part in parts:
        for key, term in part.items():
            out.setdefault(key, term)
    return out


def _product(terms: Iterable[Term]) -> Terms:
    """Product of terms, each factor once."""
    factors = {factor.key: factor for term in terms for factor in term.factors}
    term = Term(factors=tuple(factors.values()))
    return {term.key: term}
