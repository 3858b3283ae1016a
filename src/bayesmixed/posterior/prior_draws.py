"""Draws from the prior, under the posterior's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.covariances.covariance import correlation_matrix
from bayesmixed.design.centring import moved_covariance
from bayesmixed.design.records import FloatArray, LinearPredictor
from bayesmixed.engines.records import RawDraws, RawPredictor
from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.log_prior import log_prior
from bayesmixed.posterior.response import log_likelihood, posterior_predictive, simulated_response
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.priors.density import random_draws
from bayesmixed.priors.prior import Prior, PriorSet


def prior_predictive(spec: ModelSpec, *, draws: int = 1000, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Parameters drawn from the prior, and responses drawn from the model given them.

    Use it to see what the priors mean before any data are fitted.
    """
    rng = np.random.default_rng(seed)
    raw = _prior_draws(spec, draws, rng)
    prior = draws_tree(spec.design, raw, {})["posterior"].to_dataset()
    return prior, simulated_response(prior, spec, rng)


def prior_tree(spec: ModelSpec, *, draws: int = 1000, seed: int) -> xr.DataTree:
    """Tree of draws from the prior and its predictive distribution, without a posterior."""
    prior, predictive = prior_predictive(spec, draws=draws, seed=seed)
    row = {names.ROW: np.asarray(spec.design.frame.index)}
    observed = xr.Dataset({names.RESPONSE: ((names.ROW,), spec.design.response.values)}, coords=row)
    return xr.DataTree.from_dict(
        {"/prior": prior, "/prior_predictive": predictive, "/observed_data": observed}
    )


def _prior_draws(spec: ModelSpec, draws: int, rng: np.random.Generator) -> RawDraws:
    """One chain of draws of every parameter and every random effect."""
    serial, design = spec.design.residual.correlation, spec.design
    mean = _predictor_draws(design.predictors[names.MU], spec.priors, draws, rng)
    return RawDraws(
        beta=mean.beta,
        parameters={
            name: (serial.draws if name == serial.label else random_draws)(prior, draws, rng)[None]
            for name, prior in spec.priors.parameters.items()
        },
        sd=mean.sd,
        corr=mean.corr,
        ranef=mean.ranef,
        others={
            each.parameter: _predictor_draws(each, spec.priors.others[each.parameter], draws, rng)
            for each in design.others
        },
        sample_stats={},
    )


def _predictor_draws(
    predictor: LinearPredictor, priors: PriorSet, draws: int, rng: np.random.Generator
) -> RawPredictor:
    """One chain of draws of the parameters and the random effects of one predictor."""
    beta = _columns(priors.coefficients, draws, rng) @ predictor.fixed.centring.T
    sds, correlations, effects = [], [], []
    for block, of_sds, correlation in zip(predictor.blocks, priors.sd, priors.correlation, strict=True):
        sd = block.covariances.spread(_columns(of_sds, draws, rng))
        factor = block.covariances.cholesky_draws(correlation, draws, rng)
        deviates = rng.standard_normal((draws, block.n_levels, block.n_effects))
        if block.root is not None:
            deviates = block.root @ deviates
        at_zero, corr = moved_covariance(sd, correlation_matrix(factor), block.centring)
        sds.append(at_zero[None])
        correlations.append(corr[None] if block.has_correlation else None)
        effects.append((deviates @ factor.swapaxes(-1, -2) * sd[:, None, :] @ block.centring.T)[None])
    return RawPredictor(beta=beta[None], sd=tuple(sds), corr=tuple(correlations), ranef=tuple(effects))


def _columns(priors: tuple[Prior, ...], draws: int, rng: np.random.Generator) -> FloatArray:
    """Draws from every prior, shape (draws, number of priors)."""
    out = np.empty((draws, len(priors)))
    for j, prior in enumerate(priors):
        out[:, j] = random_draws(prior, draws, rng)
    return out


ExtraGroup = Literal["log_likelihood", "log_prior", "posterior_predictive", "prior", "prior_predictive"]

__all__ = ["add_groups", "log_likelihood", "log_prior", "posterior_predictive", "prior_predictive"]


def add_groups(
    draws: xr.DataTree, spec: ModelSpec, groups: Sequence[str], *, seed: int, prior_draws: int = 1000
) -> xr.DataTree:
    """Tree with further groups beside those it has."""
    known = get_args(ExtraGroup)
    for group in groups:
        if not isinstance(group, str) or group not in known:
            raise BayesmixedError(f"There is no group {group!r} to add. {near_names(group, known)}")
    made: dict[str, xr.Dataset] = {}
    if "log_likelihood" in groups:
        made["log_likelihood"] = log_likelihood(draws, spec)
    if "log_prior" in groups:
        made["log_prior"] = log_prior(draws, spec)
    if "posterior_predictive" in groups:
        made["posterior_predictive"] = posterior_predictive(draws, spec, seed=seed)
    if "prior" in groups or "prior_predictive" in groups:
        made["prior"], made["prior_predictive"] = prior_predictive(spec, draws=prior_draws, seed=seed)
    tree = draws.copy()
    for group, dataset in made.items():
        tree[group] = xr.DataTree(dataset)
    return tree
