"""The parameters of a linear mixed model: their names, their order, their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.parameters import Parameter, ambiguous, parameter_named, parameters_of
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.records import RawDraws
from bayesmixed.engines.reml.estimate import Estimate
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
        Residual standard deviation, shape (...,).
    sd : tuple[FloatArray, ...]
        For each block, shape (..., k).
    corr : tuple[FloatArray, ...]
        For each block, shape (..., k, k); NaN beside a standard deviation of zero.
    """

    beta: FloatArray
    sigma: FloatArray
    sd: tuple[FloatArray, ...]
    corr: tuple[FloatArray, ...]

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


def estimated_arrays(optimum: Optimum) -> ParameterArrays:
    """Values of all parameters at an estimate."""
    return ParameterArrays(
        beta=optimum.coefficients,
        sigma=np.asarray(optimum.sigma),
        sd=tuple(standard_deviations(covariance) for covariance in optimum.covariances),
        corr=tuple(correlations(covariance) for covariance in optimum.covariances),
    )


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
    return arrays.beta[..., parameter.first]


def point_tree(fitted: Estimate) -> xr.DataTree:
    """Lay an estimate out as a posterior of one chain with one draw."""
    found = estimated_arrays(fitted.optimum)
    arrays = ParameterArrays(
        beta=found.beta[None],
        sigma=found.sigma[None],
        sd=tuple(sd[None] for sd in found.sd),
        corr=tuple(corr[None] for corr in found.corr),
    )
    return arrays_tree(fitted.design, arrays, [effects[None] for effects in fitted.optimum.ranef])


def arrays_tree(design: Design, arrays: ParameterArrays, ranef: Sequence[FloatArray]) -> xr.DataTree:
    """Lay parameters of many estimates out as a posterior of one chain, with random effects (draws, J, k)."""
    corr = [
        own[None] if block.has_correlation else None
        for block, own in zip(design.blocks, arrays.corr, strict=True)
    ]
    raw = RawDraws(
        beta=arrays.beta[None],
        parameters={names.SIGMA: arrays.sigma[None]},
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
