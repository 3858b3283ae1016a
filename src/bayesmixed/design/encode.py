"""New data in the columns and codes of a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesmixed.design.fixed import sum_offsets
from bayesmixed.design.frame import Column, missing_counts, pick, tidy_all, to_pandas
from bayesmixed.design.levels import level_codes
from bayesmixed.design.matrix import apply_recipe
from bayesmixed.design.records import Design, EncodedData, FloatArray, GroupBlock, IntArray
from bayesmixed.errors import DataError
from bayesmixed.options import NewLevels, one_of

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

WHAT = "newdata"


def encode(
    design: Design, newdata: IntoFrame, *, new_levels: NewLevels = "error", by_group: bool = True
) -> EncodedData:
    """Encode m rows of new data by the recipe of a design: its centres, scales, knots and levels.

    Grouping factors may have new levels unless `new_levels` is ``"error"``; they get the codes -1, -2, ...
    Without `by_group` all rows belong to one new level of each factor, whose columns may be missing.

    Examples
    --------
    >>> from bayesmixed.design import build_design
    >>> from bayesmixed.formula import parse_formula
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 7.0], "g": list("aabbb")})
    >>> design = build_design(parse_formula("y ~ 1 + (1 | g)"), frame)
    >>> encoded = encode(design, pd.DataFrame({"g": ["b", "z"]}), new_levels="sample")
    >>> encoded.codes[0].tolist(), encoded.new_levels
    ([1, -1], (('z',),))
    """
    one_of(new_levels, NewLevels, "new_levels")
    frame = to_pandas(newdata, WHAT)
    n = len(frame)
    raw = pick(frame, predictor_columns(design, by_group=by_group), WHAT)
    counts = missing_counts(raw)
    if counts:
        listed = ", ".join(f"{name!r} ({count})" for name, count in counts.items())
        raise DataError(f"{WHAT} has missing values in {listed}.")
    columns = tidy_all(raw)
    coded = [
        _codes(block, columns, n) if by_group else (np.full(n, -1, dtype=np.int64), ("",))
        for block in design.blocks
    ]
    if by_group and new_levels == "error":
        _check_seen(design.blocks, [new for _, new in coded])
    recipe = design.fixed.recipe
    every = apply_recipe(recipe.matrix, columns, n)
    return EncodedData(
        fixed=np.ascontiguousarray(every[:, recipe.aliases.kept]),
        beyond=recipe.aliases.beyond(every),
        columns=tuple(_effects(block, columns, n) for block in design.blocks),
        codes=tuple(codes for codes, _ in coded),
        new_levels=tuple(new for _, new in coded),
        offset=sum_offsets(recipe.offsets, columns, n),
        frame=frame.copy(deep=False),
    )


def own_rows(design: Design) -> EncodedData:
    """Rows that a model was fitted to, in the form of new data."""
    return EncodedData(
        fixed=design.fixed.matrix,
        beyond=np.zeros((design.n_held, len(design.fixed.left_out))),
        columns=tuple(block.columns for block in design.blocks),
        codes=tuple(block.codes for block in design.blocks),
        new_levels=((),) * len(design.blocks),
        offset=design.offset,
        frame=design.frame,
    )


def predictor_columns(design: Design, *, by_group: bool = True) -> list[str]:
    """Names of the columns that new data must have, in order of appearance."""
    recipe = design.fixed.recipe
    names = [*recipe.matrix.kinds]
    for block in design.blocks:
        for bar in block.recipes:
            names += bar.matrix.kinds
            if by_group:
                names += [name for part in bar.group for name in part.columns]
    names += [name for expression, _ in recipe.offsets for name in expression.columns]
    return list(dict.fromkeys(names))


def _codes(block: GroupBlock, columns: Mapping[str, Column], n: int) -> tuple[IntArray, tuple[str, ...]]:
    codes, labels = level_codes(block.recipes[0].group, columns, n)
    places = pd.Index(block.levels).get_indexer(pd.Index(labels)).astype(np.int64)
    unseen = np.flatnonzero(places < 0)
    places[unseen] = -1 - np.arange(len(unseen))
    return places[codes], tuple(labels[index] for index in unseen)


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
