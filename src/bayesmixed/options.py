"""The words that arguments accept, and the check that lists them when another is given."""

from __future__ import annotations

from typing import Literal, get_args

from bayesmixed.errors import BayesmixedError

Covariance = Literal["us", "diag"]
Method = Literal["bayes", "reml", "ml"]
Engine = Literal["auto", "collapsed", "pymc"]
Missing = Literal["drop", "raise"]
NewLevels = Literal["error", "population", "sample"]
RanefDiagnosis = Literal["screen", "all"]
VarianceIntervals = Literal["profile", "boot", "none"]
TidyEffects = Literal["fixed", "ran_pars", "ran_vals"]
ConfintMethod = Literal["profile", "wald", "boot"]
IccKind = Literal["adjusted", "unadjusted", "conditional"]


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
