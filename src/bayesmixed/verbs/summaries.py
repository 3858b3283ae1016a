"""Medians, standard deviations and equal-tailed intervals of many quantities at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from numbers import Real

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs.records import Summary

BLOCK_BYTES = 2**25


def draw_matrix(draws: xr.DataTree, variable: str) -> FloatArray:
    """Posterior draws of one variable with chain and draw joined into one leading axis.

    Returns shape (chains * draws, ...).
    """
    array = draws["posterior"][variable].transpose(names.CHAIN, names.DRAW, ...)
    values = np.asarray(array.values, dtype=float)
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


def summarize(values: FloatArray, prob: float = 0.95) -> Summary:
    """Summary of every column of a matrix of draws.

    Shapes: `values` (S, m); returns (m,).

    Quantiles interpolate linearly between order statistics (R's type 7, NumPy's default).
    """
    return summarize_blocks(lambda block: values[:, block], values.shape[1], values.shape[0], prob)


def summarize_blocks(
    columns: Callable[[slice], FloatArray], n_columns: int, n_draws: int, prob: float = 0.95
) -> Summary:
    """Summary of quantities whose draws are computed a block at a time, never all at once.

    Use it where draws x quantities would not fit in memory, e.g. the fitted value of every row.

    Shapes: `columns` (n_draws, width of the slice); returns (n_columns,).
    """
    check_prob(prob)
    return stack(_summarize_block(columns(block), prob) for block in block_slices(n_columns, n_draws))


def block_slices(n_columns: int, n_draws: int) -> Iterator[slice]:
    """Slices of quantities whose draws take 32 MiB at most."""
    width = max(1, BLOCK_BYTES // (8 * max(1, n_draws)))
    for start in range(0, n_columns, width):
        yield slice(start, min(start + width, n_columns))


def _summarize_block(values: FloatArray, prob: float) -> Summary:
    """Summary of one block, shape (S, width)."""
    ordered = np.array(values.T, order="C")
    se = ordered.std(axis=1, ddof=min(1, ordered.shape[1] - 1))
    ordered.sort(axis=1)
    tail = (1 - prob) / 2
    lower, value, upper = (_sorted_quantile(ordered, q) for q in (tail, 0.5, 1 - tail))
    return Summary(value=value, se=se, lower=lower, upper=upper)


def _sorted_quantile(ordered: FloatArray, probability: float) -> FloatArray:
    """Quantile of every sorted row, shape (width,)."""
    position = probability * (ordered.shape[1] - 1)
    below = int(position)
    above = min(below + 1, ordered.shape[1] - 1)
    low = ordered[:, below]
    quantile: FloatArray = low + (position - below) * (ordered[:, above] - low)
    return quantile


def stack(summaries: Iterable[Summary]) -> Summary:
    """One summary of all quantities of several, in their order."""
    parts = list(summaries)
    empty = [np.empty(0)]
    return Summary(
        value=np.concatenate([part.value for part in parts] or empty),
        se=np.concatenate([part.se for part in parts] or empty),
        lower=np.concatenate([part.lower for part in parts] or empty),
        upper=np.concatenate([part.upper for part in parts] or empty),
    )


def check_prob(prob: object) -> None:
    """Refuse what is not a probability strictly between 0 and 1."""
    number = float(prob) if isinstance(prob, Real) and not isinstance(prob, bool) else math.nan
    if not 0 < number < 1:
        percent = number if 1 < number < 100 else 95.0
        raise BayesmixedError(
            f"prob={prob!r} is not a probability between 0 and 1; {percent:g} % is prob={percent / 100:g}."
        )


def bound_names(prob: float, lower: str = "lower", upper: str = "upper") -> tuple[str, str]:
    """Column names of the two ends of an interval.

    Returns: the stems with the percentages of the two quantiles.
    """
    check_prob(prob)
    return f"{lower}_{50 * (1 - prob):.6g}", f"{upper}_{50 * (1 + prob):.6g}"


def summary_columns(summary: Summary, prob: float) -> dict[str, FloatArray]:
    """Make the columns value, se, lower and upper of a table."""
    lower, upper = bound_names(prob)
    return {"value": summary.value, "se": summary.se, lower: summary.lower, upper: summary.upper}
