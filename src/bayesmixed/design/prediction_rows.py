"""The rows to predict, encoded for the random effects that take part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bayesmixed import names
from bayesmixed.design.encode import encode, own_rows
from bayesmixed.design.evaluate import evaluate_numbers
from bayesmixed.design.frame import missing_counts, pick, tidy_all, to_pandas
from bayesmixed.design.lookup import group_of
from bayesmixed.design.rank import told, warn_of_untold
from bayesmixed.design.records import Design, EncodedData, FloatArray, GroupBlock
from bayesmixed.design.response import usable_weights, weights_of_rows
from bayesmixed.errors import BayesmixedError, DataError, near_names
from bayesmixed.formula.expression import Expression
from bayesmixed.options import NewLevels, one_of

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


PredictEffects = Literal["all", "fixed"] | Sequence[str]
"""All random effects, none, or those of the named grouping factors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRows:
    """Rows to predict, encoded for the random effects that take part."""

    design: Design  # what was fitted, with the blocks alone that take part
    data: EncodedData  # the m rows; the tuples follow the blocks of `design`
    weights: FloatArray | None  # weight of every row, shape (m,); None stands for ones
    # whether the data tell the mean of each row, shape (m,): where a row needs a coefficient of a column that
    # X leaves out, its predictions are NaN
    told: NDArray[np.bool_]

    @property
    def n_rows(self) -> int:
        """Number of rows, m."""
        return len(self.data.fixed)


def prediction_rows(
    design: Design,
    newdata: IntoFrame | None = None,
    *,
    effects: PredictEffects = "all",
    new_levels: NewLevels = "error",
    weights: str | ArrayLike | None = None,
    response: bool = False,
) -> PredictionRows:
    """Encode the rows to predict, with all that a new response needs where that is wanted."""
    one_of(new_levels, NewLevels, "new_levels")
    taking_part = with_effects(design, effects)
    if newdata is None:
        if weights is not None:
            raise DataError("weights= belongs to newdata; the rows of the fit keep their own weights.")
        data = own_rows(taking_part)
        return PredictionRows(design=taking_part, data=data, weights=design.weights, told=told(data.beyond))
    taking_part = _with_known_groups(taking_part, to_pandas(newdata, "newdata").columns, new_levels)
    data = encode(taking_part, newdata, new_levels=new_levels, response=response)
    if weights is not None and design.formula.response.additions.weights is not None:
        raise DataError(
            "The formula states the weights, in weights(), and newdata has them; leave weights= out."
        )
    used = data.residual.weights if weights is None else _new_weights(weights, data)
    data = replace(data, residual=data.residual.with_weights(used))
    for name, each in {names.MU: data, **data.others}.items():
        warn_of_untold(design.predictors[name].fixed, each.beyond)
    is_told = [told(each.beyond) for each in (data, *data.others.values())]
    return PredictionRows(design=taking_part, data=data, weights=used, told=np.all(is_told, axis=0))


def compared_rows(
    design: Design,
    high: pd.DataFrame,
    low: pd.DataFrame,
    *,
    linear: bool,
    effects: PredictEffects = "all",
    new_levels: NewLevels = "error",
) -> tuple[PredictionRows, PredictionRows]:
    """Encode rows whose predictions are subtracted.

    Returns: of both frames; `told` says whether the data give the difference.
    """
    taking_part = with_effects(design, effects)
    upper, lower = (encode(taking_part, frame, new_levels=new_levels) for frame in (high, low))
    apart = upper.beyond - lower.beyond if linear else np.maximum(abs(upper.beyond), abs(lower.beyond))
    warn_of_untold(design.fixed, apart)
    rows = PredictionRows(design=taking_part, data=upper, weights=None, told=told(apart))
    return rows, replace(rows, data=lower)


def population_rows(design: Design, newdata: IntoFrame | None = None) -> PredictionRows:
    """Encode rows for the whole population, whatever their groups."""
    data = own_rows(design) if newdata is None else encode(design, newdata, by_group=False)
    warn_of_untold(design.fixed, data.beyond)
    return PredictionRows(design=design, data=data, weights=None, told=told(data.beyond))


def with_effects(design: Design, effects: PredictEffects) -> Design:
    """Design without the grouping factors that do not take part in a prediction; smooths always do."""
    if isinstance(effects, str) and effects in ("all", "fixed"):
        return design if effects == "all" else keeping_blocks(design, lambda block: block.is_smooth)
    every = replace(design, blocks=tuple({block.group: block for block in design.all_blocks}.values()))
    groups = [block.group for block in every.groups]
    named = [(name, group_of(every, name)) for name in _named(effects)]
    for name, group in named:
        if group is None:
            raise BayesmixedError(
                f"effects= names {name!r}, which is not a grouping factor; use 'all', 'fixed', or a list of "
                f"grouping factors. {near_names(str(name), [*groups, 'all', 'fixed'])}"
            )
    chosen = {group for _, group in named}
    return keeping_blocks(design, lambda block: block.is_smooth or block.group in chosen)


