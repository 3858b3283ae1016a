"""Coefficients of every level, fixed plus random, of a REML or ML estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.uncertainty import LevelCovariances, conditional_covariances
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.coef import coefficient_names
from bayesmixed.verbs.estimate.satterthwaite import combination_spread, degrees_of_freedom, interval_summary
from bayesmixed.verbs.ranef import level_table


def coef(fitted: Estimate, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Tabulate the coefficients of every level, the line that each group has.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    group : str, optional
        One grouping factor only.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`~bayesmixed.verbs.estimate.ranef.ranef`; every coefficient for every level.

    Raises
    ------
    DataError
        When the model has no grouping factor `group`.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    ``se`` is exact given the variances: the variance of b + u - u_j with the covariance of the two estimates
    from Henderson's mixed-model equations, not the sum of squares that takes them as independent. Intervals
    are normal; those of a coefficient that does not vary over the factor are `fixef`'s, by Student's t.
    """
    covariances = conditional_covariances(fitted.likelihood, fitted.optimum, known_coefficients=False)
    blocks, tables = fitted.design.blocks, []
    for block in chosen_blocks(fitted.design, group):
        i = blocks.index(block)
        effects = coefficient_names(fitted.design, block)
        parts = [_coefficient(fitted, i, covariances[i], name) for name in effects]
        value, se, df = (np.concatenate(column) for column in zip(*parts, strict=True))
        tables.append(level_table(block, effects, interval_summary(value, se, prob, df), prob))
    return pd.concat(tables, ignore_index=True)


def _coefficient(
    fitted: Estimate, i: int, covariances: LevelCovariances, name: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One coefficient over the levels of a block, standard errors, degrees of freedom, shape (J,) each."""
    block, terms = fitted.design.blocks[i], fitted.design.fixed.terms
    value, variance = np.zeros(block.n_levels), np.zeros(block.n_levels)
    varies, df = False, np.inf
    if name in terms:
        t = terms.index(name)
        value += fitted.optimum.coefficients[t]
        variance += fitted.covariance[t, t]
    if name in block.effects:
        e = block.effects.index(name)
        varies = fitted.optimum.covariances[i][e, e] > 0.0
        value += fitted.optimum.ranef[i][:, e]
        variance += covariances.own[:, e, e]
        if name in terms:
            variance += 2.0 * covariances.with_coefficients[:, e, t]
    if name in terms and not varies:
        alone = combination_spread(fitted, np.eye(len(terms))[[t]])
        df = degrees_of_freedom(fitted, alone).item()
    return value, np.sqrt(variance), np.full(block.n_levels, df)
