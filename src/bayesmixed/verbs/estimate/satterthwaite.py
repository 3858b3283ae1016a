"""Satterthwaite's degrees of freedom: how well the variance of an estimated quantity is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.meeting import refuse_unrelated
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.engines.reml.estimate import residual_arrays
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import check_prob
from bayesmixed_program import ctrl_c_waits

STEP = 1e-4
"""Of differences in entries that are logarithms, or nearly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Variances of c quantities, and how they move with the covariance factors, sigma at its best at each.

    Attributes
    ----------
    variances : FloatArray
        Shape (c,).
    slopes : FloatArray
        Their derivatives in the m entries of the covariance factors, shape (c, m).
    """

    variances: FloatArray
    slopes: FloatArray

    def __add__(self, other: Spread) -> Spread:
        """Spread of sums of independent quantities."""
        return Spread(variances=self.variances + other.variances, slopes=self.slopes + other.slopes)

    def __getitem__(self, rows: NDArray[np.bool_]) -> Spread:
        """Spread of some of the quantities."""
        return Spread(variances=self.variances[rows], slopes=self.slopes[rows])


def combination_spread(fitted: AnyEstimate, contrasts: FloatArray) -> Spread:
    """Spread of linear combinations of the coefficients' estimates, weights of shape (c, p)."""
    curvature = fitted.curvature
    slopes = [_quadratic(contrasts, slope) for slope in curvature.slopes.coefficients]
    return Spread(
        variances=_quadratic(contrasts, curvature.variances.coefficients),
        slopes=np.array(slopes).reshape(len(slopes), len(contrasts)).T,
    )


def residual_spread(fitted: AnyEstimate, scale: FloatArray) -> Spread:
    """Spread of residuals that have `scale` times the residual standard deviation, shape (c,)."""
    curvature = fitted.curvature
    return Spread(
        variances=scale**2 * curvature.variances.residual,
        slopes=np.outer(scale**2, curvature.slopes.residual),
    )


def own_residual_spread(fitted: AnyEstimate, wanted: PredictionRows) -> Spread:
    """Spread of residuals where rows have known errors, or a sigma of their own."""
    entries = fitted.optimum.entries
    steps = [STEP * move for move in np.eye(len(entries))]
    slopes = [
        (_row_variances(fitted, wanted, entries + step) - _row_variances(fitted, wanted, entries - step))
        / (2.0 * STEP)
        for step in steps
    ]
    return Spread(
        variances=_row_variances(fitted, wanted, entries),
        slopes=np.array(slopes).reshape(len(steps), wanted.n_rows).T,
    )


def _row_variances(fitted: AnyEstimate, wanted: PredictionRows, entries: FloatArray) -> FloatArray:
    """Residual variances of rows at some entries, shape (m,)."""
    design, data = fitted.design, wanted.data
    sigma = np.zeros(wanted.n_rows)
    if names.SIGMA in design.residual_names:  # beside known errors: its logarithm comes last
        sigma += fitted.optimum.sigma * np.exp(entries[-1] - fitted.optimum.entries[-1])
    for name, own in residual_arrays(design, entries)[1].items():
        sigma = np.exp(data.others[name].fixed @ own + data.others[name].offset)
    return data.residual.deviations(sigma) ** 2


def new_level_spread(fitted: AnyEstimate, wanted: PredictionRows) -> Spread:
    """Spread of the effects of the levels of some rows that the model has not seen, z'u of every row."""
    curvature, groups = fitted.curvature, [block.group for block in fitted.design.blocks]
    data, n = wanted.data, wanted.n_rows
    total = Spread(variances=np.zeros(n), slopes=np.zeros((n, len(curvature.hessian))))
    for block, columns, meeting in zip(wanted.design.blocks, data.columns, data.meetings, strict=True):
        if not np.any(meeting.codes < 0):
            continue
        refuse_unrelated(block.group, block.root)
        i, share = groups.index(block.group), meeting.where(meeting.codes < 0).squares()
        unseen = np.sqrt(share)[:, None] * columns
        slopes = [_quadratic(unseen, slope) for slope in curvature.slopes.blocks[i]]
        total += Spread(
            variances=_quadratic(unseen, curvature.variances.blocks[i]), slopes=np.array(slopes).T
        )
    return total


def degrees_of_freedom(fitted: AnyEstimate, spread: Spread) -> FloatArray:
    """Satterthwaite's degrees of freedom.

    Returns shape (c,).

    For f = l'V l as a function of the variance parameters t with Hessian H of the criterion,
    df = 2 f^2 / (f'(t)' 2 H^-1 f'(t)), as lmerTest computes it (Kuznetsova, Brockhoff and Christensen 2017,
    Journal of Statistical Software 82(13)), for estimates by ML too. With sigma profiled out, f'' in its
    direction gives the term f^2 / m, so that 1 / df = g' H^-1 g + 1 / m, with g the slope of log f in the
    relative covariance factors and m the degrees of freedom of sigma. It holds for every f that is
    proportional to sigma^2. Directions in which the criterion is flat add nothing.
    """
    known = spread.variances > 0.0
    relative = spread.slopes[known] / spread.variances[known, None]
    moved = _quadratic(relative, fitted.curvature.inverse)
    df = np.full(len(known), np.inf)
    with np.errstate(divide="ignore"):
        df[known] = 1.0 / (moved + 1.0 / fitted.degrees)
    return df


def _quadratic(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """Value of r'M r for every row r, shape (c,)."""
    return np.asarray(np.sum((rows @ matrix) * rows, axis=1))


def interval_summary(
    value: FloatArray, se: FloatArray, prob: float, df: FloatArray | float = np.inf
) -> Summary:
    """Estimates with the interval of so many standard errors to both sides that Student's t holds `prob`.

    Shapes: `value, se` (m,), `df` (m,); returns (m,).
    """
    with ctrl_c_waits():
        from scipy import stats
    check_prob(prob)
    reach = stats.t.ppf(0.5 * (1.0 + prob), df) * se
    return Summary(value=value, se=se, lower=value - reach, upper=value + reach)


def t_test_columns(value: FloatArray, se: FloatArray, df: FloatArray) -> dict[str, FloatArray]:
    """Columns ``t``, ``df`` and ``p_value`` (two-sided, against zero) of estimates, shape (m,) each.

    What is zero without any error, e.g. the effect of a predictor that only varies at random, has no test.
    """
    with ctrl_c_waits():
        from scipy import stats
    t = np.divide(value, se, out=np.full(len(value), np.nan), where=se > 0.0)
    return {"t": t, "df": df, "p_value": 2.0 * stats.t.sf(np.abs(t), df)}
