"""The log density of the priors, draw by draw."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.centring import inverse, moved_covariance
from bayesmixed.design.records import FixedDesign, FloatArray, GroupBlock, IntArray, LinearPredictor
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.density import log_density
from bayesmixed.priors.prior import Prior, PriorSet

CHAIN_DRAW = (names.CHAIN, names.DRAW)


def log_prior(draws: xr.DataTree, spec: ModelSpec) -> xr.Dataset:
    """Log prior density of every parameter that has a prior of its own, on its natural scale.

    ArviZ's power-scaling diagnostics (`arviz.psense_summary`) read it.

    The distribution N(0, S) of the random effects is left out: it is part of the model, and power-scaling it
    would widen or narrow the population itself. Kallioinen et al. (2024, Statistics and Computing 34, 57)
    scale the priors of the top level of a hierarchical model only. The correlation matrix has LKJ's density.
    """
    posterior = draws["posterior"].to_dataset()
    axes = {dim: posterior[dim] for dim in CHAIN_DRAW}
    out = xr.Dataset(coords=axes)
    _add_predictor(out, posterior, spec.design.predictors[names.MU], spec.priors)
    serial = spec.design.residual.correlation
    for name, prior in spec.priors.parameters.items():
        values = posterior[name].transpose(*CHAIN_DRAW, ...).values
        density = serial.log_density if name == serial.label else log_density
        out[name] = CHAIN_DRAW, density(prior, values)
    for each in spec.design.others:
        _add_predictor(out, posterior, each, spec.priors.others[each.parameter])
    return out


def _add_predictor(
    out: xr.Dataset, posterior: xr.Dataset, predictor: LinearPredictor, priors: PriorSet
) -> None:
    """Add the log prior densities of the parameters of one predictor."""
    name, dim = names.beta(predictor.parameter), names.term_dim(predictor.parameter)
    if predictor.fixed.terms:
        beta = posterior[name].transpose(*CHAIN_DRAW, dim)
        centred = centred_coefficients(beta.values, predictor.fixed)
        out[name] = beta.copy(data=_by_column(centred, priors.coefficients))
    for block, sds, correlation in zip(predictor.blocks, priors.sd, priors.correlation, strict=True):
        sd = posterior[names.sd(block.name)].transpose(*CHAIN_DRAW, names.effect_dim(block.name))
        centred_sd, corr = centred_scales(posterior, block)
        out[names.sd(block.name)] = sd.copy(data=_by_column(centred_sd, sds, block.covariances.leaders))
        if correlation:
            out[names.corr(block.name)] = CHAIN_DRAW, block.covariances.log_density(correlation, corr)


def centred_coefficients(beta: NDArray[np.float64], fixed: FixedDesign) -> FloatArray:
    """Coefficients of centred columns from those of the columns as they are.

    Shapes: `beta` (..., p); returns (..., p).
    """
    return np.asarray(beta @ inverse(fixed.centring).T)


def _by_column(values: FloatArray, priors: tuple[Prior, ...], places: IntArray | None = None) -> FloatArray:
    """Log density of entries of the last dimension, each under its own prior; 0 at other places."""
    out = np.zeros(values.shape)
    for place, prior in zip(range(len(priors)) if places is None else places, priors, strict=True):
        out[..., place] = log_density(prior, values[..., place])
    return out


def centred_scales(posterior: xr.Dataset, block: GroupBlock) -> tuple[FloatArray, FloatArray]:
    """Standard deviations and correlations of a grouping factor's centred effects, where priors stand.

    Returns: shapes (chain, draw, k) and (chain, draw, k, k).
    """
    effect, bis = names.effect_dim(block.name), names.effect_bis_dim(block.name)
    sd = posterior[names.sd(block.name)].transpose(*CHAIN_DRAW, effect).values
    if not block.has_correlation:
        return sd, np.broadcast_to(np.eye(block.n_effects), (*sd.shape, block.n_effects))
    corr = posterior[names.corr(block.name)].transpose(*CHAIN_DRAW, effect, bis).values
    return moved_covariance(sd, corr, inverse(block.centring))
