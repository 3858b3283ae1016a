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
    """Every parameter by no pooling, by REML with its interval, by the posterior with its interval."""
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
