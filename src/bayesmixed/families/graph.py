"""A family's distribution in PyMC."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.families.records import Family

Values = NDArray[np.float64]
Parameters = Mapping[str, NDArray[np.float64]]


def pymc_arguments(
    family: Family, location: Any, parameters: Mapping[str, Any], trials: Any
) -> dict[str, Any]:
    """Arguments of a family's distribution in PyMC.

    Shapes: `trials` (n,).
    """
    arguments = {family.argument: location, **parameters}
    if trials is not None:
        arguments["n"] = trials.astype(np.int64)
    if family.distribution in ("Beta", "BetaBinomial"):
        mean, kappa = arguments.pop("mu"), arguments.pop("kappa")
        return {"alpha": mean * kappa, "beta": (1 - mean) * kappa, **arguments}
    if family.distribution in ("Gamma", "HurdleGamma"):
        arguments["beta"] = arguments["alpha"] / arguments.pop("mu")
    if family.distribution == "Exponential":
        return {"lam": 1 / arguments["mu"]}
    if family.distribution == "Weibull":
        import pytensor.tensor as pt

        alpha = arguments["alpha"]
        return {"alpha": alpha, "beta": arguments["mu"] / pt.gamma(1 + 1 / alpha)}
    return arguments


def predictor_arguments(
    family: Family, predictor: Any, parameters: Mapping[str, Any], trials: Values | None
) -> dict[str, Any]:
    """Arguments of a family's distribution in PyMC, from the linear predictor.

    Shapes: `trials` (n,).
    """
    if family.link == "logit" and family.distribution in ("Bernoulli", "Binomial"):
        counts = {} if trials is None else {"n": trials.astype(np.int64)}
        return {"logit_p": predictor, **counts}
    return pymc_arguments(family, inverse_link(family, predictor), parameters, trials)


def inverse_link(family: Family, predictor: Any) -> Any:
    """Location of a response in the graph."""
    import pytensor.tensor as pt

    match family.link:
        case "log":
            return pt.exp(predictor)
        case "logit":
            return pt.sigmoid(predictor)
        case "probit":
            # PyMC's invprobit takes the square root of 2 in single precision.
            return 0.5 * pt.erfc(predictor * -np.sqrt(0.5))
        case "cloglog":
            return -pt.expm1(-pt.exp(predictor))
        case "inverse":
            return 1 / predictor
        case "inverse_squared":
            return 1 / pt.sqrt(predictor)
    return predictor


def graph_log_density(
    family: Family, y: Values, location: Values, parameters: Parameters, trials: Values | None
) -> FloatArray:
    """Log density of a family that only PyMC knows."""
    values = [y, location, *parameters.values(), *([] if trials is None else [trials])]
    kinds = tuple(tuple(1 if size == 1 else None for size in np.shape(value)) for value in values)
    compiled = _compiled_log_density(family, tuple(parameters), trials is not None, kinds)
    return np.asarray(compiled(*(np.asarray(value, dtype=np.float64) for value in values)))


@lru_cache(maxsize=16)
def _compiled_log_density(
    family: Family, parameters: tuple[str, ...], has_trials: bool, kinds: tuple[tuple[int | None, ...], ...]
) -> Any:
    """Log density as a function of responses, locations, parameters and trials of some kinds of shapes."""
    import pymc as pm
    import pytensor.tensor as pt

    inputs = [pt.tensor(dtype="float64", shape=kind) for kind in kinds]
    y, location, *others = inputs
    trials = others.pop() if has_trials else None
    arguments = pymc_arguments(family, location, dict(zip(parameters, others, strict=True)), trials)
    distribution = getattr(pm, family.distribution).dist(**arguments)
    return pm.compile(inputs, pm.logp(distribution, y), mode="FAST_COMPILE")
