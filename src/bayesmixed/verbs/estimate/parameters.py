"""The parameters of a linear mixed model: their names, their order, their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.parameters import Parameter, ambiguous, parameter_named, parameters_of
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.records import RawDraws, RawPredictor
from bayesmixed.engines.reml.estimate import Estimate, residual_arrays
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.options import one_or_several
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterArrays:
    """Values of all parameters of a model, of one estimate or of many; the dots stand for the many.

    Attributes
    ----------
    beta : FloatArray
        Coefficients, shape (..., p).
    sigma : FloatArray
        Residual standard deviation, shape (...,); NaN where the model does not have one number.
    sd : tuple[FloatArray, ...]
        For each block, shape (..., k).
    corr : tuple[FloatArray, ...]
        For each block, shape (..., k, k); NaN beside a standard deviation of zero.
    serial : FloatArray or None
        Correlation of residuals, shape (...,), or their matrix (..., T, T).
    others : Mapping[str, FloatArray]
        Coefficients of the predictors of parameters beside the mean, shape (..., p).
    """

    beta: FloatArray
    sigma: FloatArray
    sd: tuple[FloatArray, ...]
    corr: tuple[FloatArray, ...]
    serial: FloatArray | None = None
    others: Mapping[str, FloatArray] = field(default_factory=dict)

    __repr__ = short_repr


def lme4_parameters(design: Design) -> list[Parameter]:
    """List the parameters of a linear mixed model in the order of lme4 2.0.

    lme4 before 2.0 mixed standard deviations and correlations, by the columns of the Cholesky factor.
    """
    return sorted(parameters_of(design), key=lambda parameter: parameter.kind == "beta")


def chosen_parameters(design: Design, wanted: str | Sequence[str] | None) -> list[Parameter]:
    """Find the parameters that a user names."""
    known = lme4_parameters(design)
    if wanted is None:
        return known
    chosen: list[Parameter] = []
    for name in one_or_several(wanted, "parameters"):
        chosen += _matching(known, name)
    return [parameter for parameter in known if parameter in chosen]


def _matching(known: list[Parameter], name: object) -> list[Parameter]:
    """Parameters that one word stands for."""
    found = parameter_named(known, name)
    if isinstance(name, str) and name in ("beta", "theta"):
        if found is not None:
            several = ambiguous(name, {found.label: str(found)})
            members = "coefficients" if name == "beta" else "other parameters"
            raise BayesmixedError(f"{several} Name all {members} one by one.")
        return [parameter for parameter in known if (parameter.kind == "beta") is (name == "beta")]
    if found is None:
        hint = near_names(name, [*(parameter.name for parameter in known), "beta", "theta"])
        raise BayesmixedError(f"The model has no parameter {name!r}. {hint}")
    return [found]


def estimated_arrays(design: Design, optimum: Optimum) -> ParameterArrays:
    """Values of all parameters at an estimate."""
    serial, others = residual_arrays(design, optimum.entries)
    return ParameterArrays(
        beta=optimum.coefficients,
        sigma=np.asarray(optimum.sigma),
        sd=tuple(standard_deviations(covariance) for covariance in optimum.covariances),
        corr=tuple(correlations(covariance) for covariance in optimum.covariances),
        serial=serial,
        others=others,
    )


def other_places(fitted: Estimate) -> dict[str, slice]:
    """Where the coefficients of every predictor beside the mean's stand among an estimate's entries."""
    places: dict[str, slice] = {}
    end = len(fitted.optimum.entries)
    for each in reversed(fitted.design.others):
        places[each.parameter] = slice(end - len(each.fixed.terms), end)
        end -= len(each.fixed.terms)
    return places


def other_covariance(fitted: Estimate, parameter: str) -> FloatArray:
    """Covariance matrix of the coefficients of a predictor beside the mean's, shape (p, p).

    From the curvature of the criterion, minus twice a log likelihood, in all variance parameters.
    """
    own, fixed = other_places(fitted)[parameter], fitted.design.predictors[parameter].fixed
    to_data = fixed.centring / fixed.scales
    return np.asarray(2.0 * to_data @ fitted.curvature.inverse[own, own] @ to_data.T)


def parameter_values(parameters: Sequence[Parameter], arrays: ParameterArrays) -> FloatArray:
    """Values of some parameters side by side.

    Returns shape (..., m).
    """
    if not parameters:
        return np.empty((*arrays.sigma.shape, 0))
    return np.stack([_value(parameter, arrays) for parameter in parameters], axis=-1)


def _value(parameter: Parameter, arrays: ParameterArrays) -> FloatArray:
    """Values of one parameter, shape (...,)."""
    match parameter.kind:
        case "sd":
            return arrays.sd[parameter.block][..., parameter.first]
        case "cor":
            return arrays.corr[parameter.block][..., parameter.first, parameter.second]
        case "sigma":
            return arrays.sigma
        case "serial" if parameter.serial is not None and arrays.serial is not None:
            if not parameter.serial.coords:
                return arrays.serial
            i, j = np.triu_indices(arrays.serial.shape[-1], k=1)
            return arrays.serial[..., i[parameter.first], j[parameter.first]]
    beta = arrays.beta if parameter.predictor == names.MU else arrays.others[parameter.predictor]
    return beta[..., parameter.first]


def point_tree(fitted: Estimate) -> xr.DataTree:
    """Lay an estimate out as a posterior of one chain with one draw."""
    arrays = stacked([estimated_arrays(fitted.design, fitted.optimum)])
    return arrays_tree(fitted.design, arrays, [effects[None] for effects in fitted.optimum.ranef])


def stacked(parts: Sequence[ParameterArrays]) -> ParameterArrays:
    """Put the arrays of several estimates on top of each other."""
    first = parts[0]
    return ParameterArrays(
        beta=np.stack([part.beta for part in parts]),
        sigma=np.stack([part.sigma for part in parts]),
        sd=tuple(np.stack(sds) for sds in zip(*(part.sd for part in parts), strict=True)),
        corr=tuple(np.stack(corrs) for corrs in zip(*(part.corr for part in parts), strict=True)),
        serial=None if first.serial is None else np.stack([np.asarray(part.serial) for part in parts]),
        others={name: np.stack([part.others[name] for part in parts]) for name in first.others},
    )


def arrays_tree(design: Design, arrays: ParameterArrays, ranef: Sequence[FloatArray]) -> xr.DataTree:
    """Lay parameters of many estimates out as a posterior of one chain, with random effects (draws, J, k)."""
    corr = [
        own[None] if block.has_correlation else None
        for block, own in zip(design.blocks, arrays.corr, strict=True)
    ]
    values = {names.SIGMA: arrays.sigma, design.residual.correlation.label: arrays.serial}
    own = {name: values[name] for name in design.residual_names}
    raw = RawDraws(
        beta=arrays.beta[None],
        parameters={name: value[None] for name, value in own.items() if value is not None},
        others={
            name: RawPredictor(beta=beta[None], sd=(), corr=(), ranef=())
            for name, beta in arrays.others.items()
        },
        sd=tuple(sd[None] for sd in arrays.sd),
        corr=tuple(corr),
        ranef=tuple(effects[None] for effects in ranef),
        sample_stats={},
    )
    return draws_tree(design, raw, {"formula": design.formula.text})


def standard_deviations(covariance: FloatArray) -> FloatArray:
    """Roots of the diagonal of a covariance matrix, shape (k,)."""
    return np.asarray(np.sqrt(np.diag(covariance)))


def correlations(covariance: FloatArray) -> FloatArray:
    """Correlation matrix of a covariance matrix, NaN beside a variance of zero, shape (k, k)."""
    sd = standard_deviations(covariance)
    known = np.where(sd > 0.0, sd, np.nan)
    matrix: FloatArray = covariance / np.outer(known, known)
    np.fill_diagonal(matrix, 1.0)
    return matrix
