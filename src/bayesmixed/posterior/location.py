"""Location and mean of the response of every row, draw by draw, on the scale of the response."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import residual_scale


def parameter_draws(
    posterior: xr.Dataset, family: Family, weights: FloatArray | None = None
) -> dict[str, FloatArray]:
    """Draws of the auxiliary parameters of a family, ready to be set beside rows.

    Returns shape (chain, draw, 1).
    """
    out = {
        name: np.asarray(posterior[name].transpose(names.CHAIN, names.DRAW).values)[..., None]
        for name in family.parameter_names
    }
    if weights is not None and family.is_gaussian:
        out[names.SIGMA] = out[names.SIGMA] * residual_scale(weights)
    return out


def mean_of(predictor: xr.DataArray, posterior: xr.Dataset, family: Family) -> xr.DataArray:
    """Mean of the response at a linear predictor, draw by draw."""
    location = family.location_of(predictor.values)
    return predictor.copy(data=family.mean(location, parameter_draws(posterior, family)))
