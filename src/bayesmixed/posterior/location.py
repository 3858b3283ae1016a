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

    Parameters
    ----------
    posterior : xarray.Dataset
        Draws from a posterior or a prior.
    family : Family
        Names them.
    weights : FloatArray, optional
        Prior weights of n rows of a gaussian model: ``sigma`` is then that of each row.

    Returns
    -------
    dict[str, FloatArray]
        Each of shape (chain, draw, 1), ``sigma`` of shape (chain, draw, n) with weights.
    """
    out = {
        name: np.asarray(posterior[name].transpose(names.CHAIN, names.DRAW).values)[..., None]
        for name in family.parameters
    }
    if weights is not None and family.is_gaussian:
        out[names.SIGMA] = out[names.SIGMA] * residual_scale(weights)
    return out


def location_of(predictor: FloatArray, family: Family) -> FloatArray:
    """Location of the response at a linear predictor: the inverse of the link.

    Parameters
    ----------
    predictor : FloatArray
        Any shape.
    family : Family
        Supplies the link.

    Returns
    -------
    FloatArray
        The same shape.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return link_function(family.link).inverse(predictor)


def mean_of(predictor: xr.DataArray, posterior: xr.Dataset, family: Family) -> xr.DataArray:
    """Mean of the response at a linear predictor, draw by draw.

    Parameters
    ----------
    predictor : xarray.DataArray
        Dimensions (chain, draw, row).
    posterior : xarray.Dataset
        Draws of the auxiliary parameters, from the same draws.
    family : Family
        Distribution of the response.

    Returns
    -------
    xarray.DataArray
        In the units of the response; of a response with trials the mean proportion.

    Raises
    ------
    FamilyError
        For a family that does not state its mean.
    """
    location = location_of(predictor.values, family)
    return predictor.copy(data=response_mean(family, location, parameter_draws(posterior, family)))
