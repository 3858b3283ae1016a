"""The parameters of a linear mixed model: their names, their order, their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayesmixed import names
from bayesmixed.classical.point import correlations, standard_deviations
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.extract.blocks import correlated_pairs
from bayesmixed.options import one_or_several
from bayesmixed.printing.records import short_repr

Kind = Literal["sd", "cor", "sigma", "beta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a linear mixed model.

    Attributes
    ----------
    kind : {"sd", "cor", "sigma", "beta"}
        Standard deviation or correlation of random effects, residual standard deviation, coefficient.
    group : str
        Grouping factor; ``"Residual"`` for sigma and empty for a coefficient.
    effect_1 : str
        The effect, or the term of a coefficient; empty for sigma.
    effect_2 : str
        Second effect of a correlation, else empty.
    block : int
        Index of the grouping factor in the design; -1 for sigma and coefficients.
    first : int
        Index of the effect in the block, or of the coefficient; 0 for sigma.
    second : int
        Index of the second effect of a correlation, else -1.
    """

    kind: Kind
    group: str
    effect_1: str
    effect_2: str
    block: int
    first: int
    second: int

    @property
    def name(self) -> str:
        """The name that lme4 prints, e.g. ``"cor_Days.Intercept|Subject"``."""
        match self.kind:
            case "sd":
                return f"sd_{self.effect_1}|{self.group}"
            case "cor":
                return f"cor_{self.effect_2}.{self.effect_1}|{self.group}"
            case "sigma":
                return names.SIGMA
        return self.effect_1

    @property
    def effect(self) -> str:
        """The effect, the term, or both effects of a correlation, e.g. ``"Intercept.Days"``."""
        return f"{self.effect_1}.{self.effect_2}" if self.effect_2 else self.effect_1


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


def parameters_of(design: Design) -> list[Parameter]:
    """List the parameters of a model in the order of lme4 2.0.

    Parameters
    ----------
    design : Design
        The design that is fitted.

    Returns
    -------
    list[Parameter]
        For every grouping factor its standard deviations and then its correlations; sigma; the coefficients.

    Notes
    -----
    lme4 before 2.0 mixed standard deviations and correlations, by the columns of the Cholesky factor.
    """
    found = []
    for i, block in enumerate(design.blocks):
        found += [_parameter("sd", block.group, effect, "", i, e) for e, effect in enumerate(block.effects)]
        found += [
            _parameter("cor", block.group, block.effects[first], block.effects[second], i, first, second)
            for first, second in correlated_pairs(block)
        ]
    found.append(_parameter("sigma", names.RESIDUAL, "", "", -1, 0))
    return found + [_parameter("beta", "", term, "", -1, j) for j, term in enumerate(design.fixed.terms)]


def _parameter(
    kind: Kind, group: str, effect_1: str, effect_2: str, block: int, first: int, second: int = -1
) -> Parameter:
    """One parameter, by position."""
    return Parameter(
        kind=kind,
        group=group,
        effect_1=effect_1,
        effect_2=effect_2,
        block=block,
        first=first,
        second=second,
    )


def chosen_parameters(design: Design, wanted: str | Sequence[str] | None) -> list[Parameter]:
    """Find the parameters that a user names.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    wanted : str, sequence of str or None
        Names as printed; ``"beta"`` stands for all coefficients and ``"theta"`` for everything else, as
        lme4's ``parm="beta_"`` and ``"theta_"`` do; None for all.

    Returns
    -------
    list[Parameter]
        In the model's order, whatever the order of the names.

    Raises
    ------
    BayesmixedError
        When the model has no parameter of a name.
    """
    known = parameters_of(design)
    if wanted is None:
        return known
    chosen: set[str] = set()
    for name in one_or_several(wanted, "parameters"):
        chosen |= _matching(known, name)
    return [parameter for parameter in known if parameter.name in chosen]


def _matching(known: list[Parameter], name: object) -> set[str]:
    """Names of the parameters that one word stands for."""
    every = [parameter.name for parameter in known]
    if isinstance(name, str) and name in every:
        return {name}
    if isinstance(name, str) and name in ("beta", "theta"):
        return {parameter.name for parameter in known if (parameter.kind == "beta") is (name == "beta")}
    hint = near_names(name, [*every, "beta", "theta"])
    raise BayesmixedError(f"The model has no parameter {name!r}. {hint}")


def estimated_arrays(optimum: Optimum) -> ParameterArrays:
    """Values of all parameters at an estimate.

    Parameters
    ----------
    optimum : Optimum
        The estimate.

    Returns
    -------
    ParameterArrays
        Nothing in place of the dots.
    """
    return ParameterArrays(
        beta=optimum.coefficients,
        sigma=np.asarray(optimum.sigma),
        sd=tuple(standard_deviations(covariance) for covariance in optimum.covariances),
        corr=tuple(correlations(covariance) for covariance in optimum.covariances),
    )


def parameter_values(parameters: Sequence[Parameter], arrays: ParameterArrays) -> FloatArray:
    """Values of some parameters side by side.

    Parameters
    ----------
    parameters : sequence of Parameter
        Which, m of them.
    arrays : ParameterArrays
        All of the model's.

    Returns
    -------
    FloatArray
        Shape (..., m).
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
