"""Means and new responses of any rows, draw by draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN, residual_scale
from bayesmixed.options import PredictKind
from bayesmixed.posterior.linear_predictor import NewEffects, linear_predictor
from bayesmixed.posterior.location import mean_of, parameter_draws

ROW_STREAM = 2
"""Keeps the random numbers of rows apart from those of levels."""

RowKeys = NDArray[np.uint64]


def row_keys(index: pd.Index) -> RowKeys:
    """Numbers that stand for the rows of a frame, whatever their order.

    Returns shape (m, 2).
    """
    hashes = pd.util.hash_pandas_object(index, index=False).to_numpy(dtype=np.uint64)
    repeats = pd.Series(hashes).groupby(hashes).cumcount().to_numpy(dtype=np.uint64)
    return np.column_stack([hashes, repeats])


def prediction_draws(
    posterior: xr.Dataset,
    wanted: PredictionRows,
    rows: slice,
    *,
    kind: PredictKind,
    new_effects: NewEffects | None,
    keys: RowKeys,
    seed: int,
    family: Family = GAUSSIAN,
    trials: FloatArray | None = None,
    counts: bool = False,
) -> xr.DataArray:
    """Draws of the mean or of a new response of some rows."""
    predictor = linear_predictor(
        posterior, wanted.design, rows=rows, data=wanted.data, new_effects=new_effects
    )
    if kind == "link":
        out = predictor
    elif kind == "response" and not family.is_gaussian:
        chosen = None if trials is None else trials[rows]
        out = _draw_responses(predictor, posterior, family, chosen, keys[rows], seed)
        out = out if chosen is None or counts else out / chosen
    else:
        out = mean_of(predictor, posterior, family)
        if kind == "response":
            scale = np.broadcast_to(residual_scale(wanted.weights), (wanted.n_rows,))[rows]
            _add_residuals(out.values, posterior, np.asarray(scale), keys[rows], seed)
    out.values[:, :, ~wanted.told[rows]] = np.nan
    return out


def _add_residuals(
    mean: NDArray[np.float64],
    posterior: xr.Dataset,
    scale: NDArray[np.float64],
    keys: RowKeys,
    seed: int,
) -> None:
    """Add normal residuals in place, shape (chain, draw, row)."""
    sigma = posterior[names.SIGMA].transpose(names.CHAIN, names.DRAW).values
    for i, key in enumerate(keys.tolist()):
        noise = np.random.default_rng([seed, ROW_STREAM, *key]).standard_normal(sigma.shape)
        mean[:, :, i] += scale[i] * sigma * noise


def _draw_responses(
    predictor: xr.DataArray,
    posterior: xr.Dataset,
    family: Family,
    trials: FloatArray | None,
    keys: RowKeys,
    seed: int,
) -> xr.DataArray:
    """New responses of a family other than gaussian."""
    parameters = {name: values[..., 0] for name, values in parameter_draws(posterior, family).items()}
    out = predictor.copy(data=family.location_of(predictor.values))
    for i, key in enumerate(keys.tolist()):
        rng = np.random.default_rng([seed, ROW_STREAM, *key])
        count = None if trials is None else trials[[i]]
        out.values[:, :, i] = family.draws(out.values[:, :, i], parameters, count, rng)
    return out
