"""Which levels of a grouping factor get a panel when there are many."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import FloatArray, IntArray


def spread_levels(score: FloatArray, n_panels: int) -> IntArray:
    """Levels from the lowest score to the highest, evenly spaced in rank.

    Parameters
    ----------
    score : FloatArray
        What the levels are sorted by, shape (J,).
    n_panels : int
        Most levels to take.

    Returns
    -------
    IntArray
        Codes of at most `n_panels` levels, the lowest and the highest among them.

    Examples
    --------
    >>> spread_levels(np.array([3.0, 1.0, 2.0, 9.0, 0.0]), 3).tolist()
    [4, 2, 3]
    """
    order = np.argsort(score, kind="stable")
    if len(order) <= n_panels:
        return order
    return order[np.linspace(0, len(order) - 1, n_panels).round().astype(np.int64)]
