"""Every parameter of a model as one number a draw, under the label that a user writes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.parameters import parameters_of
from bayesmixed.design.records import Design, FloatArray


def quantities(draws: xr.DataTree, design: Design) -> dict[str, FloatArray]:
    """Draws of every coefficient, standard deviation and correlation, by label.

    Returns shape (chain, draw).
    """
    posterior = draws["posterior"].to_dataset()
    columns = list(np.moveaxis(_values(posterior, names.BETA), -1, 0))
    for block in design.blocks:
        sd = np.moveaxis(_values(posterior, names.sd(block.group)), -1, 0)
        columns += [sd[e] for e in block.covariances.leaders]
        if block.has_correlation:
            corr = _values(posterior, names.corr(block.group))
            columns += [corr[..., *each.pair] for _, each in block.correlations]
    parameters = family_variables(posterior)
    columns += [_values(posterior, name) for name in parameters]
    labels = [parameter.label for parameter in parameters_of(design, parameters)]
    return dict(zip(labels, columns, strict=True))


def family_variables(posterior: xr.Dataset) -> list[str]:
    """Variables of a posterior that are one number a draw: the parameters of the family."""
    return [str(name) for name, values in posterior.data_vars.items() if values.ndim == 2]


def _values(posterior: xr.Dataset, variable: str) -> FloatArray:
    """Draws of one variable, chain and draw first."""
    array = posterior[variable].transpose(names.CHAIN, names.DRAW, ...)
    return np.asarray(array.values, dtype=np.float64)
