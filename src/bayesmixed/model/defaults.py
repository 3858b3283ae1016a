"""Default priors, in the units of the data."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import Design, FixedDesign
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.model.link_scale import LinkScale, link_scale
from bayesmixed.priors.prior import Prior, PriorSet

COEFFICIENT_WIDTH = 2.5
SD_DEGREES_OF_FREEDOM = 3.0


def default_priors(design: Design, family: Family = GAUSSIAN) -> PriorSet:
    """Weakly informative priors that follow the units of the data; the help of ``fit.priors`` states them."""
    scale = link_scale(design, family)
    return PriorSet(
        coefficients=_coefficient_priors(design.fixed, scale),
        sd=tuple(
            tuple(_half_student(scale.unit / float(s)) for s in block.scales[block.covariances.leaders])
            for block in design.blocks
        ),
        correlation=tuple(block.covariances.default_priors() for block in design.blocks),
        parameters={
            parameter.name: parameter.prior or _half_student(_spread(design, scale, family))
            for parameter in family.parameters
        },
    )


def _coefficient_priors(fixed: FixedDesign, scale: LinkScale) -> tuple[Prior, ...]:
    """Priors of the intercept at the column means and of the slopes."""
    size = scale.unit if fixed.has_intercept else scale.level
    priors = [_normal(0.0, COEFFICIENT_WIDTH * size / float(s)) for s in fixed.scales]
    if fixed.has_intercept:
        priors[0] = _normal(scale.centre, COEFFICIENT_WIDTH * scale.unit)
    return tuple(priors)


def _spread(design: Design, scale: LinkScale, family: Family) -> float:
    """Standard deviation of the response, where its scale is not that of the link."""
    return scale.unit if family.link == "identity" else float(np.std(design.response.values, ddof=1))


def _normal(mu: float, sigma: float) -> Prior:
    return Prior("Normal", {"mu": mu, "sigma": sigma})


def _half_student(sigma: float) -> Prior:
    return Prior("HalfStudentT", {"nu": SD_DEGREES_OF_FREEDOM, "sigma": sigma})
