"""Where zero is: the map from the columns of a matrix to columns about the means of their predictors.

A prior of a coefficient says something of the column that it multiplies, and an intercept, or the lower term
of an interaction, is a value where other predictors are zero. So that priors do not know where that is, they
stand on the coefficients of centred columns: every number less its mean, products of numbers multiplied after
that, and the columns beside an intercept less their means. With X_c = X C for a matrix C of determinant 1,

    X b = X_c b_c,    b = C b_c,    u = C u_c,    S = C S_c C'.

A number in a column is centred where what that leaves is a combination of the other columns: then likelihood
and fitted values are the same, and a shift of the predictor moves nothing but C.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb, prod
from typing import Any

import numpy as np

from bayesmixed.design.matrix import MatrixRecipe, Part
from bayesmixed.formula.expression import Expression

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Combination = dict[int, float]

VOLUME_TOLERANCE = 1e-6
"""Logarithm of a determinant that counts as that of 1."""

MOST_PARTS = 1024
"""Summands of a column multiplied out beyond which its numbers stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMoments:
    """What all rows say of the p columns of a matrix."""

    means: FloatArray  # shape (p,)
    # which columns are the same in every row, booleans of shape (p,); their means stay
    constant: np.ndarray[Any, np.dtype[np.bool_]]
    # from a map of shape (p, p) to the means of the mapped columns
    means_of: Callable[[FloatArray], FloatArray]
    # sum over the rows of the product of two combinations of columns, given by their weights
    inner: Callable[[FloatArray, FloatArray], float]


def no_centring(k: int) -> FloatArray:
    """Map that leaves k columns as they are."""
    return np.eye(k)


def block_diagonal(matrices: Sequence[FloatArray]) -> FloatArray:
    """Square matrices along the diagonal of one."""
    ends = np.cumsum([0, *(len(each) for each in matrices)])
    out = np.zeros((ends[-1], ends[-1]))
    for start, end, each in zip(ends, ends[1:], matrices, strict=False):
        out[start:end, start:end] = each
    return out


def centred_columns(matrix: FloatArray, centring: FloatArray) -> FloatArray:
    """Centred columns of a matrix, shape (n, k): the product with C, in which most entries are zero."""
    beyond = centring - np.eye(len(centring))
    used, moved = np.flatnonzero(beyond.any(axis=1)), np.flatnonzero(beyond.any(axis=0))
    out = np.array(matrix, dtype=np.float64)
    out[:, moved] += matrix[:, used] @ beyond[np.ix_(used, moved)]
    return out


def mean_centring(means: FloatArray) -> FloatArray:
    """Map to columns less their means, of which the first is the intercept."""
    centring = np.eye(len(means))
    centring[0, 1:] = -means[1:]
    return centring


def product_centring(
    columns: Sequence[ColumnProduct],
    levels: Mapping[str, Coding],
    moments: ColumnMoments,
    left_out: Mapping[ColumnProduct, Combination],
) -> FloatArray:
    """Map to columns whose numbers are centred before they are multiplied, shape (p, p)."""
    span, centring = _Span(columns, levels, left_out), np.eye(len(columns))
    means = _means(span, columns, moments)
    for j, column in enumerate(columns):
        numbers = dict(column.numbers)
        if not numbers or (not column.cells and sum(numbers.values()) == 1 and _is_one(columns[0])):
            continue
        chosen: dict[str, float] = {}
        for name in numbers:
            wider = chosen | {name: means[name]} if name in means else chosen
            if _multiplied_out(span, column, wider) is not None:
                chosen = wider
        for place, value in (_multiplied_out(span, column, chosen) or {}).items():
            centring[place, j] = value
    keeps_volume = abs(np.linalg.slogdet(centring)[1]) < VOLUME_TOLERANCE
    return centring if keeps_volume else np.eye(len(columns))


def _is_one(column: ColumnProduct) -> bool:
    """Whether a column is an intercept."""
    return not column.cells and not column.numbers


def _means(span: _Span, columns: Sequence[ColumnProduct], moments: ColumnMoments) -> dict[str, float]:
    """Mean of every number over the rows, or where no combination of columns is the number over a column.

    In ``z + z:c`` the number c is seen only where z is: its mean there has the weights z^2, and a shift of c
    moves it as much as any mean.
    """
    found: dict[str, float] = {}
    for column in columns:
        for name, power in column.numbers:
            if name in found:
                continue
            alone = span.express(frozenset(), ((name, 1),))
            if alone is not None:
                found[name] = sum(value * float(moments.means[j]) for j, value in alone.items())
            elif power == 1:
                rest = tuple(pair for pair in column.numbers if pair[0] != name)
                lower, whole = span.express(column.cells, rest), span.express(column.cells, column.numbers)
                if lower is not None and whole is not None:
                    below, above = (_vector(each, len(columns)) for each in (lower, whole))
                    found[name] = moments.inner(above, below) / moments.inner(below, below)
    return found


