"""Data sets that a fitted model would produce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows, counts_successes, prediction_rows
from bayesmixed.design.records import EncodedData, FloatArray, GroupBlock
from bayesmixed.errors import DataError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import SimulatedEffects, checked_count, checked_seed, one_of
from bayesmixed.posterior.linear_predictor import new_level_effects
from bayesmixed.posterior.response import correlated_noise, row_parameters
from bayesmixed.verbs.drawn import n_draws
from bayesmixed.verbs.predict import check_weights_given
from bayesmixed.verbs.sources import Posterior, Source

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

SERIES_STREAM = 4
"""Keeps the random numbers of series of residuals apart from all others."""
DRAW_STREAM = 3
"""Keeps the random choice of draws apart from the random numbers of levels and rows."""


def simulate(
    source: Source,
    n: int = 1,
    *,
    newdata: IntoFrame | None = None,
    effects: SimulatedEffects = "all",
    weights: str | ArrayLike | None = None,
    seed: int | None = 0,
) -> pd.DataFrame:
    """Simulate responses of every row, each data set from one draw of the parameters, or at the estimate.

    The draws used are chosen at random without repetition while there are enough. The response is
    y = X b + Z u + offset + sigma / sqrt(w) times a standard normal, or a draw from the family's
    distribution.
    """
    spec = source.spec
    one_of(effects, SimulatedEffects, "effects")
    n = checked_count(n, "n")
    fresh = np.random.SeedSequence().generate_state(1, np.uint32)[0] if seed is None else seed
    number = checked_seed(fresh)
    taking_part = "fixed" if effects == "fixed" else "all"
    wanted = prediction_rows(
        spec.design, newdata, effects=taking_part, new_levels="sample", weights=weights, response=True
    )
    check_weights_given(spec.design, wanted, "response")
    wanted = with_new_levels(wanted) if effects == "new" else wanted
    chosen = _some_draws(source.holding(wanted).draws, n, number)
    serial = spec.design.residual.correlation
    if not spec.design.residual.is_independent and newdata is not None:
        raise DataError(
            f"New rows are not in the series of {serial.name}() that the model was fitted to, so their "
            "residuals are not drawn together. Leave newdata out, or take predict(kind='response'), row by "
            "row."
        )
    together = not spec.design.residual.is_independent
    predicted = Posterior(chosen, spec, seed=number).row_arrays(
        wanted,
        kind="mean" if together else "response",
        new_levels="sample",
        counts=counts_successes(spec.design),
    )
    responses = predicted(slice(0, wanted.n_rows)).transpose(names.CHAIN, names.ROW, names.DRAW).values[0]
    if together:
        responses = responses + _residuals(chosen, spec, wanted, number).T
    columns = [f"sim_{number}" for number in range(1, n + 1)]
    return pd.DataFrame(responses, index=wanted.data.frame.index, columns=columns)


def _residuals(draws: xr.DataTree, spec: ModelSpec, wanted: PredictionRows, seed: int) -> FloatArray:
    """Residuals of all rows, correlated within their series, shape (draws, n)."""
    posterior, rng = draws["posterior"].to_dataset(), np.random.default_rng([seed, SERIES_STREAM])
    new_effects = new_level_effects(posterior, wanted.design, seed)
    parameters = row_parameters(
        posterior, wanted.design, spec.family, data=wanted.data, new_effects=new_effects
    )
    noise: FloatArray = correlated_noise(posterior, spec.design.residual, parameters[names.SIGMA], rng)[0]
    return noise


def with_new_levels(wanted: PredictionRows) -> PredictionRows:
    """Rows whose levels are all taken for levels that the model has not seen."""
    predictors = wanted.design.predictors
    others = {name: _renewed(data, predictors[name].blocks) for name, data in wanted.data.others.items()}
    mean = _renewed(wanted.data, wanted.design.blocks)
    return replace(wanted, data=replace(mean, others=others))


def _renewed(data: EncodedData, blocks: Sequence[GroupBlock]) -> EncodedData:
    """Rows of one predictor whose levels are all taken for new; smooths stay as they are."""
    new, meetings = list(data.new_levels), list(data.meetings)
    for i, block in enumerate(blocks):
        if not block.is_smooth:
            codes, labels = meetings[i].codes, new[i]
            meetings[i] = meetings[i].with_codes(np.where(codes < 0, codes, -1 - len(labels) - codes))
            new[i] = (*labels, *block.levels)
    return replace(data, meetings=tuple(meetings), new_levels=tuple(new))


def _some_draws(draws: xr.DataTree, n: int, seed: int) -> xr.DataTree:
    """Tree of one chain of n draws of the posterior."""
    total = n_draws(draws)
    chosen = np.random.default_rng([seed, DRAW_STREAM]).choice(total, n, replace=n > total)
    per_chain = draws["posterior"].sizes[names.DRAW]
    chain, draw = (xr.DataArray(place, dims="chosen") for place in np.divmod(chosen, per_chain))
    posterior = draws["posterior"].to_dataset().isel({names.CHAIN: chain, names.DRAW: draw})
    posterior = posterior.drop_vars([names.CHAIN, names.DRAW]).rename(chosen=names.DRAW)
    axes = {names.CHAIN: [0], names.DRAW: np.arange(n)}
    # A correlation that does not exist, beside a standard deviation of zero, adds nothing to any effect.
    posterior = posterior.expand_dims(names.CHAIN).assign_coords(axes).fillna(0.0)
    return xr.DataTree.from_dict({"/posterior": posterior})
