"""The predictors of a simulated study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bayesmixed.design.records import IntArray
from bayesmixed.errors import DataError, near_names
from bayesmixed.formula.algebra import columns_of
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.options import PredictorKind, one_of
from bayesmixed.simulate.layout import Layout

Predictor = str | ArrayLike | Mapping[str, str | ArrayLike]


def predictor_columns(parsed: ParsedFormula) -> tuple[str, ...]:
    """Columns that the fixed side, the effects of the bars and the offsets of a formula need.

    Returns: in order of appearance.
    """
    effects = [each for bar in parsed.random for each in bar.effects.expressions]
    return columns_of([*parsed.fixed.expressions, *effects, *parsed.offsets])


def add_predictors(
    layout: Layout,
    wanted: Sequence[str],
    chosen: Mapping[str, Predictor],
    factors: Mapping[str, tuple[str, ...]],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Put the predictors beside the grouping columns."""
    needed = [name for name in wanted if name not in layout.frame]
    for name in chosen:
        if name not in needed:
            known = near_names(str(name), needed)
            raise DataError(f"predictors= names {name!r}, which is not a predictor of the formula. {known}")
    columns = {name: _column(name, chosen.get(name, "normal"), layout, factors, rng) for name in needed}
    return pd.concat([layout.frame, pd.DataFrame(columns, index=layout.frame.index)], axis=1)


def _column(
    name: str,
    how: Predictor,
    layout: Layout,
    factors: Mapping[str, tuple[str, ...]],
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Values of one predictor, shape (n,)."""
    if not isinstance(how, Mapping):
        return _values(name, how, layout.position, rng)
    if len(how) != 1:
        raise DataError(f"predictors[{name!r}] needs one grouping factor, e.g. {{'school': 'normal'}}.")
    group, of_level = next(iter(how.items()))
    if group not in factors:
        raise DataError(f"predictors[{name!r}] names {group!r}. {near_names(str(group), factors)}")
    codes = layout.frame.groupby(list(factors[group]), sort=False).ngroup().to_numpy()
    return _values(name, of_level, np.arange(codes.max() + 1), rng)[codes]


def _values(name: str, how: str | ArrayLike, position: IntArray, rng: np.random.Generator) -> NDArray[Any]:
    """Values for rows, or levels, that are numbered within their groups."""
    if isinstance(how, str):
        one_of(how, PredictorKind, f"predictors[{name!r}]")
        return rng.standard_normal(len(position)) if how == "normal" else position
    values = np.asarray(how)
    if values.shape == position.shape:
        return values
    largest = int(position.max()) + 1
    if values.ndim != 1 or not 1 <= len(values) <= largest:
        raise DataError(
            f"predictors[{name!r}] has shape {values.shape}; give {len(position)} values, or at most "
            f"{largest}, which are repeated within every group."
        )
    return values[position % len(values)]
