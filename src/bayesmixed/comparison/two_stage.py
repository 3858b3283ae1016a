"""No pooling in numbers of the population: every level for itself, summarized over the levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesmixed.classical.parameters import Parameter
from bayesmixed.comparison.group_regressions import coefficient_columns, regress
from bayesmixed.design.records import Design, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStages:
    """Regressions with free coefficients for every level, in place of random effects.

    Attributes
    ----------
    own : dict[str, FloatArray]
        The levels' own coefficients, for each effect an array of shape (J,).
    common : dict[str, float]
        Coefficients that all levels share.
    squares : float
        Residual sum of squares, weighted.
    degrees : int
        Residual degrees of freedom.
    """

    own: dict[str, FloatArray]
    common: dict[str, float]
    squares: float
    degrees: int


def two_stages(design: Design) -> TwoStages | None:
    """Estimate a model with the random effects of its only grouping factor free.

    Parameters
    ----------
    design : Design
        The model.

    Returns
    -------
    TwoStages or None
        None when the model has several grouping factors, or a level whose rows do not tell its coefficients.
    """
    if len(design.blocks) != 1:
        return None
    block = design.blocks[0]
    found = regress(design, block, block.effects)
    degrees = design.n_rows - found.n_coefficients
    if degrees < 1 or not np.isfinite(found.coefficients).all():
        return None
    columns = coefficient_columns(design, block)
    values = dict(zip(columns.names, found.coefficients.T, strict=True))
    within = [name for name, between in zip(columns.names, columns.between, strict=True) if not between]
    residuals = design.response.values - found.fitted
    weights = 1.0 if design.weights is None else design.weights
    return TwoStages(
        own={effect: values[effect] for effect in block.effects},
        common={name: float(values[name][0]) for name in within if name not in block.effects},
        squares=float(np.sum(weights * residuals**2)),
        degrees=degrees,
    )


def two_stage_intervals(stages: TwoStages | None, parameters: Sequence[Parameter], prob: float) -> FloatArray:
    """Estimates of a model's parameters from regressions that share nothing between levels.

    Parameters
    ----------
    stages : TwoStages or None
        Made by :func:`two_stages`.
    parameters : sequence of Parameter
        Which, m of them.
    prob : float
        Confidence level.

    Returns
    -------
    FloatArray
        Value, lower and upper end, shape (m, 3); NaN where there is none.

    Notes
    -----
    The two-stage analysis (Laird and Ware 1982, Biometrics 38:963). A coefficient that varies is the mean of
    the levels' own, with the t interval of a mean. A standard deviation of random effects is the sample
    standard deviation of the levels' own, with the chi-squared interval: it is too large, since every level's
    coefficient carries its sampling error. The residual standard deviation pools the levels' residuals.
    """
    if stages is None:
        return np.full((len(parameters), 3), np.nan)
    return np.array([_estimate(stages, parameter, prob) for parameter in parameters]).reshape(-1, 3)


def _estimate(stages: TwoStages, parameter: Parameter, prob: float) -> tuple[float, float, float]:
    """Value and interval of one parameter."""
    first = stages.own.get(parameter.effect_1)
    match parameter.kind:
        case "sigma":
            return _spread(stages.squares, stages.degrees, prob)
        case "sd" if first is not None:
            return _spread(float(np.sum((first - first.mean()) ** 2)), len(first) - 1, prob)
        case "cor" if first is not None:
            return float(np.corrcoef(first, stages.own[parameter.effect_2])[0, 1]), np.nan, np.nan
    if first is None:
        return stages.common.get(parameter.effect_1, np.nan), np.nan, np.nan
    return _mean(first, prob)


def _spread(squares: float, degrees: int, prob: float) -> tuple[float, float, float]:
    """Standard deviation with its chi-squared interval."""
    from scipy.stats import chi2

    low, high = np.sqrt(squares / chi2.isf([0.5 - 0.5 * prob, 0.5 + 0.5 * prob], degrees))
    return float(np.sqrt(squares / degrees)), float(low), float(high)


def _mean(values: FloatArray, prob: float) -> tuple[float, float, float]:
    """Mean with its t interval."""
    from scipy.stats import t

    mean = float(values.mean())
    half = float(t.isf(0.5 - 0.5 * prob, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half
