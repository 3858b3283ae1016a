"""Designs that cannot be fitted, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.design.records import FloatArray, GroupBlock, Response
from bayesmixed.errors import DataError

REMOTE = 1e5
"""How many standard deviations from zero a column may lie that is not centred."""


def check_columns_near_zero(names: Sequence[str], matrix: FloatArray) -> None:
    """Refuse columns so far from zero that their variation would lose its digits.

    Shapes: `matrix` (n, k).

    Squares of a column at m standard deviations from zero leave 16 - 2 log10(m) digits for its variation.
    """
    sds = np.where(np.ptp(matrix, axis=0) > 0.0, matrix.std(axis=0), 0.0)
    refuse_remote(names, matrix.mean(axis=0), sds)


def refuse_remote(names: Sequence[str], means: FloatArray, sds: FloatArray) -> None:
    """Refuse columns whose mean is too many standard deviations from zero."""
    for name, mean, sd in zip(names, means, sds, strict=True):
        if abs(mean) > REMOTE * sd > 0:
            raise DataError(
                f"{name!r} varies by {sd:.3g} around {mean:.6g}, too little for its size: a fit would lose "
                f"precision. Write center({name}), or subtract a constant in the data."
            )


def check_response(response: Response, offset: FloatArray, *, centred: bool) -> None:
    """Refuse a response that does not vary, or too little for its size.

    Shapes: `offset` (n,).
    """
    values = response.values - offset
    if np.all(values == values[0]):
        refuse_constant(response.name, float(values[0]), has_offset=bool(np.any(offset)))
    if not centred:
        check_columns_near_zero([response.name], values[:, None])


def refuse_constant(name: str, value: float, *, has_offset: bool) -> NoReturn:
    """Refuse a response that is the same in every row."""
    less = " less its offset" if has_offset else ""
    raise DataError(f"The response {name!r}{less} is constant: every row has {value:g}.")


def check_group_names(blocks: Sequence[GroupBlock]) -> None:
    """Refuse grouping factors whose names make the same variables or dimensions of a posterior."""
    seen: dict[str, str] = {}
    for block in blocks:
        if block.group == names.RESIDUAL:
            raise DataError(f"{block.group!r} is what tables call the residual. Rename the grouping factor.")
        for name in names.group_variables(block.group):
            other = seen.setdefault(name, block.group)
            if other != block.group:
                raise DataError(
                    f"The grouping factors {other!r} and {block.group!r} would both have {name!r} in the "
                    f"posterior. Rename the column {block.group!r}."
                )


def check_levels(blocks: Sequence[GroupBlock]) -> None:
    """Refuse a grouping factor with one level."""
    for block in blocks:
        if block.n_levels < 2:
            raise DataError(
                f"The grouping factor {block.group!r} has only one level, {block.levels[0]!r}: "
                "there is nothing to vary over. Leave the bar out."
            )


def check_identified(blocks: Sequence[GroupBlock], n: int) -> None:
    """Refuse as many random effects as rows, in a model with a residual variance.

    The rule is lme4's, bar by bar (``check.nobs.vs.nlev`` and ``check.nobs.vs.nRE``): the variance of the
    effects and the residual variance then cannot be told apart.
    """
    for block in blocks:
        largest = max(each.size for each in block.covariances.sets)
        if largest * block.n_levels >= n:
            what = "levels" if largest == 1 else "random effects"
            raise DataError(
                f"{block.group!r} has {largest * block.n_levels} {what} for {n} rows: the residual variance "
                f"and the variance of {block.group!r} cannot be told apart. A grouping factor names groups "
                "of several rows; use a coarser one, or fewer effects."
            )


def check_weights(weights: ArrayLike, n: int) -> FloatArray:
    """Check prior weights.

    Returns shape (n,).
    """
    values = np.asarray(weights)
    if values.dtype == object and all(w is None or isinstance(w, (int, float)) for w in values.flat):
        values = values.astype(np.float64)
    if values.dtype.kind not in "iuf":
        raise DataError("weights must be numbers.")
    if values.shape != (n,):
        raise DataError(f"weights has shape {values.shape}; the data have {n} rows.")
    for word, bad in (
        ("missing", np.isnan(values)),
        ("infinite", np.isinf(values)),
        ("zero or negative", values <= 0),
    ):
        if np.any(bad):
            first = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{int(bad.sum())} of the weights are {word}, the first in row {first} (counted from 0)."
            )
    return np.array(values, dtype=np.float64)