def _vector(combination: Combination, p: int) -> FloatArray:
    """Weights of all columns in a combination, shape (p,)."""
    out = np.zeros(p)
    for place, value in combination.items():
        out[place] = value
    return out


def _multiplied_out(span: _Span, column: ColumnProduct, means: Mapping[str, float]) -> Combination | None:
    """Columns that make up one whose numbers are less their means, None where a lower one is missing."""
    ranges = [range(power + 1) if name in means else (power,) for name, power in column.numbers]
    if prod(len(each) for each in ranges) > MOST_PARTS:
        return None
    total: Combination = {}
    for powers in product(*ranges):
        weight = 1.0
        left = []
        for (name, power), kept in zip(column.numbers, powers, strict=True):
            if kept < power:
                weight *= comb(power, kept) * (-means[name]) ** (power - kept)
            if kept:
                left.append((name, kept))
        found = span.express(column.cells, tuple(left))
        if found is None:
            return None
        for place, value in found.items():
            total[place] = total.get(place, 0.0) + weight * value
    return total


class _Span:
    """Which products are columns of a matrix, or combinations of some."""

    def __init__(
        self,
        columns: Sequence[ColumnProduct],
        codings: Mapping[str, Coding],
        left_out: Mapping[ColumnProduct, Combination],
    ) -> None:
        self.codings = codings
        self.places = {(column.cells, column.numbers): j for j, column in enumerate(columns)}
        self.known: dict[tuple[Cells, Numbers], Combination | None] = {
            (column.cells, column.numbers): combination for column, combination in left_out.items()
        }

    def express(self, cells: Cells, numbers: Numbers) -> Combination | None:
        """Combination of columns that a product is, by their places."""
        key = (cells, numbers)
        if key in self.places:
            return {self.places[key]: 1.0}
        if key not in self.known:
            self.known[key] = None  # while it is looked for, so that no search goes in circles
            self.known[key] = next(self._combinations(cells, numbers), None)
        return self.known[key]

    def _combinations(self, cells: Cells, numbers: Numbers) -> Iterator[Combination]:
        """Ways to make a product of others: the level left over, or the sum over all levels."""
        for factor, coding in self.codings.items():
            held = {level for name, level in cells if name == factor}
            if not held:
                yield from self._sum([(1.0, cells | {(factor, level)}) for level in coding.levels], numbers)
            elif held == {coding.base}:
                rest = cells - {(factor, coding.base)}
                others = [(-1.0, rest | {(factor, o)}) for o in coding.levels if o != coding.base]
                yield from self._sum([(1.0, rest), *others], numbers)

    def _sum(self, parts: Sequence[tuple[float, Cells]], numbers: Numbers) -> Iterator[Combination]:
        """Sum of products, where each can be expressed."""
        total: Combination = {}
        for weight, cells in parts:
            found = self.express(cells, numbers)
            if found is None:
                return
            for place, value in found.items():
                total[place] = total.get(place, 0.0) + weight * value
        yield total


def inverse(centring: FloatArray) -> FloatArray:
    """Map from effects at zero to centred ones; where nothing moves it is exact."""
    return np.asarray(np.linalg.inv(centring))


def moved_covariance(sd: FloatArray, corr: FloatArray, move: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standard deviations and correlations of effects M u from those of effects u.

    Shapes: `sd` (..., k), `corr` (..., k, k), `move` (k, k).

    Returns: shapes (..., k) and (..., k, k); the arguments themselves where nothing moves.
    """
    if np.array_equal(move, np.eye(len(move))):
        return sd, corr
    covariance = move @ (sd[..., :, None] * corr * sd[..., None, :]) @ move.T
    covariance = 0.5 * (covariance + np.swapaxes(covariance, -1, -2))
    moved = np.sqrt(np.maximum(np.einsum("...kk->...k", covariance), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(covariance / (moved[..., :, None] * moved[..., None, :]), -1.0, 1.0)
    ratio = np.where(np.isfinite(ratio), ratio, 0.0)
    k = np.arange(len(move))
    ratio[..., k, k] = 1.0
    return moved, ratio


Cells = frozenset[tuple[str, str]]
Numbers = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ColumnProduct:
    """A column as a product."""

    cells: Cells  # pairs of a categorical factor and a level or contrast, whose indicators are multiplied
    numbers: Numbers  # pairs of a number's name and its power, sorted


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
