"""All parameters of a REML or ML estimate in broom.mixed's columns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import TidyEffects, VarianceIntervals
from bayesmixed.verbs.estimate.fixef import fixef
from bayesmixed.verbs.estimate.ranef import ranef
from bayesmixed.verbs.estimate.varcorr import varcorr
from bayesmixed.verbs.summaries import bound_names
from bayesmixed.verbs.tidy import (
    TidyMakers,
    assemble,
    tidy_fixed,
    tidy_parameters,
    tidy_random_values,
)


def tidy(
    fitted: Estimate,
    point: xr.DataTree,
    spec: ModelSpec,
    *,
    effects: Sequence[TidyEffects] = ("fixed", "ran_pars"),
    prob: float = 0.95,
    method: VarianceIntervals = "none",
    seed: int | None = None,
) -> pd.DataFrame:
    """All parameters in one long table with broom.mixed's columns, for joining and comparing models.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    point : xarray.DataTree
        The same estimate as a posterior of one draw.
    spec : ModelSpec
        The model.
    effects : sequence of {"fixed", "ran_pars", "ran_vals"}
        Fixed effects; standard deviations and correlations; the random effects of every level.
    prob : float
        Confidence level of the intervals.
    method : {"profile", "boot", "none"}
        Intervals of the standard deviations and correlations; none by default, as in broom.mixed.
    seed : int, optional
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        ``effect``, ``group``, ``term``, ``estimate``, ``std_error``, ``statistic``, ``df``, ``p_value``,
        ``conf_low``, ``conf_high``; with ``"ran_vals"`` a column ``level`` after ``group``.

    Raises
    ------
    BayesmixedError
        When `effects` holds another word or is empty, or `prob` or `method` is not known.
    """

    def parameters() -> pd.DataFrame:
        lower, upper = bound_names(prob, "sd", "sd")
        sds, pairs = (
            varcorr(fitted, point, spec, correlations=kind, prob=prob, method=method, seed=seed)
            for kind in (False, True)
        )
        bounds = dict(zip((lower, upper), bound_names(prob), strict=True))
        sds = sds.rename(columns={"effect": "term", "sd": "value", **bounds}).assign(se=float("nan"))
        return tidy_parameters(sds, pairs, prob)

    makers: TidyMakers = {
        "fixed": lambda: tidy_fixed(fixef(fitted, prob=prob), prob),
        "ran_pars": parameters,
        "ran_vals": lambda: tidy_random_values(ranef(fitted, prob=prob), prob),
    }
    return assemble(makers, effects, prob)
