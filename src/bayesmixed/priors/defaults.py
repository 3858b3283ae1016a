"""Default priors, in the units of the data."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import Design, FixedDesign, FloatArray
from bayesmixed.priors.prior import Prior, PriorSet

COEFFICIENT_WIDTH = 2.5
SD_DEGREES_OF_FREEDOM = 3.0
LKJ_ETA = 2.0


def default_priors(design: Design) -> PriorSet:
    """Weakly informative priors that follow the units of the data.

    Parameters
    ----------
    design : Design
        Supplies the response less the offset, the columns of X and those of Z.

    Returns
    -------
    PriorSet
        The prior of every parameter.

    Notes
    -----
    With s the sample standard deviation (n - 1) over the rows used and y the response less the offset:
    intercept at the column means ~ Normal(mean(y), 2.5 s_y); coefficient j ~ Normal(0, 2.5 s_y / s_xj);
    random-effect sd of column z ~ HalfStudentT(3, s_y / s_z), s_z = 1 for an intercept; correlation
    matrices ~ LKJ(2); residual sd ~ HalfStudentT(3, s_y). Without an intercept the coefficients carry the
    level of y, so their scale uses the root mean square of y in place of s_y.
    """
    y = design.response.values - design.offset
    s_y = float(np.std(y, ddof=1))
    return PriorSet(
        coefficients=_coefficient_priors(design.fixed, y, s_y),
        sd=tuple(tuple(_half_student(s_y / float(s)) for s in block.scales) for block in design.blocks),
        correlation=tuple(
            Prior("LKJ", {"eta": LKJ_ETA}) if block.has_correlation else None for block in design.blocks
        ),
        sigma=_half_student(s_y),
    )


def _coefficient_priors(fixed: FixedDesign, y: FloatArray, s_y: float) -> tuple[Prior, ...]:
    """Priors of the intercept at the column means and of the slopes."""
    size = s_y if fixed.has_intercept else float(np.sqrt(np.mean(y**2)))
    priors = [_normal(0.0, COEFFICIENT_WIDTH * size / float(scale)) for scale in fixed.scales]
    if fixed.has_intercept:
        priors[0] = _normal(float(np.mean(y)), COEFFICIENT_WIDTH * s_y)
    return tuple(priors)


def _normal(mu: float, sigma: float) -> Prior:
    return Prior("Normal", {"mu": mu, "sigma": sigma})


def _half_student(sigma: float) -> Prior:
    return Prior("HalfStudentT", {"nu": SD_DEGREES_OF_FREEDOM, "sigma": sigma})
