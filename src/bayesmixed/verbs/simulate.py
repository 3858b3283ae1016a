"""Data sets that a fitted model would produce."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows, prediction_rows
from bayesmixed.design.trials import counts_successes
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import SimulatedEffects, checked_count, checked_seed, one_of
from bayesmixed.verbs.fitted import n_draws
from bayesmixed.verbs.predict import check_weights_given, predictor_of
from bayesmixed.verbs.redraw import with_levels

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

DRAW_STREAM = 3
"""Keeps the random choice of draws apart from the random numbers of levels and rows."""


def simulate(
    draws: xr.DataTree,
    spec: ModelSpec,
    n: int = 1,
    *,
    newdata: IntoFrame | None = None,
    effects: SimulatedEffects = "all",
    weights: str | ArrayLike | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate responses of every row, each data set from one draw of the parameters.

    Use it to see whether data like the ones observed could have come from the model, and to plan a study.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    n : int
        Number of data sets.
    newdata : pandas, polars or Arrow frame, optional
        Predictors and grouping factors of the rows; by default those of the fit. Effects of levels that the
        model has not seen are drawn from N(0, S).
    effects : {"all", "new", "fixed"}
        ``"all"``: the levels keep their own random effects (the posterior predictive distribution of the
        rows). ``"new"``: every level gets new random effects from N(0, S), as if other groups of the same
        population had been observed, lme4's ``use.u = FALSE``. ``"fixed"``: residuals around the population's
        value alone.
    weights : str or array-like, optional
        For a model with weights, those of the rows of `newdata`.
    seed : int
        Repeats the data sets.

    Returns
    -------
    pandas.DataFrame
        Columns ``sim_1``, ``sim_2``, ...; one row for each row, under the index of the data. Each can take
        the place of the response in the data: of a proportion with its trials in ``weights=`` these are
        proportions, of ``prop(k, n)`` and ``cbind(k, n - k)`` the successes k. (Of ``cbind(k, m)`` the
        failures m are then the trials less k.)

    Raises
    ------
    BayesmixedError
        When `n` is not a number of data sets, or `effects` or `seed` is not known.
    DataError
        When `newdata` do not fit the model.

    Notes
    -----
    The draws used are chosen at random without repetition while there are enough. The response is
    y = X b + Z u + offset + sigma / sqrt(w) times a standard normal, or a draw from the family's
    distribution.
    """
    one_of(effects, SimulatedEffects, "effects")
    n, seed = checked_count(n, "n"), checked_seed(seed)
    taking_part = "fixed" if effects == "fixed" else "all"
    wanted = prediction_rows(spec.design, newdata, effects=taking_part, new_levels="sample", weights=weights)
    check_weights_given(spec.design, wanted, "response")
    wanted = with_new_levels(wanted) if effects == "new" else wanted
    chosen = _some_draws(with_levels(draws, spec, wanted), n, seed)
    predicted = predictor_of(
        chosen,
        wanted,
        kind="response",
        sampled=True,
        seed=seed,
        family=spec.family,
        counts=counts_successes(spec.design),
    )
    responses = predicted(slice(0, wanted.n_rows)).transpose(names.CHAIN, names.ROW, names.DRAW).values[0]
    columns = [f"sim_{number}" for number in range(1, n + 1)]
    return pd.DataFrame(responses, index=wanted.data.frame.index, columns=columns)


def with_new_levels(wanted: PredictionRows) -> PredictionRows:
    """Rows whose levels are all taken for levels that the model has not seen."""
    data, blocks = wanted.data, wanted.design.blocks
    new = [(*labels, *block.levels) for labels, block in zip(data.new_levels, blocks, strict=True)]
    codes = [
        np.where(code < 0, code, -1 - len(labels) - code)
        for code, labels in zip(data.codes, data.new_levels, strict=True)
    ]
    return replace(wanted, data=replace(data, codes=tuple(codes), new_levels=tuple(new)))


def _some_draws(draws: xr.DataTree, n: int, seed: int) -> xr.DataTree:
    """Tree of one chain of n draws of the posterior."""
    total = n_draws(draws)
    chosen = np.random.default_rng([seed, DRAW_STREAM]).choice(total, n, replace=n > total)
    per_chain = draws["posterior"].sizes[names.DRAW]
    chain, draw = (xr.DataArray(place, dims="chosen") for place in np.divmod(chosen, per_chain))
    posterior = draws["posterior"].to_dataset().isel({names.CHAIN: chain, names.DRAW: draw})
    posterior = posterior.drop_vars([names.CHAIN, names.DRAW]).rename(chosen=names.DRAW)
    axes = {names.CHAIN: [0], names.DRAW: np.arange(n)}
    return xr.DataTree.from_dict({"/posterior": posterior.expand_dims(names.CHAIN).assign_coords(axes)})
