"""Where a response lies on the scale of the linear predictor, and in which units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import Design, Response
from bayesmixed.errors import DataError, FamilyError
from bayesmixed.families.family import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkScale:
    """Centre and unit of a response on the scale of the linear predictor."""

    centre: float  # linear predictor of the mean response, less the offset
    # size of an ordinary change: the response's standard deviation where the link is the identity, 1 on the
    # scale of a logarithm or a logit
    unit: float
    # distance of the response from zero, the root mean square: what the coefficients of a model without an
    # intercept carry
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleWords:
    """Centre, unit and level in words, for the table of priors."""

    centre: str  # e.g. "mean(y)"
    unit: str  # e.g. "sd(y)"; 1 is empty
    level: str  # e.g. "rms(y)"
    sigma: str  # e.g. "sd(y)"
    parameters: Mapping[str, str]  # notes on the default priors of the family's parameters


def link_scale(design: Design, family: Family) -> LinkScale:
    """Centre, unit and level of a response on the scale of the linear predictor.

    Identity link: mean, standard deviation (n - 1) and root mean square of y - offset (of its logarithm, for
    a lognormal response). Other links g: g(mean(y)) - mean(offset); unit 1, except for powers of y, where it
    is |g'(mean(y))| sd(y); level sqrt(centre^2 + unit^2). A mean on the boundary, as of a response that is
    always 0, is moved inside by half an observation.
    """
    if design.sums is not None:
        mean, sd, n = design.sums.response_mean, design.sums.response_sd, design.sums.n_rows
        return LinkScale(centre=mean, unit=sd, level=float(np.sqrt(mean**2 + sd**2 * (n - 1) / n)))
    y, offset = design.response.values, design.offset
    if family.link == "identity":
        shifted = _logarithms(y, offset) if family.is_logarithmic else design.response.observed - offset
        return LinkScale(
            centre=float(np.mean(shifted)),
            unit=float(np.std(shifted, ddof=1)),
            level=float(np.sqrt(np.mean(shifted**2))),
        )
    link = family.link_function
    mean = _interior_mean(design.response, family)
    if mean <= 0:
        raise FamilyError(
            f"The mean of the response {design.response.name!r} is {mean:g}, and the link {family.link!r} "
            f"takes positive numbers: choose another link of the family {family.name!r}."
        )
    eta = link.link(np.array(mean))
    unit = 1.0
    if link.is_power:
        unit = float(np.std(y, ddof=1) / np.abs(link.derivative(eta)))
    centre = float(eta) - float(np.mean(offset))
    return LinkScale(centre=centre, unit=unit, level=float(np.hypot(centre, unit)))


def scale_words(family: Family, *, has_offset: bool) -> ScaleWords:
    """Centre, unit and level in words."""
    y = "log(y)" if family.is_logarithmic else "y"
    shifted = f"{y} - offset" if has_offset else y
    notes = {parameter.name: parameter.note for parameter in family.parameters}
    if family.link == "identity":
        sd = f"sd({shifted})"
        return ScaleWords(
            centre=f"mean({shifted})", unit=sd, level=f"rms({shifted})", sigma=sd, parameters=notes
        )
    minus = " - mean(offset)" if has_offset else ""
    return ScaleWords(
        centre=f"{family.link}(mean(y)){minus}",
        unit="sd(y) |slope of the link|" if family.link_function.is_power else "",
        level="rms of the link scale",
        sigma=f"sd({shifted})",
        parameters=notes,
    )


def _logarithms(y: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Logarithms of the positive responses, less the offset."""
    positive = y > 0
    if len(np.unique(y[positive])) < 2:
        raise DataError(
            "The response has fewer than two different positive values, too few to learn from: check the "
            "column, or choose another family."
        )
    return np.asarray(np.log(y[positive]) - offset[positive])


def _interior_mean(response: Response, family: Family) -> float:
    """Mean response, moved off the boundary of what the link takes."""
    y, trials = response.values, response.trials
    total = float(len(y) if trials is None else trials.sum())
    mean = float(y.sum()) / total
    lowest = 0.5 / total
    if family.link_function.latent is not None:
        return min(max(mean, lowest), 1 - lowest)
    return max(mean, lowest) if np.all(y >= 0) and np.all(y == np.round(y)) else mean
