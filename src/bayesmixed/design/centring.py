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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb, prod
from typing import Any

import numpy as np

from bayesmixed.formula.expression import Expression

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Cells = frozenset[tuple[str, str]]
Numbers = tuple[tuple[str, int], ...]
Combination = dict[int, float]

MOST_PARTS = 1024
"""Summands of a column multiplied out beyond which its numbers stay as they are."""


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
    """Map to columns less their means, of which the first is the intercept.

    Examples
    --------
    >>> mean_centring(np.array([1.0, 4.5]))
    array([[ 1. , -4.5],
           [ 0. ,  1. ]])
    """
    centring = np.eye(len(means))
    centring[0, 1:] = -means[1:]
    return centring


def product_centring(
    columns: Sequence[ColumnProduct], levels: Mapping[str, Coding], means: FloatArray
) -> FloatArray:
    """Map to columns whose numbers are centred before they are multiplied.

    Parameters
    ----------
    columns : sequence of ColumnProduct
        From :func:`column_products`, or some of them.
    levels : Mapping[str, Coding]
        From :func:`codings`.
    means : FloatArray
        Of the columns, shape (p,).

    Returns
    -------
    FloatArray
        Shape (p, p), determinant 1; a number that is a column by itself beside an intercept stays as it is.
    """
    span, centring = _Span(columns, levels), np.eye(len(columns))
    for j, column in enumerate(columns):
        numbers = dict(column.numbers)
        if not numbers or (not column.cells and sum(numbers.values()) == 1 and _is_one(columns[0])):
            continue
        chosen: dict[str, float] = {}
        for name in numbers:
            mean = _mean(span, name, means)
            if mean is not None and _multiplied_out(span, column, chosen | {name: mean}) is not None:
                chosen[name] = mean
        for place, value in (_multiplied_out(span, column, chosen) or {}).items():
            centring[place, j] = value
    return centring


def _is_one(column: ColumnProduct) -> bool:
    """Whether a column is an intercept."""
    return not column.cells and not column.numbers


def _mean(span: _Span, name: str, means: FloatArray) -> float | None:
    """Mean of a number over the rows, None where no combination of columns is the number."""
    found = span.express(frozenset(), ((name, 1),))
    return None if found is None else sum(value * float(means[j]) for j, value in found.items())


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

    def __init__(self, columns: Sequence[ColumnProduct], codings: Mapping[str, Coding]) -> None:
        self.codings = codings
        self.places = {(column.cells, column.numbers): j for j, column in enumerate(columns)}
        self.known: dict[tuple[Cells, Numbers], Combination | None] = {}

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


@dataclass(frozen=True, slots=True)
class Coding:
    """Levels of a categorical factor, and the one without a column of its own under treatment contrasts."""

    levels: tuple[str, ...]
    base: str | None


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


def column_products(spec: Any, expressions: Sequence[Expression]) -> tuple[ColumnProduct, ...]:
    """Every column of a matrix as a product; one that cannot be read is a level of its own.

    Parameters
    ----------
    spec : formulaic.ModelSpec
        Of the matrix.
    expressions : sequence of Expression
        What its factors compute.
    """
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


def inverse(centring: FloatArray) -> FloatArray:
    """Map from effects at zero to centred ones; where nothing moves it is exact."""
    return np.asarray(np.linalg.inv(centring))


def moved_covariance(sd: FloatArray, corr: FloatArray, move: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standard deviations and correlations of effects M u from those of effects u.

    Parameters
    ----------
    sd : FloatArray
        Shape (..., k).
    corr : FloatArray
        Shape (..., k, k).
    move : FloatArray
        M, shape (k, k): C leads from centred effects to effects at zero, its inverse back.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Shapes (..., k) and (..., k, k); the arguments themselves where nothing moves.
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
