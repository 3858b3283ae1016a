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
    """Weakly informative priors that follow the units of the data.

    With s the sample standard deviation (n - 1) over the rows used and y the response less the offset:
    intercept at the column means ~ Normal(mean(y), 2.5 s_y); coefficient j ~ Normal(0, 2.5 s_y / s_xj);
    random-effect sd of column z ~ HalfStudentT(3, s_y / s_z), s_z = 1 for an intercept; correlation
    matrices ~ LKJ(2); residual sd ~ HalfStudentT(3, s_y). Without an intercept the coefficients carry the
    level of y, so their scale uses the root mean square of y in place of s_y.

    With a link g other than the identity, g(mean(y)) stands in place of mean(y) and 1 in place of s_y (see
    :func:`~bayesmixed.model.link_scale.link_scale`). Auxiliary parameters: alpha of negativebinomial,
    gamma and weibull, and kappa of beta ~ InverseGamma(0.4, 0.3); nu of t ~ Gamma(2, 0.1); other families
    have Bambi's.
    """
    scale = link_scale(design, family)
    return PriorSet(
        coefficients=_coefficient_priors(design.fixed, scale),
        sd=tuple(
            tuple(_half_student(scale.unit / float(s)) for s in block.scales) for block in design.blocks
        ),
        correlation=tuple(block.covariances.default_priors() for block in design.blocks),
        sigma=_half_student(_spread(design, scale, family)) if family.has_residual_sd else None,
        auxiliary={parameter.name: parameter.prior for parameter in family.parameters if parameter.prior},
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
