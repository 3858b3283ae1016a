"""Smooths of a formula: straight lines among the fixed effects, and blocks of what is penalized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.covariances.covariance import Covariances
from bayesmixed.covariances.diagonal import Diagonal
from bayesmixed.design.evaluate import State, evaluate, numbers
from bayesmixed.design.frame import Column, as_kind, kind_of
from bayesmixed.design.matrix import MatrixRecipe, build_matrix
from bayesmixed.design.meeting import Meeting
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.errors import DataError
from bayesmixed.formula.algebra import INTERCEPT_ALONE, Algebra, Term
from bayesmixed.formula.expression import Expression
from bayesmixed.formula.grouping import Grouping
from bayesmixed.formula.smooth import Smooth
from bayesmixed.names import SMOOTH
from bayesmixed.printing.records import short_repr

NOTHING = Grouping(term=Term(factors=()))
"""What groups the rows of a smooth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothRecipe:
    """What encodes new data for one smooth, in the form of a bar's.

    Attributes
    ----------
    matrix : MatrixRecipe
        Of its only effect, a one.
    smooth : Smooth
        What was asked.
    level : str or None
        Of the factor ``by`` for whose rows it is.
    state : State
        Knots and scale.
    size : float
        What its columns are divided by beyond that, where it is multiplied by a number.
    kinds : dict[str, str]
        What every column of the data held.
    group : Grouping
        Nothing: it does not have groups.
    """

    matrix: MatrixRecipe
    smooth: Smooth
    level: str | None
    state: State
    size: float
    kinds: dict[str, str]
    group: Grouping = NOTHING

    __repr__ = short_repr

    @property
    def expression(self) -> Expression:
        """What gives its columns."""
        return self.smooth.basis(is_centred=self.smooth.by is None or self.level is not None)

    def basis(self, columns: Mapping[str, Column]) -> FloatArray:
        """Columns of the penalized part in any rows, shape (n, J)."""
        held = {name: as_kind(name, columns[name], kind) for name, kind in self.kinds.items()}
        basis = np.asarray(evaluate(self.expression, held, self.state)) / self.size
        multiplier = _multiplier(self.smooth.by, self.level, held)
        return basis if multiplier is None else basis * multiplier[:, None]

    def meet(self, columns: Mapping[str, Column], n: int) -> tuple[Meeting, tuple[str, ...]]:  # noqa: ARG002
        """How much of every penalized column each row has."""
        basis = self.basis(columns)
        every = np.arange(basis.shape[1])
        codes = np.broadcast_to(every, basis.shape)
        return Meeting(codes, np.ascontiguousarray(basis)), tuple(str(j + 1) for j in every)


def with_trends(algebra: Algebra, smooths: Sequence[Smooth], columns: Mapping[str, Column]) -> Algebra:
    """Fixed side with the straight lines of the smooths, which are not penalized."""
    terms = {term.key: term for term in algebra.terms}
    expressions = list(algebra.expressions)
    for smooth in smooths:
        new = [Term(factors=(smooth.trend,))]
        if smooth.by is not None:
            new = [Term(factors=(smooth.trend, smooth.by))]
            if _levels(smooth.by, columns) is None:
                new.insert(0, Term(factors=(smooth.by,)))
        for term in new:
            terms.setdefault(term.key, term)
        known = {each.key for each in expressions}
        added = [each for term in new for each in term.factors if each.key not in known]
        expressions += dict.fromkeys(added)
    return replace(algebra, terms=tuple(terms.values()), expressions=tuple(expressions))


def smooth_blocks(smooths: Sequence[Smooth], columns: Mapping[str, Column], n: int) -> tuple[GroupBlock, ...]:
    """Blocks of the penalized parts, one for each smooth and level of a factor that it is by."""
    return tuple(block for smooth in smooths for block in _blocks(smooth, columns, n))


def _blocks(smooth: Smooth, columns: Mapping[str, Column], n: int) -> Iterator[GroupBlock]:
    """Blocks of one smooth."""
    levels = None if smooth.by is None else _levels(smooth.by, columns)
    ones, matrix = build_matrix(INTERCEPT_ALONE, columns, n)
    names = dict.fromkeys(name for each in smooth.expressions for name in each.columns)
    kinds = {name: kind_of(columns[name]) for name in names}
    state: State = {}
    for level in (None,) if levels is None else levels:
        recipe = SmoothRecipe(matrix=matrix, smooth=smooth, level=level, state=state, size=1.0, kinds=kinds)
        if smooth.by is not None and level is None:
            size = float(np.sqrt(np.mean(np.sum(recipe.basis(columns) ** 2, axis=1))))
            if size == 0.0:
                raise DataError(f"{smooth.by.text!r} in {smooth.text} is zero in every row.")
            recipe = replace(recipe, size=size)
        meeting, labels = recipe.meet(columns, n)
        name = smooth.name if level is None else f"{smooth.name}[{level}]"
        yield GroupBlock(
            group=name,
            effects=(SMOOTH,),
            columns=ones,
            meeting=meeting,
            levels=labels,
            covariances=Covariances(Diagonal.of_bar(1)),
            centring=np.eye(1),
            scales=np.ones(1),
            recipes=(recipe,),
            keys=(frozenset([(("s", ()), SMOOTH)]),),
            group_key=frozenset([(("s", (name,)), "")]),
            is_smooth=True,
        )


def _levels(by: Expression, columns: Mapping[str, Column]) -> list[str] | None:
    """Levels of what a smooth is by, None of a number."""
    value = _value(by, columns)
    if isinstance(value, pd.Categorical):
        return [str(level) for level in value.categories]
    return [str(level) for level in np.unique(value)] if np.asarray(value).dtype.kind == "b" else None


def _multiplier(by: Expression | None, level: str | None, columns: Mapping[str, Column]) -> FloatArray | None:
    """What the basis is multiplied by in every row."""
    if by is None:
        return None
    value = _value(by, columns)
    if level is None:
        return numbers(value)
    return np.asarray(np.asarray(value).astype(str) == level, dtype=np.float64)


def _value(by: Expression, columns: Mapping[str, Column]) -> Any:
    """Value of what a smooth is by, as an array or a Categorical."""
    value = evaluate(by, columns, {})
    value = getattr(value, "__wrapped__", value)
    return (
        value.array
        if isinstance(value, pd.Series) and isinstance(value.dtype, pd.CategoricalDtype)
        else value
    )
