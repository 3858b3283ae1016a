"""Which levels of a grouping factor get a panel when there are many."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import FloatArray, IntArray


def spread_levels(score: FloatArray, n_panels: int) -> IntArray:
    """Levels from the lowest score to the highest, evenly spaced in rank.

    Shapes: `score` (J,).
    """
    order = np.argsort(score, kind="stable")
    if len(order) <= n_panels:
        return order
    return order[np.linspace(0, len(order) - 1, n_panels).round().astype(np.int64)]
