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
from bayesmixed.extract.records import Summary

BLOCK_BYTES = 2**25


def draw_matrix(draws: xr.DataTree, variable: str) -> FloatArray:
    """Posterior draws of one variable with chain and draw joined into one leading axis.

    Parameters
    ----------
    draws : xarray.DataTree
        A fit's draws.
    variable : str
        Name of a variable of the group ``posterior``, as spelled by :mod:`bayesmixed.names`.

    Returns
    -------
    FloatArray
        Shape (chains * draws, ...), a view where the stored order allows it.

    Examples
    --------
    >>> sigma = xr.Dataset({"sigma": (("chain", "draw"), np.ones((2, 3)))})
    >>> draw_matrix(xr.DataTree.from_dict({"/posterior": sigma}), "sigma").shape
    (6,)
    """
    array = draws["posterior"][variable].transpose(names.CHAIN, names.DRAW, ...)
    values = np.asarray(array.values, dtype=float)
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


def summarize(values: FloatArray, prob: float = 0.95) -> Summary:
    """Summary of every column of a matrix of draws.

    Parameters
    ----------
    values : FloatArray
        Shape (S, m): S draws of m quantities.
    prob : float
        Probability inside the interval.

    Returns
    -------
    Summary
        Each array of shape (m,).

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    Quantiles interpolate linearly between order statistics (R's type 7, NumPy's default).

    Examples
    --------
    >>> summary = summarize(np.arange(101.0)[:, None], prob=0.9)
    >>> summary.value.round(6), summary.lower.round(6), summary.upper.round(6)
    (array([50.]), array([5.]), array([95.]))
    """
    return summarize_blocks(lambda block: values[:, block], values.shape[1], values.shape[0], prob)


def summarize_blocks(
    columns: Callable[[slice], FloatArray], n_columns: int, n_draws: int, prob: float = 0.95
) -> Summary:
    """Summary of quantities whose draws are computed a block at a time, never all at once.

    Use it where draws x quantities would not fit in memory, e.g. the fitted value of every row.

    Parameters
    ----------
    columns : callable
        Gives the draws of a slice of the quantities, shape (n_draws, width of the slice).
    n_columns : int
        Number of quantities.
    n_draws : int
        Number of draws, all chains together; it sets the width of a block (32 MiB of draws).
    prob : float
        Probability inside the interval.

    Returns
    -------
    Summary
        Each array of shape (n_columns,).

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.
    """
    check_prob(prob)
    return stack(_summarize_block(columns(block), prob) for block in block_slices(n_columns, n_draws))


def block_slices(n_columns: int, n_draws: int) -> Iterator[slice]:
    """Slices of quantities whose draws take 32 MiB at most.

    Parameters
    ----------
    n_columns : int
        Number of quantities.
    n_draws : int
        Number of draws of each.

    Yields
    ------
    slice
        Consecutive quantities.

    Examples
    --------
    >>> list(block_slices(3, 2**22))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
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
    """One summary of all quantities of several, in their order.

    Parameters
    ----------
    summaries : iterable of Summary
        The parts.

    Returns
    -------
    Summary
        Arrays joined end to end; empty when there are no parts.
    """
    parts = list(summaries)
    empty = [np.empty(0)]
    return Summary(
        value=np.concatenate([part.value for part in parts] or empty),
        se=np.concatenate([part.se for part in parts] or empty),
        lower=np.concatenate([part.lower for part in parts] or empty),
        upper=np.concatenate([part.upper for part in parts] or empty),
    )


def check_prob(prob: object) -> None:
    """Refuse what is not a probability strictly between 0 and 1.

    Parameters
    ----------
    prob : object
        What the user gave.

    Raises
    ------
    BayesmixedError
        With what to write instead.
    """
    number = float(prob) if isinstance(prob, Real) and not isinstance(prob, bool) else math.nan
    if not 0 < number < 1:
        percent = number if 1 < number < 100 else 95.0
        raise BayesmixedError(
            f"prob={prob!r} is not a probability between 0 and 1; {percent:g} % is prob={percent / 100:g}."
        )


def bound_names(prob: float, lower: str = "lower", upper: str = "upper") -> tuple[str, str]:
    """Column names of the two ends of an interval.

    Parameters
    ----------
    prob : float
        Probability inside the interval.
    lower, upper : str
        Stems of the names.

    Returns
    -------
    tuple[str, str]
        The stems with the percentages of the two quantiles.

    Examples
    --------
    >>> bound_names(0.95)
    ('lower_2.5', 'upper_97.5')
    >>> bound_names(0.9, "sd", "sd")
    ('sd_5', 'sd_95')
    """
    check_prob(prob)
    return f"{lower}_{50 * (1 - prob):.6g}", f"{upper}_{50 * (1 + prob):.6g}"


def summary_columns(summary: Summary, prob: float) -> dict[str, FloatArray]:
    """Make the columns value, se, lower and upper of a table.

    Parameters
    ----------
    summary : Summary
        What goes into them.
    prob : float
        Probability inside the interval; it names the bounds.

    Returns
    -------
    dict
        Column name to values.
    """
    lower, upper = bound_names(prob)
    return {"value": summary.value, "se": summary.se, lower: summary.lower, upper: summary.upper}
