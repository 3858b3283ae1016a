"""The rows of a simulated study: which level of every grouping factor each row belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bayesmixed.design.records import IntArray
from bayesmixed.errors import DataError, near_names
from bayesmixed.formula.algebra import columns_of
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.options import PredictorKind, one_of

Levels = int | Sequence[int] | Sequence[str]
Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Rows of a study before anything is measured."""

    frame: pd.DataFrame  # the grouping columns, n rows
    position: IntArray  # number of the row within its group, from 0, shape (n,)


def grouping_factors(parsed: ParsedFormula) -> dict[str, tuple[str, ...]]:
    """Columns behind every grouping factor of a formula."""
    return {bar.group.name: bar.group.columns for bar in parsed.random}


def make_layout(
    factors: Mapping[str, tuple[str, ...]], groups: Mapping[str, Levels], per_group: int | Sequence[int]
) -> Layout:
    """Lay out the rows of a study, every combination of the levels a group of rows."""
    _check_names(groups, [column for columns in factors.values() for column in columns])
    cells: list[Cell] = [()]
    for name, levels in groups.items():
        labels = _labels(name, levels, len(cells))
        cells = [(*cell, label) for cell, own in zip(cells, labels, strict=True) for label in own]
    sizes = _sizes(per_group, cells)
    rows = [cell for cell, size in zip(cells, sizes, strict=True) for _ in range(size)]
    position = np.concatenate([np.arange(size) for size in sizes])
    frame = pd.DataFrame(rows, columns=list(groups), index=range(len(rows)))
    return Layout(frame=frame, position=position.astype(np.int64))


def _check_names(groups: Mapping[str, Levels], wanted: Sequence[str]) -> None:
    """Refuse levels of columns that the formula does not group by, and missing ones."""
    for name in groups:
        if name not in wanted:
            known = near_names(str(name), dict.fromkeys(wanted))
            raise DataError(f"groups= names {name!r}, which is not a grouping column of the formula. {known}")
    missing = [name for name in dict.fromkeys(wanted) if name not in groups]
    if missing:
        example = ", ".join(f"{name!r}: 10" for name in missing)
        raise DataError(
            f"groups= does not say how many levels {' and '.join(map(repr, missing))} "
            f"{'has' if len(missing) == 1 else 'have'}. Write e.g. groups={{{example}}}."
        )


def _labels(name: str, levels: Levels, n_cells: int) -> list[Sequence[str]]:
    """Labels of the levels within each cell so far."""
    if isinstance(levels, str):
        raise DataError(f"groups[{name!r}] is the text {levels!r}; give a number of levels or a list.")
    if not isinstance(levels, Sequence | np.ndarray):
        return [_numbered(_whole(levels, f"groups[{name!r}]", 1))] * n_cells
    given = list(levels)
    if given and all(isinstance(level, str) for level in given):
        if len(set(given)) < len(given):
            raise DataError(f"groups[{name!r}] names a level twice.")
        return [[str(level) for level in given]] * n_cells
    counts = [_whole(count, f"groups[{name!r}]", 1) for count in given]
    if len(counts) != n_cells:
        raise DataError(
            f"groups[{name!r}] lists {len(counts)} numbers of levels; the columns before it make {n_cells} "
            "groups. Give one number for all, or one for each."
        )
    return [_numbered(count, max(counts)) for count in counts]


def _numbered(count: int, largest: int | None = None) -> list[str]:
    """Numbers from 1 as text of one width, so that they sort by size."""
    width = len(str(largest or count))
    return [f"{number:0{width}d}" for number in range(1, count + 1)]


def _sizes(per_group: int | Sequence[int], cells: Sequence[Cell]) -> list[int]:
    """Number of rows of every cell."""
    if not isinstance(per_group, Sequence | np.ndarray) or isinstance(per_group, str):
        return [_whole(per_group, "per_group", 1)] * len(cells)
    sizes = [_whole(size, "per_group", 0) for size in per_group]
    if len(sizes) != len(cells):
        raise DataError(
            f"per_group lists {len(sizes)} groups; groups= makes {len(cells)}. "
            "Give one number for all, or one for each combination of levels, the last column varying fastest."
        )
    if not any(sizes):
        raise DataError("per_group leaves no rows.")
    return sizes


def _whole(value: object, argument: str, least: int) -> int:
    """Whole number that is not too small."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise DataError(f"{argument} holds {value!r}; it takes whole numbers of at least {least}.")
    return int(value)


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
