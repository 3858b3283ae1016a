"""What the data look like to a model: matrices, codes and levels, with the recipe that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.formula.terms import ParsedFormula

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The left side of the formula, evaluated.

    Attributes
    ----------
    name : str
        As written, e.g. ``"log(Reaction)"``.
    values : FloatArray
        Shape (n,).
    """

    name: str
    values: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedDesign:
    """The matrix X of the fixed effects.

    Attributes
    ----------
    matrix : FloatArray
        Shape (n, p), uncentred; an intercept is column 0.
    terms : tuple[str, ...]
        The p column names, e.g. ``("Intercept", "Days", "sex[T.male]")``.
    has_intercept : bool
        Whether column 0 is an explicit intercept.
    means, scales : FloatArray
        Column means and sample standard deviations (n - 1), shape (p,): 0 and 1 for the intercept. A constant
        column that is not the intercept has its root mean square as scale.
    recipe : object
        What encodes new data in the same way (levels, transform state).
    """

    matrix: FloatArray
    terms: tuple[str, ...]
    has_intercept: bool
    means: FloatArray
    scales: FloatArray
    recipe: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBlock:
    """All columns of Z that share one grouping factor, from one bar or several.

    Attributes
    ----------
    group : str
        Name of the grouping factor, e.g. ``"Subject"`` or ``"batch:cask"``.
    effects : tuple[str, ...]
        Names of the k varying effects, e.g. ``("Intercept", "Days")``.
    columns : FloatArray
        Value of every effect in every row, shape (n, k).
    codes : IntArray
        Level of every row, shape (n,), values 0 to J - 1.
    levels : tuple[str, ...]
        Labels of the J observed levels, in the order of the codes; an interaction's are joined by ``:``.
    correlated : tuple[int, ...]
        Sizes of the consecutive sets of effects that are correlated among themselves; they sum to k.
        ``(Days | Subject)`` gives ``(2,)``, ``(Days || Subject)`` gives ``(1, 1)``.
    scales : FloatArray
        Sample standard deviation of every column, 1 for an intercept, shape (k,); a constant column that is
        not an intercept has its root mean square.
    recipes : tuple
        What encodes new data for each bar in the same way.
    """

    group: str
    effects: tuple[str, ...]
    columns: FloatArray
    codes: IntArray
    levels: tuple[str, ...]
    correlated: tuple[int, ...]
    scales: FloatArray
    recipes: tuple[Any, ...]

    @property
    def has_correlation(self) -> bool:
        """Whether any two effects of the factor are correlated."""
        return any(size > 1 for size in self.correlated)

    @property
    def n_effects(self) -> int:
        """Number of varying effects, k."""
        return len(self.effects)

    @property
    def n_levels(self) -> int:
        """Number of observed levels, J."""
        return len(self.levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Everything a linear mixed model needs to know of its data.

    Attributes
    ----------
    formula : ParsedFormula
        What was asked.
    response : Response
        Left side.
    fixed : FixedDesign
        X.
    blocks : tuple[GroupBlock, ...]
        One for each grouping factor, by decreasing number of levels, then as written.
    offset : FloatArray
        Shape (n,), zeros where none was given.
    weights : FloatArray or None
        Shape (n,), prior weights; the residual variance of a row is sigma^2 / weight.
    frame : pandas.DataFrame
        The rows used, all columns, original index.
    n_dropped : int
        Rows left out because a value that the model needs is missing.
    """

    formula: ParsedFormula
    response: Response
    fixed: FixedDesign
    blocks: tuple[GroupBlock, ...]
    offset: FloatArray
    weights: FloatArray | None
    frame: pd.DataFrame
    n_dropped: int

    @property
    def n_rows(self) -> int:
        """Number of rows used."""
        return len(self.response.values)

    def block(self, group: str) -> GroupBlock:
        """Block of a grouping factor, by name (KeyError when there is none)."""
        return {block.group: block for block in self.blocks}[group]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedData:
    """New data, encoded by the recipe of a design.

    Attributes
    ----------
    fixed : FloatArray
        X of the new rows, shape (m, p).
    columns : tuple[FloatArray, ...]
        For each block the effect columns, shape (m, k).
    codes : tuple[IntArray, ...]
        For each block the level of every row, shape (m,); -1 and below count new levels: the first new one is
        -1, the next -2.
    new_levels : tuple[tuple[str, ...], ...]
        For each block the labels of its new levels, in the order of their negative codes.
    offset : FloatArray
        Shape (m,).
    frame : pandas.DataFrame
        The new rows.
    """

    fixed: FloatArray
    columns: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]
    new_levels: tuple[tuple[str, ...], ...]
    offset: FloatArray
    frame: pd.DataFrame
