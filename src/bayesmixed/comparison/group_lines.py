"""The lines that coefficients draw through a group's rows, and which groups to look at."""

from __future__ import annotations

import numpy as np

from bayesmixed import names
from bayesmixed.comparison.group_columns import rows_of_levels
from bayesmixed.comparison.pooling_records import PooledGroups
from bayesmixed.design.records import FloatArray, IntArray


def predictor_of(groups: PooledGroups) -> str | None:
    """Name the coefficient whose column the lines run over.

    Parameters
    ----------
    groups : PooledGroups
        The estimates.

    Returns
    -------
    str or None
        The first slope that varies, else the first one that differs within groups; None without any.
    """
    within = [
        name
        for name, between in zip(groups.columns.names, groups.columns.between, strict=True)
        if name != names.INTERCEPT and not between
    ]
    varying = [name for name in within if name in groups.varying]
    return next(iter([*varying, *within]), None)


def group_lines(groups: PooledGroups, coefficients: FloatArray, predictor: str | None) -> FloatArray:
    """Height at zero and slope of every group's line, other columns at the group's own means.

    Parameters
    ----------
    groups : PooledGroups
        Supplies the columns.
    coefficients : FloatArray
        Shape (J, m).
    predictor : str or None
        Coefficient that is the slope; without it lines are flat.

    Returns
    -------
    FloatArray
        Shape (J, 2).
    """
    means = np.array([groups.columns.matrix[rows].mean(axis=0) for rows in rows_of_levels(groups.block)])
    slope = np.zeros(len(coefficients))
    if predictor is not None:
        slope = coefficients[:, groups.place(predictor)]
        means[:, groups.place(predictor)] = 0.0
    offset = np.bincount(groups.block.codes, groups.design.offset) / np.array(groups.n_rows)
    height = np.sum(np.where(means == 0.0, 0.0, means * coefficients), axis=1) + offset
    return np.column_stack([height, slope])


def telling_groups(groups: PooledGroups, most: int) -> IntArray:
    """Choose groups that show all of shrinkage, when there are too many to draw.

    Parameters
    ----------
    groups : PooledGroups
        The estimates.
    most : int
        How many at most.

    Returns
    -------
    IntArray
        Levels in their order: spread evenly over the groups sorted by how far the mixed model moves them from
        their own regression, so that little and much shrinkage are both there; groups without one come in
        their turn.
    """
    n = groups.block.n_levels
    if n <= most:
        return np.arange(n)
    places = [groups.place(effect) for effect in groups.varying]
    moved = np.abs(groups.none.coefficients - groups.partial)[:, places]
    scale = np.nanstd(groups.partial[:, places], axis=0)
    distance = np.sum(moved / np.where(scale > 0.0, scale, 1.0), axis=1)
    order = np.argsort(np.where(np.isfinite(distance), distance, np.inf), kind="stable")
    return np.sort(order[np.linspace(0, n - 1, most).round().astype(int)])
