"""The response given every draw: its log density, and new responses."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.families.gaussian import log_density, residual_scale
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import draw_chunks, linear_predictor


def log_likelihood(draws: xr.DataTree, spec: ModelSpec) -> xr.Dataset:
    """Log density of every observed response given every draw, conditional on the random effects.

    ``arviz.loo`` and its kin read it.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.

    Returns
    -------
    xarray.Dataset
        ``y`` with dimensions (chain, draw, row).
    """
    posterior = draws["posterior"].to_dataset()
    mean = linear_predictor(posterior, spec.design)
    sigma = posterior[names.SIGMA].transpose(names.CHAIN, names.DRAW).values
    y, scale = spec.design.response.values, residual_scale(spec.design.weights)
    for at in draw_chunks(*mean.shape):
        mean.values[at] = log_density(y, mean.values[at], sigma[at][:, None] * scale)
    return mean.to_dataset(name=names.RESPONSE)


def posterior_predictive(draws: xr.DataTree, spec: ModelSpec, *, seed: int) -> xr.Dataset:
    """Draw new responses of the rows used, given the random effects of every draw.

    ``arviz.plot_ppc_dist`` and its kin read it.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    seed : int
        Seed of the residuals.

    Returns
    -------
    xarray.Dataset
        ``y`` with dimensions (chain, draw, row), in the units of the response.
    """
    return simulated_response(draws["posterior"].to_dataset(), spec, np.random.default_rng(seed))


def simulated_response(posterior: xr.Dataset, spec: ModelSpec, rng: np.random.Generator) -> xr.Dataset:
    """Draw new responses given draws from a posterior or a prior.

    Parameters
    ----------
    posterior : xarray.Dataset
        Draws of ``beta``, ``sigma`` and every ``ranef_<g>``.
    spec : ModelSpec
        The model.
    rng : numpy.random.Generator
        Source of the residuals.

    Returns
    -------
    xarray.Dataset
        ``y`` with dimensions (chain, draw, row).
    """
    mean = linear_predictor(posterior, spec.design)
    sigma = posterior[names.SIGMA].transpose(names.CHAIN, names.DRAW).values
    scale = residual_scale(spec.design.weights)
    for at in draw_chunks(*mean.shape):
        noise = rng.standard_normal(mean.values[at].shape)
        noise *= sigma[at][:, None] * scale
        mean.values[at] += noise
    return mean.to_dataset(name=names.RESPONSE)