def keeping_blocks(design: Design, wanted: Callable[[GroupBlock], bool]) -> Design:
    """Design with some of the grouping factors of every predictor."""
    others = [
        replace(each, blocks=tuple(block for block in each.blocks if wanted(block))) for each in design.others
    ]
    blocks = tuple(block for block in design.blocks if wanted(block))
    return replace(design, blocks=blocks, others=tuple(others))


def _with_known_groups(design: Design, columns: Collection[str], new_levels: NewLevels) -> Design:
    """Design without the grouping factors that the new data lack, where that means the population."""
    absent = {block.group: name for block in design.all_blocks for name in _absent(block, columns)}
    if absent and new_levels != "population":
        group, name = next(iter(absent.items()))
        factor = "a grouping factor" if name == group else f"a part of the grouping factor {group!r}"
        raise DataError(
            f"newdata has no column {name!r}, {factor}. For the mean of the population write "
            "effects='fixed' or new_levels='population'; for groups, add the column. "
            f"{near_names(name, columns)}"
        )
    return keeping_blocks(design, lambda block: block.group not in absent)


def _absent(block: GroupBlock, columns: Collection[str]) -> list[str]:
    """Columns of a grouping factor that are not there."""
    return [name for name in block.recipes[0].group.columns if name not in columns]


def _named(effects: object) -> list[object]:
    """Grouping factors named, one or several."""
    if isinstance(effects, str):
        return [effects]
    if not isinstance(effects, Sequence | set | frozenset):
        raise BayesmixedError(
            f"effects={effects!r} is not known; use 'all', 'fixed', or a list of grouping factors."
        )
    return list(effects)


def _new_weights(weights: str | ArrayLike, data: EncodedData) -> FloatArray:
    """Weights of new rows, one number standing for all of them."""
    if not isinstance(weights, str) and np.ndim(weights) == 0:
        weights = np.full(len(data.frame), weights)
    return usable_weights(weights_of_rows(weights, data.frame))


def counts_successes(design: Design) -> bool:
    """Whether a formula counts successes, in ``prop()`` or ``cbind()``, and does not state a proportion."""
    return design.response.trials is not None and design.formula.response.kind != "value"


def trials_of_rows(wanted: PredictionRows) -> FloatArray | None:
    """Numbers of trials of rows whose new successes are drawn, shape (m,)."""
    response, frame = wanted.design.response, wanted.data.frame
    if response.trials is None or frame is wanted.design.frame:
        return response.trials
    trials = _trials_of_new_rows(wanted)
    bad = np.flatnonzero((trials < 1) | (trials != np.round(trials)))
    if bad.size:
        raise DataError(
            f"New successes need whole numbers of trials, 1 or more: {bad.size} of the {len(trials)} rows of "
            f"newdata have another, the first row {bad[0]} (counted from 0) with {trials[bad[0]]:g}."
        )
    return trials


def _trials_of_new_rows(wanted: PredictionRows) -> FloatArray:
    """Trials from the weights of new rows or from the columns of the formula."""
    if wanted.weights is not None:
        return wanted.weights
    expression = wanted.design.formula.response
    if expression.kind == "value":
        raise DataError("New successes need numbers of trials: give weights=, a column or numbers.")
    successes, second = expression.parts
    if expression.kind == "trials":
        return _numbers(second, wanted)
    if successes.is_column:
        first, other = (_total(successes, second, wanted, supposed) for supposed in (1.0, 2.0))
        if np.array_equal(first, other):
            return first
    return _numbers(successes, wanted) + _numbers(second, wanted)


def _total(
    successes: Expression, failures: Expression, wanted: PredictionRows, supposed: float
) -> FloatArray:
    """Successes and failures, supposing a number of successes: ``cbind(k, n - k)`` has n whatever k is."""
    return supposed + _numbers(failures, wanted, {successes.columns[0]: np.full(wanted.n_rows, supposed)})


def _numbers(
    expression: Expression, wanted: PredictionRows, supposed: Mapping[str, FloatArray] | None = None
) -> FloatArray:
    """Value of an expression in every row, some columns supposed."""
    known = dict(supposed or {})
    raw = pick(wanted.data.frame, [name for name in expression.columns if name not in known], "newdata")
    if missing_counts(raw):
        raise DataError(f"newdata has missing values in {', '.join(map(repr, missing_counts(raw)))}.")
    return evaluate_numbers(expression, tidy_all(raw) | known, wanted.n_rows, {})
