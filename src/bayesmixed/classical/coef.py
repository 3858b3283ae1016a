"""Coefficients of every level, fixed plus random, of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.normal import normal_summary
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.engines.reml.uncertainty import LevelCovariances, conditional_covariances
from bayesmixed.extract.blocks import chosen_blocks
from bayesmixed.extract.coef import coefficient_names
from bayesmixed.extract.ranef import level_table


def coef(fitted: Estimate, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Tabulate the coefficients of every level, the line that each group has.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    group : str, optional
        One grouping factor only.
    prob : float
        Confidence level of the normal intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`~bayesmixed.classical.ranef.ranef`; every coefficient for every level.

    Raises
    ------
    DataError
        When the model has no grouping factor `group`.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    ``se`` is exact given the variances: the variance of b + u - u_j with the covariance of the two estimates
    from Henderson's mixed-model equations, not the sum of squares that takes them as independent.
    """
    covariances = conditional_covariances(fitted.likelihood, fitted.optimum, known_coefficients=False)
    blocks, tables = fitted.design.blocks, []
    for block in chosen_blocks(fitted.design, group):
        i = blocks.index(block)
        effects = coefficient_names(fitted.design, block)
        random = fitted.optimum.ranef[i]
        parts = [_coefficient(fitted, block, random, covariances[i], name) for name in effects]
        value, variance = (np.concatenate(column) for column in zip(*parts, strict=True))
        tables.append(level_table(block, effects, normal_summary(value, np.sqrt(variance), prob), prob))
    return pd.concat(tables, ignore_index=True)


def _coefficient(
    fitted: Estimate, block: GroupBlock, effects: FloatArray, covariances: LevelCovariances, name: str
) -> tuple[FloatArray, FloatArray]:
    """One coefficient over the levels, with its variance, shape (J,) each."""
    value, variance = np.zeros(block.n_levels), np.zeros(block.n_levels)
    terms = fitted.design.fixed.terms
    if name in terms:
        t = terms.index(name)
        value += fitted.optimum.coefficients[t]
        variance += fitted.covariance[t, t]
    if name in block.effects:
        e = block.effects.index(name)
        value += effects[:, e]
        variance += covariances.own[:, e, e]
        if name in terms:
            variance += 2.0 * covariances.with_coefficients[:, e, t]
    return value, variance
