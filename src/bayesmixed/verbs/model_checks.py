"""Posterior predictive checks of counts: dispersion and zeros."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import linear_predictor
from bayesmixed.posterior.response import correlated_noise, row_parameters
from bayesmixed.verbs.summaries import bound_names, check_prob

MOST_DRAWS = 1000
"""Draws that a check uses at most, evenly spaced."""

Statistic = Callable[[FloatArray, FloatArray, dict[str, FloatArray]], FloatArray]


def check_overdispersion(
    draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Compare the scatter of the responses with that of responses drawn from the model."""

    def scatter(y: FloatArray, location: FloatArray, parameters: dict[str, FloatArray]) -> FloatArray:
        trials = spec.design.response.trials
        mean = spec.family.mean(location, parameters)
        variance = spec.family.variance(location, parameters, trials)
        return np.asarray(((y - mean) ** 2 / variance).mean(axis=-1))

    return _compared(draws, spec, scatter, prob, seed)


def check_zeros(draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Compare the number of zeros among the responses with that of responses drawn from the model."""
    if not spec.family.is_discrete:
        raise FamilyError(f"check_zeros() is for counts; {spec.family} has no zeros to count.")
    return _compared(draws, spec, lambda y, *_: np.count_nonzero(y == 0, axis=-1), prob, seed)


def _compared(
    draws: xr.DataTree, spec: ModelSpec, statistic: Statistic, prob: float, seed: int
) -> pd.DataFrame:
    """A statistic of the data beside that of responses drawn from the same draws."""
    check_prob(prob)
    posterior = _some_draws(draws["posterior"].to_dataset())
    location = spec.family.location_of(linear_predictor(posterior, spec.design).values)
    parameters = row_parameters(posterior, spec.design, spec.family)
    trials = spec.design.response.trials
    rng = np.random.default_rng(seed)
    if spec.design.residual.is_independent:
        drawn = spec.family.draws(location, parameters, trials, rng)
    else:
        drawn = location + correlated_noise(posterior, spec.design.residual, parameters[names.SIGMA], rng)
    drawn = drawn if trials is None else drawn / trials
    seen = np.broadcast_to(statistic(spec.design.response.observed, location, parameters), location.shape[:2])
    expected = statistic(drawn, location, parameters)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(seen == expected, 1.0, seen / expected)
    tail = (1 - prob) / 2
    low, middle, high = np.quantile(ratio, [tail, 0.5, 1 - tail], method="inverted_cdf")
    lower, upper = bound_names(prob)
    return pd.DataFrame(
        [
            {
                "observed": float(np.median(seen)),
                "expected": float(np.median(expected)),
                "ratio": middle,
                lower: low,
                upper: high,
                "p_value": float(np.mean(expected >= seen)),
            }
        ]
    )


def _some_draws(posterior: xr.Dataset) -> xr.Dataset:
    """At most `MOST_DRAWS` draws of all chains."""
    total = posterior.sizes[names.CHAIN] * posterior.sizes[names.DRAW]
    return posterior.isel({names.DRAW: slice(None, None, max(1, -(-total // MOST_DRAWS)))})
