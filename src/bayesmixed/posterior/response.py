"""The response given every draw: its log density, and new responses."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import draw_chunks, linear_predictor
from bayesmixed.posterior.location import parameter_draws


def log_likelihood(draws: xr.DataTree, spec: ModelSpec) -> xr.Dataset:
    """Log density of every observed response given every draw, conditional on the random effects.

    ``arviz.loo`` and its kin read it.
    """
    posterior = draws["posterior"].to_dataset()
    predictor = linear_predictor(posterior, spec.design)
    parameters = parameter_draws(posterior, spec.family, spec.design.weights)
    y, trials = spec.design.response.values, spec.design.response.trials
    for at in draw_chunks(*predictor.shape):
        location = spec.family.location_of(predictor.values[at])
        now = {name: values[at] for name, values in parameters.items()}
        predictor.values[at] = spec.family.log_density(y, location, now, trials)
    return predictor.to_dataset(name=names.RESPONSE)


def posterior_predictive(draws: xr.DataTree, spec: ModelSpec, *, seed: int) -> xr.Dataset:
    """Draw new responses of the rows used, given the random effects of every draw.

    ``arviz.plot_ppc_dist`` and its kin read it.
    """
    return simulated_response(draws["posterior"].to_dataset(), spec, np.random.default_rng(seed))


def simulated_response(posterior: xr.Dataset, spec: ModelSpec, rng: np.random.Generator) -> xr.Dataset:
    """Draw new responses given draws from a posterior or a prior."""
    predictor = linear_predictor(posterior, spec.design)
    parameters = parameter_draws(posterior, spec.family, spec.design.weights)
    trials = spec.design.response.trials
    for at in draw_chunks(*predictor.shape):
        location = spec.family.location_of(predictor.values[at])
        now = {name: values[at] for name, values in parameters.items()}
        predictor.values[at] = spec.family.draws(location, now, trials, rng)
    return predictor.to_dataset(name=names.RESPONSE)
