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
from bayesmixed.posterior.response import parameter_draws
from bayesmixed.verbs.summaries import bound_names, check_prob

MOST_DRAWS = 1000
"""Draws that a check uses at most, evenly spaced."""

Statistic = Callable[[FloatArray, FloatArray, dict[str, FloatArray]], FloatArray]


def check_overdispersion(
    draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Compare the scatter of the responses with that of responses drawn from the model.

    Use it after a binomial or Poisson fit: a ratio above 1 with a small p says that the counts scatter more
    than the model allows; a random effect of every row, or the negative binomial family, can take that up.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    prob : float
        Probability inside the interval.
    seed : int
        Of the responses drawn.

    Returns
    -------
    pandas.DataFrame
        One row: ``observed`` and ``expected`` (posterior medians of the Pearson statistic of the data and of
        drawn responses, each divided by the number of rows), ``ratio`` (median of the one over the other),
        ``lower_2.5``, ``upper_97.5`` and ``p_value`` (share of draws whose responses scatter as much or
        more).

    Raises
    ------
    FamilyError
        For a family that does not state its variance.

    Notes
    -----
    Pearson's sum of (y - mean)^2 / variance, given the random effects, as a realized discrepancy (Gelman,
    Meng and Stern 1996, Statistica Sinica 6:733); at most 1,000 draws take part.
    """

    def scatter(y: FloatArray, location: FloatArray, parameters: dict[str, FloatArray]) -> FloatArray:
        trials = spec.design.response.trials
        mean = spec.family.mean(location, parameters)
        variance = spec.family.variance(location, parameters, trials)
        return np.asarray(((y - mean) ** 2 / variance).mean(axis=-1))

    return _compared(draws, spec, scatter, prob, seed)


def check_zeros(draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Compare the number of zeros among the responses with that of responses drawn from the model.

    Use it after a fit of counts: a ratio above 1 with a small p says that the data hold more zeros than the
    model makes; then try a zero-inflated or negative binomial family.

    Parameters
    ----------
    draws, spec, prob, seed
        As in :func:`check_overdispersion`.

    Returns
    -------
    pandas.DataFrame
        One row: ``observed`` (zeros in the data), ``expected`` (posterior median of those of drawn
        responses), ``ratio``, ``lower_2.5``, ``upper_97.5`` (of the ratio), ``p_value`` (share of draws with
        as many zeros or more).

    Raises
    ------
    FamilyError
        For a family that is not one of counts.
    """
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
    parameters = parameter_draws(posterior, spec.family, spec.design.weights)
    trials = spec.design.response.trials
    drawn = spec.family.draws(location, parameters, trials, np.random.default_rng(seed))
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
