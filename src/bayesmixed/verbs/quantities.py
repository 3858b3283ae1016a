"""Every parameter of a model as one number a draw, under the label that a user writes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.parameters import parameters_of
from bayesmixed.design.records import Design, FloatArray, LinearPredictor


def quantities(draws: xr.DataTree, design: Design) -> dict[str, FloatArray]:
    """Draws of every coefficient, standard deviation and correlation, by label.

    Returns shape (chain, draw).
    """
    posterior, serial = draws["posterior"].to_dataset(), design.residual.correlation
    mean, *others = (_of_predictor(posterior, each) for each in design.predictors.values())
    own = own_variables(posterior, design)
    for name in own:
        values = _values(posterior, name)
        pairs = combinations(range(values.shape[-1]), 2) if serial.coords and name == serial.label else [()]
        mean += [values[..., *pair] for pair in pairs]
    labels = [parameter.label for parameter in parameters_of(design, own)]
    columns = [*mean, *(column for each in others for column in each)]
    return dict(zip(labels, columns, strict=True))


def _of_predictor(posterior: xr.Dataset, predictor: LinearPredictor) -> list[FloatArray]:
    """Draws of coefficients, then of every factor's standard deviations and correlations."""
    columns = list(np.moveaxis(_values(posterior, names.beta(predictor.parameter)), -1, 0))
    for block in predictor.blocks:
        sd = np.moveaxis(_values(posterior, names.sd(block.name)), -1, 0)
        columns += [sd[e] for e in block.covariances.leaders]
        if block.has_correlation:
            corr = _values(posterior, names.corr(block.name))
            columns += [corr[..., *each.pair] for _, each in block.correlations]
    return columns


def own_variables(posterior: xr.Dataset, design: Design) -> list[str]:
    """Variables of a posterior that are one number a draw, or the correlations of residuals.

    Returns: the parameters of the family, then of the residuals' correlations.
    """
    numbers = [str(name) for name, values in posterior.data_vars.items() if values.ndim == 2]
    serial = design.residual.correlation
    return [*numbers, serial.label] if serial.coords else numbers


def _values(posterior: xr.Dataset, variable: str) -> FloatArray:
    """Draws of one variable, chain and draw first."""
    array = posterior[variable].transpose(names.CHAIN, names.DRAW, ...)
    return np.asarray(array.values, dtype=np.float64)
