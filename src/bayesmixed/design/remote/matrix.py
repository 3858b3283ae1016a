"""The columns of a sum of terms as queries of data that are not in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from operator import and_, mul
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from bayesmixed.design.evaluate import State, evaluate
from bayesmixed.design.frame import tidy
from bayesmixed.design.matrix import MatrixRecipe, assemble, factor_values, multiply_out
from bayesmixed.design.records import FloatArray
from bayesmixed.design.remote.expression import fill_state, is_categorical, is_comparison, lazy_number
from bayesmixed.design.remote.rows import LazyRows
from bayesmixed.errors import DataError
from bayesmixed.formula.algebra import Algebra
from bayesmixed.formula.expression import Expression

Cell = tuple[tuple[str, Any], ...]
"""A value for each of some columns of the data, or comparisons of them."""

MOST_CELLS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LazyColumn:
    """One column of a matrix as a query: numbers multiplied, times what the levels of the row give."""

    name: str  # name of the column
    factors: tuple[str, ...]  # names of the numeric factors that are multiplied
    constant: float  # what they are multiplied with where the column depends on no levels
    cells: tuple[tuple[Cell, float], ...]  # what they are multiplied with, by levels; 0 elsewhere
    expression: nw.Expr  # the column

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from other columns of the same rows."""
        return (tuple(sorted(self.factors)), self.constant, self.cells)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LazyMatrix:
    """A sum of terms, ready to be asked for."""

    columns: tuple[LazyColumn, ...]  # in the order of the matrix
    recipe: MatrixRecipe  # what encodes new data in the same way


def build_lazy_matrix(algebra: Algebra, rows: LazyRows) -> LazyMatrix:
    """Find the columns of a sum of terms without the rows, as `build_matrix` would.

    A column of a term is the product of its numeric factors with a number that depends on the levels of its
    categorical factors alone. Formulaic says which: it multiplies the term out over all combinations of the
    levels, with every number replaced by 1.
    """
    expressions = algebra.expressions
    state: dict[str, State] = {expression.text: {} for expression in expressions}
    coded = {e.text: e for e in expressions if is_categorical(e, rows.kinds)}
    numbers = {}
    for expression in expressions:
        if expression.text not in coded or is_comparison(expression):
            fill_state(expression, rows.frame, rows.kinds, state[expression.text])
            numbers[expression.text] = lazy_number(expression, rows.kinds, state[expression.text])
    keys = {_key(e): numbers.get(e.text, nw.col(_key(e))) for e in coded.values()}
    levels = {key: rows.levels(key, query) for key, query in keys.items()}
    n = max((len(found) for found in levels.values()), default=1)
    every_level = {name: found.iloc[np.arange(n) % len(found)] for name, found in levels.items()}
    _, recipe = multiply_out(
        algebra,
        _values(expressions, coded, every_level, n),
        n,
        state=state,
        kinds={name: rows.kinds[name] for name in algebra.columns},
    )
    columns = tuple(_columns(recipe, coded, numbers, keys, levels))
    return LazyMatrix(columns=columns, recipe=recipe)


def _key(expression: Expression) -> str:
    """Name of what decides on the level of a row: a column, or a comparison as it is written."""
    if is_comparison(expression):
        return expression.text
    if len(expression.columns) != 1:
        raise DataError(
            f"{expression.text!r} makes levels of several columns. Compute it in the data first, as a column."
        )
    return expression.columns[0]


def _values(
    expressions: Sequence[Expression],
    coded: Mapping[str, Expression],
    levels: Mapping[str, pd.Series[Any]],
    n: int,
) -> dict[str, Any]:
    """Values of all factors for some levels, every number replaced by 1."""
    columns = {name: tidy(name, found) for name, found in levels.items()}

    def value(expression: Expression) -> Any:
        if expression.text not in coded:
            return np.ones(n)
        return columns[expression.text] if is_comparison(expression) else evaluate(expression, columns, {})

    return {e.text: factor_values(e, value(e), n) for e in expressions}


def _columns(
    recipe: MatrixRecipe,
    coded: Mapping[str, Expression],
    numbers: Mapping[str, nw.Expr],
    keys: Mapping[str, nw.Expr],
    levels: Mapping[str, pd.Series[Any]],
) -> Iterator[LazyColumn]:
    """Columns of all terms, in order."""
    first = 0
    for term in recipe.spec.structure:
        factors = [factor.expr for factor in term.term.factors if factor.expr != "1"]
        names = tuple(dict.fromkeys(_key(coded[f]) for f in factors if f in coded))
        cells, matrix = _multiplied_out(recipe, coded, levels, names)
        numeric = tuple(f for f in factors if f not in coded)
        value = reduce(mul, (numbers[f] for f in numeric), nw.lit(1.0))
        for place, name in enumerate(term.columns, start=first):
            yield _column(str(name), numeric, value, keys, cells, matrix[:, place])
        first += len(term.columns)


def _multiplied_out(
    recipe: MatrixRecipe,
    coded: Mapping[str, Expression],
    levels: Mapping[str, pd.Series[Any]],
    names: Sequence[str],
) -> tuple[list[Cell], FloatArray]:
    """All combinations of the levels of some columns, and the matrix there with 1 for every number."""
    n = prod(len(levels[name]) for name in names)
    if n > MOST_CELLS:
        listed = " and ".join(map(repr, names))
        raise DataError(f"{listed} have {n} combinations of levels, too many for a term.")
    every = list(product(*(range(len(levels[name])) for name in names)))
    places = np.array(every, dtype=np.int64).reshape(n, -1)
    chosen = {name: found.iloc[np.zeros(n, dtype=np.int64)] for name, found in levels.items()}
    chosen |= {name: levels[name].iloc[places[:, i]] for i, name in enumerate(names)}
    matrix, _ = assemble(recipe.spec, _values(recipe.expressions, coded, chosen, n), n)
    lists = [chosen[name].tolist() for name in names]
    rows = zip(*lists, strict=True) if names else iter([()])
    cells: list[Cell] = [tuple(zip(names, values, strict=True)) for values in rows]
    return cells, matrix


def _column(
    name: str,
    factors: tuple[str, ...],
    value: nw.Expr,
    keys: Mapping[str, nw.Expr],
    cells: Sequence[Cell],
    weights: FloatArray,
) -> LazyColumn:
    """One column from what the levels of its term give."""
    if np.all(weights == weights[0]):
        constant = float(weights[0])
        return LazyColumn(
            name=name, factors=factors, constant=constant, cells=(), expression=value * constant
        )
    used = tuple((cell, float(w)) for cell, w in zip(cells, weights, strict=True) if w)
    parts = [nw.when(_is_in(cell, keys)).then(value * w).otherwise(nw.lit(0.0)) for cell, w in used]
    return LazyColumn(
        name=name,
        factors=factors,
        constant=1.0,
        cells=tuple(sorted(used, key=repr)),
        expression=reduce(lambda a, b: a + b, parts),
    )


def _is_in(cell: Cell, keys: Mapping[str, nw.Expr]) -> nw.Expr:
    """Whether a row has the levels of a cell."""
    return reduce(and_, (_equals(keys[name], value) for name, value in cell))


def _equals(key: nw.Expr, value: Any) -> nw.Expr:
    """Whether a column or a comparison has a value."""
    if isinstance(value, str):
        return key.cast(nw.String) == nw.lit(value)
    return key.cast(nw.Float64) == float(value)
