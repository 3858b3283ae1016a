"""What arguments accept, with the checks that say so when something else is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import numpy as np

from bayesmixed.errors import BayesmixedError, DataError

Method = Literal["bayes", "reml", "ml"]
LmMethod = Literal["bayes", "ols"]
GlmMethod = Literal["bayes", "ml"]
Engine = Literal["auto", "collapsed", "joint", "pymc"]
Missing = Literal["drop", "raise"]
Center = Literal[True, False, "fixed"]
KeepRanef = Literal["draws", "moments"]
NoPooling = Literal["model", "lines"]
PoolingMethod = Literal["bayes", "reml"]
NewLevels = Literal["error", "population", "sample"]
PredictKind = Literal["mean", "link", "response"]
RanefDiagnosis = Literal["screen", "all"]
VarianceIntervals = Literal["profile", "boot", "none"]
TidyEffects = Literal["fixed", "ran_pars", "ran_vals"]
AnovaType = Literal["I", "II", "III"]
RegressionIntervals = Literal["wald", "profile", "boot"]
ConfintMethod = Literal["profile", "wald", "boot"]
IccKind = Literal["adjusted", "unadjusted", "conditional"]
Envelope = Literal["simultaneous", "pointwise", "none"]
GroupStatistic = Literal["mean", "sd", "min", "max"]
EssKind = Literal["quantile", "local"]
PredictorKind = Literal["normal", "sequence"]
ResidualKind = Literal["response", "pearson", "standardized", "quantile", "normalized"]
SimulatedEffects = Literal["all", "new", "fixed"]
Beneath = Literal["se", "interval", "nothing"]


def one_of(value: object, allowed: object, argument: str) -> None:
    """Refuse a value that is not one of a Literal's words."""
    words = get_args(allowed)
    if not isinstance(value, str | bool) or value not in words:
        listed = ", ".join(repr(word) for word in words)
        raise BayesmixedError(f"{argument}={value!r} is not known; use one of {listed}.")


def checked_center(value: object) -> Center:
    """Where the priors of a model stand."""
    if isinstance(value, bool) or (isinstance(value, str) and value == "fixed"):
        return value  # type: ignore[return-value]
    raise BayesmixedError(
        f"center={value!r} is not known; use True (priors at the means of all predictors), "
        "'fixed' (random effects at zero, as in brms and rstanarm) or False (all at zero)."
    )


def checked_seed(value: object) -> int:
    """A seed that every sampler takes."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**32:
        raise BayesmixedError(f"seed={value!r} must be a whole number from 0 to 2**32 - 1.")
    return int(value)


def checked_count(value: object, argument: str) -> int:
    """A number of things."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise BayesmixedError(f"{argument}={value!r} must be a whole number of at least 1.")
    return int(value)


def seed_sequence(seed: int | None) -> np.random.SeedSequence:
    """Source of independent random streams that a seed repeats."""
    return np.random.SeedSequence(None if seed is None else checked_seed(seed))


def one_or_several(value: object, argument: str) -> tuple[object, ...]:
    """Names that a user gives, one by itself or several in a list, an array, a column of a frame or a set.

    Returns: each once, in their order, as Python's own numbers and texts.

    Examples
    --------
    >>> one_or_several("Days", "parameters"), one_or_several(np.array([308, 309, 308]), "levels")
    (('Days',), (308, 309))
    """
    alone = isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0
    given = [value] if alone else list(value)  # type: ignore[call-overload]
    if not given:
        raise BayesmixedError(f"{argument}={value!r} names nothing; name one or several, or leave it out.")
    items = [item.item() if isinstance(item, np.number | np.bool_) else item for item in given]
    return tuple({repr(item): item for item in items}.values())


def mapping_of[T](given: Mapping[str, T] | None, argument: str, example: str) -> Mapping[str, T]:
    """Values that say what each of them is for."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise DataError(f"{argument}={given!r} does not say what it is for. Write e.g. {argument}={example}.")
    return given
