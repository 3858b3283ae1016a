"""Groups of a tree that are made on request, so that ArviZ's functions work on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import xarray as xr

from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.log_prior import log_prior
from bayesmixed.posterior.prior_draws import prior_predictive
from bayesmixed.posterior.response import log_likelihood, posterior_predictive

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
