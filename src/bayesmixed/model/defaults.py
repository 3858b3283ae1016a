"""Default priors, in the units of the data."""

from __future__ import annotations

from math import hypot, log

import numpy as np

from bayesmixed.design.records import Design, FixedDesign, FloatArray, GroupBlock, LinearPredictor
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.model.link_scale import LinkScale, link_scale
from bayesmixed.priors.prior import Prior, PriorSet

COEFFICIENT_WIDTH = 2.5
SD_DEGREES_OF_FREEDOM = 3.0
LOG_WIDTH, LOG_SD = 1.0, 0.5
"""Size of a difference on the scale of log(sigma), and of its standard deviation over groups."""
ROUNDING = 1e-9


def default_priors(design: Design, family: Family = GAUSSIAN) -> PriorSet:
    """Weakly informative priors that follow the units of the data; the help of ``fit.priors`` states them."""
    scale = link_scale(design, family)
    spread = _spread(design, scale, family)
    serial = design.residual.correlation
    own = {each.name: each.prior or _half_student(spread) for each in family.own_parameters(design)}
    return PriorSet(
        coefficients=_coefficient_priors(design.fixed, scale),
        sd=_sd_priors(design.blocks, scale.unit),
        correlation=tuple(block.covariances.default_priors() for block in design.blocks),
        parameters=own if design.residual.is_independent else own | {serial.label: serial.default_prior()},
        others={each.parameter: _of_logarithm(each, log(spread)) for each in design.others},
    )


def _coefficient_priors(fixed: FixedDesign, scale: LinkScale) -> tuple[Prior, ...]:
    """Priors of the intercept at the column means and of the slopes."""
    size = scale.unit if fixed.has_intercept else scale.level
    priors = [_normal(0.0, COEFFICIENT_WIDTH * size / float(s)) for s in fixed.scales]
    if fixed.has_intercept:
        priors[0] = _normal(scale.centre, COEFFICIENT_WIDTH * scale.unit)
    return tuple(priors)


def _of_logarithm(predictor: LinearPredictor, centre: float) -> PriorSet:
    """Priors of the predictor of a logarithm that lies about a centre."""
    centre -= float(np.mean(predictor.offset))
    return PriorSet(
        coefficients=_log_coefficients(predictor.fixed, centre),
        sd=_sd_priors(predictor.blocks, LOG_SD),
        correlation=tuple(block.covariances.default_priors() for block in predictor.blocks),
    )


def _log_coefficients(fixed: FixedDesign, centre: float) -> tuple[Prior, ...]:
    """Priors of coefficients under which every row lies about a centre, where some coefficients allow that.

    With an intercept, or a column for each level of a factor, these have the centre as their mean. Where no
    coefficients put all rows at the centre, it is a part of how large they may be.
    """
    level = constant_part(fixed)
    size = LOG_WIDTH if np.any(level) else hypot(centre, LOG_WIDTH)
    return tuple(
        _normal(share * centre, LOG_WIDTH * abs(share)) if share else _normal(0.0, size / float(s))
        for share, s in zip(level.tolist(), fixed.scales, strict=True)
    )


def constant_part(fixed: FixedDesign) -> FloatArray:
    """Coefficients of the centred columns that make every row one, shape (p,); zeros where none do."""
    if fixed.has_intercept:
        return np.asarray(np.eye(1, len(fixed.terms))[0])
    if not fixed.terms:
        return np.empty(0)
    ones = np.ones(len(fixed.matrix))
    columns = fixed.matrix @ fixed.centring
    level = np.linalg.lstsq(columns, ones)[0]
    found = np.allclose(columns @ level, ones, rtol=0.0, atol=ROUNDING)
    return np.where(np.abs(level) > ROUNDING, level, 0.0) if found else np.zeros_like(level)


def _sd_priors(blocks: tuple[GroupBlock, ...], unit: float) -> tuple[tuple[Prior, ...], ...]:
    """Priors of the standard deviations of random effects."""
    return tuple(
        tuple(_half_student(unit / float(s)) for s in block.scales[block.covariances.leaders])
        for block in blocks
    )


def _spread(design: Design, scale: LinkScale, family: Family) -> float:
    """Standard deviation of the response, where its scale is not that of the link."""
    return scale.unit if family.link == "identity" else float(np.std(design.response.values, ddof=1))


def _normal(mu: float, sigma: float) -> Prior:
    return Prior("Normal", {"mu": mu, "sigma": sigma})


def _half_student(sigma: float) -> Prior:
    return Prior("HalfStudentT", {"nu": SD_DEGREES_OF_FREEDOM, "sigma": sigma})
