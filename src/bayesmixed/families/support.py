"""What a response must be for its family, checked before anything is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, Response
from bayesmixed.errors import DataError, FamilyError
from bayesmixed.families.records import Family

TOLERANCE = 1e-8

Mask = NDArray[np.bool_]


def takes_successes(family: Family) -> bool:
    """Whether a family's response may be written as successes: two levels, or counts of trials."""
    return family.name == "bernoulli" or takes_trials(family)


def takes_trials(family: Family) -> bool:
    """Whether every row of a family's response has a number of trials."""
    return "binomial" in family.name and "negative" not in family.name


def family_of_response(family: Family, response: Response) -> Family:
    """Family that fits how a response is written: binomial without trials is bernoulli."""
    trials = response.trials is not None
    if family.name == ("bernoulli" if trials else "binomial"):
        other = "binomial" if trials else "bernoulli"
        return replace(family, name=other, distribution=other.capitalize())
    return family


def is_discrete(family: Family) -> bool:
    """Whether a family's response counts something."""
    return family.name == "bernoulli" or "binomial" in family.name or "poisson" in family.name


def check_family(design: Design, family: Family) -> None:
    """Refuse a design that a family cannot have."""
    _check_names(design, family)
    _check_trials(design.response, family)
    _check_values(design.response, family)
    if design.weights is not None and not (family.is_gaussian or takes_trials(family)):
        raise DataError(
            f"weights= has no meaning for the family {family.name!r}: it is for gaussian models (the "
            "residual variance of a row is sigma^2 / weight) and for proportions of a binomial family (the "
            "trials)."
        )
    _check_varies(design, family)


def _check_names(design: Design, family: Family) -> None:
    """Refuse a grouping factor that is called like a parameter of the family."""
    for block in design.blocks:
        if names.level_dim(block.group) in family.parameters:
            raise DataError(
                f"The grouping factor {block.group!r} has the name of a parameter of the family "
                f"{family.name!r}. Rename the column, e.g. {block.group + '_id'!r}."
            )


def _check_trials(response: Response, family: Family) -> None:
    """Refuse trials that are none, and successes beyond them."""
    trials, y, name = response.trials, response.values, response.name
    if trials is None:
        if takes_trials(family):
            raise FamilyError(
                f"The response {name!r} of the family {family.name!r} lacks its trials: "
                "write prop(successes, trials), or cbind(successes, failures)."
            )
        return
    if not takes_trials(family):
        raise FamilyError(
            f"The response {name!r} counts successes of trials; use family='binomial', not {family.name!r}."
        )
    for message, bad in (
        ("has a number of trials that is not whole", _not_whole(trials)),
        ("has no trials (zero)", trials == 0),
        ("has a negative number of trials", trials < 0),
        ("has a negative number of successes", y < 0),
        ("has more successes than trials", y > trials),
        ("has a number of successes that is not whole", _not_whole(y)),
    ):
        _refuse(bad, y, f"The response {name!r} {message}")


def _not_whole(values: FloatArray) -> Mask:
    """Whether values are not whole numbers."""
    return np.abs(values - np.round(values)) > TOLERANCE


def _check_values(response: Response, family: Family) -> None:
    """Refuse values outside the support."""
    check = next((v for key, v in _SUPPORTS.items() if key == family.name), None)
    if check is not None and response.trials is None:
        condition, is_bad = check
        _refuse(
            is_bad(response.values),
            response.values,
            f"The family {family.name!r} needs {condition}, and {response.name!r} is something else",
            _ADVICE.get(family.name, "").format(response=response.name),
        )


def _refuse(bad: Mask, values: FloatArray, message: str, advice: str = "") -> None:
    """Raise when any row is bad."""
    if bad.any():
        rows, first = int(bad.sum()), int(np.flatnonzero(bad)[0])
        plural = "" if rows == 1 else "s"
        raise FamilyError(
            f"{message} in {rows} row{plural}, the first row {first} (counted from 0) with {values[first]:g}."
            f" {advice}".rstrip()
        )


def _not_count(values: FloatArray) -> Mask:
    return np.asarray(_not_whole(values) | (values < 0))


def _not_positive(values: FloatArray) -> Mask:
    return np.asarray(values <= 0)


def _not_inside(values: FloatArray) -> Mask:
    return np.asarray((values <= 0) | (values >= 1))


_COUNTS = ("whole numbers that are not negative", _not_count)
_POSITIVE = ("positive numbers", _not_positive)
_NOT_NEGATIVE = ("numbers that are not negative", lambda values: np.asarray(values < 0))
_SUPPORTS: Mapping[str, tuple[str, Callable[[FloatArray], Mask]]] = {
    "bernoulli": ("0 and 1", lambda values: np.asarray((values != 0) & (values != 1))),
    "poisson": _COUNTS,
    "negativebinomial": _COUNTS,
    "zero_inflated_poisson": _COUNTS,
    "zero_inflated_negativebinomial": _COUNTS,
    "hurdle_poisson": _COUNTS,
    "hurdle_negativebinomial": _COUNTS,
    "gamma": _POSITIVE,
    "lognormal": _POSITIVE,
    "exponential": _POSITIVE,
    "wald": _POSITIVE,
    "weibull": _POSITIVE,
    "hurdle_gamma": _NOT_NEGATIVE,
    "hurdle_lognormal": _NOT_NEGATIVE,
    "beta": ("numbers between 0 and 1, both excluded", _not_inside),
    "vonmises": ("angles from -pi to pi", lambda values: np.asarray(np.abs(values) > np.pi)),
}

_ADVICE = {
    "bernoulli": "For numbers of successes write prop({response}, trials) with the column of the trials; "
    "for proportions give that column as weights=.",
}


def _check_varies(design: Design, family: Family) -> None:
    """Refuse a constant response, where neither trials nor an offset make its rows differ."""
    y = design.response.values
    if family.has_residual_sd or design.response.trials is not None or design.formula.offsets:
        return
    if np.all(y == y[0]):
        raise DataError(
            f"The response {design.response.name!r} is constant: every row has {y[0]:g}, so that nothing "
            "can be learned of what changes it."
        )
