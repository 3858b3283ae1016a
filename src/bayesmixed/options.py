"""What arguments accept, with the checks that say so when something else is given."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from bayesmixed.errors import BayesmixedError

Covariance = Literal["us", "diag"]
Method = Literal["bayes", "reml", "ml"]
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
ConfintMethod = Literal["profile", "wald", "boot"]
IccKind = Literal["adjusted", "unadjusted", "conditional"]
Envelope = Literal["simultaneous", "pointwise", "none"]
GroupStatistic = Literal["mean", "sd", "min", "max"]
EssKind = Literal["quantile", "local"]
PredictorKind = Literal["normal", "sequence"]
ResidualKind = Literal["response", "pearson", "standardized", "quantile"]
SimulatedEffects = Literal["all", "new", "fixed"]
Beneath = Literal["se", "interval", "nothing"]


def one_of(value: str, allowed: object, argument: str) -> None:
    """Refuse a value that is not one of a Literal's words.

    Parameters
    ----------
    value : str
        What the user gave.
    allowed : typing.Literal
        One of the aliases of this module.
    argument : str
        Name of the argument, for the message.

    Raises
    ------
    BayesmixedError
        When `value` is none of the words.
    """
    words = get_args(allowed)
    if value not in words:
        listed = ", ".join(repr(word) for word in words)
        raise BayesmixedError(f"{argument}={value!r} is not known; use one of {listed}.")


def checked_center(value: object) -> Center:
    """Where the priors of a model stand.

    Parameters
    ----------
    value : {True, "fixed", False}
        What the user gave.

    Returns
    -------
    bool or str
        The same.

    Raises
    ------
    BayesmixedError
        When it is something else.
    """
    if isinstance(value, bool) or (isinstance(value, str) and value == "fixed"):
        return value  # type: ignore[return-value]
    raise BayesmixedError(
        f"center={value!r} is not known; use True (priors at the means of all predictors), "
        "'fixed' (random effects at zero, as in brms and rstanarm) or False (all at zero)."
    )


def checked_seed(value: object) -> int:
    """A seed that every sampler takes.

    Parameters
    ----------
    value : int
        What the user gave.

    Returns
    -------
    int
        The same.

    Raises
    ------
    BayesmixedError
        When it is no whole number from 0 to 2**32 - 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**32:
        raise BayesmixedError(f"seed={value!r} must be a whole number from 0 to 2**32 - 1.")
    return int(value)


def checked_count(value: object, argument: str) -> int:
    """A number of things.

    Parameters
    ----------
    value : int
        What the user gave.
    argument : str
        Name of the argument, for the message.

    Returns
    -------
    int
        The same.

    Raises
    ------
    BayesmixedError
        When it is no whole number of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise BayesmixedError(f"{argument}={value!r} must be a whole number of at least 1.")
    return int(value)


def seed_sequence(seed: int | None) -> np.random.SeedSequence:
    """Source of independent random streams that a seed repeats.

    Parameters
    ----------
    seed : int, optional
        What the user gave; without it every call differs.

    Returns
    -------
    numpy.random.SeedSequence
        To be spawned.

    Raises
    ------
    BayesmixedError
        When it is no whole number from 0 to 2**32 - 1.
    """
    return np.random.SeedSequence(None if seed is None else checked_seed(seed))
