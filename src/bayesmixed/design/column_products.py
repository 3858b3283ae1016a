"""The columns of a matrix as products of indicators of levels and of numbers."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from bayesmixed.formula.expression import Expression

Cells = frozenset[tuple[str, str]]
Numbers = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ColumnProduct:
    """A column as a product.

    Attributes
    ----------
    cells : frozenset
        Pairs of a categorical factor and a level or contrast, whose indicators are multiplied.
    numbers : tuple
        Pairs of a number's name and its power, sorted.
    """

    cells: Cells
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Coding:
    """Levels of a categorical factor, and the one without a column of its own under treatment contrasts."""

    levels: tuple[str, ...]
    base: str | None


def column_products(spec: Any, expressions: Sequence[Expression]) -> tuple[ColumnProduct, ...]:
    """Every column of a matrix as a product; one that cannot be read is a level of its own."""
    levels = codings(spec)
    powers = {expression.text: _powers(expression) for expression in expressions}
    alone: dict[tuple[str, bool], tuple[str, ...]] = {}
    for term in spec.structure:
        if len(term.scoped_terms) == 1 and len(term.scoped_terms[0].factors) == 1:
            only = term.scoped_terms[0].factors[0]
            alone[only.factor.expr, only.reduced] = tuple(map(str, term.columns))
    out = []
    for term in spec.structure:
        found: dict[str, ColumnProduct] = {}
        for scoped in term.scoped_terms:
            factors = [(each.factor.expr, each.reduced) for each in scoped.factors]
            parts = [_parts(name, reduced, levels, powers, alone) for name, reduced in factors]
            for labels in product(*(part.items() for part in parts)):
                name = ":".join(label for label, _ in labels) or "Intercept"
                found[name] = _multiplied([factor for _, factor in labels])
        out += [found.get(str(name), _opaque(str(name))) for name in term.columns]
    return tuple(out)


def codings(spec: Any) -> dict[str, Coding]:
    """Levels of every categorical factor."""
    found = {}
    for factor, (_, state) in spec.encoder_state.items():
        if "categories" in state:
            levels = tuple(str(level) for level in state["categories"])
            found[factor] = Coding(levels, _base(state.get("contrasts"), levels))
    return found


def _base(contrasts: Any, levels: Sequence[str]) -> str | None:
    """Level that treatment contrasts leave out, None of other contrasts."""
    from formulaic.transforms.contrasts import TreatmentContrasts

    chosen = getattr(contrasts, "contrasts", None)
    if not isinstance(chosen, TreatmentContrasts):
        return None
    base = str(chosen.base)
    return base if base in levels else levels[0]


def _opaque(name: str) -> ColumnProduct:
    """Product that is like no other."""
    return ColumnProduct(frozenset({("", name)}), ())


def _parts(
    factor: str,
    reduced: bool,
    codings: Mapping[str, Coding],
    powers: Mapping[str, dict[str, int]],
    alone: Mapping[tuple[str, bool], tuple[str, ...]],
) -> dict[str, ColumnProduct]:
    """Columns of one factor by their labels."""
    if factor not in codings:
        labels = alone.get((factor, reduced), (factor,))
        if len(labels) == 1:
            return {labels[0]: ColumnProduct(frozenset(), tuple(sorted(powers[factor].items())))}
        return {label: ColumnProduct(frozenset(), ((label, 1),)) for label in labels}
    coding = codings[factor]
    if not reduced:
        return {f"{factor}[{o}]": ColumnProduct(frozenset({(factor, o)}), ()) for o in coding.levels}
    if coding.base is not None:
        others = [level for level in coding.levels if level != coding.base]
        return {f"{factor}[T.{o}]": ColumnProduct(frozenset({(factor, o)}), ()) for o in others}
    labels = alone.get((factor, reduced), ())
    return {label: ColumnProduct(frozenset({(factor, label)}), ()) for label in labels}


def _multiplied(factors: Sequence[ColumnProduct]) -> ColumnProduct:
    """Product of products."""
    numbers: dict[str, int] = {}
    for factor in factors:
        for name, power in factor.numbers:
            numbers[name] = numbers.get(name, 0) + power
    cells = frozenset(cell for factor in factors for cell in factor.cells)
    return ColumnProduct(cells, tuple(sorted(numbers.items())))


def _powers(expression: Expression) -> dict[str, int]:
    """Numbers that an expression multiplies, with their powers: ``I(x^2)`` is x twice."""
    tree = ast.parse(expression.code, mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "I":
        tree = tree.args[0]
    found: dict[str, int] = {}
    for node in _factors(tree):
        name = _written(node, expression.columns)
        found[name] = found.get(name, 0) + 1
    return found


def _factors(node: ast.expr) -> list[ast.expr]:
    """Factors of a product, each as often as it is multiplied."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            both = [*_factors(left), *_factors(right)]
            return [node] if any(isinstance(each, ast.Constant) for each in both) else both
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int(power))) if 1 <= power <= 9:
            return _factors(base) * power
    return [node]


def _written(node: ast.expr, columns: Sequence[str]) -> str:
    """Expression with the names of the columns in place of their numbers."""
    renamed = ast.parse(ast.unparse(node), mode="eval")
    for each in ast.walk(renamed):
        if isinstance(each, ast.Name) and each.id.startswith("_") and each.id[1:].isdecimal():
            each.id = columns[int(each.id[1:])]
    return ast.unparse(renamed)
