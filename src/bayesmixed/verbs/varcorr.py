"""Variance components and correlations of the random effects."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import GroupBlock
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import bound_names, draw_matrix, stack, summarize, summary_columns


def varcorr(
    draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95, correlations: bool = False
) -> pd.DataFrame:
    """Variance components, or the correlations among random effects.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    prob : float
        Probability inside the equal-tailed intervals.
    correlations : bool
        The correlations in place of the standard deviations.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``effect``, ``variance``, ``sd``, ``sd_2.5``, ``sd_97.5``, ``var_prop``: one row for
        every effect of every grouping factor, then ``Residual`` with an empty effect where the family has a
        ``sigma``. With `correlations`:
        ``group``, ``effect_1``, ``effect_2``, ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for
        every pair of effects that are correlated in the model; no rows when there is none.

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.

    Notes
    -----
    ``sd`` is the posterior median and ``variance`` its square, which is the median of the variance.
    ``var_prop`` is the variance of the row divided by the sum of the column, as in mixedup, so that the
    rows add to one. It compares variances at the point where every predictor is one unit; for a share with
    an interval, and for models with random slopes, use :func:`~bayesmixed.verbs.icc.icc`.
    """
    return _correlation_table(draws, spec, prob) if correlations else _variance_table(draws, spec, prob)


def sd_summary(draws: xr.DataTree, spec: ModelSpec, prob: float) -> Summary:
    """Summary of every standard deviation, the residual's last."""
    blocks = [summarize(draw_matrix(draws, names.sd(block.group)), prob) for block in spec.design.blocks]
    if spec.family.has_residual_sd:
        blocks.append(summarize(draw_matrix(draws, names.SIGMA)[:, None], prob))
    return stack(blocks)


def sd_labels(spec: ModelSpec) -> list[tuple[str, str]]:
    """List grouping factor and effect of every standard deviation, the residual's last."""
    labels = [(block.group, effect) for block in spec.design.blocks for effect in block.effects]
    return [*labels, (names.RESIDUAL, "")] if spec.family.has_residual_sd else labels


def _variance_table(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """One row for every standard deviation."""
    summary = sd_summary(draws, spec, prob)
    lower, upper = bound_names(prob, "sd", "sd")
    variance = summary.value**2
    table = pd.DataFrame(sd_labels(spec), columns=["group", "effect"])
    return table.assign(
        variance=variance,
        sd=summary.value,
        **{lower: summary.lower, upper: summary.upper},
        var_prop=variance / variance.sum(),
    )


def _correlation_table(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """One row for every pair of correlated effects."""
    labels = [(block.group, *each.names) for block in spec.design.blocks for _, each in block.correlations]
    summary = stack(_block_correlations(draws, block, prob) for block in spec.design.blocks)
    table = pd.DataFrame(labels, columns=["group", "effect_1", "effect_2"], dtype="str")
    return table.assign(**summary_columns(summary, prob))


def _block_correlations(draws: xr.DataTree, block: GroupBlock, prob: float) -> Summary:
    """Summary of the correlations of one grouping factor."""
    if not block.has_correlation:
        return stack([])
    first, second = zip(*(each.pair for _, each in block.correlations), strict=True)
    return summarize(draw_matrix(draws, names.corr(block.group))[:, first, second], prob)
