"""Coefficients of every level: fixed plus random effects, draw by draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.extract.moments import summary_of_moments
from bayesmixed.extract.ranef import tabulate_levels
from bayesmixed.extract.records import Summary
from bayesmixed.extract.summaries import draw_matrix, stack, summarize, summarize_blocks
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.kept import keeps_moments, level_moments, ranef_draws


def coef(
    draws: xr.DataTree, spec: ModelSpec, *, group: str | None = None, prob: float = 0.95
) -> pd.DataFrame:
    """Coefficients of every level, the line that each group has.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    group : str, optional
        One grouping factor only.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`~bayesmixed.extract.ranef.ranef`. Every coefficient of the fixed side appears
        for every level, the ones that do not vary included; effects that are only random follow, with fixed
        part 0.

    Raises
    ------
    DataError
        When the model has no grouping factor `group`.
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    For level j of a factor, coefficient t is ``beta[t] + ranef[j, t]``, added draw by draw, so that the
    interval holds their covariance. With several grouping factors each one's table adds its own random
    effects alone, as ``coef`` of lme4 does. Of a fit with ``keep_ranef="moments"`` the moments of that sum
    are kept, and give value and interval of the coefficients that vary as those of
    :func:`~bayesmixed.extract.ranef.ranef` do.
    """
    return tabulate_levels(
        spec.design,
        group,
        prob,
        lambda block: coefficient_names(spec.design, block),
        lambda block, name: _coefficient_summary(draws, spec, block, name, prob),
    )


def coefficient_names(design: Design, block: GroupBlock) -> tuple[str, ...]:
    """Names of the coefficients of a grouping factor's levels.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    block : GroupBlock
        The grouping factor.

    Returns
    -------
    tuple[str, ...]
        The fixed terms, then the effects that are only random.
    """
    terms = design.fixed.terms
    return (*terms, *(effect for effect in block.effects if effect not in terms))


def coefficient_draws(
    draws: xr.DataTree, spec: ModelSpec, block: GroupBlock, name: str, levels: slice
) -> FloatArray:
    """Draws of one coefficient for a slice of the levels.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    block : GroupBlock
        The grouping factor.
    name : str
        One of :func:`coefficient_names`.
    levels : slice
        Which levels.

    Returns
    -------
    FloatArray
        Shape (chains * draws, levels), or (chains * draws, 1) for a coefficient that does not vary.
    """
    terms = spec.design.fixed.terms
    beta = draw_matrix(draws, names.BETA)
    fixed = beta[:, [terms.index(name)]] if name in terms else np.zeros((len(beta), 1))
    if name not in block.effects:
        return fixed
    random = ranef_draws(draws["posterior"].to_dataset(), block.group)
    own = random[:, :, levels, block.effects.index(name)].to_numpy()
    total: FloatArray = fixed + own.reshape(len(beta), -1)
    return total


def coefficient_point(draws: xr.DataTree, spec: ModelSpec, block: GroupBlock, name: str, level: int) -> float:
    """Point value of one coefficient of one level, as :func:`coef` gives it.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    block : GroupBlock
        The grouping factor.
    name : str
        One of :func:`coefficient_names`.
    level : int
        Place of the level.

    Returns
    -------
    float
        The posterior median, or the mean where moments are kept.
    """
    if keeps_moments(draws) and name in block.effects:
        place = block.effects.index(name)
        return float(level_moments(draws, names.coef(block.group))[0, level, place])
    return float(np.median(coefficient_draws(draws, spec, block, name, slice(level, level + 1))))


def _coefficient_summary(
    draws: xr.DataTree, spec: ModelSpec, block: GroupBlock, name: str, prob: float
) -> Summary:
    """Summary of one coefficient over the levels, shape (J,)."""
    if name not in block.effects:
        constant = summarize(coefficient_draws(draws, spec, block, name, slice(0, 1)), prob)
        return stack([constant] * block.n_levels)
    if keeps_moments(draws):
        kept = level_moments(draws, names.coef(block.group))[:, :, block.effects.index(name)]
        return summary_of_moments(kept, prob)
    n_draws = draws["posterior"].sizes[names.CHAIN] * draws["posterior"].sizes[names.DRAW]
    return summarize_blocks(
        lambda levels: coefficient_draws(draws, spec, block, name, levels), block.n_levels, n_draws, prob
    )
