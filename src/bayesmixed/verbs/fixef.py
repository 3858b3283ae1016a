"""Fixed effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.families.family import Family
from bayesmixed.model.spec import ModelSpec
from bayesmixed.names import LEGEND
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import draw_matrix, summarize, summary_columns


def fixef(
    draws: xr.DataTree, spec: ModelSpec, *, exponentiate: bool = False, prob: float = 0.95
) -> pd.DataFrame:
    """Tabulate the fixed effects with their intervals, the population's part of the model.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    exponentiate : bool
        Whether ratios are given: of odds (logit link), of rates or means (log), of hazards (cloglog), of
        medians (lognormal). The intercept's is the odds or the mean itself.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        One row for each column of X: ``term``, ``value`` (posterior median), ``se`` (posterior standard
        deviation), ``lower_2.5``, ``upper_97.5``, ``p_direction`` (the larger of P(> 0) and P(< 0)).
        Exponentiated, ``attrs["legend"]`` says what the values are; ``p_direction`` stays that of the
        coefficient, so that it compares with 1.

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.
    FamilyError
        When exponentials of the coefficients mean nothing with the model's link.

    Notes
    -----
    The probability of direction is near one minus half of a two-sided p-value when the prior is wide
    (Makowski et al. 2019, Frontiers in Psychology 10:2767).
    """
    beta = draw_matrix(draws, names.BETA)
    summary = summarize(beta, prob)
    meaning = _ratio(spec.family) if exponentiate else ""
    if exponentiate:
        summary = _exponentiated(summary, beta)
    columns = summary_columns(summary, prob)
    direction = np.maximum((beta > 0).mean(axis=0), (beta < 0).mean(axis=0))
    table = pd.DataFrame({"term": list(spec.design.fixed.terms), **columns, "p_direction": direction})
    if meaning:
        table.attrs[LEGEND] = meaning
    return table


def _ratio(family: Family) -> str:
    """What the exponential of a coefficient is."""
    if not family.ratio:
        raise FamilyError(
            f"exponentiate=True gives ratios, which the coefficients of {family} are not: it is for the "
            "links log, logit and cloglog, and for lognormal responses."
        )
    return family.ratio


def _exponentiated(summary: Summary, beta: FloatArray) -> Summary:
    """Exponentials of medians and bounds, with the standard deviation of the exponentials."""
    with np.errstate(over="ignore"):
        se = np.exp(beta).std(axis=0, ddof=min(1, len(beta) - 1))
        return Summary(
            value=np.exp(summary.value), se=se, lower=np.exp(summary.lower), upper=np.exp(summary.upper)
        )
