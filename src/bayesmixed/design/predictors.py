"""The columns that predict: what kind each is, its levels, and a typical value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.design.encode import predictor_columns
from bayesmixed.design.frame import Column, kind_of, pick, tidy_all
from bayesmixed.design.records import Design
from bayesmixed.errors import DataError, near_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A column of the data that a model predicts from.

    Attributes
    ----------
    name : str
        Of the column.
    values : ndarray or Categorical
        In every row used, shape (n,).
    levels : tuple
        What it takes, in order, when it is categorical: text, booleans, and numbers that the formula turns
        into a factor. Empty for a number.
    typical : object
        The mean of a number, the most frequent level otherwise (the first of several).
    """

    name: str
    values: Column
    levels: tuple[Any, ...]
    typical: Any

    @property
    def is_categorical(self) -> bool:
        """Whether it has levels."""
        return bool(self.levels)


def predictors(design: Design) -> dict[str, Predictor]:
    """Columns that a model predicts from, the parts of its grouping factors among them."""
    columns = tidy_all(pick(design.frame, predictor_columns(design)))
    factors = _turned_into_factors(design) | set(grouping_columns(design))
    return {name: _predictor(name, values, name in factors) for name, values in columns.items()}


def predictor(design: Design, name: str) -> Predictor:
    """Predictor of a name that a user gave."""
    known = predictors(design)
    if not isinstance(name, str) or name not in known:
        if isinstance(name, str) and name in _of_random_effects(design):
            raise DataError(
                f"{name!r} predicts through random effects alone, which are left out here. "
                "Write effects='all'."
            )
        raise DataError(f"The model does not predict from a column {name!r}. {near_names(str(name), known)}")
    return known[name]


def _of_random_effects(design: Design) -> set[str]:
    """Columns that any bar of the formula names, whether or not it takes part."""
    return {name for bar in design.formula.random for name in (*bar.group.columns, *bar.effects.columns)}


def grouping_columns(design: Design) -> list[str]:
    """Columns that the grouping factors of a design are made of, in order of appearance."""
    parts = [part for block in design.blocks for part in block.recipes[0].group]
    return list(dict.fromkeys(name for part in parts for name in part.columns))


def _turned_into_factors(design: Design) -> set[str]:
    """Columns that some expression of the formula codes as a factor."""
    recipes = [design.fixed.recipe.matrix]
    recipes += [bar.matrix for block in design.blocks for bar in block.recipes]
    coded: set[str] = set()
    for recipe in recipes:
        states = recipe.spec.encoder_state
        for expression in recipe.expressions:
            if expression.text in states and "categories" in states[expression.text][1]:
                coded |= set(expression.columns)
    return coded


def _predictor(name: str, values: Column, is_factor: bool) -> Predictor:
    """Predictor of one tidy column."""
    if isinstance(values, pd.Categorical):
        levels: Sequence[Any] = values.categories.tolist()
        counts = np.bincount(values.codes, minlength=len(levels))
    elif is_factor or kind_of(values) != "numbers":
        found, counts = np.unique(values, return_counts=True)
        levels = found.tolist()
    else:
        return Predictor(name=name, values=values, levels=(), typical=float(np.mean(values)))
    return Predictor(name=name, values=values, levels=tuple(levels), typical=levels[int(counts.argmax())])
