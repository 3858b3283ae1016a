"""The columns of a matrix as products of indicators of levels and of numbers."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayesmixed.design.matrix import MatrixRecipe, Part
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


def column_products(recipe: MatrixRecipe) -> tuple[ColumnProduct, ...]:
    """Every column of a matrix as a product."""
    levels = codings(recipe.spec)
    powers = {expression.text: _powers(expression) for expression in recipe.expressions}
    return tuple(
        _multiplied([_column(part, levels.get(part.factor), powers) for part in column.parts])
        for column in recipe.columns
    )


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


def _column(part: Part, coding: Coding | None, powers: Mapping[str, dict[str, int]]) -> ColumnProduct:
    """One column of a factor."""
    name = part.factor + part.label
    if coding is None:
        numbers = {name: 1} if part.label else powers[part.factor]
        return ColumnProduct(frozenset(), tuple(sorted(numbers.items())))
    if part.reduced and coding.base is None:
        return ColumnProduct(frozenset({(part.factor, name)}), ())
    level = part.label.removeprefix("[T." if part.reduced else "[").removesuffix("]")
    return ColumnProduct(frozenset({(part.factor, level)}), ())


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
    tree = expression.tree
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
    renamed = copy.deepcopy(node)
    for each in ast.walk(renamed):
        if isinstance(each, ast.Name) and each.id.startswith("_") and each.id[1:].isdecimal():
            each.id = columns[int(each.id[1:])]
    return ast.unparse(renamed)
