"""New data in the columns and codes of a design; the columns that predict, with their typical values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.covariances.residual import Residual
from bayesmixed.design.fixed import sum_offsets
from bayesmixed.design.frame import Column, kind_of, missing_counts, pick, tidy_all, to_pandas
from bayesmixed.design.matrix import apply_recipe
from bayesmixed.design.meeting import Meeting, one_level
from bayesmixed.design.records import Design, EncodedData, FloatArray, GroupBlock, LinearPredictor
from bayesmixed.design.residuals import known_errors, stated_weights
from bayesmixed.errors import DataError, near_names
from bayesmixed.formula.algebra import columns_of
from bayesmixed.options import NewLevels, one_of

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


WHAT = "newdata"


def encode(
    design: Design,
    newdata: IntoFrame,
    *,
    new_levels: NewLevels = "error",
    by_group: bool = True,
    response: bool = False,
) -> EncodedData:
    """Encode m rows of new data by the recipe of a design: its centres, scales, knots and levels.

    Grouping factors may have new levels unless `new_levels` is ``"error"``; they get the codes -1, -2, ...
    Without `by_group` all rows belong to one new level of each factor, whose columns may be missing. With
    `response` the predictors of parameters beside the mean are encoded too, and what the formula says of the
    residuals of every row.

    Examples
    --------
    >>> from bayesmixed.design import build_design
    >>> from bayesmixed.formula import parse_formula
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 7.0], "g": list("aabbb")})
    >>> design = build_design(parse_formula("y ~ 1 + (1 | g)"), frame)
    >>> encoded = encode(design, pd.DataFrame({"g": ["b", "z"]}), new_levels="sample")
    >>> encoded.meetings[0].codes[:, 0].tolist(), encoded.new_levels
    ([1, -1], (('z',),))
    """
    one_of(new_levels, NewLevels, "new_levels")
    frame = to_pandas(newdata, WHAT)
    n = len(frame)
    raw = pick(frame, predictor_columns(design, by_group=by_group, response=response), WHAT)
    counts = missing_counts(raw)
    if counts:
        listed = ", ".join(f"{name!r} ({count})" for name, count in counts.items())
        raise DataError(f"{WHAT} has missing values in {listed}.")
    columns = tidy_all(raw)
    frame = frame.copy(deep=False)
    mean, *others = (
        _encode_predictor(each, columns, frame, new_levels, by_group=by_group)
        for each in _encoded_predictors(design, response=response)
    )
    if not response:
        return mean
    return replace(
        mean,
        others={each.parameter: data for each, data in zip(design.others, others, strict=True)},
        residual=_new_residual(design, columns, n),
    )


def _encoded_predictors(design: Design, *, response: bool) -> list[LinearPredictor]:
    """Predictor of the mean, and those of other parameters where new responses are wanted."""
    return list(design.predictors.values()) if response else [design.predictors[names.MU]]


def _encode_predictor(
    predictor: LinearPredictor,
    columns: Mapping[str, Column],
    frame: pd.DataFrame,
    new_levels: NewLevels,
    *,
    by_group: bool,
) -> EncodedData:
    """New rows by the recipe of one predictor."""
    n = len(frame)
    coded = [
        _meeting(block, columns, n)
        if by_group or block.is_smooth
        else (one_level(np.full(n, -1, dtype=np.int64)), ("",))
        for block in predictor.blocks
    ]
    if by_group and new_levels == "error":
        _check_seen(predictor.blocks, [new for _, new in coded])
    recipe = predictor.fixed.recipe
    every = apply_recipe(recipe.matrix, columns, n)
    return EncodedData(
        fixed=np.ascontiguousarray(every[:, recipe.aliases.kept]),
        beyond=recipe.aliases.beyond(every),
        columns=tuple(_effects(block, columns, n) for block in predictor.blocks),
        meetings=tuple(meeting for meeting, _ in coded),
        new_levels=tuple(new for _, new in coded),
        offset=sum_offsets(recipe.offsets, columns, n),
        frame=frame,
    )


def _new_residual(design: Design, columns: Mapping[str, Column], n: int) -> Residual:
    """What the formula says of the residuals of new rows, each by itself."""
    additions = design.formula.response.additions
    return Residual(
        weights=stated_weights(additions, columns, n),
        errors=known_errors(additions, columns, n),
        has_sigma=additions.has_sigma,
    )


def own_rows(design: Design) -> EncodedData:
    """Rows that a model was fitted to, in the form of new data."""
    mean, *others = (_own_rows(each, design) for each in design.predictors.values())
    return replace(
        mean,
        others={each.parameter: data for each, data in zip(design.others, others, strict=True)},
        residual=design.residual,
    )


def _own_rows(predictor: LinearPredictor, design: Design) -> EncodedData:
    """Rows that a model was fitted to, of one predictor."""
    return EncodedData(
        fixed=predictor.fixed.matrix,
        beyond=np.zeros((design.n_held, len(predictor.fixed.left_out))),
        columns=tuple(block.columns for block in predictor.blocks),
        meetings=tuple(block.meeting for block in predictor.blocks),
        new_levels=((),) * len(predictor.blocks),
        offset=predictor.offset,
        frame=design.frame,
    )


def predictor_columns(design: Design, *, by_group: bool = True, response: bool = False) -> list[str]:
    """Names of the columns that new data must have, in order of appearance."""
    found: list[str] = []
    for predictor in _encoded_predictors(design, response=response):
        recipe = predictor.fixed.recipe
        found += recipe.matrix.kinds
        for block in predictor.blocks:
            for bar in block.recipes:
                found += bar.matrix.kinds
                if by_group:
                    found += bar.group.columns
        found += [name for expression, _ in recipe.offsets for name in expression.columns]
    if response:
        found += columns_of(design.formula.response.additions.beside)
    return list(dict.fromkeys(found))


def _meeting(block: GroupBlock, columns: Mapping[str, Column], n: int) -> tuple[Meeting, tuple[str, ...]]:
    """Levels that new rows meet, and the labels of the new ones."""
    meeting, labels = block.recipes[0].meet(columns, n)
    places = pd.Index(block.levels).get_indexer(pd.Index(labels)).astype(np.int64)
    unseen = np.flatnonzero(places < 0)
    places[unseen] = -1 - np.arange(len(unseen))
    return meeting.with_codes(places[meeting.codes]), tuple(labels[index] for index in unseen)


def _effects(block: GroupBlock, columns: Mapping[str, Column], n: int) -> FloatArray:
    parts = [apply_recipe(bar.matrix, columns, n) for bar in block.recipes]
    return np.ascontiguousarray(np.hstack(parts))


def _check_seen(blocks: Sequence[GroupBlock], new: Sequence[tuple[str, ...]]) -> None:
    for block, labels in zip(blocks, new, strict=True):
        if labels:
            listed = ", ".join(repr(label) for label in labels[:5]) + (", ..." if len(labels) > 5 else "")
            plural = "s" if len(labels) > 1 else ""
            raise DataError(
                f"{WHAT} has {len(labels)} level{plural} of {block.group!r} that the model has not seen: "
                f"{listed}. Use new_levels='population' or new_levels='sample' to predict for new groups."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A column of the data that a model predicts from."""

    name: str  # of the column
    values: Column  # in every row used, shape (n,)
    # What it takes, in order, when it is categorical: text, booleans, and numbers that the formula turns into
    # a factor. Empty for a number.
    levels: tuple[Any, ...]
    typical: Any  # the mean of a number, the most frequent level otherwise (the first of several)

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
    parts = [part for block in design.blocks for part in block.recipes[0].group.factors]
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
