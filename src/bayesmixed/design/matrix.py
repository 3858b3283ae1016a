"""A sum of terms as a matrix, with what encodes new data in the same way."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.design.evaluate import State, check_finite, evaluate
from bayesmixed.design.frame import Column, as_kind, kind_of
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import DataError
from bayesmixed.formula.algebra import Algebra, ColumnKey
from bayesmixed.formula.expression import Expression, FactorKey
from bayesmixed.names import INTERCEPT
from bayesmixed.printing.records import short_repr
from bayesmixed_program import ctrl_c_waits


@dataclass(frozen=True, slots=True)
class Part:
    """One column of a factor: what tables add to the factor's name, and whether contrasts left one out."""

    factor: str
    label: str
    reduced: bool


@dataclass(frozen=True, slots=True)
class MatrixColumn:
    """A column of a matrix: its name, what it means, and of what it is the product."""

    name: str
    key: ColumnKey
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRecipe:
    """What a sum of terms remembers of the data it was built from."""

    spec: Any  # columns of every term, and levels of every categorical factor
    columns: tuple[MatrixColumn, ...]  # in the order of the matrix
    expressions: tuple[Expression, ...]  # what its factors compute
    state: dict[str, State]  # for every expression the memory of its transforms
    kinds: dict[str, str]  # what every column of the data held: `"numbers"`, `"text"` or `"booleans"`

    __repr__ = short_repr

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of the matrix."""
        return tuple(column.name for column in self.columns)

    @property
    def has_intercept(self) -> bool:
        """Whether the first column is an explicit intercept."""
        return bool(self.columns) and not self.columns[0].parts


def build_matrix(algebra: Algebra, columns: Mapping[str, Column], n: int) -> tuple[FloatArray, MatrixRecipe]:
    """Build the matrix of a sum of terms. Shapes: `columns` (n,); returns (n, p)."""
    state: dict[str, State] = {expression.text: {} for expression in algebra.expressions}
    matrix, recipe = multiply_out(
        algebra,
        _factors(algebra.expressions, state, columns, n, {}),
        n,
        state=state,
        kinds={name: kind_of(columns[name]) for name in algebra.columns},
    )
    for name, values in zip(recipe.names, matrix.T, strict=True):
        check_finite(values, name)
    return matrix, recipe


def multiply_out(
    algebra: Algebra, values: Mapping[str, Any], n: int, *, state: dict[str, State], kinds: dict[str, str]
) -> tuple[FloatArray, MatrixRecipe]:
    """Matrix of a sum of terms from the values of its factors, shape (n, p), and what it remembers."""
    with ctrl_c_waits():
        from formulaic import SimpleFormula
        from formulaic.parser.types import Factor, Term

    one = Factor("1", eval_method="literal")
    terms = [
        Term([Factor(factor.text, eval_method="lookup") for factor in term.factors] or [one])
        for term in algebra.terms
    ]
    labels: list[list[tuple[str, ...]]] = []
    matrix, spec = assemble(SimpleFormula(terms, _ordering="none"), values, n, labels=labels)
    columns = tuple(_columns(spec, labels, {factor.text: factor.key for factor in algebra.expressions}))
    _check_columns(spec, columns)
    return matrix, MatrixRecipe(
        spec=spec, columns=columns, expressions=algebra.expressions, state=state, kinds=kinds
    )


def _columns(
    spec: Any, labels: Sequence[Sequence[tuple[str, ...]]], keys: Mapping[str, FactorKey]
) -> Iterator[MatrixColumn]:
    """Columns of a matrix, given the names of the columns of every factor of every product of them."""
    products = iter(labels)
    for term in spec.structure:
        found: dict[str, MatrixColumn] = {}
        for scoped in term.scoped_terms:
            factors = [(str(each.factor.expr), each.reduced) for each in scoped.factors]
            of_factors = next(products) if factors else []
            for chosen in product(*reversed(of_factors)):
                name = ":".join(reversed(chosen)) or INTERCEPT
                parts = tuple(
                    Part(factor, label.removeprefix(factor), reduced)
                    for (factor, reduced), label in zip(factors, reversed(chosen), strict=True)
                )
                found[name] = MatrixColumn(name, frozenset((keys[p.factor], p.label) for p in parts), parts)
        yield from found.values()


def _check_columns(spec: Any, columns: Sequence[MatrixColumn]) -> None:
    """Refuse a term without columns, which is a factor with one level, and a name that two columns share.

    The intercept's is one that no other column may have.
    """
    for term in spec.structure:
        if not term.columns:
            raise DataError(
                f"{str(term.term)!r} has only one level in the rows used. Leave it out of the formula."
            )
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"Two columns of the design are called {twice!r}; rename the column of the data.")
    if any(column.name == INTERCEPT and column.parts for column in columns):
        raise DataError(
            f"The column {INTERCEPT!r} of the data has the name of the model's intercept. Rename it; an "
            "intercept does not need a column: write 1."
        )


def apply_recipe(recipe: MatrixRecipe, columns: Mapping[str, Column], n: int) -> FloatArray:
    """Build the same columns for new data. Shapes: `columns` (n,); returns (n, p)."""
    matrix, _ = assemble(recipe.spec, recipe_factors(recipe, columns, n), n)
    for name, values in zip(recipe.names, matrix.T, strict=True):
        check_finite(values, name)
    return matrix


def recipe_factors(recipe: MatrixRecipe, columns: Mapping[str, Column], n: int) -> dict[str, Any]:
    """Values of the factors for new data, by name, as `factor_values`."""
    held = {name: as_kind(name, columns[name], kind) for name, kind in recipe.kinds.items()}
    return _factors(recipe.expressions, copy.deepcopy(recipe.state), held, n, recipe.spec.encoder_state)


def _factors(
    expressions: tuple[Expression, ...],
    state: dict[str, State],
    columns: Mapping[str, Column],
    n: int,
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """Values of factors by name; levels that are not `known` are refused."""
    values = {}
    for expression in expressions:
        value = factor_values(expression, evaluate(expression, columns, state[expression.text]), n)
        _check_levels(expression, value, known)
        values[expression.text] = value
    return values


def assemble(
    spec: Any,
    values: Mapping[str, Any],
    n: int,
    *,
    full_rank: bool = True,
    labels: list[list[tuple[str, ...]]] | None = None,
) -> tuple[FloatArray, Any]:
    """Multiply the values of the factors out to the columns of a matrix, shape (n, p).

    `labels` gets the names of the columns of the factors of every product, in the order of the matrix.
    """
    from formulaic.errors import FormulaicError
    from formulaic.materializers import PandasMaterializer
    from formulaic.materializers.types import EvaluatedFactor
    from formulaic.parser.types import Factor

    materializer = PandasMaterializer(pd.DataFrame(index=range(n)))
    for name, factor_value in values.items():
        factor = Factor(name, eval_method="lookup")
        materializer.factor_cache[name] = EvaluatedFactor(factor=factor, values=factor_value)
    if labels is not None:
        columns_of_product = materializer._get_columns_for_term

        def noted(factors: list[dict[str, Any]], **options: Any) -> Any:
            labels.append([tuple(factor) for factor in factors])
            return columns_of_product(factors, **options)

        materializer._get_columns_for_term = noted
    try:
        with np.errstate(all="ignore"):
            built = materializer.get_model_matrix(
                spec, output="numpy", na_action="ignore", ensure_full_rank=full_rank
            )
    except (FormulaicError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"The terms cannot be turned into columns: {str(error).splitlines()[0]}") from None
    matrix = np.ascontiguousarray(np.asarray(built, dtype=np.float64).reshape(n, -1))
    return matrix, built.model_spec


def factor_values(expression: Expression, value: Any, n: int) -> Any:
    """Wrap what an expression gave for formulaic: levels of text or booleans, or numeric columns."""
    from formulaic.materializers.types import FactorValues
    from formulaic.parser.types import Factor

    if isinstance(value, FactorValues):
        unknown = value.__formulaic_metadata__.kind is Factor.Kind.UNKNOWN
        return FactorValues(value, kind=Factor.Kind.NUMERICAL) if unknown else value
    array = np.asarray(value)
    if isinstance(value, pd.Categorical) or array.dtype.kind == "b":
        levels = pd.Series(pd.Categorical(value))
        return FactorValues(levels, kind=Factor.Kind.CATEGORICAL, spans_intercept=True)
    if array.dtype.kind not in "iuf" or array.ndim > 2 or (array.ndim and len(array) != n):
        advice = " Convert dates to numbers in the data first." if array.dtype.kind in "mM" else ""
        raise DataError(f"{expression.text!r} does not give one number per row.{advice}")
    shape = (n,) if array.ndim == 0 else array.shape
    return FactorValues(np.broadcast_to(array.astype(np.float64), shape), kind=Factor.Kind.NUMERICAL)


def _check_levels(expression: Expression, values: Any, known: Mapping[str, Any]) -> None:
    if expression.text not in known or "categories" not in known[expression.text][1]:
        return
    categories = known[expression.text][1]["categories"]
    unseen = [level for level in pd.Series(values.__wrapped__).unique() if level not in categories]
    if unseen:
        listed = ", ".join(repr(str(level)) for level in unseen[:5])
        raise DataError(
            f"{expression.text!r} has levels that the model has not seen: {listed}. "
            f"It knows {', '.join(repr(str(c)) for c in categories[:10])}."
        )
