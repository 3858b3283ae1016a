"""Location and mean of the response of every row, draw by draw, on the scale of the response."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.families.gaussian import residual_scale
from bayesmixed.families.links import link_function
from bayesmixed.families.moments import response_mean
from bayesmixed.families.records import Family


def parameter_draws(
    posterior: xr.Dataset, family: Family, weights: FloatArray | None = None
) -> dict[str, FloatArray]:
    """Draws of the auxiliary parameters of a family, ready to be set beside rows.

    Returns shape (chain, draw, 1).
    """
    out = {
        name: np.asarray(posterior[name].transpose(names.CHAIN, names.DRAW).values)[..., None]
        for name in family.parameters
    }
    if weights is not None and family.is_gaussian:
        out[names.SIGMA] = out[names.SIGMA] * residual_scale(weights)
    return out


def location_of(predictor: FloatArray, family: Family) -> FloatArray:
    """Location of the response at a linear predictor: the inverse of the link."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return link_function(family.link).inverse(predictor)


def mean_of(predictor: xr.DataArray, posterior: xr.Dataset, family: Family) -> xr.DataArray:
    """Mean of the response at a linear predictor, draw by draw."""
    location = location_of(predictor.values, family)
    return predictor.copy(data=response_mean(family, location, parameter_draws(posterior, family)))
