"""lme4's estimate of every parameter beside the posterior's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.comparison.two_stage import two_stage_intervals, two_stages
from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import estimate
from bayesmixed.model.refusals import check_gaussian
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ConfintMethod
from bayesmixed.verbs.estimate.confint import confint
from bayesmixed.verbs.estimate.parameters import ParameterArrays, chosen_parameters, parameter_values
from bayesmixed.verbs.summaries import bound_names, draw_matrix, summarize

NO_POOLING, REML, POSTERIOR = "no pooling", "REML", "posterior"
"""Methods, as the table names them."""


def versus(
    draws: xr.DataTree,
    spec: ModelSpec,
    *,
    method: ConfintMethod = "profile",
    prob: float = 0.95,
    parameters: str | Sequence[str] | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Every parameter by no pooling, by REML with its interval, by the posterior with its interval.

    Use it to show what lme4 says and what the posterior says from one formula; where they part, groups are
    few or a variance is near zero.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    method : {"profile", "wald", "boot"}
        Kind of the intervals of REML; see :func:`bayesmixed.verbs.estimate.confint.confint`.
    prob : float
        Probability inside the intervals.
    parameters : str or sequence of str, optional
        Names as printed; ``"beta"`` for all coefficients, ``"theta"`` for everything else. All unless given.
    seed : int, optional
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``kind`` (``"sd"``, ``"cor"``, ``"sigma"``, ``"beta"``), ``group``, ``effect``,
        ``method``, ``value``, ``lower_2.5``, ``upper_97.5``: two or three rows for each parameter.

    Raises
    ------
    BayesmixedError
        When `method`, `prob` or one of `parameters` is not known.
    EngineError
        When crossed random effects are too many for REML, or the family is not gaussian.

    Notes
    -----
    The value of REML is its optimum, that of the posterior its median. Rows of no pooling stand where a model
    has one grouping factor and every level determines its own coefficients; see
    :func:`bayesmixed.comparison.two_stage.two_stage_intervals`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
    >>> versus(fit.draws, fit.spec, parameters="Days").round(0)[["method", "value", "lower_2.5"]]
           method  value  lower_2.5
    0  no pooling   10.0        7.0
    1        REML   10.0        7.0
    2   posterior   10.0        7.0
    """
    check_gaussian(spec, "REML")
    chosen = chosen_parameters(spec.design, parameters)
    lower, upper = bound_names(prob)
    intervals = confint(
        estimate(spec.design), method, prob=prob, seed=seed, parameters=[p.name for p in chosen]
    )
    by_method = {
        NO_POOLING: two_stage_intervals(two_stages(spec.design), chosen, prob),
        REML: intervals[["estimate", lower, upper]].to_numpy(),
        POSTERIOR: _posterior_intervals(draws, spec, chosen, prob),
    }
    rows = [
        _row(parameter, method, values[i], (lower, upper))
        for i, parameter in enumerate(chosen)
        for method, values in by_method.items()
        if not np.isnan(values[i, 0])
    ]
    return pd.DataFrame(rows)


def _row(parameter: Parameter, method: str, values: FloatArray, bounds: tuple[str, str]) -> dict[str, object]:
    """One parameter by one method; `values` are value, lower and upper end."""
    labels = {"parameter": parameter.name, "kind": parameter.kind, "group": parameter.group}
    return {**labels, "effect": parameter.effect, "method": method} | dict(
        zip(("value", *bounds), values.tolist(), strict=True)
    )


def _posterior_intervals(
    draws: xr.DataTree, spec: ModelSpec, parameters: Sequence[Parameter], prob: float
) -> FloatArray:
    """Median and interval of some parameters, shape (m, 3)."""
    blocks = spec.design.blocks
    arrays = ParameterArrays(
        beta=draw_matrix(draws, names.BETA),
        sigma=draw_matrix(draws, names.SIGMA),
        sd=tuple(draw_matrix(draws, names.sd(block.group)) for block in blocks),
        corr=tuple(
            draw_matrix(draws, names.corr(block.group)) if block.has_correlation else np.empty(0)
            for block in blocks
        ),
    )
    summary = summarize(parameter_values(parameters, arrays), prob)
    return np.column_stack([summary.value, summary.lower, summary.upper])
