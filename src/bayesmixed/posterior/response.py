"""The response given every draw: its log density, and new responses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.covariances.residual import Residual
from bayesmixed.covariances.serial import Serial
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import Design, EncodedData, FloatArray
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN, normal_log_density
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import PredictKind
from bayesmixed.posterior.linear_predictor import NewEffects, draw_chunks, linear_predictor


def log_likelihood(draws: xr.DataTree, spec: ModelSpec) -> xr.Dataset:
    """Log density of every observed response given every draw, conditional on the random effects.

    Where residuals are correlated it is that given the responses of the other rows too.
    ``arviz.loo`` and its kin read it.
    """
    posterior = draws["posterior"].to_dataset()
    predictor = linear_predictor(posterior, spec.design)
    parameters = row_parameters(posterior, spec.design, spec.family)
    if not spec.design.residual.is_independent:
        predictor.values[:] = _conditional_log_density(
            posterior, spec, predictor.values, parameters[names.SIGMA]
        )
        return predictor.to_dataset(name=names.RESPONSE)
    y, trials = spec.design.response.values, spec.design.response.trials
    for at in draw_chunks(*predictor.shape):
        location = spec.family.location_of(predictor.values[at])
        now = {name: values[at] for name, values in parameters.items()}
        predictor.values[at] = spec.family.log_density(y, location, now, trials)
    return predictor.to_dataset(name=names.RESPONSE)


def posterior_predictive(draws: xr.DataTree, spec: ModelSpec, *, seed: int) -> xr.Dataset:
    """Draw new responses of the rows used, given the random effects of every draw.

    ``arviz.plot_ppc_dist`` and its kin read it.
    """
    return simulated_response(draws["posterior"].to_dataset(), spec, np.random.default_rng(seed))


def simulated_response(posterior: xr.Dataset, spec: ModelSpec, rng: np.random.Generator) -> xr.Dataset:
    """Draw new responses given draws from a posterior or a prior."""
    predictor = linear_predictor(posterior, spec.design)
    parameters = row_parameters(posterior, spec.design, spec.family)
    if not spec.design.residual.is_independent:
        predictor.values[:] += correlated_noise(posterior, spec.design.residual, parameters[names.SIGMA], rng)
        return predictor.to_dataset(name=names.RESPONSE)
    trials = spec.design.response.trials
    for at in draw_chunks(*predictor.shape):
        location = spec.family.location_of(predictor.values[at])
        now = {name: values[at] for name, values in parameters.items()}
        predictor.values[at] = spec.family.draws(location, now, trials, rng)
    return predictor.to_dataset(name=names.RESPONSE)


def parameter_draws(posterior: xr.Dataset, family: Family) -> dict[str, FloatArray]:
    """Draws of the auxiliary parameters of a family that are one number, ready to be set beside rows.

    Returns shape (chain, draw, 1).
    """
    return {
        name: np.asarray(posterior[name].transpose(names.CHAIN, names.DRAW).values)[..., None]
        for name in family.parameter_names
        if name in posterior
    }


def row_parameters(
    posterior: xr.Dataset,
    design: Design,
    family: Family,
    *,
    rows: slice | None = None,
    data: EncodedData | None = None,
    new_effects: NewEffects | None = None,
) -> dict[str, FloatArray]:
    """Draws of the auxiliary parameters of a family in every row, sigma as the row's standard deviation.

    Returns shape (chain, draw, 1) where all rows have one number, else (chain, draw, row).
    """
    out = parameter_draws(posterior, family)
    for name in [each.parameter for each in design.others]:
        predictor = linear_predictor(
            posterior, design, rows=rows, data=data, new_effects=new_effects, parameter=name
        )
        out[name] = np.exp(predictor.values)
    if family.is_gaussian:
        residual = (design if data is None else data).residual
        residual = residual if rows is None else residual.each().of_rows(rows)
        sizes = (posterior.sizes[names.CHAIN], posterior.sizes[names.DRAW])
        out[names.SIGMA] = residual.deviations(out.get(names.SIGMA, np.zeros((*sizes, 1))))
    return out


def correlated_noise(
    posterior: xr.Dataset, residual: Residual, sds: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Residuals of all rows, drawn with their correlations, shape (chain, draw, n)."""
    serial = residual.correlation
    values, n = serial_draws(posterior, serial), len(serial.codes)
    out = np.empty((*values.shape[:2], n))
    for chain, draws in draw_chunks(*out.shape):
        own = values[chain, draws]
        out[chain, draws] = serial.correlated(own, rng.standard_normal((len(own), n)))
    return np.asarray(out * sds)


def serial_draws(posterior: xr.Dataset, serial: Serial) -> FloatArray:
    """Draws of the correlations of residuals, shape (chain, draw, ...)."""
    return np.asarray(posterior[serial.label].transpose(names.CHAIN, names.DRAW, *serial.coords).values)


def _conditional_log_density(
    posterior: xr.Dataset, spec: ModelSpec, means: FloatArray, sds: FloatArray
) -> FloatArray:
    """Log density of every response given those of the other rows, shape (chain, draw, n).

    With K the inverse of C and z the residuals over their standard deviations s, row i has given the others
    the mean y_i - s_i (K z)_i / K_ii and the variance s_i^2 / K_ii (Buerkner, Gabry and Vehtari 2021,
    Computational Statistics 36, 1243-1261).
    """
    serial, y = spec.design.residual.correlation, spec.design.response.values
    values, out = serial_draws(posterior, serial), np.empty(means.shape)
    for at in draw_chunks(*means.shape):
        sd = sds[at]
        solved, precision = serial.solved(values[at], (y - means[at]) / sd)
        out[at] = normal_log_density(sd * solved / precision, np.zeros(1), sd / np.sqrt(precision))
    return out


def mean_of(predictor: xr.DataArray, posterior: xr.Dataset, family: Family) -> xr.DataArray:
    """Mean of the response at a linear predictor, draw by draw."""
    location = family.location_of(predictor.values)
    return predictor.copy(data=family.mean(location, parameter_draws(posterior, family)))


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
    elif kind == "mean":
        out = mean_of(predictor, posterior, family)
    else:
        parameters = row_parameters(
            posterior, wanted.design, family, rows=rows, data=wanted.data, new_effects=new_effects
        )
        chosen = None if trials is None else trials[rows]
        out = _draw_responses(predictor, family, parameters, chosen, keys[rows], seed)
        out = out if chosen is None or counts else out / chosen
    out.values[:, :, ~wanted.told[rows]] = np.nan
    return out


def _draw_responses(
    predictor: xr.DataArray,
    family: Family,
    parameters: dict[str, FloatArray],
    trials: FloatArray | None,
    keys: RowKeys,
    seed: int,
) -> xr.DataArray:
    """New responses, every row by random numbers of its own."""
    out = predictor.copy(data=family.location_of(predictor.values))
    for i, key in enumerate(keys.tolist()):
        own = {name: values[..., min(i, values.shape[-1] - 1)] for name, values in parameters.items()}
        count, rng = None if trials is None else trials[[i]], np.random.default_rng([seed, ROW_STREAM, *key])
        out.values[:, :, i] = family.draws(out.values[:, :, i], own, count, rng)
    return out
